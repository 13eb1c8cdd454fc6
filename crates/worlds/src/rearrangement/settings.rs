//! The settings of rearrangements, and the checks that turn them into a world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WorldError;
use crate::markov::within;
use crate::rearrangement::Rearrangement;

/// In which order a string is written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// As it is.
    Copy,
    /// Backwards.
    Reversal,
    /// From the lowest letter to the highest.
    Sort,
}

/// Strings and their rearrangements as they stand in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is asked for.
    #[schemars(example = &"reversal")]
    pub task: Task,
    /// How many letters there are, 2 to 1,000: tokens from 0 on; the next token is the separator.
    #[serde(default = "alphabet")]
    #[schemars(range(min = 2, max = 1000))]
    pub letters: i64,
    /// Letters in a string, 1 to 1,000.
    #[serde(default = "length")]
    #[schemars(range(min = 1, max = 1000))]
    pub length: i64,
    /// The seed of exported data.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

fn alphabet() -> i64 {
    26
}

fn length() -> i64 {
    6
}

fn one() -> i64 {
    1
}

impl Settings {
    /// Strings of `length` of `letters`, to set other fields of.
    pub fn new(task: Task, letters: i64, length: i64) -> Settings {
        Settings { task, letters, length, seed: one() }
    }

    /// Checks the settings and makes the world. Errors: a value out of range.
    pub fn build(&self) -> Result<Rearrangement, WorldError> {
        let letters = within(
            "letters",
            self.letters,
            2..=1000,
            ["of one letter there is one string; raise it", "no string needs so many; lower it"],
        )?;
        let lengths = ["a string has a letter; raise it", "sequences are twice as long; lower it"];
        let length = within("length", self.length, 1..=1000, lengths)?;
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        Ok(Rearrangement::new(self.task, letters as u16, length, seed as u64))
    }

    /// Each task, on few strings.
    pub fn small_instances() -> Vec<Settings> {
        vec![
            Settings::new(Task::Copy, 3, 3),
            Settings::new(Task::Copy, 2, 1),
            Settings::new(Task::Reversal, 2, 4),
            Settings { seed: 9, ..Settings::new(Task::Reversal, 5, 2) },
            Settings::new(Task::Sort, 3, 4),
            Settings::new(Task::Sort, 4, 2),
        ]
    }
}
