//! The settings of modular sums, and the checks that turn them into a world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WorldError;
use crate::addition::Operation;
use crate::markov::within;
use crate::modular::Modular;

/// Sums or differences modulo `p` as they stand in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is asked for.
    #[serde(default)]
    pub operation: Operation,
    /// The modulus `p`, 2 to 2,000; tokens `0..p` are numbers, token `p` is `=`.
    #[schemars(range(min = 2, max = 2000), example = 113)]
    pub modulus: i64,
    /// The share of the pairs that are trained on; more than 0, and at most 1, which holds none out.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0), example = 0.3)]
    pub train_fraction: f64,
    /// Which pairs are trained on, and the seed of exported data.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

fn one() -> i64 {
    1
}

impl Settings {
    /// Sums modulo `modulus`, of which a share is trained on, to set other fields of.
    pub fn new(modulus: i64, train_fraction: f64) -> Settings {
        Settings { operation: Operation::Add, modulus, train_fraction, seed: one() }
    }

    /// Checks the settings and makes the world. Errors: a value out of range; so small a share that there is nothing to train
    /// on.
    pub fn build(&self) -> Result<Modular, WorldError> {
        let p = within(
            "modulus",
            self.modulus,
            2..=2000,
            ["modulo 1 there is one number", "the split has a place for each of the pairs; lower it"],
        )?;
        let (pairs, fraction) = (p * p, self.train_fraction);
        let refuse = |allowed: String, remedy: &str| WorldError::Range {
            key: "train_fraction",
            value: fraction.to_string(),
            allowed,
            remedy: remedy.to_string(),
        };
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(refuse("more than 0, at most 1".into(), "it is the share of pairs that are trained on"));
        }
        // The millionth forgives the rounding of a fraction: 0.29 of 100 pairs are 29, not 28.99…
        let training = (fraction * pairs as f64 + 1e-6) as usize;
        if training == 0 {
            return Err(refuse(format!("at least 1 of {pairs} pairs"), "raise it"));
        }
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        Ok(Modular::new(p as u32, self.operation == Operation::Subtract, training.min(pairs), seed as u64))
    }

    /// Both operations, with and without pairs that are held out.
    pub fn small_instances() -> Vec<Settings> {
        let subtract = |settings| Settings { operation: Operation::Subtract, ..settings };
        vec![
            Settings::new(2, 1.0),
            Settings::new(2, 0.75),
            Settings::new(7, 0.3),
            subtract(Settings::new(5, 0.5)),
            subtract(Settings { seed: 9, ..Settings::new(11, 0.9) }),
        ]
    }
}
