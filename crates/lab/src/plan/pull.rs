//! Where a pull leads, and how strong it is.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Plan, require};
use crate::recipe::{Optimiser, Pull};
use crate::{LabError, init, read_weights};

const KEY: &str = "training.pull.weights";

/// [`Pull`] with its weights found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullPlan {
    /// The file, or the folder of a run, from the folder in which the plan was made.
    pub path: String,
    /// Hash of what was found there when the plan was made; other weights are refused.
    pub weights_hash: String,
    /// How strong it is at the first step.
    pub coefficient: f64,
    /// Steps over which it falls evenly to 0; `None`: it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

impl PullPlan {
    /// How strong it is once `step` steps are done.
    pub fn strength(&self, step: u64) -> f64 {
        let left = |until: u64| until.saturating_sub(step) as f64 / until as f64;
        self.coefficient * self.until.map_or(1.0, left)
    }
}

/// Finds and reads the weights of a recipe's pull for the model of `plan`, which is whole but for it. Runs are looked for in `runs`.
pub(super) fn resolve(pull: &Pull, plan: &Plan, runs: &Path) -> Result<PullPlan, LabError> {
    let path = init::path(KEY, &pull.weights, runs)?;
    let layout = plan.layout();
    let point = read_weights(Path::new(&path), &plan.model, &layout).map_err(of_the_pull)?;
    let pull =
        PullPlan { path, weights_hash: layout.weights_hash(&point), coefficient: pull.coefficient, until: pull.until };
    check(&pull, plan)?;
    Ok(pull)
}

/// Says of what a problem with a file is the matter.
fn of_the_pull(error: LabError) -> LabError {
    match error {
        LabError::File { path, problem, remedy } => {
            let problem = format!("{problem}; training.pull leads to weights with the arrays of the plan's model");
            LabError::File { path, problem, remedy }
        }
        other => other,
    }
}

/// Checks how strong a pull is, and that each stage can follow it.
pub(super) fn check(pull: &PullPlan, plan: &Plan) -> Result<(), LabError> {
    let within = pull.coefficient > 0.0 && pull.coefficient <= 1e6;
    require(within, "training.pull.coefficient", pull.coefficient, "more than 0 and at most 1000000".into())?;
    let Some(until) = pull.until else { return Ok(()) };
    require(until >= 1, "training.pull.until", until, "at least 1".into())?;
    let changes = plan.stages().iter().any(|stage| stage.training.optimiser == Optimiser::Lbfgs);
    let allowed = "left out with training.optimiser = \"lbfgs\", all of whose steps lower one loss";
    require(!changes, "training.pull.until", until, allowed.into())
}
