//! What a stage says of the errors that it is mixed with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Training sequences that the network gets wrong when the stage begins. They are looked for among sequences drawn for training, of
/// which none is held out; official sums are left out. Needs a world whose questions have one answer and that holds some out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mining {
    /// The share of a step's sequences that are among those; the others are as without this.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub share: f64,
    /// How many training sequences are looked through.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub search: u64,
    /// The search ends when so many are found.
    #[schemars(range(min = 1, max = 100_000))]
    pub most: u64,
    /// Steps from one search to the next, which begins anew; 0 for one search, when the stage begins.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub every: u64,
}

impl Default for Mining {
    fn default() -> Self {
        Mining { share: 0.5, search: 100_000, most: 5_000, every: 0 }
    }
}

impl Mining {
    /// The step, counted from 0, before which was searched last when `steps` steps of a stage that begins at `begins` are done;
    /// `None` before the first search.
    pub fn searched(&self, begins: u64, steps: u64) -> Option<u64> {
        let last = steps.checked_sub(begins + 1)?;
        Some(begins + if self.every == 0 { 0 } else { last - last % self.every })
    }

    /// Whether it is time to search before step `step`, counted from 0.
    pub fn is_due(&self, begins: u64, step: u64) -> bool {
        self.searched(begins, step + 1) == Some(step)
    }
}
