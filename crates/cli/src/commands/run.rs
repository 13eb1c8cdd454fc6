//! `run`: from a recipe to a record.

use infimum_lab::{Experiment, Record, require_memory};

use crate::arguments::Run;
use crate::commands::{recipes, runs, training};
use crate::progress;

pub(crate) fn run(arguments: &Run) -> anyhow::Result<()> {
    let seed = arguments.seed.map(|seed| format!("training.seed={seed}"));
    let plan = recipes::plan(&arguments.recipe, seed.as_slice(), &arguments.runs.runs)?;
    let name = format!("{}-s{}", plan.name(), plan.training().seed);
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    let record = Record::create(&arguments.runs.runs, &name, &experiment.plan().to_toml())?;
    training::train(&experiment, &mut machine, &record, arguments.form)
}
