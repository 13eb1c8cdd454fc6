//! Training that ended while it was still getting better.

use super::{Cause, Found, Patient};
use crate::LabError;

pub(super) const ENDED_EARLY: Cause =
    Cause { name: "ended_early", about: "whether training ended while it was getting better", find };

/// The last quarter of the validations has to have gone so much of the way.
const GOING: f64 = 0.03;

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let validations = patient.validations();
    let before = validations.iter().rev().nth(validations.len() / 4).copied();
    let (Some((from, before)), Some((to, last))) = (before, validations.last().copied()) else { return Ok(None) };
    if before - last < GOING * patient.way() {
        return Ok(None);
    }
    let steps = patient.experiment.plan().training().steps;
    Ok(Some(Found {
        evidence: format!(
            "from step {from} to {to} of {steps} validation still fell from {before:.4} to {last:.4} nats"
        ),
        change: format!("train longer: training.steps = {}", 2 * steps),
    }))
}
