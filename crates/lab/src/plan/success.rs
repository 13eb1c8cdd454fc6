//! What counts as a success has to be a figure that the world has.

use infimum_worlds::World;

use super::{Plan, require};
use crate::error::CHANGE_IT;
use crate::recipe::{Success, check::nearest};
use crate::{LabError, metrics};

impl Plan {
    /// When a run counts as a success; `None` where the recipe does not say.
    pub fn success(&self) -> Option<&Success> {
        self.success.as_ref()
    }
}

/// Checks that validations have the figure in this world, and that there is one limit.
pub(super) fn check(success: Option<&Success>, world: &dyn World) -> Result<(), LabError> {
    let Some(success) = success else { return Ok(()) };
    let known = metrics::validated(world);
    if !known.iter().any(|name| *name == success.figure) {
        let near = nearest(&success.figure, &known.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        let remedy = near.map_or(CHANGE_IT.into(), |near| format!("did you mean \"{near}\"?"));
        let allowed = format!("it has to be a figure that validations have in this world: one of {}", known.join(", "));
        return Err(LabError::value("success.figure", format!("{:?}", success.figure), allowed, remedy));
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
