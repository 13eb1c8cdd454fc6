//! What is run: a plan, the recipe with every value resolved and checked. A run is (plan, seed) -> bits.

mod average;
mod checks;
mod curriculum;
mod evaluation;
mod heads;
mod mined;
mod optimiser;
mod outputs;
mod pull;
mod stages;
mod stop;
mod success;
mod training;

use std::path::Path;

use infimum_engine::{Executor, NUMERICS, Program};
use infimum_worlds::{Settings, Shape, World};
use serde::{Deserialize, Serialize};

use crate::decoder::{self, decoder};
use crate::error::CHANGE_IT;
use crate::recipe::check::check_plan;
use crate::recipe::{DataLaw, Export, Lines, Model, Source, Success, Track};
use crate::{LabError, Layout, Recipe, executor, folder, init, memory, read_weights, recipes, text};
pub use curriculum::StagePlan;
pub use evaluation::EvaluationPlan;
use evaluation::evaluation;
pub use pull::PullPlan;
pub use stages::RunStage;
pub use training::{Init, TrainingPlan};

/// Everything that decides the bits of a run, resolved and checked. Made by [`Plan::new`] or [`Plan::from_toml`] only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    numerics: u32,
    #[serde(with = "crate::executor")]
    executor: Executor,
    parameters: usize,
    name: String,
    #[serde(default, skip_serializing_if = "Track::is_none")]
    track: Track,
    world: Settings,
    model: Model,
    training: TrainingPlan,
    data: DataPlan,
    evaluation: EvaluationPlan,
    export: Export,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    success: Option<Success>,
}

/// Where training sequences come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPlan {
    /// Fresh, fixed, or from blocks.
    pub source: Source,
    /// Size of the fixed set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequences: Option<u64>,
    /// Whose blocks, where they are not the world's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderPlan>,
}

/// A folder of somebody's data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderPlan {
    /// The whole path of the folder when the plan was made. If nothing is there any more, it is looked for under its name in the
    /// working directory.
    pub path: String,
    /// Whose law the data follow.
    pub law: DataLaw,
    /// Hash of the tokens, and of the law if it is the folder's, when the plan was made; other data are refused. Empty until
    /// they have been read.
    pub data_hash: String,
}

impl Plan {
    /// The plan of what a user calls `name`: a recipe, changed by `overrides` (each `a.b=c`), or the plan that a record keeps,
    /// which gives the same bits again. `runs` is the folder in which `training.init` looks for runs.
    ///
    /// # Errors
    /// As [`Recipe::load`], [`Plan::new`] and [`Plan::from_toml`]; a plan that is to be changed.
    pub fn load(name: &Path, overrides: &[String], runs: &Path) -> Result<Plan, LabError> {
        let text = recipes::text(name)?;
        if !is_plan(&text) {
            return Plan::beside(&Recipe::named(&text, name, overrides)?, runs);
        }
        match overrides.first() {
            None => Plan::from_toml(&text, name),
            Some(given) => Err(LabError::Changed { path: name.into(), given: given.clone() }),
        }
    }

    /// The world of what a user calls `name`, as that of [`Plan::load`], of which nothing else is looked at: what the model has to
    /// fit is no matter of what is possible.
    ///
    /// # Errors
    /// As [`Plan::load`], of all that concerns the world and its data.
    pub fn load_world(name: &Path, overrides: &[String]) -> Result<Box<dyn World>, LabError> {
        let text = recipes::text(name)?;
        if is_plan(&text) {
            return Plan::load(name, overrides, Path::new("runs"))?.build_world();
        }
        let recipe = Recipe::named(&text, name, overrides)?;
        let world = data(&recipe).and_then(|data| {
            memory::require_law(&recipe.world)?;
            match data.folder {
                Some(folder) => folder::world(&recipe.world, &folder.path, recipe.data.law),
                None => match text::open(&text::resolved(&recipe.world)?)? {
                    Some(text) => Ok(Box::new(text) as Box<dyn World>),
                    None => build(&recipe.world),
                },
            }
        });
        world.map_err(|error| with_line(error, &recipe.lines))
    }

