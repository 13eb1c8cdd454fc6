use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When training ends before its last step: after so many validations without a better one. The checkpoint `best` is the best of them,
/// and is what is scored in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Validations in a row, none better than the best before them, after which training ends.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub patience: u64,
    /// What is to get better: a figure by its name in `docs/metrics.md`, one that validations have. Default: the validation loss.
    #[schemars(with = "String")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<String>,
}
