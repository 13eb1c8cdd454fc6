//! The stages of training: a run without any is one.

use infimum_worlds::{Settings, World};
use toml::Table;

use super::{Plan, TrainingPlan, curriculum, mined, optimiser, require, training};
use crate::recipe::{Data, Mining, Source, StageData, TrainingStage};
use crate::{LabError, Recipe, memory};

const KEY: &str = "training.stages";

/// A stage of a run: what it is trained with and on.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStage {
    /// Steps done when it begins.
    pub begins: u64,
    /// How it learns; `steps` are its own.
    pub training: TrainingPlan,
    /// Where its sequences come from.
    pub data: StageData,
    /// The world that it trains on; `None` for that of the curriculum, or `[world]`.
    pub world: Option<Settings>,
    /// What its steps are mixed with, of what the network gets wrong.
    pub mined: Option<Mining>,
}

impl RunStage {
    /// Steps done when it ends.
    pub fn ends(&self) -> u64 {
        self.begins + self.training.steps
    }

    /// As a plan has it: every key with its value.
    fn written(&self) -> TrainingStage {
        let t = &self.training;
        TrainingStage {
            steps: t.steps,
            optimiser: Some(t.optimiser),
            batch: Some(t.batch),
            accumulation: Some(t.accumulation),
            rate: Some(t.rate),
            last_rate: Some(t.last_rate),
            schedule: Some(t.schedule),
            warmup: Some(t.warmup),
            decay: Some(t.decay),
            beta1: Some(t.beta1),
            beta2: Some(t.beta2),
            epsilon: Some(t.epsilon),
            clip: Some(t.clip),
            sgd: t.sgd,
            grokfast: t.grokfast,
            lbfgs: t.lbfgs,
            data: Some(self.data),
            world: self.world.as_ref().map(table).unwrap_or_default(),
            mined: self.mined,
        }
    }
}

impl Plan {
    /// The stages of the run, one after another: at least one.
    pub fn stages(&self) -> Vec<RunStage> {
        let (training, mut begins) = (self.training(), 0);
        let data = StageData { source: self.data.source, sequences: self.data.sequences };
        if training.stages.is_empty() {
            return vec![RunStage { begins, training: training.clone(), data, world: None, mined: None }];
        }
        let of = |stage: &TrainingStage| -> Result<RunStage, LabError> {
            let training = of_stage(training, stage);
            let world = (!stage.world.is_empty()).then(|| settings(&stage.world)).transpose()?;
            let (data, mined) = (stage.data.unwrap_or(data), stage.mined);
            let stage = RunStage { begins, training, data, world, mined };
            begins = stage.ends();
            Ok(stage)
        };
        let stages: Result<Vec<RunStage>, LabError> = training.stages.iter().map(of).collect();
        stages.expect("the worlds of a plan were looked at before")
    }
}

/// What a plan says of a stage, over what it says of all.
fn of_stage(training: &TrainingPlan, stage: &TrainingStage) -> TrainingPlan {
    let (t, s) = (training, stage);
    TrainingPlan {
        steps: s.steps,
        optimiser: s.optimiser.unwrap_or(t.optimiser),
        batch: s.batch.unwrap_or(t.batch),
        accumulation: s.accumulation.unwrap_or(t.accumulation),
        rate: s.rate.unwrap_or(t.rate),
        last_rate: s.last_rate.unwrap_or(t.last_rate),
        schedule: s.schedule.unwrap_or(t.schedule),
        warmup: s.warmup.unwrap_or(t.warmup),
        decay: s.decay.unwrap_or(t.decay),
        beta1: s.beta1.unwrap_or(t.beta1),
        beta2: s.beta2.unwrap_or(t.beta2),
        epsilon: s.epsilon.unwrap_or(t.epsilon),
        clip: s.clip.unwrap_or(t.clip),
        sgd: s.sgd,
        grokfast: s.grokfast,
        lbfgs: s.lbfgs,
        stages: vec![],
        ..t.clone()
    }
}

/// The stages of a recipe, each with every value.
pub(super) fn resolve(recipe: &Recipe) -> Result<Vec<TrainingStage>, LabError> {
    let mut begins = 0;
    let stages = &recipe.training.stages;
    let resolved = |(number, stage): (usize, &TrainingStage)| -> Result<TrainingStage, LabError> {
        let of = || -> Result<RunStage, LabError> {
            let data = data(recipe, stage)?;
            let training = stage.over(&recipe.training);
            let sources = Data { source: data.source, sequences: data.sequences, ..recipe.data.clone() };
            let training = training::resolve(&Recipe { training, data: sources, ..recipe.clone() })?;
            let world = match stage.world.is_empty() {
                true => None,
                false => Some(curriculum::changed(&recipe.world, &stage.world, &format!("{KEY}.world"))?),
            };
            Ok(RunStage { begins, training, data, world, mined: stage.mined })
        };
        let stage = of().map_err(|error| named(error, number))?;
        begins = stage.ends();
        Ok(stage.written())
    };
    stages.iter().enumerate().map(resolved).collect()
}

