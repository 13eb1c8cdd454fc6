//! Weights that somebody else trained become ours: a file is recognised as that of a family of models, by the names and shapes
//! of its arrays; the family says with which recipe the model is ours, and which array is which of its parameters.
//!
//! Adding a family is one file in `import/` and one line in `FAMILIES`.

mod arrays;
mod factorised;
mod micro_adder;
mod minimal;
mod reading;
mod split;
mod stacked;

use std::collections::BTreeMap;
use std::path::Path;

use crate::carried::{self, Carried};
use crate::foreign::pickle::{Node, Value};
use crate::foreign::{numpy, torch};
use crate::weights_file::{self, Tensor};
use crate::{Experiment, LabError, Layout, Plan, Recipe};
use arrays::Arrays;

/// Models that are built alike and stored under the same names.
trait Family: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// Who made such models, in a sentence.
    fn about(&self) -> &'static str;
    /// Arrays that every file of the family has.
    fn signature(&self) -> &'static [&'static str];
    /// Whether arrays of these names have the shapes of the family.
    fn fits(&self, _: &Arrays) -> bool {
        true
    }
    /// The model in `arrays`.
    ///
    /// # Errors
    /// An array that is missing, of another shape than the others ask for, or that differs from one to which the family ties it.
    fn translate(&self, arrays: &mut Arrays) -> Result<Translation, String>;
}

/// The families that are known.
const FAMILIES: &[&dyn Family] = &[
    &factorised::Factorised,
    &stacked::Stacked,
    &split::Split,
    &micro_adder::MicroAdder,
    &minimal::Minimal,
    &minimal::MinimalArc,
];

/// A model of a family as ours.
struct Translation {
    /// The recipe, without its name.
    recipe: String,
    /// The numbers of each array of parameters, by its name.
    numbers: BTreeMap<String, Vec<f32>>,
}

/// Weights from elsewhere, and the plan of the model that they belong to.
pub struct Imported {
    /// The family.
    pub family: &'static str,
    /// The plan. How it trains is a guess; world and model are those of the file.
    pub plan: Plan,
    /// All parameters.
    pub point: Vec<f32>,
    layout: Layout,
}

/// Name and description of every family.
pub fn families() -> Vec<(&'static str, &'static str)> {
    FAMILIES.iter().map(|family| (family.name(), family.about())).collect()
}

/// Whether the arrays in `path` have the names of a family.
///
/// # Errors
/// A file that cannot be read.
pub fn is_of_a_family(path: &Path) -> Result<bool, LabError> {
    Ok(recognised(&arrays(path)?).is_ok())
}

/// Reads the weights in `path`, which PyTorch (`.pt`), NumPy (`.npz`) or safetensors wrote; `family` is recognised unless it is
/// given.
///
/// # Errors
/// A file that cannot be read or is none of these; arrays of no family that is known, with what was found and which family is
/// nearest; arrays that do not fit each other.
pub fn import(path: &Path, family: Option<&str>) -> Result<Imported, LabError> {
    let refused = |problem: String| LabError::File { path: path.into(), problem, remedy: remedy() };
    if Carried::of(path).map_err(of_no_kind)?.is_some() {
        return Err(ours(path));
    }
    let mut arrays = arrays(path)?;
    let family = match family {
        Some(name) => named(name)?,
        None => recognised(&arrays).map_err(refused)?,
    };
    let fits = if family.fits(&arrays) { Ok(()) } else { Err(unfit(family, &arrays)) };
    let translation =
        fits.and_then(|()| family.translate(&mut arrays)).and_then(|found| arrays.require_all_used().map(|()| found));
    let about = |problem: String| refused(format!("as one of the family {}: {problem}", family.name()));
    let Translation { recipe, mut numbers } = translation.map_err(about)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let plan = Plan::new(&Recipe::named(&recipe, Path::new(&crate::recipe::names::near(&name)), &[])?)?;
    let layout = Experiment::new(plan.clone())?.layout();
    let mut point = Vec::with_capacity(layout.scalars());
    for parameter in layout.parameters() {
        let numbers = numbers.remove(&parameter.name).filter(|numbers| numbers.len() == parameter.shape.len());
        let lacks = || about(format!("no numbers for {} {}", parameter.name, parameter.shape));
        point.extend(numbers.ok_or_else(lacks)?);
    }
    Ok(Imported { family: family.name(), plan, point, layout })
}

