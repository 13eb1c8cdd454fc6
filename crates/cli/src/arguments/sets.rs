//! What can be typed of sets of runs: grids and comparisons.

use clap::Args;
use infimum_lab::sweep::Varied;

use super::{Form, RecipeArgument, Runs, Speed};
use crate::seed_list::SeedList;

pub(super) const SWEEP_HELP: &str = "\
Examples:
  infimum sweep markov-10 --vary model.width=32,64,128 --vary training.rate=1e-3,3e-3 --seeds 0..4

The same command goes on with what is not finished and skips what is. A run is its plan: those of `infimum run` with the same
settings count. Every cell is planned before anything is trained.";

pub(super) const COMPARE_HELP: &str = "\
Examples:
  infimum compare 5/8 3/8
  infimum compare mine,training.rate=0.012 3/8
  infimum compare 1128p,training.rate=0.012 1128p,training.rate=0.015 --figure exact_match

A and B are each: counts (SUCCESSES/TRIALS); or, between commas, names of runs, or the name of a recipe for all its runs, and
KEY=VALUE for those of them whose plan has that value. Of one set, plans differ in the seed alone.
Rates: Fisher's exact test, Newcombe's interval. Figures: Wilcoxon's signed-rank test within pairs where both sets have the same
seeds, else the rank-sum test, with the shift of Hodges and Lehmann. They differ if p is at most 0.05; else it is undecided.";

#[derive(Args, Debug)]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) recipe: RecipeArgument,
    /// A key and the values it takes, such as model.width=32,64,128. May be given several times: all combinations are trained.
    #[arg(long, value_name = "KEY=VALUE,...", required = true)]
    pub(crate) vary: Vec<Varied>,
    /// Seeds of each combination, as with `run`. Default: the recipe's one.
    #[arg(long, value_name = "SEEDS")]
    pub(crate) seeds: Option<SeedList>,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Compare {
    /// The first set: a recipe's name, runs between commas, or counts such as 5/8.
    #[arg(value_name = "A")]
    pub(crate) first: String,
    /// The second set.
    #[arg(value_name = "B")]
    pub(crate) second: String,
    /// What to compare: success_rate, or a figure. Default: success_rate where the recipes say what a success is, else their first figure.
    #[arg(long, value_name = "NAME")]
    pub(crate) figure: Option<String>,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}
