//! How a model is measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a model is measured, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Steps between validations; each also saves the run. Default: a twentieth of the steps.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// Validation sequences. Default 512, or as many as half of the `val.bin` of `data.folder` has.
    #[schemars(range(min = 16, max = 10_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequences: Option<usize>,
    /// Test sequences, drawn for the last evaluation and never trained on. Default 8000, or as many as the other half of that
    /// `val.bin` has.
    #[schemars(range(min = 16, max = 10_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_sequences: Option<usize>,
    /// Sequences of those that training draws which are scored beside the validation sequences, by the figure of `[success]`. Of a
    /// fixed set they are its first, else others than those that were trained on, where the world has others. 0: none.
    #[schemars(range(min = 0, max = 10_000_000))]
    #[serde(skip_serializing_if = "is_zero")]
    pub training_sequences: usize,
    /// Steps between checkpoints that are kept beside `best` and `last`; 0 keeps none.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub keep_every: u64,
}

pub(crate) fn is_zero(number: &usize) -> bool {
    *number == 0
}
