//! `completions`: made from the arguments.

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use infimum_lab::recipes;

use crate::arguments::Arguments;
use crate::output;

/// Arguments that take the name of a recipe.
const RECIPE: &str = "recipe";

pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut command = Arguments::command();
    // Bash falls back to files where no name fits; the other shells would offer the names alone.
    if shell == Shell::Bash {
        command = with_recipes(command);
    }
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "infimum", &mut text);
    output::print(&String::from_utf8_lossy(&text))
}

/// The command, its recipes being those that are built in.
fn with_recipes(command: Command) -> Command {
    let names = || PossibleValuesParser::new(recipes::BUILT_IN.iter().map(|(name, _)| *name));
    let takes_one = command.get_arguments().any(|argument| argument.get_id() == RECIPE);
    let command = if takes_one { command.mut_arg(RECIPE, |argument| argument.value_parser(names())) } else { command };
    command.mut_subcommands(with_recipes)
}
