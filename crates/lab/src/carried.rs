//! The plan that a file of weights carries beside its arrays, and whether another model has the frozen numbers of that plan's.
//!
//! Free numbers alone are not a model whose formulas have `random` or `given` numbers: those stand in the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use infimum_engine::Constant;

use crate::foreign::numpy::{self, Array};
use crate::foreign::torch;
use crate::{LabError, Layout, Plan, checkpoint, formula, weights_file};

/// Under this name the plan stands: in a safetensors file a text of the metadata, in a `.npz` an array of the bytes of the text.
pub(crate) const PLAN: &str = "plan";

/// What a file of weights says of the model that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The text of the plan, as it was found.
    pub plan: String,
    /// Whether a run wrote the file and goes on from it: it says at which step.
    pub is_checkpoint: bool,
}

impl Carried {
    /// What the file at `path` carries; `None` of a file without a plan, such as all that PyTorch wrote.
    ///
    /// # Errors
    /// A file that cannot be read or is none of weights; a `.npz` whose `plan` is no text.
    pub fn of(path: &Path) -> Result<Option<Carried>, LabError> {
        if numpy::wrote_npz(path)? {
            let plan = take_plan(&mut numpy::read_npz(path)?, path)?;
            return Ok(plan.map(|plan| Carried { plan, is_checkpoint: false }));
        }
        if torch::wrote(path)? {
            return Ok(None);
        }
        let mut file = weights_file::read(path)?;
        let is_checkpoint = checkpoint::is_of_training(&file);
        Ok(file.metadata.remove(PLAN).map(|plan| Carried { plan, is_checkpoint }))
    }
}

/// Whether the file at `path` is one of weights: it begins as `.pt` and `.npz` files do, or its name ends in `.safetensors`.
pub fn is_weights(path: &Path) -> bool {
    let is_archive = || torch::wrote(path).unwrap_or(false);
    path.is_file() && (path.extension().is_some_and(|ending| ending == "safetensors") || is_archive())
}

/// Takes the plan out of the arrays of a `.npz` file.
///
/// # Errors
/// When it is no text.
pub(crate) fn take_plan(arrays: &mut BTreeMap<String, Array>, path: &Path) -> Result<Option<String>, LabError> {
    let no_text = || LabError::File {
        path: path.into(),
        problem: format!("has a `{PLAN}` that is not the bytes of a text"),
        remedy: "take that array out, and say with --recipe RECIPE which model the weights belong to".into(),
    };
    arrays.remove(PLAN).map(|array| array.text().ok_or_else(no_text)).transpose()
}

/// Refuses the weights at `path`, which carry `plan`, for a model of this `layout` whose frozen numbers are others.
///
/// # Errors
/// That they differ, and where; a plan that cannot be read, where one of the two models may have such numbers.
pub(crate) fn require_frozen(plan: &str, layout: &Layout, path: &Path) -> Result<(), LabError> {
    if layout.frozen().is_empty() && !may_freeze(plan) {
        return Ok(());
    }
    let own = Plan::from_toml(plan, path)?.layout();
    difference(own.frozen(), layout.frozen()).map_or(Ok(()), |problem| {
        let remedy = "use the file without --recipe, as the model of its own plan, or give the recipe the formulas that this plan has \
                      under [model.weights]";
        Err(LabError::File { path: path.into(), problem, remedy: remedy.into() })
    })
}

/// Whether a plan has a formula of frozen numbers. A text that is no plan has none.
fn may_freeze(plan: &str) -> bool {
    let Ok(table) = plan.parse::<toml::Table>() else { return false };
    let weights = table.get("model").and_then(|model| model.get("weights")).and_then(toml::Value::as_table);
    let freezes = |given: &toml::Value| given.as_str().is_some_and(formula::may_freeze);
    weights.is_some_and(|weights| weights.values().any(freezes))
}

/// What differs between the frozen numbers of a file's plan and those of a recipe.
fn difference(own: &[(String, Constant)], recipe: &[(String, Constant)]) -> Option<String> {
    let [own, recipe] =
        [own, recipe].map(|arrays| arrays.iter().map(|(name, numbers)| (name.as_str(), numbers)).collect());
    let [own, recipe]: [BTreeMap<&str, &Constant>; 2] = [own, recipe];
    let names: BTreeSet<&str> = own.keys().chain(recipe.keys()).copied().collect();
    names.into_iter().find_map(|name| match (own.get(name), recipe.get(name)) {
        (Some(one), Some(other)) => other_numbers(name, one, other),
        (one, _) => {
            let (has, lacks) = if one.is_some() { ("its plan", "the recipe") } else { ("the recipe", "its plan") };
            Some(format!(
                "the frozen numbers differ: {has} has `{}`, and {lacks} has not",
                weights_file::shown(name, 100)
            ))
        }
    })
}

fn other_numbers(name: &str, own: &Constant, recipe: &Constant) -> Option<String> {
    let about = |what: String| {
        let name = weights_file::shown(name, 100);
        Some(format!("the frozen numbers of `{name}` differ: {what}"))
    };
    let [shape, other] = [own, recipe].map(|array| [array.rows, array.columns]);
    if shape != other {
        return about(format!("the shape is {shape:?} in its plan and {other:?} in the recipe"));
    }
    let (own, recipe) = (&own.scalars, &recipe.scalars);
    let place = own.iter().zip(recipe.iter()).position(|(a, b)| a.to_bits() != b.to_bits())?;
    about(format!("number {place} is {} in its plan and {} in the recipe", own[place], recipe[place]))
}
