//! The settings of strings that begin again, and the checks that turn them into a world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WorldError;
use crate::induction::Induction;
use crate::markov::within;

/// Strings that begin again as they stand in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many letters there are, 3 to 10,000: tokens from 0 on.
    #[schemars(range(min = 3, max = 10_000))]
    pub letters: i64,
    /// Letters of the string, all different: 2 to 1,000, and at most `letters`.
    #[schemars(range(min = 2, max = 1000))]
    pub length: i64,
    /// Letters after the cue that are asked for, at least 1 and fewer than `length`.
    #[schemars(range(min = 1, max = 999))]
    pub answer: i64,
    /// The seed of exported data.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { letters: 64, length: 16, answer: 4, seed: 1 }
    }
}

impl Settings {
    /// Checks the settings and makes the world. Errors: a value out of range.
    pub fn build(&self) -> Result<Induction, WorldError> {
        let letters = ["with fewer there is nothing to choose; raise it", "no string needs so many; lower it"];
        let letters = within("letters", self.letters, 3..=10_000, letters)?;
        let length = ["a cue and what follows it are two letters; raise it", "its letters are all different; lower it"];
        let length = within("length", self.length, 2..=self.letters.min(1000), length)?;
        let answer = ["something has to be asked for; raise it", "the cue comes before it in the string; lower it"];
        let answer = within("answer", self.answer, 1..=self.length - 1, answer)?;
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        Ok(Induction::new(letters as u16, length, answer, seed as u64))
    }

    /// Short strings of few letters.
    pub fn small_instances() -> Vec<Settings> {
        let of = |letters, length, answer| Settings { letters, length, answer, seed: 3 };
        vec![of(3, 2, 1), of(4, 3, 1), of(4, 4, 2), of(3, 3, 2)]
    }
}
