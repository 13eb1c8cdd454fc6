//! A Markov chain's settings, and the checks that turn them into a [`Plan`].

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WorldError;
use crate::markov::Markov;

/// The most non-zero probabilities a law may have.
pub const NON_ZEROS_LIMIT: u128 = 100_000_000;

const LENGTH_LIMIT: i64 = 1_000_000;

/// A Markov chain as it stands in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The number of states, 2 to 65,535. Tokens `0..states` are the states, token `states` is BOS.
    #[schemars(range(min = 2, max = 65_535), example = 10)]
    pub states: i64,
    /// How many states back the next one depends on, 1 to 4.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 4))]
    pub order: i64,
    /// Tokens of a block, BOS included, 2 to 1,000,000.
    #[schemars(range(min = 2, max = 1_000_000), example = 128)]
    pub length: i64,
    /// Percent of the transitions that are impossible, 0 to below 100. A row keeps `states * (100 - sparsity) / 100`
    /// successors, rounded down; 0 is dense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 100.0))]
    pub sparsity: Option<f64>,
    /// The number of possible successors of a context, 1 to `states`; instead of `sparsity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub keep: Option<i64>,
    /// Concentration of the symmetric Dirichlet law that rows are drawn from, 0.001 to 1,000,000: small makes rows peaked,
    /// large makes them even.
    #[serde(default = "one_real")]
    #[schemars(range(min = 0.001, max = 1e6))]
    pub concentration: f64,
    /// How the law is drawn.
    #[serde(default)]
    pub generator: Generator,
    /// The seed of the law; at least 0, and below 2^32 with `numpy-legacy`.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64), example = 1)]
    pub seed: i64,
}

/// How a chain's law is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Generator {
    /// Each row from its own Philox stream.
    #[default]
    Philox,
    /// The law and the exported data of nanoMarkov, drawn with NumPy's legacy generator: order 1, concentration 1.
    NumpyLegacy,
}

fn one() -> i64 {
    1
}

fn one_real() -> f64 {
    1.0
}

/// Settings that have been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) states: usize,
    pub(crate) order: usize,
    pub(crate) length: usize,
    /// Successors of a context; equal to `states` if dense.
    pub(crate) keep: usize,
    pub(crate) concentration: f64,
    pub(crate) generator: Generator,
    pub(crate) seed: u64,
}

impl Settings {
    /// A dense chain of order 1 whose law is drawn by Philox, to set other fields of.
    pub fn new(states: i64, length: i64, seed: i64) -> Settings {
        let (sparsity, keep, generator) = (None, None, Generator::Philox);
        Settings { states, order: 1, length, sparsity, keep, concentration: 1.0, generator, seed }
    }

    /// Checks the settings and draws the law. Errors: a value out of range, `sparsity` beside `keep`, a row without
    /// successors, more than 10^8 non-zeros, and what nanoMarkov's generator does not have.
    pub fn build(&self) -> Result<Markov, WorldError> {
        self.plan().map(Markov::draw_law)
    }

    /// Chains of every order, dense and sparse, reducible and periodic, from both generators.
    pub fn small_instances() -> Vec<Settings> {
        let dense = |states, order, length, seed| Settings { order, ..Settings::new(states, length, seed) };
        let sparse = |keep, settings| Settings { keep: Some(keep), ..settings };
        vec![
            dense(2, 1, 2, 1),
            dense(2, 1, 8, 2),
            dense(3, 1, 6, 3),
            Settings { concentration: 0.3, ..dense(4, 1, 5, 4) },
            Settings { concentration: 20.0, ..dense(3, 1, 6, 5) },
            sparse(1, dense(3, 1, 7, 6)),
            sparse(2, dense(5, 1, 5, 7)),
            Settings { sparsity: Some(50.0), ..dense(6, 1, 4, 8) },
            dense(2, 2, 8, 9),
            sparse(2, dense(3, 2, 6, 10)),
            dense(2, 3, 8, 11),
            sparse(1, dense(2, 4, 9, 12)),
            dense(3, 4, 4, 13),
            Settings { generator: Generator::NumpyLegacy, ..dense(4, 1, 5, 42) },
            Settings { generator: Generator::NumpyLegacy, sparsity: Some(50.0), ..dense(5, 1, 5, 42) },
        ]
    }

    pub(crate) fn plan(&self) -> Result<Plan, WorldError> {
        let states = number_of_states(self.states)?;
        let order = within(
            "order",
            self.order,
            1..=4,
            [
                "a chain of order 1, the least, depends on the last state alone",
                "choose at most four states back for the next one to depend on",
            ],
        )?;
        let length = block_length(self.length)?;
        let keep = self.kept()?;
        self.check_concentration()?;
        self.check_seed()?;
        self.check_published()?;
        check_size(states, order, keep)?;
        let (concentration, generator) = (self.concentration, self.generator);
        Ok(Plan { states, order, length, keep, concentration, generator, seed: self.seed as u64 })
    }

