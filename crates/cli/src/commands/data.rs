//! `data export`: a world's sequences as files for other programs.

use std::path::Path;

use infimum_lab::{export as write, refuse_to_replace};

use crate::arguments::{Export, RUNS, RecipeArgument};
use crate::commands::recipes;
use crate::number::count;
use crate::{output, progress, table};

pub(crate) fn export(arguments: &Export) -> anyhow::Result<()> {
    let recipe = RecipeArgument { recipe: Some(arguments.recipe.clone()), set: arguments.set.clone() };
    let plan = recipes::plan(&recipe, &[], Path::new(RUNS))?;
    if !arguments.force {
        progress::waiting("comparing with what is there", || refuse_to_replace(&plan, &arguments.dir))?;
    }
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
