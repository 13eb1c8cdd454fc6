//! The weights that a user names: checkpoints of a run, or a file.

use std::path::{Path, PathBuf};

use anyhow::bail;
use infimum_lab::import::{self, Imported};
use infimum_lab::{Carried, CheckpointName, Experiment, LabError, Plan, Record, checkpoint, read_weights, record_plan};

use crate::arguments::{At, Model, RecipeArgument, Runs};
use crate::commands::{recipes, runs};

/// The parameters of a model.
pub(crate) struct Weights {
    pub(crate) name: String,
    pub(crate) point: Vec<f32>,
    /// Steps of the experiment's plan that led to them; `None` for weights that come from elsewhere.
    pub(crate) steps: Option<u64>,
}

/// What was typed.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) weights: Option<&'a PathBuf>,
    pub(crate) at: Option<At>,
    pub(crate) recipe: Option<&'a PathBuf>,
    pub(crate) set: &'a [String],
    pub(crate) runs: &'a Runs,
}

/// The one model that was named.
pub(crate) fn one(model: &Model) -> anyhow::Result<(Experiment, Weights)> {
    let Model { weights, at, recipe, set, runs } = model;
    let (weights, at, recipe) = (weights.as_ref(), at.map(At::One), recipe.as_ref());
    let (experiment, mut found) = find(Named { weights, at, recipe, set, runs })?;
    Ok((experiment, found.swap_remove(0)))
}

/// The weights that were named, at least one, and the experiment that they are of.
pub(crate) fn find(named: Named<'_>) -> anyhow::Result<(Experiment, Vec<Weights>)> {
    let other = match named.recipe {
        Some(recipe) => {
            let recipe = RecipeArgument { recipe: Some(recipe.clone()), set: named.set.to_vec() };
            Some(recipes::plan(&recipe, &[], &named.runs.runs)?)
        }
        None => None,
    };
    match named.weights {
        Some(path) if path.is_file() && named.at.is_some() => {
            bail!("--at says which checkpoint of a run; {} is one file of weights. Leave --at out", path.display())
        }
        Some(path) if path.is_file() => of_file(path, other),
        run => of_run(&runs::named(run, named.runs)?, named.at, other),
    }
}

fn of_file(path: &Path, other: Option<Plan>) -> anyhow::Result<(Experiment, Vec<Weights>)> {
    let name = path.display().to_string();
    let carried = Carried::of(path)?;
    if let Some(plan) = other {
        let experiment = Experiment::new(plan)?;
        let point = read_weights(path, experiment.plan().model(), &experiment.layout())?;
        if let Some(carried) = carried {
            require_tokens(&experiment, Plan::from_toml(&carried.plan, path))?;
        }
        return Ok((experiment, vec![Weights { name, point, steps: None }]));
    }
    let Some(carried) = carried else {
        let Imported { plan, point, .. } = of_family(path)?;
        return Ok((Experiment::new(plan)?, vec![Weights { name, point, steps: None }]));
    };
    let experiment = Experiment::new(Plan::from_toml(&carried.plan, path)?)?;
    if !carried.is_checkpoint {
        let point = read_weights(path, experiment.plan().model(), &experiment.layout())?;
        return Ok((experiment, vec![Weights { name, point, steps: None }]));
    }
    let (_, state) = checkpoint::read(path, &experiment.layout())?;
    Ok((experiment, vec![Weights { name, point: state.point, steps: Some(state.step) }]))
}

/// The plan of the model that a file of weights is of: the one that it carries, or that of its family.
pub(crate) fn plan_of_file(path: &Path) -> anyhow::Result<Plan> {
    match Carried::of(path)? {
        Some(carried) => Ok(Plan::from_toml(&carried.plan, path)?),
        None => Ok(of_family(path)?.plan),
    }
}

fn of_family(path: &Path) -> anyhow::Result<Imported> {
    if import::is_of_a_family(path)? {
        return Ok(import::import(path, None)?);
    }
    let name = path.display();
    let which = "nothing in it says which model and world its weights belong to";
    bail!("{name}: {which}; give the recipe that does: infimum eval {name} --recipe RECIPE, or infimum params RECIPE")
}

fn of_run(record: &Record, at: Option<At>, other: Option<Plan>) -> anyhow::Result<(Experiment, Vec<Weights>)> {
    let foreign = other.is_some();
    let experiment = Experiment::new(other.map_or_else(|| record_plan(record), Ok)?)?;
    let (layout, at) = (experiment.layout(), at.unwrap_or(At::One(experiment.plan().scored_checkpoint())));
    let weights = |name: CheckpointName| -> Result<Weights, LabError> {
        if foreign {
            let point = read_weights(&record.checkpoint_path(name), experiment.plan().model(), &layout)?;
            return Ok(Weights { name: name.to_string(), point, steps: None });
        }
        let state = record.load(name, &layout)?;
        Ok(Weights { name: format!("{name} (step {})", state.step), point: state.point, steps: Some(state.step) })
    };
    let weights = names(record, at)?.into_iter().map(weights).collect::<Result<Vec<_>, _>>()?;
    if foreign {
        require_tokens(&experiment, record_plan(record))?;
    }
    Ok((experiment, weights))
}

/// Refuses a recipe whose tokens are not those of the weights' own plan, if they have one that can still be read.
fn require_tokens(experiment: &Experiment, own: Result<Plan, LabError>) -> Result<(), LabError> {
    own.and_then(Experiment::new).map_or(Ok(()), |trained| experiment.require_tokens_of(&trained))
}

fn names(record: &Record, at: At) -> Result<Vec<CheckpointName>, LabError> {
    match at {
        At::One(name) => Ok(vec![name]),
        At::All => record.checkpoints(),
    }
}