    fn kept(&self) -> Result<usize, WorldError> {
        match (self.sparsity, self.keep) {
            (Some(_), Some(_)) => {
                Err(WorldError::Both { first: "sparsity", second: "keep", remedy: "leave one of them out".to_string() })
            }
            (None, None) => Ok(self.states as usize),
            (None, Some(keep)) => within(
                "keep",
                keep,
                1..=self.states,
                [
                    "a context has at least one successor; raise keep",
                    "a context has no more successors than there are states; lower keep, or leave it out for a dense chain",
                ],
            ),
            (Some(percent), None) => self.kept_of_sparsity(percent),
        }
    }

    fn kept_of_sparsity(&self, percent: f64) -> Result<usize, WorldError> {
        if !(0.0..100.0).contains(&percent) {
            let remedy = "it is the percentage of transitions that are impossible".to_string();
            return Err(range("sparsity", percent, "0 to below 100".to_string(), remedy));
        }
        // The millionth forgives the rounding of a percentage that is not whole: 0.1 % of 1,000 states is 1, not 0.99…
        let keep = ((self.states as f64 * (100.0 - percent)) / 100.0 + 1e-6) as usize;
        if keep == 0 {
            let limit = 100.0 - 100.0 / self.states as f64;
            let allowed = format!("it leaves an empty row; with {} states at most {limit}", self.states);
            return Err(range(
                "sparsity",
                percent,
                allowed,
                "for one successor each, set keep = 1 instead".to_string(),
            ));
        }
        Ok(keep)
    }

    fn check_concentration(&self) -> Result<(), WorldError> {
        if (1e-3..=1e6).contains(&self.concentration) {
            return Ok(());
        }
        let remedy = if self.concentration < 1e-3 {
            "0.001 already puts nearly everything on one successor; raise it"
        } else {
            "1000000 already makes rows nearly even; lower it, or set 1, which draws rows evenly from all laws"
        };
        Err(range("concentration", self.concentration, "0.001 to 1000000".to_string(), remedy.to_string()))
    }

    fn check_seed(&self) -> Result<(), WorldError> {
        let limit = match self.generator {
            Generator::Philox => i64::MAX,
            Generator::NumpyLegacy => i64::from(u32::MAX),
        };
        within("seed", self.seed, 0..=limit, ["choose a larger one", "choose a smaller one"]).map(|_| ())
    }

    fn check_published(&self) -> Result<(), WorldError> {
        if self.generator != Generator::NumpyLegacy {
            return Ok(());
        }
        let refuse = |key, value: String, reason| WorldError::Generator {
            key,
            value,
            generator: "numpy-legacy",
            reason,
            remedy: "use generator = \"philox\"".to_string(),
        };
        if self.order != 1 {
            return Err(refuse("order", self.order.to_string(), "which draws chains of order 1 only"));
        }
        if self.concentration != 1.0 {
            return Err(refuse(
                "concentration",
                self.concentration.to_string(),
                "which draws rows of concentration 1 only",
            ));
        }
        match self.sparsity {
            Some(percent) if percent.fract() != 0.0 => {
                Err(refuse("sparsity", percent.to_string(), "which takes whole percentages only"))
            }
            _ => Ok(()),
        }
    }
}

fn range(key: &'static str, value: impl ToString, allowed: String, remedy: String) -> WorldError {
    WorldError::Range { key, value: value.to_string(), allowed, remedy }
}

/// The number as it is, if it is in the range; else an error with the first remedy if it is too small, with the second if it
/// is too large.
pub(crate) fn within(
    key: &'static str,
    value: i64,
    allowed: RangeInclusive<i64>,
    [too_small, too_large]: [&str; 2],
) -> Result<usize, WorldError> {
    if allowed.contains(&value) {
        return Ok(value as usize);
    }
    let remedy = if value < *allowed.start() { too_small } else { too_large };
    Err(range(key, value, format!("{} to {}", allowed.start(), allowed.end()), remedy.to_string()))
}

pub(crate) fn number_of_states(states: i64) -> Result<usize, WorldError> {
    within(
        "states",
        states,
        2..=65_535,
        [
            "a chain of one state has nothing to predict; set at least 2",
            "tokens are 16-bit numbers, and BOS is one of them; lower states",
        ],
    )
}

pub(crate) fn block_length(length: i64) -> Result<usize, WorldError> {
    within(
        "length",
        length,
        2..=LENGTH_LIMIT,
        [
            "it counts BOS and at least one state; raise it",
            "lower it; a chain of a few states has long since forgotten its start",
        ],
    )
}

/// The start law has `states` non-zeros, every other context `keep`.
pub(crate) fn non_zeros(states: usize, order: usize, keep: usize) -> u128 {
    let contexts: u128 = (1..=order as u32).map(|length| (states as u128).pow(length)).sum();
    states as u128 + contexts * keep as u128
}

fn check_size(states: usize, order: usize, keep: usize) -> Result<(), WorldError> {
    let non_zeros = non_zeros(states, order, keep);
    if non_zeros <= NON_ZEROS_LIMIT {
        return Ok(());
    }
    let contexts = (non_zeros - states as u128) / keep as u128;
    let most = (NON_ZEROS_LIMIT - states as u128) / contexts;
    let remedy = match most {
        0 => format!("{contexts} contexts are too many even with one successor each: lower states or order"),
        _ => format!("set keep to at most {most}, or lower states or order"),
    };
    Err(WorldError::Size { non_zeros, limit: NON_ZEROS_LIMIT, remedy })
}
