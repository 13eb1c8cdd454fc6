//! When training ends early, and which checkpoint is scored.

use infimum_worlds::World;

use super::success::check_figure;
use super::{Plan, TrainingPlan, require};
use crate::recipe::Model;
use crate::{CheckpointName, LabError};

impl Plan {
    /// The checkpoint whose scores are those of a run: the best where `[training.stop]` says what that is, otherwise the last.
    pub fn scored_checkpoint(&self) -> CheckpointName {
        if self.training.stop.is_some() { CheckpointName::Best } else { CheckpointName::Last }
    }
}

/// Checks that validations have the figure, and that there is patience.
pub(super) fn check(training: &TrainingPlan, world: &dyn World, model: &Model) -> Result<(), LabError> {
    let Some(stop) = &training.stop else { return Ok(()) };
    require(stop.patience >= 1, "training.stop.patience", stop.patience, "at least 1".into())?;
    let figure = stop.figure.as_ref();
    figure.map_or(Ok(()), |figure| check_figure("training.stop.figure", figure, world, model))
}
