use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a run counts as a success: once its figure is on the right side of a limit. Changes no bit of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// The figure, by its name in `docs/metrics.md`: one that validations have, too.
    pub figure: String,
    /// The least value of a success, for figures that rise. Either this or `at_most`.
    #[schemars(with = "f64")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The greatest value of a success, for figures that fall.
    #[schemars(with = "f64")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

impl Success {
    /// Whether a value of the figure is one of a success; what is no number is none.
    pub fn holds(&self, value: f64) -> bool {
        self.at_least.is_none_or(|limit| value >= limit) && self.at_most.is_none_or(|limit| value <= limit)
    }
}

/// Such as `exact_match at least 0.99`.
impl std::fmt::Display for Success {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (side, limit) = match (self.at_least, self.at_most) {
            (Some(limit), _) => ("at least", limit),
            (None, limit) => ("at most", limit.unwrap_or(f64::NAN)),
        };
        write!(f, "{} {side} {limit}", self.figure)
    }
}
