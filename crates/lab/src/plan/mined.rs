//! Errors are mined where there is a right answer, and from what no test is drawn from.

use infimum_worlds::World;

use super::{RunStage, require};
use crate::LabError;
use crate::recipe::Source;

/// Checks that a stage can be mixed with what its network gets wrong.
pub(super) fn check(stage: &RunStage, world: &dyn World) -> Result<(), LabError> {
    if stage.mined.is_none() {
        return Ok(());
    }
    let key = "training.mined";
    let allowed = "left out in a world whose questions have no one answer, so that nothing is wrong";
    require(world.has_one_answer(), key, "set", allowed.into())?;
    let allowed = "left out in a world that holds nothing out from training: set world.held_out (addition) or a world.train_fraction below 1 \
                   (modular), so that what is mined is never tested on";
    require(world.hold_out().is_some(), key, "set", allowed.into())?;
    let allowed = "left out with data.source = \"fixed\", whose set would be another: mining needs \"fresh\"";
    require(stage.data.source == Source::Fresh, key, "set", allowed.into())
}