    /// Resolves and checks a recipe whose `training.init` looks for runs in the folder `runs`.
    ///
    /// # Errors
    /// A world whose settings make none, or that this machine has no memory for; values at odds with each other; weights to
    /// start from that cannot be read.
    pub fn new(recipe: &Recipe) -> Result<Plan, LabError> {
        Plan::beside(recipe, Path::new("runs"))
    }

    /// As [`Plan::new`], with the runs in another folder.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn beside(recipe: &Recipe, runs: &Path) -> Result<Plan, LabError> {
        Plan::resolve(recipe, runs).map_err(|e| with_line(e, &recipe.lines))
    }

    fn resolve(recipe: &Recipe, runs: &Path) -> Result<Plan, LabError> {
        let data = data(recipe)?;
        let mut plan = Plan {
            numerics: NUMERICS,
            executor: executor::of(&recipe.model),
            parameters: 0,
            name: recipe.name.clone().unwrap_or_else(|| "recipe".into()),
            track: recipe.track,
            world: text::resolved(&recipe.world)?,
            model: recipe.model.clone(),
            training: training::resolve(recipe)?,
            data,
            evaluation: evaluation(recipe, None)?,
            export: recipe.export.clone(),
            success: recipe.success.clone(),
        };
        plan.parameters = plan.check()?;
        if let Some(folder) = &plan.data.folder {
            let (folder, held_out) = folder::resolve(&plan, &folder.path, recipe.data.law)?;
            plan.data.folder = Some(folder);
            plan.evaluation = evaluation(recipe, Some(held_out))?;
            success::check(plan.success.as_ref(), &*plan.build_world()?, &plan.model)?;
        }
        if let Some(text) = text::open(&plan.world)? {
            plan.evaluation = evaluation(recipe, Some(text::held_out(&text).counts()))?;
        }
        if let Some(given) = &recipe.training.init {
            let path = init::path("training.init", given, runs)?;
            let layout = plan.layout();
            let weights_hash = layout.weights_hash(&read_weights(Path::new(&path), &plan.model, &layout)?);
            plan.training.init = Some(Init { path, weights_hash });
        }
        if let Some(given) = &recipe.training.pull {
            plan.training.pull = Some(pull::resolve(given, &plan, runs)?);
        }
        Ok(plan)
    }

    /// The same plan with another `training.seed`, on which nothing else in it depends.
    pub fn with_seed(&self, seed: u64) -> Plan {
        let training = TrainingPlan { seed, ..self.training.clone() };
        Plan { training, ..self.clone() }
    }

    /// Reads a plan that was written by [`Plan::to_toml`]; `origin` names it in messages.
    ///
    /// # Errors
    /// Other numerics; not TOML; not a plan; values that do not fit each other.
    pub fn from_toml(text: &str, origin: &Path) -> Result<Plan, LabError> {
        let refuse = |problem: String| LabError::File {
            path: origin.into(),
            problem: format!("it holds no plan of this version: {problem}"),
            remedy: "plans are written by Infimum and not meant to be edited; run the recipe anew".into(),
        };
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| refuse(e.message().into()))?;
        match table.get("numerics").and_then(toml::Value::as_integer) {
            Some(found) if found == i64::from(NUMERICS) => {}
            Some(found) => return Err(LabError::Numerics { found: u32::try_from(found).unwrap_or(0) }),
            None => return Err(refuse("it lacks `numerics`".into())),
        }
        let plan: Plan = table.clone().try_into().map_err(|e: toml::de::Error| refuse(e.message().into()))?;
        check_plan(&table).map_err(|e| refuse(e.to_string()))?;
        let parameters = plan.check()?;
        if parameters != plan.parameters {
            return Err(refuse(format!("it says {} parameters, its model has {parameters}", plan.parameters)));
        }
        if plan.executor != executor::of(&plan.model) {
            return Err(refuse(format!("it says executor = {}, its model has another", plan.executor)));
        }
        Ok(plan)
    }

    /// The plan as TOML; [`Plan::from_toml`] gives the same plan.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a plan is plain TOML")
    }

    /// Name of the recipe.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which other programs can follow the run.
    pub fn track(&self) -> Track {
        self.track
    }

    /// The version of the arithmetic.
    pub fn numerics(&self) -> u32 {
        self.numerics
    }

    /// What replays the program.
    pub fn executor(&self) -> Executor {
        self.executor
    }

    /// Free scalars of the model.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The world's settings.
    pub fn world(&self) -> &Settings {
        &self.world
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How it learns.
    pub fn training(&self) -> &TrainingPlan {
        &self.training
    }

    /// What it learns from.
    pub fn data(&self) -> &DataPlan {
        &self.data
    }

    /// How it is measured.
    pub fn evaluation(&self) -> EvaluationPlan {
        self.evaluation
    }

    /// What `data export` writes.
    pub fn export(&self) -> &Export {
        &self.export
    }

    /// Draws the world, or makes that of the data in `data.folder`.
    ///
    /// # Errors
    /// Data that cannot be read, or are not those that the plan was made with.
    pub fn build_world(&self) -> Result<Box<dyn World>, LabError> {
        match (folder::open(self)?, text::open(&self.world)?) {
            (Some(opened), _) => Ok(opened.world),
            (None, Some(text)) => Ok(Box::new(text)),
            (None, None) => build(&self.world),
        }
    }

    /// How the model's parameters stand in a file.
    pub fn layout(&self) -> Layout {
        let world = self.world.build().expect("the world of a plan was built before");
        decoder::layout(&self.model, &self.program(world.shape()))
    }

    /// The model's program on sequences of `shape`.
    pub fn program(&self, shape: &Shape) -> Program {
        decoder(&self.model, shape).expect("the model of a plan was built before")
    }
}

