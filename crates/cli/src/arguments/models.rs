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

pub(crate) const SAMPLE_HELP: &str = "\
Examples:
  infimum sample markov-10-s1 -n 3
  infimum sample markov-10-s1 --prompt 3,1,4 -n 100 --temperature 0.8 --top-k 5
  infimum sample 1128p-s0 --prompt 123+456= --prompt 9999999999+1=

One sequence is printed token by token, several each as soon as it is complete. Models of sums answer prompts.";

#[derive(Args, Debug)]
pub(crate) struct Sample {
    #[command(flatten)]
    pub(crate) model: Model,
    /// What sequences begin with: text, or tokens with blanks or commas between them; of models of sums, a sum to answer, such as
    /// 123+456=. May be given several times.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prompt: Vec<String>,
    /// How many sequences; of each prompt, where there are some. Default: 5, or 1 of each prompt.
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    pub(crate) sequences: Option<NonZeroUsize>,
    /// Below 1 the likely become likelier, above 1 the unlikely; 0 takes the likeliest token always. Default: 1.
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = temperature)]
    pub(crate) temperature: Option<f64>,
    /// Draw from the K likeliest tokens alone.
    #[arg(long, value_name = "K", allow_negative_numbers = true, value_parser = count)]
    pub(crate) top_k: Option<NonZeroUsize>,
    /// Draw from as few of the likeliest tokens as have a share P of what --top-k leaves.
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = top_p)]
    pub(crate) top_p: Option<f64>,
    /// Draw from tokens alone that are at least P times as likely as the likeliest.
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = min_p)]
    pub(crate) min_p: Option<f64>,
    /// Seed of the draw, the same for each prompt. Default: 1.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// End a sequence after this, as --prompt has it, once the model has written it. May be given several times.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) stop: Vec<String>,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) form: Form,
}

pub(crate) const GATES_HELP: &str = "\
Example:
  infimum gates markov-10-s1

docs/gates.md says what each gate measures and what makes it fail. Exit status 1 if one does; those that do not apply say why.";

#[derive(Args, Debug)]
pub(crate) struct Gates {
    #[command(flatten)]
    pub(crate) model: Model,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) form: Form,
}

pub(crate) fn duration(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| (0.0..=1e7).contains(x));
    number.ok_or_else(|| "seconds are a number from 0 to 10000000".into())
}

/// The most that may be asked for.
const MOST: usize = 1_000_000_000;

/// How many of something.
pub(super) fn count(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|n: &usize| *n <= MOST).and_then(NonZeroUsize::new);
    number.ok_or_else(|| format!("it has to be a whole number from 1 to {MOST}"))
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

fn top_p(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|p: &f64| *p > 0.0 && *p <= 1.0);
    number.ok_or_else(|| "a share is a number above 0 and at most 1".into())
}

fn min_p(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|p: &f64| (0.0..=1.0).contains(p));
    number.ok_or_else(|| "this is a number from 0 to 1".into())
}

fn temperature(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| x.is_finite() && *x >= 0.0);
    number.ok_or_else(|| "a temperature is a number from 0 up".into())
}
