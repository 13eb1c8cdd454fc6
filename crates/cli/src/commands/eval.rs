//! `eval`: the scores of weights on fresh test sequences.

use std::path::Path;

use anyhow::bail;
use infimum_lab::foreign::{numpy, torch};
use infimum_lab::training::{self, Event, Weights as Scored};
use infimum_lab::{
    CheckpointName, Experiment, Figure, LabError, Machine, Plan, Record, checkpoint, published, read_weights,
    record_plan, weights_file,
};
use serde::Serialize;

use crate::arguments::{At, Eval, RecipeArgument};
use crate::commands::{recipes, runs};
use crate::{output, progress, table};

/// Weights to score.
struct Weights {
    name: String,
    point: Vec<f32>,
    /// Steps of the experiment's plan that led to them; `None` for weights that come from elsewhere.
    steps: Option<u64>,
}

pub(crate) fn eval(arguments: &Eval) -> anyhow::Result<()> {
    let (experiment, weights) = find(arguments)?;
    if arguments.published {
        published::require(&experiment)?;
    }
    let mut machine = runs::machine(&arguments.speed);
    let mut scored = Vec::new();
    for weights in weights {
        let figures = score(&experiment, &mut machine, &weights)?;
        let published = match arguments.published {
            true => published::evaluate(&experiment, &mut machine, &weights.point, &figures)?,
            false => vec![],
        };
        scored.push(ScoredAt { at: weights.name, figures, published });
    }
    match (arguments.form.json, at(arguments)) {
        (true, At::One(_)) => output::json(&scored.swap_remove(0).together().figures),
        (true, At::All) => output::json(&scored.into_iter().map(ScoredAt::together).collect::<Vec<_>>()),
        (false, _) => output::print(&text(&scored)),
    }
}

fn score(experiment: &Experiment, machine: &mut Machine, weights: &Weights) -> Result<Vec<Figure>, LabError> {
    let total = experiment.plan().evaluation().test_sequences as u64;
    progress::counting(&format!("scoring {}", weights.name), "test sequences", total, |tell| {
        training::evaluate(experiment, machine, Scored { point: &weights.point, steps: weights.steps }, &mut |event| {
            if let Event::Testing { done, .. } = event {
                tell(done);
            }
        })
    })
}

/// Which checkpoints of a run.
fn at(arguments: &Eval) -> At {
    arguments.at.unwrap_or(At::One(CheckpointName::Last))
}

/// What to score, and on what.
fn find(arguments: &Eval) -> anyhow::Result<(Experiment, Vec<Weights>)> {
    let other = match &arguments.recipe {
        Some(_) => {
            let recipe = RecipeArgument { recipe: arguments.recipe.clone(), set: arguments.set.clone() };
            Some(recipes::plan(&recipe, &[], &arguments.runs.runs)?)
        }
        None => None,
    };
    match &arguments.weights {
        Some(path) if path.is_file() && arguments.at.is_some() => {
            bail!("--at says which checkpoint of a run; {} is one file of weights. Leave --at out", path.display())
        }
        Some(path) if path.is_file() => of_file(path, other),
        run => of_run(&runs::named(run.as_ref(), &arguments.runs)?, at(arguments), other),
    }
}

fn of_file(path: &Path, other: Option<Plan>) -> anyhow::Result<(Experiment, Vec<Weights>)> {
    let name = path.display().to_string();
    if let Some(plan) = other {
        let experiment = Experiment::new(plan)?;
        let point = read_weights(path, experiment.plan().model(), &experiment.layout())?;
        return Ok((experiment, vec![Weights { name, point, steps: None }]));
    }
    if torch::wrote(path)? || numpy::wrote_npz(path)? {
        let which = "PyTorch or NumPy wrote it, and nothing in it says which model and world its weights belong to";
        bail!("{name}: {which}; give the recipe that does: infimum eval {name} --recipe RECIPE");
    }
    let plan = Plan::from_toml(checkpoint::plan(&weights_file::read(path)?, path)?, path)?;
    let experiment = Experiment::new(plan)?;
    let (_, state) = checkpoint::read(path, &experiment.layout())?;
    Ok((experiment, vec![Weights { name, point: state.point, steps: Some(state.step) }]))
}

fn of_run(record: &Record, at: At, other: Option<Plan>) -> anyhow::Result<(Experiment, Vec<Weights>)> {
    let foreign = other.is_some();
    let experiment = Experiment::new(other.map_or_else(|| record_plan(record), Ok)?)?;
    let layout = experiment.layout();
    let weights = |name: CheckpointName| -> Result<Weights, LabError> {
        if foreign {
            let point = read_weights(&record.checkpoint_path(name), experiment.plan().model(), &layout)?;
            return Ok(Weights { name: name.to_string(), point, steps: None });
        }
        let state = record.load(name, &layout)?;
        Ok(Weights { name: format!("{name} (step {})", state.step), point: state.point, steps: Some(state.step) })
    };
    let weights: Result<Vec<_>, _> = names(record, at)?.into_iter().map(weights).collect();
    Ok((experiment, weights?))
}

fn names(record: &Record, at: At) -> Result<Vec<CheckpointName>, LabError> {
    match at {
        At::One(name) => Ok(vec![name]),
        At::All => record.checkpoints(),
    }
}

/// The figures of a checkpoint; as JSON, of one of several.
#[derive(Serialize)]
struct ScoredAt {
    at: String,
    figures: Vec<Figure>,
    /// By nanoMarkov's formulas.
    #[serde(skip)]
    published: Vec<Figure>,
}

impl ScoredAt {
    fn together(mut self) -> ScoredAt {
        self.figures.append(&mut self.published);
        self
    }

    fn text(&self) -> String {
        let text = format!("{}\n\n{}\n", self.at, table::figures(&self.figures));
        if self.published.is_empty() {
            return text;
        }
        let published = table::rows(&self.published.iter().collect::<Vec<_>>());
        format!("{text}\nBy nanoMarkov's own formulas; docs/metrics.md says where they mislead.\n\n{published}\n")
    }
}

fn text(scored: &[ScoredAt]) -> String {
    scored.iter().map(ScoredAt::text).collect::<Vec<_>>().join("\n")
}
