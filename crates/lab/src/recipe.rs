//! What a user writes: a recipe, in TOML.
//!
//! Every key has a type, a range and a description in one place, the types of `recipe/sections.rs`. The schema made from
//! them is what editors read (`infimum schema`) and what recipes are checked by, so the two cannot differ.

mod average;
pub(crate) mod check;
pub(crate) mod evaluation;
mod heads;
mod mined;
pub(crate) mod names;
mod optimisers;
mod pull;
mod sections;
mod stages;
mod stop;
mod success;
pub(crate) mod text;

use std::path::Path;

use infimum_worlds::Settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{LabError, recipes};
pub use average::{Average, Ema, Swa};
pub use evaluation::Evaluation;
pub use heads::{NORM_EPSILON, Pairs};
pub use mined::Mining;
pub use optimisers::{Grokfast, Lbfgs, Optimiser, Sgd};
pub use pull::Pull;
pub use sections::{
    Activation, Course, Data, DataLaw, Embedding, Export, MlpFirst, Model, Norm, Positions, Products, Source, Stage,
    Track, Training,
};
pub use stages::{StageData, TrainingStage};
pub use stop::Stop;
pub use success::Success;
pub(crate) use text::Lines;
use text::Text;

/// A recipe as the user wrote it: every key is valid, has the right type and is within its own range. Whether the values fit
/// each other is checked when it becomes a [`crate::Plan`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the recipe and of its runs: letters, digits, `-`, `_` and `.`. Default: the name of the recipe's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which other programs can follow the run. Changes no bit of it.
    #[serde(default, skip_serializing_if = "Track::is_none")]
    pub track: Track,
    /// The world: what is to be learnt.
    pub world: Settings,
    /// The model: what learns.
    #[serde(default)]
    pub model: Model,
    /// How it learns.
    #[serde(default)]
    pub training: Training,
    /// What it learns from.
    #[serde(default)]
    pub data: Data,
    /// How it is measured, and when.
    #[serde(default)]
    pub evaluation: Evaluation,
    /// What `data export` writes.
    #[serde(default)]
    pub export: Export,
    /// When a run counts as a success.
    #[schemars(with = "Success")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<Success>,
    #[serde(skip)]
    pub(crate) lines: Lines,
}

impl Recipe {
    /// Reads a recipe from `text`, then sets the keys of `overrides` (each `a.b=c`, where `c` is TOML or a bare word).
    ///
    /// # Errors
    /// Not TOML; an unknown key, with the nearest valid one; a missing key; a wrong type; a value out of its own range; a key
    /// that is set twice by `overrides`.
    pub fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Recipe, LabError> {
        let mut text = Text::parse(text, origin)?;
        text.set_all(overrides)?;
        check::check(&text)?;
        let recipe: Result<Recipe, _> = text.table.try_into();
        let mut recipe = recipe.map_err(|e| LabError::Syntax { origin: origin.into(), message: e.to_string() })?;
        recipe.lines = text.lines;
        Ok(recipe)
    }

    /// Reads the recipe of that name that is built in, or if there is none, the one in the file `name`.
    ///
    /// # Errors
    /// As [`Recipe::parse`]; no such recipe; what is no file, is too long, cannot be read or is not UTF-8; a file without
    /// `name` whose own name cannot be that of a run.
    pub fn load(name: &Path, overrides: &[String]) -> Result<Recipe, LabError> {
        Recipe::named(&recipes::text(name)?, name, overrides)
    }

    /// As [`Recipe::parse`], called as its file if it has no name.
    pub(crate) fn named(text: &str, file: &Path, overrides: &[String]) -> Result<Recipe, LabError> {
        let recipe = Recipe::parse(text, &file.to_string_lossy(), overrides)?;
        let name = match &recipe.name {
            Some(name) => name.clone(),
            None => name_of(file)?,
        };
        Ok(Recipe { name: Some(name), ..recipe })
    }

    /// The JSON Schema of recipes.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Recipe).to_value()
    }

    /// The recipe as TOML, with every key that has a default of its own.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a recipe is plain TOML")
    }
}

/// The name of a file without its ending, where a run can be called so.
fn name_of(file: &Path) -> Result<String, LabError> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if names::fits(&stem) {
        return Ok(stem);
    }
    let allowed = format!("the recipe has no name, and that of its file will not do: a run's has {}", names::ALLOWED);
    let remedy = format!("give the recipe one, such as --set name={}", names::near(&stem));
    Err(LabError::value("name", format!("{stem:?}"), allowed, remedy))
}
