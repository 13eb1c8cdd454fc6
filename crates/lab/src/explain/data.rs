//! Data that are seen again and again: too few of them, or seen too often.

use infimum_worlds::Settings;

use super::{Cause, Found, Needs, Patient};
use crate::recipe::Source;
use crate::{CheckpointName, LabError};

pub(super) const TOO_SMALL: Cause = Cause {
    name: "data_too_small",
    about: "whether there are too few sequences to learn from",
    needs: Needs::Weights,
    find: too_small,
};
pub(super) const OVERFITTING: Cause = Cause {
    name: "overfitting",
    about: "whether training went on after validation was best",
    needs: Needs::Weights,
    find: overfitting,
};

/// Training loss has to be below validation by so much of the way: then sequences are known by heart.
const BY_HEART: f64 = 0.1;
/// The best validation of too few data leaves so much of the way; of data that were seen too often less.
const FAR: f64 = 0.2;
/// Validation has to have risen by so much of the way since it was best: then training went on for too long.
const RISEN: f64 = 0.01;

/// What is known of a run that knows its sequences by heart.
struct ByHeart {
    training: f64,
    validation: f64,
    /// The best validation, and after how many steps.
    best: (u64, f64),
    /// What data there are, in words, and how to have more.
    data: String,
    more: &'static str,
}

fn by_heart(patient: &Patient<'_>) -> Option<ByHeart> {
    let data = patient.experiment.plan().data();
    let is_text = matches!(patient.experiment.plan().world(), Settings::Text(_));
    let (words, more) = match (data.source, data.sequences) {
        (Source::Fresh, _) if is_text => ("the training part of its text".into(), "a longer text"),
        (Source::Fresh, _) => return None,
        (Source::Fixed, Some(sequences)) => (format!("{sequences} sequences (data.sequences)"), "more data.sequences"),
        _ => ("the sequences of its blocks".into(), "more blocks"),
    };
    let (training, validation) = (patient.training_loss()?, patient.loss);
    let best = patient.validations().into_iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (training + BY_HEART * patient.way() < validation).then_some(ByHeart {
        training,
        validation,
        best,
        data: words,
        more,
    })
}

/// Whether they were seen too often, and not too few: validation was near enough to the floor, and rose. Of a world without a floor, such
/// as a text, it rose. Where the best weights are the run's, nothing is lost by it.
fn is_too_often(patient: &Patient<'_>, found: &ByHeart) -> bool {
    let way = patient.way();
    let is_near = patient.experiment.floor().is_none_or(|floor| found.best.1 - floor <= FAR * way);
    let has_risen = found.validation - found.best.1 > RISEN * way;
    is_near && has_risen && patient.experiment.plan().scored_checkpoint() == CheckpointName::Last
}

/// Of a world without a floor nobody can say how much is lacking.
fn too_small(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let found = by_heart(patient).filter(|found| !is_too_often(patient, found));
    let (Some(found), Some(floor)) = (found, patient.experiment.floor()) else { return Ok(None) };
    Ok(Some(Found {
        evidence: format!(
            "{} are known by heart: the loss is {:.4} on them and {:.4} on others (the floor is {floor:.4}), and was never below {:.4} there",
            found.data, found.training, found.validation, found.best.1
        ),
        change: "raise data.sequences, or set data.source = \"fresh\" where the world can be drawn from".into(),
    }))
}

fn overfitting(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let Some(found) = by_heart(patient).filter(|found| is_too_often(patient, found)) else { return Ok(None) };
    let last = patient.lines.last().map_or(0, |line| line.step);
    Ok(Some(Found {
        evidence: format!(
            "validation was best, {:.4}, after step {} of {last}, and is {:.4} now, while the loss on {} fell to {:.4}",
            found.best.1, found.best.0, found.validation, found.data, found.training
        ),
        change: format!(
            "stop at the best validation with training.stop, or use its weights (--at best); model.dropout and {} put it off",
            found.more
        ),
    }))
}