impl Imported {
    /// Writes weights and plan as one safetensors file, whole or not at all. A file that is there and differs is replaced only if
    /// `force`.
    ///
    /// # Errors
    /// [`LabError::Replaces`]; whatever the system refuses.
    pub fn write(&self, path: &Path, force: bool) -> Result<(), LabError> {
        let texts = [(carried::PLAN, self.plan.to_toml()), ("family", self.family.to_string())];
        weights_file::write_beside(path, &self.layout.views(&self.point), &texts, force)
    }
}

/// The arrays of a file, and the whole numbers beside them.
fn arrays(path: &Path) -> Result<Arrays, LabError> {
    if numpy::wrote_npz(path)? {
        let round = |(name, array): (String, numpy::Array)| Tensor {
            name,
            shape: array.shape,
            data: array.data.iter().map(|x| *x as f32).collect(),
        };
        return Ok(Arrays::new(numpy::read_npz(path)?.into_iter().map(round).collect(), BTreeMap::new()));
    }
    if !torch::wrote(path)? {
        return Ok(Arrays::new(weights_file::read(path)?.tensors, BTreeMap::new()));
    }
    let checkpoint = torch::read(path)?;
    Ok(Arrays::new(checkpoint.tensors()?, settings(checkpoint.root())))
}

fn ours(path: &Path) -> LabError {
    LabError::File {
        path: path.into(),
        problem: "is ours already: the plan of its model stands in it".into(),
        remedy: "infimum eval, sample, falsify and params take it as it is".into(),
    }
}

/// A file that is not even of the last kind that was tried.
fn of_no_kind(error: LabError) -> LabError {
    match error {
        LabError::File { path, problem, .. } => LabError::File {
            path,
            problem: format!("{problem}; nor is it a zip archive as PyTorch (.pt) and NumPy (.npz) write them"),
            remedy: "give the file as it was published; torch.save writes zip archives from PyTorch 1.6 on".into(),
        },
        other => other,
    }
}

/// Whole numbers, and truths as 0 and 1, that a checkpoint of PyTorch has beside its weights, in its `model_config` or `config`.
fn settings(root: Node<'_>) -> BTreeMap<String, i64> {
    let config = ["model_config", "config"].into_iter().find_map(|name| root.get(name)?.entries());
    let number = |(key, value): (Node<'_>, Node<'_>)| {
        let truth = if let Value::Bool(truth) = value.value() { Some(i64::from(truth)) } else { None };
        Some((key.text()?.to_string(), truth.or(value.integer())?))
    };
    config.into_iter().flatten().filter_map(number).collect()
}

fn named(name: &str) -> Result<&'static dyn Family, LabError> {
    FAMILIES.iter().find(|family| family.name() == name).copied().ok_or_else(|| {
        let known: Vec<&str> = FAMILIES.iter().map(|family| family.name()).collect();
        let allowed = format!("one of the families {}", known.join(", "));
        LabError::value("--family", name, format!("it has to be {allowed}"), "leave it out to have it recognised")
    })
}

/// The family whose arrays are all there.
fn recognised(arrays: &Arrays) -> Result<&'static dyn Family, String> {
    let shared = |family: &&dyn Family| family.signature().iter().filter(|name| arrays.has(name)).count();
    let is_whole = |family: &&&dyn Family| shared(family) == family.signature().len() && family.fits(arrays);
    if let Some(family) = FAMILIES.iter().find(is_whole) {
        return Ok(*family);
    }
    let nearest = FAMILIES.iter().max_by_key(|family| shared(family)).expect("there are families");
    if shared(nearest) == nearest.signature().len() {
        return Err(format!("has the names of the family {}, but {}", nearest.name(), unfit(*nearest, arrays)));
    }
    if shared(nearest) == 0 {
        return Err(format!("holds {}, and no array of a family that is known", arrays.listed()));
    }
    let missing = nearest.signature().iter().filter(|name| !arrays.has(name));
    Err(format!(
        "holds {}, which is no family that is known; the nearest is {} ({}), which also has {}",
        arrays.listed(),
        nearest.name(),
        nearest.about(),
        missing.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    ))
}

/// Why arrays of the family's names are not of the family.
fn unfit(family: &dyn Family, arrays: &Arrays) -> String {
    let first = family.signature()[0];
    match arrays.dimensions(first) {
        Some(found) => format!("its `{first}` has {found} dimensions, which the family's has not"),
        None => format!("it lacks `{first}`; it holds {}", arrays.listed()),
    }
}

fn remedy() -> String {
    let known: Vec<&str> = FAMILIES.iter().map(|family| family.name()).collect();
    format!(
        "give a file of one of the families {}; weights of nanoGPT's kind need no import: infimum eval FILE --recipe RECIPE",
        known.join(", ")
    )
}
