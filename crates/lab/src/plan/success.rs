//! What counts as a success has to be a figure that the world has.

use infimum_worlds::World;

use super::{Plan, require};
use crate::error::CHANGE_IT;
use crate::recipe::{Model, Source, Success, check::nearest};
use crate::{LabError, metrics};

impl Plan {
    /// When a run counts as a success; `None` where the recipe does not say.
    pub fn success(&self) -> Option<&Success> {
        self.success.as_ref()
    }
}

/// Checks that training sequences are scored by a figure, and that there are so many.
pub(super) fn check_training(plan: &Plan) -> Result<(), LabError> {
    let (key, wanted) = ("evaluation.training_sequences", plan.evaluation.training_sequences);
    if wanted == 0 {
        return Ok(());
    }
    let allowed = "0 without a section [success], whose figure they are scored by";
    require(plan.success.is_some(), key, wanted, allowed.into())?;
    for stage in plan.stages() {
        let drawn = matches!(stage.data.source, Source::Fresh | Source::Fixed);
        let allowed = "0 with this data.source: they are of what is drawn, \"fresh\" or \"fixed\"";
        require(drawn, key, wanted, allowed.into())?;
        let most = stage.data.sequences.unwrap_or(u64::MAX);
        require(wanted as u64 <= most, key, wanted, format!("at most the {most} sequences of the fixed set"))?;
    }
    Ok(())
}

/// Checks that validations of the model have the figure of that name in this world.
pub(super) fn check_figure(key: &str, name: &str, world: &dyn World, model: &Model) -> Result<(), LabError> {
    let known = metrics::validated(world, model);
    if known.contains(&name) {
        return Ok(());
    }
    let near = nearest(name, &known.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    let remedy = near.map_or(CHANGE_IT.into(), |near| format!("did you mean \"{near}\"?"));
    let allowed = format!("it has to be a figure that validations have in this world: one of {}", known.join(", "));
    Err(LabError::value(key, format!("{name:?}"), allowed, remedy))
}

/// Checks that validations have the figure in this world, and that there is one limit.
pub(super) fn check(success: Option<&Success>, world: &dyn World, model: &Model) -> Result<(), LabError> {
    let Some(success) = success else { return Ok(()) };
    check_figure("success.figure", &success.figure, world, model)?;
    let limits = [("success.at_least", success.at_least), ("success.at_most", success.at_most)];
    for (key, limit) in limits.into_iter().filter(|_| metrics::is_share(&success.figure)) {
        let allowed = format!("at most 1, for {} is a share", success.figure);
        limit.map_or(Ok(()), |limit| require(limit <= 1.0, key, limit, allowed))?;
    }
    match (success.at_least, success.at_most) {
        (None, None) => Err(LabError::MissingKey {
            key: "at_least".into(),
            table: "[success]".into(),
            about: "from which value of the figure on a run is a success; for figures that fall, at_most".into(),
        }),
        (Some(_), Some(at_most)) => require(false, "success.at_most", at_most, "left out beside at_least".into()),
        _ => Ok(()),
    }
}
