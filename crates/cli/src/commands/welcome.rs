//! Bare `infimum`: three commands to try, and the recipes.

use crate::commands::recipes;
use crate::output;

const COMMANDS: &str = "\
Infimum trains tiny transformers on worlds whose best possible score is known exactly. Try

  infimum run markov-10       train a model and score it against the optimum, in under a minute
  infimum floor markov-10     what no predictor can beat
  infimum --help              everything else

";

pub(crate) fn welcome() -> anyhow::Result<()> {
    output::print(&format!("{COMMANDS}{}", recipes::listed()))
}
