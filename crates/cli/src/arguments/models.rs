//! One model, and what can be asked of it.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use infimum_lab::CheckpointName;

use crate::arguments::{Form, Runs, Speed};

/// One model: a checkpoint of a run, or a file of weights.
#[derive(Args, Debug)]
pub(crate) struct Model {
    /// A run (its name or its folder), or a file of weights. Default: the newest run.
    #[arg(value_name = "RUN|FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Which checkpoint of a run: a step, best or last. Default: last.
    #[arg(long, value_name = "STEP|best|last")]
    pub(crate) at: Option<CheckpointName>,
    /// The recipe that a file of weights belongs to, if its metadata have no plan; for a run, another recipe.
    #[arg(long, value_name = "RECIPE")]
    pub(crate) recipe: Option<PathBuf>,
    /// Set one key of that recipe. May be given several times.
    #[arg(long, value_name = "KEY=VALUE", requires = "recipe")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) runs: Runs,
}

#[derive(Args, Debug)]
pub(crate) struct Falsify {
    #[command(flatten)]
    pub(crate) model: Model,
    /// Seconds after which the search ends.
    #[arg(long, value_name = "X", default_value = "60", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) seconds: f64,
    /// Pairs after which the search ends, if it is not over by then. With --seed they are the same ones always.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) pairs: Option<u64>,
    /// Seed of the search.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Sample {
    #[command(flatten)]
    pub(crate) model: Model,
    /// A sum to answer, such as 123+456=, for models of sums (of differences: 456-123=). May be given several times.
    #[arg(long, value_name = "SUM", allow_hyphen_values = true, conflicts_with_all = ["sequences", "temperature", "seed"])]
    pub(crate) prompt: Vec<String>,
    /// How many sequences.
    #[arg(long, value_name = "N", default_value = "5")]
    pub(crate) sequences: NonZeroUsize,
    /// Below 1 the likely become likelier, above 1 the unlikely; 0 takes the likeliest token always.
    #[arg(long, value_name = "X", default_value = "1", allow_negative_numbers = true, value_parser = temperature)]
    pub(crate) temperature: f64,
    /// Seed of the draw.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) form: Form,
}

pub(crate) fn duration(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| (0.0..=1e7).contains(x));
    number.ok_or_else(|| "seconds are a number from 0 to 10000000".into())
}

fn temperature(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| x.is_finite() && *x >= 0.0);
    number.ok_or_else(|| "a temperature is a number from 0 up".into())
}
