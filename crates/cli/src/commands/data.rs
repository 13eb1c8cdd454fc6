//! `data export`: a world's sequences as files for other programs.

use infimum_lab::export as write;

use crate::arguments::{Export, RecipeArgument};
use crate::commands::recipes;
use crate::number::count;
use crate::{output, progress, table};

pub(crate) fn export(arguments: &Export) -> anyhow::Result<()> {
    let recipe = RecipeArgument { recipe: Some(arguments.recipe.clone()), set: arguments.set.clone() };
    let plan = recipes::plan(&recipe, &[])?;
    let written = progress::waiting("drawing and writing sequences", || write(&plan, &arguments.dir))?;
    if arguments.form.json {
        return output::json(&written);
    }
    let about = |sequences: usize, tokens| format!("{} sequences, {} tokens", count(sequences as u64), count(tokens));
    let facts = [
        ("train.bin", about(written.train_sequences, written.train_tokens)),
        ("val.bin", about(written.validation_sequences, written.validation_tokens)),
        ("meta.json", "what they hold".into()),
    ];
    output::print(&format!("written to {}\n{}", arguments.dir.display(), table::facts(&facts)))
}
