//! The settings of a windows world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WorldError;
use crate::markov::{self, Generator, within};
use crate::windows::Windows;

const WINDOW_LIMIT: i64 = 1_000_000;

/// Windows of a Markov chain's stream as they stand in a recipe: the keys of the chain, and how long a window is.
///
/// The chain's keys are flattened into these. serde then hands each unknown key back to this type, which refuses it by name;
/// a test holds it to that, since serde promises it for no such pair of types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The chain.
    #[serde(flatten)]
    pub chain: markov::Settings,
    /// Targets of a window, 1 to 1,000,000. Default: as many as a block has tokens, `length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub window: Option<i64>,
}

impl Settings {
    /// Windows as long as the chain's blocks, to set `window` of.
    pub fn new(chain: markov::Settings) -> Settings {
        Settings { chain, window: None }
    }

    /// Checks the settings and draws the law. Errors: those of the chain, a window outside 1 to 1,000,000, and a belief that
    /// would be too large ([`Windows::over`]).
    pub fn build(&self) -> Result<Windows, WorldError> {
        let window = checked(self.window.unwrap_or(self.chain.length))?;
        Windows::over(self.chain.build()?, window)
    }

    /// Windows shorter than a block, as long, and longer, over chains of every order, dense, sparse and periodic.
    pub fn small_instances() -> Vec<Settings> {
        let windows = |window, chain| Settings { chain, window: Some(window) };
        let chain =
            |states, order, length, seed| markov::Settings { order, ..markov::Settings::new(states, length, seed) };
        let sparse = |keep, chain| markov::Settings { keep: Some(keep), ..chain };
        let published = markov::Settings { generator: Generator::NumpyLegacy, ..chain(2, 1, 5, 42) };
        vec![
            windows(3, published.clone()),
            Settings::new(published.clone()),
            windows(7, published),
            windows(1, chain(3, 1, 6, 1)),
            windows(4, chain(2, 1, 2, 2)),
            windows(5, markov::Settings { concentration: 0.3, ..chain(3, 1, 4, 3) }),
            windows(6, sparse(1, chain(3, 1, 4, 4))),
            windows(4, sparse(2, chain(4, 1, 9, 5))),
            windows(6, chain(2, 2, 5, 6)),
            windows(2, chain(3, 2, 4, 7)),
            windows(5, sparse(1, chain(3, 3, 6, 8))),
            windows(5, chain(2, 4, 3, 9)),
        ]
    }
}

/// The number of targets of a window, if it is in the range.
pub(super) fn checked(window: i64) -> Result<usize, WorldError> {
    within(
        "window",
        window,
        1..=WINDOW_LIMIT,
        [
            "a window has at least one target; raise it, or leave it out for windows as long as a block",
            "lower it, or leave it out for windows as long as a block",
        ],
    )
}
