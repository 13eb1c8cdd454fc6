//! What can be typed of benchmarks.

use std::path::PathBuf;

use clap::Args;
use infimum_lab::{Executor, Products};

use super::{Form, Speed};
use crate::commands::bench::Measured;

pub(super) const BENCH_HELP: &str = "\
Examples:
  infimum bench
  infimum bench mm100 --threads 1 --json
  infimum bench kernels
  infimum bench decoding --threads 1

A step is gradient, clipping and AdamW on a batch in memory; docs/performance.md has it beside PyTorch and JAX.
Nothing else should run meanwhile.";

#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// A workload (add456, add1128, memo4k, copilot, regex, mm10, mm100); peaks: what the processor can do; kernels: what the time of a
    /// step goes into; scaling: how time and memory grow with each size; decoding: how fast models write. Default: all workloads.
    #[arg(value_name = "WORKLOAD|peaks|kernels|scaling|decoding", default_value = "all", hide_default_value = true)]
    pub(crate) measured: Measured,
    /// Time steps of this recipe's model in place of a workload's: its gradient and AdamW, on a batch that lies in memory.
    #[arg(long, value_name = "RECIPE", conflicts_with = "measured")]
    pub(crate) recipe: Option<PathBuf>,
    /// Set one key of the recipe, such as training.batch=8. May be given several times.
    #[arg(long, value_name = "KEY=VALUE", requires = "recipe")]
    pub(crate) set: Vec<String>,
    /// Seconds to measure each workload, or each growing size, for.
    #[arg(long, value_name = "X", default_value = "2", allow_negative_numbers = true, value_parser = patience)]
    pub(crate) seconds: f64,
    /// lanes: sixteen sequences at a time; wide: one. Default: what a run of such a model takes (scaling: wide).
    #[arg(long, value_name = "X")]
    pub(crate) executor: Option<Executor>,
    /// What products with weights multiply, for one workload: f32, or bf16 (numbers rounded to bfloat16, by wide only).
    #[arg(long, value_name = "X", default_value = "f32")]
    pub(crate) products: Products,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) form: Form,
}

fn patience(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| (0.0..=3600.0).contains(x));
    number.ok_or_else(|| "seconds are a number from 0 to 3600".into())
}
