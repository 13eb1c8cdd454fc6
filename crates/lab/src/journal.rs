//! What a record says of a run in text: a line for every report of training, and a summary at the end.

use serde::{Deserialize, Serialize};

use crate::figure::Figure;
use crate::number;

/// One line of `metrics.jsonl`: training between the line before and this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepLine {
    /// Steps done.
    pub step: u64,
    /// Tokens trained on so far.
    pub tokens: u64,
    /// Learning rate of the step.
    pub rate: f64,
    /// Training loss, mean over the steps since the line before: over heads the sum of weight times mean nats.
    #[serde(with = "number")]
    pub loss: f64,
    /// Euclidean length of the step's gradient, that of a pull included, before clipping.
    #[serde(with = "number")]
    pub gradient_norm: f64,
    /// Euclidean length of the vector of parameters after the step; lines of before it was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "number::optional")]
    pub parameter_norm: Option<f64>,
    /// Validation loss, where it was measured; the same sum.
    pub validation: Option<f64>,
    /// Validation loss of the world's first head above the floor of the same sequences, in nats per scored token, where the law is
    /// known.
    pub excess: Option<f64>,
    /// The figure that the plan's `[success]` names, on the validation sequences, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "number::optional")]
    pub criterion: Option<f64>,
    /// The same on training sequences, where `evaluation.training_sequences` are scored.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "number::optional")]
    pub training_criterion: Option<f64>,
    /// `exact_match` on the validation sequences, where it was measured and questions have one answer.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "number::optional")]
    pub exact_match: Option<f64>,
    /// Which stage of training its last step was of, counted from 1, where the plan has stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<u64>,
    /// How many sequences the last search for errors found, where the stage mixes its steps with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mined: Option<u64>,
    /// Euclidean distance of the parameters from the weights that `[training.pull]` names.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "number::optional")]
    pub pull_distance: Option<f64>,
    /// The figure that the plan's `[training.stop]` names, on the validation sequences, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "number::optional")]
    pub stop: Option<f64>,
    /// Of each of several heads; empty for a model of one, whose loss is the head's times its weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadLine>,
    /// Wall time of training so far, in seconds; the one number that differs between two runs of a plan.
    pub seconds: f64,
}

/// What a line says of one of several heads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadLine {
    /// Its name in the world.
    pub name: String,
    /// Training loss in nats per scored target, mean over the steps since the line before.
    #[serde(with = "number")]
    pub loss: f64,
    /// Validation loss in nats per scored target, where it was measured.
    pub validation: Option<f64>,
    /// Share of validation targets that its likeliest class hits, where it was measured.
    pub accuracy: Option<f64>,
}

impl HeadLine {
    /// What it says, by the names that columns of it have: `class_loss` of a head that is called `class`, and so on.
    pub fn columns(&self) -> [(String, Option<f64>); 3] {
        let named = |what: &str, value| (format!("{}_{what}", self.name), value);
        [
            named("loss", Some(self.loss)),
            named("validation", self.validation),
            named("validation_accuracy", self.accuracy),
        ]
    }
}

impl StepLine {
    /// Hash (BLAKE3, hexadecimal) of lines as they stand in `metrics.jsonl`.
    pub fn hash(lines: &[StepLine]) -> String {
        let mut hasher = blake3::Hasher::new();
        for line in lines {
            hasher.update(&serde_json::to_vec(line).expect("a line is plain JSON")).update(b"\n");
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All steps done and scored.
    Finished,
    /// Stopped by the user; `resume` goes on.
    Interrupted,
    /// Stopped by the alarm: better than the optimum, which is impossible.
    Impossible,
    /// Stopped because the loss was no longer a finite number.
    Diverged,
}

/// `summary.json`: how a run ended and what it scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How it ended.
    pub status: Status,
    /// Steps done.
    pub steps: u64,
    /// Tokens trained on.
    pub tokens: u64,
    /// Hash of the weights, as [`crate::Layout::weights_hash`] gives it.
    pub weights_hash: String,
    /// Scores on the test sequences.
    pub figures: Vec<Figure>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Version of Infimum.
    pub version: String,
    /// Numerics of the plan.
    pub numerics: u32,
}

impl Summary {
    /// The value of the figure of that name.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
}
