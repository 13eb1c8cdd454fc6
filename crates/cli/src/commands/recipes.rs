//! The recipe that a user names, and what to say to one who names none.

use anyhow::bail;
use infimum_lab::{Plan, Recipe, recipes};

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
pub(crate) fn plan(argument: &RecipeArgument, more: &[String]) -> anyhow::Result<Plan> {
    let Some(name) = &argument.recipe else { bail!("which recipe?\n\n{}", listed().trim_end()) };
    let overrides = [argument.set.as_slice(), more].concat();
    let recipe = Recipe::load(name, &overrides)?;
    Ok(progress::waiting("drawing the world", || Plan::new(&recipe))?)
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}\n")).collect()
}
