//! Data that are seen again and again: too few of them, or seen too often.

use super::{Cause, Found, Patient};
use crate::LabError;
use crate::recipe::Source;

pub(super) const TOO_SMALL: Cause =
    Cause { name: "data_too_small", about: "whether there are too few sequences to learn from", find: too_small };
pub(super) const OVERFITTING: Cause =
    Cause { name: "overfitting", about: "whether training went on after validation was best", find: overfitting };

/// Training loss has to be below validation by so much of the way: then sequences are known by heart.
const BY_HEART: f64 = 0.1;
/// The best validation of too few data leaves so much of the way; of data that were seen too often less.
const FAR: f64 = 0.2;

/// What is known of a run that knows its sequences by heart.
struct ByHeart {
    training: f64,
    validation: f64,
    /// The best validation, and after how many steps.
    best: (u64, f64),
    /// What data there are, in words.
    data: String,
}

fn by_heart(patient: &Patient<'_>) -> Option<ByHeart> {
    let data = patient.experiment.plan().data();
    let words = match (data.source, data.sequences) {
        (Source::Fresh, _) => return None,
        (Source::Fixed, Some(sequences)) => format!("{sequences} sequences (data.sequences)"),
        _ => "the sequences of its blocks".into(),
    };
    let (training, validation) = (patient.training_loss()?, patient.loss);
    let best = patient.validations().into_iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (training + BY_HEART * patient.way() < validation).then_some(ByHeart { training, validation, best, data: words })
}

/// How much of the way the best validation leaves; of a world without a floor, of that to nothing.
fn left(patient: &Patient<'_>, found: &ByHeart) -> f64 {
    (found.best.1 - patient.experiment.floor().unwrap_or(0.0)) / patient.way()
}

fn too_small(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let Some(found) = by_heart(patient).filter(|found| left(patient, found) > FAR) else { return Ok(None) };
    let floor = patient.experiment.floor().map_or(String::new(), |floor| format!(" (the floor is {floor:.4})"));
    Ok(Some(Found {
        evidence: format!(
            "{} are known by heart: the loss is {:.4} on them and {:.4} on others{floor}, and was never below {:.4} there",
            found.data, found.training, found.validation, found.best.1
        ),
        change: "raise data.sequences, or set data.source = \"fresh\" where the world can be drawn from".into(),
    }))
}

fn overfitting(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let Some(found) = by_heart(patient).filter(|found| left(patient, found) <= FAR) else { return Ok(None) };
    let last = patient.lines.last().map_or(0, |line| line.step);
    Ok(Some(Found {
        evidence: format!(
            "validation was best, {:.4}, after step {} of {last}, and is {:.4} now, while the loss on {} fell to {:.4}",
            found.best.1, found.best.0, found.validation, found.data, found.training
        ),
        change: "stop at the best validation with training.stop, or use its weights (--at best); model.dropout and more data.sequences put it off"
            .into(),
    }))
}
