//! The recipe or plan that a user names, and what to say to one who names none.

use std::path::Path;

use anyhow::bail;
use infimum_lab::{Plan, recipes};

use crate::arguments::RecipeArgument;
use crate::{progress, table};

/// The built-in recipes, each with the comment it begins with.
pub(crate) fn listed() -> String {
    let about = |text: &str| text.lines().next().unwrap_or_default().trim_start_matches("# ").to_string();
    let rows: Vec<(&str, String)> = recipes::BUILT_IN.iter().map(|(name, text)| (*name, about(text))).collect();
    let lines = table::facts(&rows);
    format!("Recipes (built in; the path of a file works too):\n{}", indented(&lines))
}

/// The plan of a recipe with its overrides; nothing named is a mistake that lists the recipes.
///
/// Runs that `training.init` names are looked for in the folder `runs`.
pub(crate) fn plan(argument: &RecipeArgument, more: &[String], runs: &Path) -> anyhow::Result<Plan> {
    let Some(name) = &argument.recipe else { bail!("which recipe?\n\n{}", listed().trim_end()) };
    let overrides = [argument.set.as_slice(), more].concat();
    Ok(progress::waiting("drawing the world", || Plan::load(name, &overrides, runs))?)
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}\n")).collect()
}
