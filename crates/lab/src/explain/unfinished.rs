//! Training that ended while the loss still fell, or before its last step.

use super::patient::End;
use super::{Cause, Found, Needs, Patient};
use crate::LabError;

pub(super) const ENDED_EARLY: Cause = Cause {
    name: "ended_early",
    about: "whether training ended while it was getting better",
    needs: Needs::Nothing,
    find,
};

/// The last quarter of the validations has to have gone so much of the way.
const GOING: f64 = 0.03;

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let evidence = match patient.end {
        End::Diverged => None,
        End::Unfinished => Some(stopped(patient)),
        End::Done | End::Patience => match falling(patient) {
            None => goes_on(patient)?,
            found => found,
        },
    };
    let change = change(patient);
    Ok(evidence.map(|evidence| Found { evidence, change }))
}

fn change(patient: &Patient<'_>) -> String {
    match patient.end {
        End::Unfinished => format!("go on to its end: infimum resume {}", patient.run),
        End::Patience => "raise training.stop.patience".into(),
        _ => format!("train longer: training.steps = {}", 2 * patient.experiment.plan().training().steps),
    }
}

/// A run that was stopped before its last step.
fn stopped(patient: &Patient<'_>) -> String {
    format!(
        "the run did not come to its end: it was stopped, or runs still, and its last checkpoint is of step {} of {}",
        patient.done,
        patient.experiment.plan().training().steps
    )
}

/// Validations that still fell.
fn falling(patient: &Patient<'_>) -> Option<String> {
    let validations = patient.validations();
    let ((from, before), (to, last)) =
        (validations.iter().rev().nth(validations.len() / 4).copied()?, validations.last().copied()?);
    (before - last >= GOING * patient.way()).then(|| {
        let steps = patient.experiment.plan().training().steps;
        format!("from step {from} to {to} of {steps} validation still fell from {before:.4} to {last:.4} nats")
    })
}

/// A loss that rests because the rate was low in the end, and falls as soon as it is high again.
fn goes_on(patient: &mut Patient<'_>) -> Result<Option<String>, LabError> {
    let further = patient.further()?;
    Ok(further.falls.then(|| {
        format!(
            "{} more steps from the weights after step {}, at rates that begin once more at training.rate, bring validation from {:.4} to {:.4} nats",
            further.steps, patient.step, further.before, further.after
        )
    }))
}
