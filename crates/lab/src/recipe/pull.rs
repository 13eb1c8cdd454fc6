use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pull of the parameters towards weights: what steps lower is the loss and, besides, half of `coefficient` times the squared distance
/// to them. Lines, validations and scores are of the loss alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pull {
    /// The weights, as `training.init` names them: a file, such as one that `regular construct` writes, or a run. They have to have
    /// the arrays of the model.
    pub weights: String,
    /// How strong it is, in nats for each unit of half the squared distance.
    #[schemars(range(max = 1e6), extend("exclusiveMinimum" = 0.0))]
    pub coefficient: f64,
    /// Steps over which the coefficient falls evenly to 0. Default: it stays.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}
