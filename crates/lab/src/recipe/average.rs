//! What is taken for the weights of a run: the point of its last step, or a mean of points.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mean of the points that training goes through. It is what is validated, tested, sampled from and exported; training goes on from
/// the point itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub enum Average {
    /// The exponential moving average.
    #[serde(rename = "ema")]
    Ema(Ema),
    /// The mean of all points from a step on, which all count alike (SWA).
    #[serde(rename = "swa")]
    Swa(Swa),
}

/// The keys of an exponential moving average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ema {
    /// How much of the mean is kept from step to step.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub decay: f64,
    /// Steps done before the first that counts, which counts whole; until then the weights are the point itself.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub from: u64,
}

/// The keys of a mean of points that count alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Swa {
    /// Steps done before the first that counts; until then the weights are the point itself.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub from: u64,
    /// Steps from one point that counts to the next.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub every: u64,
}

fn one() -> u64 {
    1
}

impl Default for Ema {
    fn default() -> Self {
        Ema { decay: 0.999, from: 0 }
    }
}

impl Average {
    /// Steps before the first that counts, and from one that counts to the next.
    pub fn when(&self) -> (u64, u64) {
        match self {
            Average::Ema(ema) => (ema.from, 1),
            Average::Swa(swa) => (swa.from, swa.every),
        }
    }
}
