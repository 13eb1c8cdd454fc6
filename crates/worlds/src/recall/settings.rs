//! The settings of recall, and the checks that turn them into a world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WorldError;
use crate::markov::within;
use crate::recall::Recall;

/// Pairs to recall as they stand in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Tokens in all, 4 to 65,536: the first half are keys, the others values.
    #[schemars(range(min = 4, max = 65_536))]
    pub alphabet: i64,
    /// Pairs, 1 to 1,000, and at most as many as there are keys.
    #[schemars(range(min = 1, max = 1000))]
    pub pairs: i64,
    /// Positions of a sequence, at most 10,000, and at least `4 pairs - 1`: each pair comes twice, and the last value is no input.
    #[schemars(range(min = 3, max = 10_000))]
    pub positions: i64,
    /// The seed of exported data.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { alphabet: 256, pairs: 4, positions: 32, seed: 1 }
    }
}

impl Settings {
    /// Checks the settings and makes the world. Errors: a value out of range.
    pub fn build(&self) -> Result<Recall, WorldError> {
        let tokens = ["keys and values are two each at least; raise it", "tokens are 16-bit numbers; lower it"];
        let alphabet = within("alphabet", self.alphabet, 4..=65_536, tokens)?;
        let most = (self.alphabet / 2).min(1000);
        let pairs = ["something has to be recalled; raise it", "keys are all different; lower it, or raise alphabet"];
        let pairs = within("pairs", self.pairs, 1..=most, pairs)?;
        let length = ["each pair comes twice; raise it, or lower pairs", "no more are needed; lower it"];
        let positions = within("positions", self.positions, 4 * self.pairs - 1..=10_000, length)?;
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        Ok(Recall::new(alphabet, pairs, positions, seed as u64))
    }

    /// Few keys and values, with and without tokens in between.
    pub fn small_instances() -> Vec<Settings> {
        let of = |alphabet, pairs, positions| Settings { alphabet, pairs, positions, seed: 3 };
        vec![of(4, 2, 7), of(4, 2, 8), of(5, 1, 5), of(6, 2, 7)]
    }
}
