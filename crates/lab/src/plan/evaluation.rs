//! How a plan is measured, and when.

use infimum_worlds::Settings;
use serde::{Deserialize, Serialize};

use super::{require, training};
use crate::{LabError, Recipe};

/// [`crate::recipe::Evaluation`] with every value resolved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationPlan {
    /// Steps between validations; each also saves the run.
    pub every: u64,
    /// Validation sequences.
    pub sequences: usize,
    /// Test sequences.
    pub test_sequences: usize,
    /// Training sequences that are scored beside those of validation.
    #[serde(default, skip_serializing_if = "crate::recipe::evaluation::is_zero")]
    pub training_sequences: usize,
    /// Steps between checkpoints that are kept; 0 keeps none.
    pub keep_every: u64,
}

impl EvaluationPlan {
    /// Steps between lines of `metrics.jsonl`: a tenth of [`EvaluationPlan::every`], at least 1.
    pub fn line_every(&self) -> u64 {
        (self.every / 10).max(1)
    }
}

/// `held_out`: how many windows for validation, and for the test, there are, where they are no fresh ones.
pub(super) fn evaluation(recipe: &Recipe, held_out: Option<[usize; 2]>) -> Result<EvaluationPlan, LabError> {
    let e = &recipe.evaluation;
    let every = e.every.unwrap_or((training::steps(recipe)? / 20).max(1));
    let number = |key, given: Option<usize>, default: usize, most: usize| {
        let allowed = match recipe.world {
            Settings::Text(_) => format!("at most {most}, as many windows as its part of the text has"),
            _ => format!("at most {most}, for which half of the folder's val.bin has windows"),
        };
        require(given.is_none_or(|given| given <= most), key, given.unwrap_or(default), allowed)?;
        Ok::<_, LabError>(given.unwrap_or(default.min(most)))
    };
    let [validation, test] = held_out.unwrap_or([usize::MAX; 2]);
    let sequences = number("evaluation.sequences", e.sequences, 512, validation)?;
    let test_sequences = number("evaluation.test_sequences", e.test_sequences, 8000, test)?;
    let (training_sequences, keep_every) = (e.training_sequences, e.keep_every);
    Ok(EvaluationPlan { every, sequences, test_sequences, training_sequences, keep_every })
}
