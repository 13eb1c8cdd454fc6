//! Stages of training: what each of them says otherwise than `[training]` and `[data]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::mined::Mining;
use super::optimisers::{Grokfast, Lbfgs, Optimiser, Sgd};
use super::sections::{Course, Source, Training};

/// A stage of training. What it leaves out is as in `[training]` and `[data]`. Its optimiser begins anew at the point where the stage
/// before ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingStage {
    /// Steps of the stage.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub steps: u64,
    /// What takes the steps. With another than `[training]` has, nothing of `beta1`, `beta2`, `epsilon`, `[training.sgd]`,
    /// `[training.grokfast]` and `[training.lbfgs]` is taken from there.
    #[schemars(with = "Optimiser")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimiser: Option<Optimiser>,
    /// Sequences of a micro-batch.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Micro-batches of a step.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accumulation: Option<usize>,
    /// The highest learning rate of the stage.
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The learning rate of the stage's last step. With a `rate` or a `schedule` of its own it is not taken from `[training]`: its
    /// default is then a tenth of the rate.
    #[schemars(range(min = 0.0, max = 100.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_rate: Option<f64>,
    /// The course of the learning rate, from the stage's first step to its last.
    #[schemars(with = "Course")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Course>,
    /// Steps over which the rate rises.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<u64>,
    /// Weight decay.
    #[schemars(range(min = 0.0, max = 100.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay: Option<f64>,
    /// Decay of the mean gradient.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta1: Option<f64>,
    /// Decay of the mean squared gradient.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Added to the root of the mean square.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// Longest gradient; 0 turns it off.
    #[schemars(range(min = 0.0, max = 1e9))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// The keys of `optimiser = "sgd"`.
    #[schemars(with = "Sgd")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sgd: Option<Sgd>,
    /// The keys of `optimiser = "grokfast"`.
    #[schemars(with = "Grokfast")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grokfast: Option<Grokfast>,
    /// The keys of `optimiser = "lbfgs"`.
    #[schemars(with = "Lbfgs")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lbfgs: Option<Lbfgs>,
    /// Where its sequences come from.
    #[schemars(with = "StageData")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<StageData>,
    /// Keys of `[world]` with other values. Sequences keep their shape, and those that are held out stay so. A curriculum has to be
    /// over when such a stage begins.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub world: Table,
    /// Training sequences that the network gets wrong, mixed into the stage's steps.
    #[schemars(with = "Mining")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mined: Option<Mining>,
}

/// What a stage learns from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageData {
    /// `fresh`, or `fixed`: a set that is drawn when the stage begins. A curriculum has to be over by then.
    pub source: Source,
    /// Size of the fixed set.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequences: Option<u64>,
}

impl TrainingStage {
    /// `[training]` as this stage has it.
    pub(crate) fn over(&self, base: &Training) -> Training {
        let own = self.optimiser.is_some_and(|optimiser| optimiser != base.optimiser);
        let usual = Training::default();
        let of_optimiser = if own { &usual } else { base };
        let course = self.rate.is_some() || self.schedule.is_some();
        Training {
            steps: Some(self.steps),
            optimiser: self.optimiser.unwrap_or(base.optimiser),
            batch: self.batch.or(base.batch),
            accumulation: self.accumulation.or(base.accumulation),
            rate: self.rate.unwrap_or(base.rate),
            last_rate: self.last_rate.or(base.last_rate.filter(|_| !course)),
            schedule: self.schedule.unwrap_or(base.schedule),
            warmup: self.warmup.or(base.warmup),
            decay: self.decay.unwrap_or(base.decay),
            beta1: self.beta1.unwrap_or(of_optimiser.beta1),
            beta2: self.beta2.unwrap_or(of_optimiser.beta2),
            epsilon: self.epsilon.unwrap_or(of_optimiser.epsilon),
            clip: self.clip.unwrap_or(base.clip),
            sgd: self.sgd.or(of_optimiser.sgd),
            grokfast: self.grokfast.or(of_optimiser.grokfast),
            lbfgs: self.lbfgs.or(of_optimiser.lbfgs),
            stages: vec![],
            curriculum: vec![],
            ..base.clone()
        }
    }
}
