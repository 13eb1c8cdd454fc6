//! A model's weights as one file for other programs: `.npz` or safetensors.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

use crate::foreign::nanogpt::{self, Fixed, MODEL_ARGS};
use crate::foreign::numpy::{self, ArrayView, Numbers};
use crate::weights_file::{self, TensorView};
use crate::{Experiment, LabError, carried, export, whole_file};

/// Which arrays are written, and what they are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Those of a checkpoint: every free array once, and beside them the plan, which has what is not free.
    #[default]
    Own,
    /// Those of nanoGPT's and nanoMarkov's state_dict, tied and fixed tables and unused gains among them, and beside them the
    /// `model_args` with which its model is built, as JSON.
    Nanogpt,
}

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Names, String> {
        match text {
            "own" => Ok(Names::Own),
            "nanogpt" => Ok(Names::Nanogpt),
            _ => Err("give own or nanogpt".into()),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedWeights {
    /// Arrays of weights.
    pub arrays: usize,
    /// Their scalars, those of tied and fixed arrays among them.
    pub scalars: usize,
}

/// How a file is written, which its ending says.
#[derive(Clone, Copy)]
enum Form {
    Npz,
    Safetensors,
}

/// Writes the weights at `point` to the file `path`, whole or not at all: f32, a linear as `[outputs, inputs]`. The ending, `.npz` or
/// `.safetensors`, says in which form. The same weights give the same bytes. A file that is there and differs is replaced only if
/// `force`.
///
/// # Errors
/// [`LabError::Ending`]; [`LabError::Inexpressible`] for a model that those whose names are wanted do not have;
/// [`LabError::Replaces`]; whatever the system refuses.
pub fn export_weights(
    experiment: &Experiment,
    point: &[f32],
    path: &Path,
    names: Names,
    force: bool,
) -> Result<ExportedWeights, LabError> {
    let form = form(path)?;
    let fixed = match names {
        Names::Own => None,
        Names::Nanogpt => Some(Fixed::new(experiment)?),
    };
    let (tensors, beside) = match &fixed {
        None => (experiment.layout().views(point), (carried::PLAN, experiment.plan().to_toml())),
        Some(fixed) => (fixed.with(experiment, point), (MODEL_ARGS, nanogpt::model_args(experiment))),
    };
    let beside = (beside.0, beside.1.as_str());
    let mut fill = |file: &mut dyn Write| match form {
        Form::Npz => npz(file, &tensors, beside),
        Form::Safetensors => safetensors(file, &tensors, beside),
    };
    if !force {
        export::compare(path, &mut fill)?;
    }
    whole_file::write(path, "write the weights", fill)?;
    Ok(ExportedWeights { arrays: tensors.len(), scalars: tensors.iter().map(|tensor| tensor.data.len()).sum() })
}

fn form(path: &Path) -> Result<Form, LabError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("npz") => Ok(Form::Npz),
        Some("safetensors") => Ok(Form::Safetensors),
        _ => Err(LabError::Ending { path: path.into() }),
    }
}

/// Writes the arrays, and `text` under the name `key`.
fn npz(file: &mut dyn Write, tensors: &[TensorView<'_>], (key, text): (&str, &str)) -> io::Result<()> {
    let weights = tensors.iter().map(|TensorView { name, shape, data }| {
        (name.clone(), ArrayView { shape: shape.clone(), numbers: Numbers::F32(data) })
    });
    let text = ArrayView { shape: vec![text.len()], numbers: Numbers::U8(text.as_bytes()) };
    numpy::encode_views(file, weights.chain([(key.to_string(), text)]))
}

/// Writes the arrays, and `text` under the name `key` of the metadata.
fn safetensors(file: &mut dyn Write, tensors: &[TensorView<'_>], (key, text): (&str, &str)) -> io::Result<()> {
    // PyTorch's users look for it: `format` says whose order of axes the arrays have.
    let metadata: BTreeMap<String, String> =
        [("format", "pt"), (key, text)].map(|(key, text)| (key.into(), text.into())).into();
    weights_file::encode(file, tensors, &metadata)
}
