//! How a run learns, with every value resolved.

use infimum_engine::{Products, Schedule};
use serde::{Deserialize, Serialize};

use super::checks::STEP_LIMIT;
use super::curriculum::{self, StagePlan};
use super::pull::PullPlan;
use super::{optimiser, require, stages};
use crate::recipe::{Course, Source};
use crate::{LabError, Recipe, recipe};

/// [`crate::recipe::Training`] with every value resolved; the keys mean the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the recipe's keys are documented there")]
pub struct TrainingPlan {
    pub steps: u64,
    #[serde(default, skip_serializing_if = "recipe::Optimiser::is_adamw")]
    pub optimiser: recipe::Optimiser,
    pub batch: usize,
    pub accumulation: usize,
    pub rate: f64,
    pub last_rate: f64,
    pub schedule: Course,
    pub warmup: u64,
    pub decay: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
    pub clip: f64,
    #[serde(default, skip_serializing_if = "recipe::Products::is_f32")]
    pub products: recipe::Products,
    pub seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<Init>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<PullPlan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sgd: Option<recipe::Sgd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grokfast: Option<recipe::Grokfast>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lbfgs: Option<recipe::Lbfgs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<recipe::Average>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<recipe::Stop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curriculum: Vec<StagePlan>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<recipe::TrainingStage>,
}

/// Weights to start from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Init {
    /// The file, or the folder of a run, from the folder in which the plan was made.
    pub path: String,
    /// Hash of what was found there when the plan was made; other weights are refused.
    pub weights_hash: String,
}

impl TrainingPlan {
    /// Sequences of a step.
    pub fn sequences_per_step(&self) -> usize {
        self.batch * self.accumulation
    }

    /// What products with weights multiply in training.
    pub fn products(&self) -> Products {
        match self.products {
            recipe::Products::F32 => Products::F32,
            recipe::Products::Bf16 => Products::Bf16,
        }
    }

    /// The course of the learning rate.
    pub fn schedule(&self) -> Schedule {
        let course = match self.schedule {
            Course::Constant => infimum_engine::Course::Constant,
            Course::Linear => infimum_engine::Course::Linear,
            Course::Cosine => infimum_engine::Course::Cosine,
        };
        Schedule { course, rate: self.rate, last_rate: self.last_rate, warmup: self.warmup, steps: self.steps }
    }
}

/// What a recipe says of training, with every value.
pub(super) fn resolve(recipe: &Recipe) -> Result<TrainingPlan, LabError> {
    let t = &recipe.training;
    let (steps, (batch, accumulation)) = (steps(recipe)?, sequences(recipe)?);
    if t.schedule == Course::Constant && t.last_rate.is_some_and(|last| last != t.rate) {
        let (value, allowed) =
            (t.last_rate.unwrap_or(t.rate), "not set with training.schedule = \"constant\"".to_string());
        return require(false, "training.last_rate", value, allowed).map(|()| unreachable!("it was refused"));
    }
    let last_rate = t.last_rate.unwrap_or(if t.schedule == Course::Constant { t.rate } else { t.rate / 10.0 });
    let optimiser::Keys { sgd, grokfast, lbfgs } = optimiser::keys(t)?;
    Ok(TrainingPlan {
        steps,
        optimiser: t.optimiser,
        batch,
        accumulation,
        rate: t.rate,
        last_rate,
        schedule: t.schedule,
        warmup: t.warmup.unwrap_or((steps / 20).min(100)),
        decay: t.decay,
        beta1: t.beta1,
        beta2: t.beta2,
        epsilon: t.epsilon,
        clip: t.clip,
        products: t.products,
        seed: t.seed,
        init: None,
        pull: None,
        sgd,
        grokfast,
        lbfgs,
        average: t.average,
        stop: t.stop.clone(),
        curriculum: curriculum::stages(recipe)?,
        stages: stages::resolve(recipe)?,
    })
}

/// `training.steps`, or so many that the fixed set is seen `data.epochs` times (the last step goes on into the next epoch), or those
/// of all stages.
pub(super) fn steps(recipe: &Recipe) -> Result<u64, LabError> {
    let stages = &recipe.training.stages;
    if !stages.is_empty() {
        let given = [("training.steps", recipe.training.steps), ("data.epochs", recipe.data.epochs)];
        for (key, value) in given.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            let allowed = "left out beside training.stages, each of which has its steps; --set \"training.stages=[]\" takes these out";
            require(false, key, value, allowed.into())?;
        }
        let all = stages.iter().map(|stage| stage.steps).sum::<u64>();
        let allowed = format!("at most {STEP_LIMIT} steps together, not {all}");
        return require(all <= STEP_LIMIT, "training.stages", format!("{} stages", stages.len()), allowed)
            .map(|()| all);
    }
    let (batch, accumulation) = sequences(recipe)?;
    let per_step = (batch * accumulation) as u64;
    match (recipe.training.steps, recipe.data.epochs, recipe.data.sequences) {
        (Some(_), Some(epochs), _) => {
            require(false, "data.epochs", epochs, "not set beside training.steps, which says the same".into())
                .map(|()| 0)
        }
        (None, Some(epochs), Some(sequences)) => {
            let steps = (epochs * sequences).div_ceil(per_step);
            let allowed = format!("so few that they are at most {STEP_LIMIT} steps, not {steps}");
            require(steps <= STEP_LIMIT, "data.epochs", epochs, allowed).map(|()| steps)
        }
        (steps, _, _) => Ok(steps.unwrap_or(1000)),
    }
}

/// Sequences of a micro-batch, and micro-batches of a step. With counts there is one batch, which is all of the data.
fn sequences(recipe: &Recipe) -> Result<(usize, usize), LabError> {
    let (batch, accumulation) = (recipe.training.batch, recipe.training.accumulation);
    if recipe.data.source != Source::Counts {
        return Ok((batch.unwrap_or(64), accumulation.unwrap_or(1)));
    }
    for (key, value) in [("training.batch", batch), ("training.accumulation", accumulation)] {
        let allowed = "left out with data.source = \"counts\", where every step sees all of the data; --set takes nothing out of a \
                       recipe, published/nanomarkov-c12-counts is one without it";
        require(value.is_none(), key, value.unwrap_or(0), allowed.into())?;
    }
    Ok((1, 1))
}
