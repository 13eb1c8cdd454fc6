//! A number that is shown: with its unit, its optimum, a trivial baseline and its interval.

use serde::{Deserialize, Serialize};

use crate::number;

/// One result. Everything shown anywhere comes from these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name: one name, one formula.
    pub name: String,
    /// The value.
    #[serde(with = "number")]
    pub value: f64,
    /// The unit of the value, such as `nats`.
    pub unit: String,
    /// The best that anything can reach, where it is known.
    pub optimum: Option<f64>,
    /// What a trivial predictor reaches.
    pub baseline: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
}
