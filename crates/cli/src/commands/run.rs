//! `run`: from a recipe to a record.

use infimum_lab::{Experiment, Record};

use crate::arguments::Run;
use crate::commands::{recipes, runs, training};
use crate::progress;

pub(crate) fn run(arguments: &Run) -> anyhow::Result<()> {
    let seed = arguments.seed.map(|seed| format!("training.seed={seed}"));
    let plan = recipes::plan(&arguments.recipe, seed.as_slice())?;
    let name = format!("{}-s{}", plan.name(), plan.training().seed);
    let record = Record::create(&arguments.runs.runs, &name, &plan.to_toml())?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    training::train(&experiment, &mut runs::machine(&arguments.speed), &record, arguments.form)
}
