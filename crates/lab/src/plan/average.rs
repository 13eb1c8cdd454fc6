//! An average has to be one of some point.

use super::{TrainingPlan, require};
use crate::LabError;

/// Checks that a step counts before the run ends.
pub(super) fn check(training: &TrainingPlan) -> Result<(), LabError> {
    let Some(average) = &training.average else { return Ok(()) };
    let ((from, every), steps) = (average.when(), training.steps);
    let allowed =
        format!("so small that a step counts before step {steps}, the last: at most {}", steps.saturating_sub(every));
    require(every <= steps && from <= steps - every, "training.average.from", from, allowed)
}
