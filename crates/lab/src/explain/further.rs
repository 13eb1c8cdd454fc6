//! Some more steps from the weights of a run, as if its training began to end once more.

use infimum_engine::Schedule;
use infimum_worlds::Purpose;

use super::Patient;
use super::patient::LOOK;
use crate::evaluation::{Evaluator, SequenceScore};
use crate::{LabError, Mean, Trainer};

/// So many steps, the first of them warm-up.
const STEPS: u64 = 60;
const WARMUP: u64 = 10;
/// The loss falls by more than chance, if by so many standard errors, and by so much of what is above the floor; where that is not
/// known, of the way.
const STANDARD_ERRORS: f64 = 3.0;
const OF_EXCESS: f64 = 0.1;
const OF_WAY: f64 = 0.01;

/// What more steps come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Further {
    pub(super) steps: u64,
    pub(super) before: f64,
    pub(super) after: f64,
    /// Whether the loss falls by more than chance.
    pub(super) falls: bool,
}

impl Patient<'_> {
    /// What 60 more steps come to, with a new optimiser, along the course of the recipe's rate from its highest to its last.
    pub(super) fn further(&mut self) -> Result<Further, LabError> {
        if self.further.is_none() {
            self.further = Some(further(self)?);
        }
        Ok(self.further.expect("it was tried"))
    }
}

fn further(patient: &mut Patient<'_>) -> Result<Further, LabError> {
    let (experiment, step) = (patient.experiment, patient.step);
    let rates = Schedule { warmup: WARMUP, steps: STEPS, ..experiment.stage(step).training.schedule() };
    let mut trainer = Trainer::at(experiment, patient.machine, step, patient.point.clone())?.at_rates(rates);
    for _ in 0..STEPS {
        match trainer.advance(patient.machine) {
            Err(LabError::NotFinite { .. }) => break,
            step => step?,
        };
    }
    let [before, after] = [&patient.point, trainer.point()].map(|point| {
        let sequences = experiment.plan().evaluation().sequences.min(LOOK);
        Evaluator::new(experiment, patient.machine).score(patient.machine, point, Purpose::Validation, 0..sequences)
    });
    let loss = |scores: &[SequenceScore]| crate::evaluation::mean_loss(experiment, scores).unwrap_or(f64::NAN);
    let (fallen, error) = fallen(patient, &before, &after);
    let (before, after) = (loss(&before), loss(&after));
    let least = experiment.floor().map_or(OF_WAY * patient.way(), |floor| OF_EXCESS * (before - floor));
    Ok(Further { steps: STEPS, before, after, falls: fallen > STANDARD_ERRORS * error && fallen > least })
}

/// By how much the loss of the same sequences fell, with its standard error: over the heads the sum of theirs, which is not below it.
fn fallen(patient: &Patient<'_>, before: &[SequenceScore], after: &[SequenceScore]) -> (f64, f64) {
    let of_head = |head: usize| {
        let pairs = before.iter().zip(after).filter_map(move |(before, after)| before.of(head).zip(after.of(head)));
        Mean::of(pairs.map(|(before, after)| (before.weight, before.nats - after.nats)))
    };
    let outputs = patient.experiment.outputs();
    let means = outputs.iter().filter_map(|output| Some((output.weight, of_head(output.head)?)));
    means.fold((0.0, 0.0), |(fallen, error), (weight, mean)| {
        (fallen + weight * mean.value, error + weight * mean.standard_error)
    })
}
