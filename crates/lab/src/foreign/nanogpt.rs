//! Checkpoints of nanoGPT and nanoMarkov: PyTorch files whose `model_args` say what their tensors mean.

use std::path::Path;

use crate::LabError;
use crate::foreign::pickle::{Node, Value};
use crate::foreign::torch::{self, Checkpoint};
use crate::recipe::{Activation, Embedding, MlpFirst, Model, Norm, Positions};
use crate::weights_file::Tensor;

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
    let refuse = |problem: String| LabError::File {
        path: path.into(),
        problem,
        remedy: "make the recipe's [model] that of the checkpoint".into(),
    };
    let uses_norms = check(&checkpoint, model).map_err(refuse)?;
    let mut tensors = checkpoint.tensors()?;
    for tensor in &mut tensors {
        let name = tensor.name.strip_prefix("_orig_mod.").unwrap_or(&tensor.name);
        tensor.name = name.replace("transformer.lm_head.", "lm_head.");
    }
    let unused = |name: &str| match (uses_norms, model.attention) {
        (false, _) => name.contains(".ln_"),
        (true, attention) => !attention && name.ends_with(".ln_1.weight"),
    };
    tensors.retain(|tensor| !unused(&tensor.name));
    Ok(tensors)
}

/// Compares `model_args` with the model, and tells whether the checkpoint's model uses its norms.
fn check(checkpoint: &Checkpoint, model: &Model) -> Result<bool, String> {
    let Some(arguments) = checkpoint.root().get("model_args") else { return Ok(model.norm != Norm::None) };
    let arguments = Arguments(arguments);
    for key in ["lm_head_project", "mlp_key_bias", "reluify"] {
        if arguments.flag(key, false)? {
            return Err(format!("has model_args.{key} = True, which no model here has"));
        }
    }
    let (norms, mlp_only) = (arguments.flag("use_ln", true)?, arguments.flag("mlp_only", false)?);
    for (key, theirs, ours) in [
        ("use_ln", norms, model.norm == Norm::Layer),
        ("mlp_only", mlp_only, !model.attention),
        ("pos_ape", arguments.flag("pos_ape", true)?, model.positions == Positions::Learned),
        ("one_hot_embed", arguments.flag("one_hot_embed", false)?, model.embedding == Embedding::OneHot),
        ("lm_head_tied", arguments.flag("lm_head_tied", true)?, model.tied),
        (
            "mlp_first_matrix_identity",
            arguments.flag("mlp_first_matrix_identity", false)?,
            model.mlp_first == MlpFirst::Identity,
        ),
    ] {
        if theirs != ours {
            return Err(format!("has model_args.{key} = {theirs}, and the recipe's model has {ours}"));
        }
    }
    let side_by_side = !norms && !mlp_only;
    if model.attention && model.parallel != side_by_side {
        return Err(format!(
            "has model_args.use_ln = {norms}, with which its model means model.parallel = {side_by_side}"
        ));
    }
    arguments.check_sizes(model)?;
    let activation = arguments.text("mlp_filter", "GELU")?;
    if activation != name(model.activation) {
        let ours = name(model.activation);
        return Err(format!(
            "has model_args.mlp_filter = {activation:?}, and the recipe's model.activation is {ours:?}"
        ));
    }
    Ok(norms)
}

/// nanoMarkov's name of an activation.
fn name(activation: Activation) -> &'static str {
    match activation {
        Activation::Gelu => "GELU",
        Activation::GeluTanh => "gelu-tanh",
        Activation::Relu => "RELU",
        Activation::Relu2 => "RELU2",
        Activation::Relu3 => "RELU3",
    }
}

/// A checkpoint's `model_args`; nanoGPT's have only some of the keys, and mean the defaults.
struct Arguments<'a>(Node<'a>);

impl Arguments<'_> {
    fn flag(&self, key: &str, default: bool) -> Result<bool, String> {
        match self.0.get(key).map(Node::value) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            // A trailing comma in nanoMarkov's defaults makes `(True,)` of `True`.
            Some(_) => match self.0.get(key).and_then(Node::tuple::<1>).map(|[only]| only.value()) {
                Some(Value::Bool(flag)) => Ok(flag),
                _ => Err(format!("has a model_args.{key} that is neither True nor False")),
            },
        }
    }

    fn text(&self, key: &str, default: &str) -> Result<String, String> {
        match self.0.get(key) {
            None => Ok(default.into()),
            Some(node) => {
                let text = node.text().map(|text| text.chars().take(40).collect());
                text.ok_or_else(|| format!("has a model_args.{key} that is no text"))
            }
        }
    }

    /// Sizes that the shapes of the tensors do not show, or that are better named than shown.
    fn check_sizes(&self, model: &Model) -> Result<(), String> {
        let heads = if model.attention { Some(model.heads) } else { None };
        for (key, ours) in [("n_layer", Some(model.layers)), ("n_embd", Some(model.width)), ("n_head", heads)] {
            let theirs =
                self.0.get(key).map(|node| node.size().ok_or(format!("has a model_args.{key} that is no size")));
            match (theirs.transpose()?, ours) {
                (Some(theirs), Some(ours)) if theirs != ours => {
                    return Err(format!("has model_args.{key} = {theirs}, and the recipe's model has {ours}"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
