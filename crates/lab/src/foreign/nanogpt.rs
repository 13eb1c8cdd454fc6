//! Weights of nanoGPT and nanoMarkov: PyTorch's checkpoints, and the same arrays as `.npz` or safetensors, beside `model_args`
//! that say what they mean.

mod arguments;
mod state_dict;

use std::collections::BTreeMap;
use std::path::Path;

use crate::LabError;
use crate::foreign::numpy::Array;
use crate::foreign::pickle::{Node, Value};
use crate::foreign::torch;
use crate::recipe::{Model, Norm};
use crate::weights_file::{Tensor, Tensors};
use arguments::Arguments;
pub(crate) use state_dict::{Fixed, model_args};

/// Under this name `model_args` stand, as JSON: in a `.npz` an array of the bytes of the text, in a safetensors file a text of the
/// metadata.
pub const MODEL_ARGS: &str = "model_args";

/// The tensors of a checkpoint under the names of [`crate::decoder`], for a `model` that means the same.
///
/// Left out are norms that the file holds and its model does not use. A file without `model_args`, a bare state_dict, is
/// taken at its word: names and shapes are then all that can be compared.
///
/// # Errors
/// A file that is no checkpoint; `model_args` that differ from `model` in something that shapes do not show, or that say what
/// no model here has.
pub fn read(path: &Path, model: &Model) -> Result<Vec<Tensor>, LabError> {
    let checkpoint = torch::read(path)?;
    let arguments = checkpoint.root().get(MODEL_ARGS).map(Arguments::pickled);
    translate(checkpoint.tensors()?, arguments, model).map_err(|problem| refused(path, problem))
}

/// The same of the arrays of a `.npz` file, which are rounded to f32.
///
/// # Errors
/// As [`read`].
pub fn of_npz(path: &Path, mut arrays: BTreeMap<String, Array>, model: &Model) -> Result<Vec<Tensor>, LabError> {
    let no_text = || format!("has `{MODEL_ARGS}` that are not the bytes of a text");
    let parsed = |array: Array| Arguments::parse(&array.text().ok_or_else(no_text)?);
    let arguments = arrays.remove(MODEL_ARGS).map(parsed).transpose().map_err(|problem| refused(path, problem))?;
    let round = |(name, Array { shape, data })| Tensor { name, shape, data: data.iter().map(|x| *x as f32).collect() };
    translate(arrays.into_iter().map(round).collect(), arguments, model).map_err(|problem| refused(path, problem))
}

/// The tensors of a safetensors file, which are ours unless they stand beside `model_args`.
///
/// # Errors
/// As [`read`].
pub fn of_safetensors(path: &Path, file: Tensors, model: &Model) -> Result<Vec<Tensor>, LabError> {
    let Some(arguments) = file.metadata.get(MODEL_ARGS) else { return Ok(file.tensors) };
    let translated = Arguments::parse(arguments).and_then(|found| translate(file.tensors, Some(found), model));
    translated.map_err(|problem| refused(path, problem))
}

fn refused(path: &Path, problem: String) -> LabError {
    LabError::File { path: path.into(), problem, remedy: "make the recipe's [model] that of the checkpoint".into() }
}

fn translate(mut tensors: Vec<Tensor>, arguments: Option<Arguments>, model: &Model) -> Result<Vec<Tensor>, String> {
    let uses_norms = match &arguments {
        None => model.norm != Norm::None,
        Some(arguments) => {
            arguments.check(model)?;
            arguments.use_norms()?
        }
    };
    for tensor in &mut tensors {
        let name = tensor.name.strip_prefix("_orig_mod.").unwrap_or(&tensor.name);
        tensor.name = name.replace("transformer.lm_head.", "lm_head.");
    }
    if let Some(arguments) = arguments {
        arguments.check_tables(tensors.iter().map(|tensor| (&tensor.name[..], &tensor.shape[..])))?;
    }
    let unused = |name: &str| match (uses_norms, model.attention) {
        (false, _) => name.contains(".ln_"),
        (true, attention) => !attention && name.ends_with(".ln_1.weight"),
    };
    tensors.retain(|tensor| !unused(&tensor.name));
    Ok(tensors)
}