/// Where the sequences of a stage come from.
fn data(recipe: &Recipe, stage: &TrainingStage) -> Result<StageData, LabError> {
    let all = &recipe.data;
    let Some(own) = stage.data else { return Ok(StageData { source: all.source, sequences: all.sequences }) };
    let drawn = |source| matches!(source, Source::Fresh | Source::Fixed);
    let allowed =
        "\"fresh\" or \"fixed\", or left out where data.source is another: blocks are those of the whole run".into();
    let source = format!("{:?}", own.source).to_lowercase();
    require(drawn(own.source) && drawn(all.source), "training.data.source", source, allowed)?;
    match (own.source, own.sequences) {
        (Source::Fixed, None) => Err(LabError::MissingKey {
            key: "sequences".into(),
            table: format!("[{KEY}.data]"),
            about: "the number of sequences of the fixed set".into(),
        }),
        (Source::Fresh, Some(sequences)) => {
            require(false, "training.data.sequences", sequences, "set with source = \"fixed\" only".into())
                .map(|()| own)
        }
        _ => Ok(own),
    }
}

/// Checks each stage, and that together they are the run.
pub(super) fn check(plan: &Plan, test: &dyn World) -> Result<(), LabError> {
    let training = plan.training();
    let staged = !training.stages.is_empty();
    for stage in training.stages.iter().filter(|stage| !stage.world.is_empty()) {
        memory::require_law(&settings(&stage.world)?)?;
    }
    let stages = plan.stages();
    let (steps, all) = (training.steps, stages.iter().map(|stage| stage.training.steps).sum::<u64>());
    require(steps == all, "training.steps", steps, format!("the {all} steps of all stages together"))?;
    let whole = !staged || stages.iter().map(RunStage::written).eq(training.stages.iter().cloned());
    require(whole, KEY, format!("{} stages", stages.len()), "whole: each with all its keys".into())?;
    for (number, stage) in stages.iter().enumerate() {
        let checked = check_stage(plan, stage, number, test);
        checked.map_err(|error| if staged { named(error, number) } else { error })?;
    }
    Ok(())
}

fn check_stage(plan: &Plan, stage: &RunStage, number: usize, test: &dyn World) -> Result<(), LabError> {
    plan.check_steps(stage)?;
    optimiser::check(&stage.training, stage.data.source, stage.data.sequences)?;
    mined::check(stage, test)?;
    let own = [("world", "set", stage.world.is_some()), ("data", "\"fixed\"", stage.data.source == Source::Fixed)];
    let until = plan.training().curriculum.last().map_or(0, |last| last.until.unwrap_or(u64::MAX));
    for (key, value, _) in own.into_iter().filter(|(_, _, has)| *has) {
        let begins = stage.begins;
        let allowed = match begins {
            0 => "left out in the first stage beside a training.curriculum, which says what it trains on".to_string(),
            _ => format!(
                "left out before training.curriculum is over, which says what is trained on until then; give its last stage \
                 until = {begins}, where this one begins, or less"
            ),
        };
        require(until <= begins, &format!("training.{key}"), value, allowed)?;
    }
    match &stage.world {
        Some(world) => curriculum::check_beside(KEY, number, &*world.build()?, test),
        None => Ok(()),
    }
}

/// A message about `training.KEY` as one about that key of a stage, which it names.
fn named(error: LabError, number: usize) -> LabError {
    match error {
        LabError::Value { key, value, line, allowed, remedy } => {
            let inner = key.strip_prefix("training.").or(key.strip_prefix("data.").map(|_| &key[..]));
            let key = match inner {
                Some(inner) if !inner.starts_with("stages") => format!("{KEY}.{inner}"),
                _ if key == "training" => KEY.into(),
                _ => key,
            };
            LabError::Value { key, value, line, allowed: format!("{allowed} (stage {})", number + 1), remedy }
        }
        other => other,
    }
}

fn table(world: &Settings) -> Table {
    Table::try_from(world).expect("settings are plain TOML")
}

fn settings(world: &Table) -> Result<Settings, LabError> {
    crate::recipe::check::check_world(world, &format!("{KEY}.world"))
}
