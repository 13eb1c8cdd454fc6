//! `run`: from a recipe to a record, or to one for each seed.

use infimum_lab::{Experiment, Record, require_memory, seeds::record_name};

use crate::arguments::Run;
use crate::commands::{recipes, runs, seeds, training};
use crate::progress;

pub(crate) fn run(arguments: &Run) -> anyhow::Result<()> {
    if let Some(list) = &arguments.seeds {
        return seeds::run(arguments, list.seeds());
    }
    let seed = arguments.seed.map(|seed| format!("training.seed={seed}"));
    let plan = recipes::plan(&arguments.recipe, seed.as_slice(), &arguments.runs.runs)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    let plan = experiment.plan();
    let record = Record::create(&arguments.runs.runs, &record_name(plan), &plan.to_toml())?;
    training::train(&experiment, &mut machine, &record, arguments.form)
}
