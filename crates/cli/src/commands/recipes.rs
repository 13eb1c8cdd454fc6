//! The recipe or plan that a user names, and what to say to one who names none.

use std::path::Path;

use anyhow::Context;
use infimum_lab::{Plan, World, recipes};

use crate::arguments::RecipeArgument;
use crate::{progress, table};

/// The built-in recipes, each with the comment it begins with; those in folders by name only.
pub(crate) fn listed() -> String {
    let about = |text: &str| text.lines().next().unwrap_or_default().trim_start_matches("# ").to_string();
    let (inside, top): (Vec<_>, Vec<_>) = recipes::BUILT_IN.iter().copied().partition(|(name, _)| name.contains('/'));
    let rows: Vec<(&str, String)> = top.into_iter().map(|(name, text)| (name, about(text))).collect();
    let names: Vec<String> = inside.into_iter().map(|(name, _)| format!("{name}\n")).collect();
    let lines = table::facts(&rows);
    format!("Recipes (built in; the path of a file works too):\n{}\n{}", indented(&lines), indented(&names.concat()))
}

/// The plan of a recipe with its overrides; nothing named is a mistake that lists the recipes.
///
/// Runs that `training.init` names are looked for in the folder `runs`.
pub(crate) fn plan(argument: &RecipeArgument, more: &[String], runs: &Path) -> anyhow::Result<Plan> {
    let overrides = [argument.set.as_slice(), more].concat();
    let name = name(argument)?;
    Ok(progress::waiting("drawing the world", || Plan::load(name, &overrides, runs))?)
}

/// The world of a recipe with its overrides, whatever its model is.
pub(crate) fn world(argument: &RecipeArgument) -> anyhow::Result<Box<dyn World>> {
    let name = name(argument)?;
    Ok(progress::waiting("drawing the world", || Plan::load_world(name, &argument.set))?)
}

pub(crate) fn name(argument: &RecipeArgument) -> anyhow::Result<&Path> {
    argument.recipe.as_deref().with_context(|| format!("which recipe?\n\n{}", listed().trim_end()))
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}\n")).collect()
}