fn data(recipe: &Recipe) -> Result<DataPlan, LabError> {
    let (source, sequences) = (recipe.data.source, recipe.data.sequences);
    let only = || "set with data.source = \"fixed\" only".to_string();
    if source != Source::Fixed {
        require(sequences.is_none(), "data.sequences", sequences.unwrap_or(0), only())?;
        require(recipe.data.epochs.is_none(), "data.epochs", recipe.data.epochs.unwrap_or(0), only())?;
    } else if sequences.is_none() {
        let about = "the number of sequences of the fixed set".into();
        return Err(LabError::MissingKey { key: "sequences".into(), table: "[data]".into(), about });
    }
    Ok(DataPlan { source, sequences, folder: folder_of(recipe)? })
}

/// The folder, not yet read.
fn folder_of(recipe: &Recipe) -> Result<Option<FolderPlan>, LabError> {
    let (source, folder, law) = (recipe.data.source, &recipe.data.folder, recipe.data.law);
    let Some(path) = folder else {
        let given = law.map_or(String::new(), |law| format!("{law:?}").to_lowercase());
        return require(law.is_none(), "data.law", given, "set with data.folder only".into()).map(|()| None);
    };
    let blocks = matches!(source, Source::Export | Source::Counts);
    let allowed = "set with data.source = \"export\" or \"counts\" only, which train on blocks";
    require(blocks, "data.folder", format!("{path:?}"), allowed.into())?;
    Ok(Some(FolderPlan { path: path.clone(), law: law.unwrap_or(DataLaw::World), data_hash: String::new() }))
}

/// Whether a text is a plan: only plans say with which arithmetic they compute.
pub(crate) fn is_plan(text: &str) -> bool {
    text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("numerics"))
}

fn require(holds: bool, key: &str, value: impl ToString, allowed: String) -> Result<(), LabError> {
    if holds { Ok(()) } else { Err(LabError::value(key, value, format!("it has to be {allowed}"), CHANGE_IT)) }
}

fn with_line(error: LabError, lines: &Lines) -> LabError {
    match error {
        LabError::Value { key, value, line: None, allowed, remedy } => {
            let line = lines.get(&key).copied();
            LabError::Value { key, value, line, allowed, remedy }
        }
        other => other,
    }
}

/// The world that is tested on.
fn build(settings: &Settings) -> Result<Box<dyn World>, LabError> {
    let world = settings.build()?;
    world.require_tests()?;
    Ok(world)
}
