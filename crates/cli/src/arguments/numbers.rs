//! What can be typed of a model's numbers: where they come from, and how many there are.

use std::path::PathBuf;

use clap::Args;

use super::{Form, Runs};

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// A file of weights of one of the families: PyTorch's, `.npz` or safetensors.
    pub(crate) file: Option<PathBuf>,
    /// The family, where it is not to be recognised.
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(crate) family: Option<String>,
    /// The file to write; `.safetensors` is added where it is not there. Default: the name of the file in this folder.
    #[arg(short, long, value_name = "FILE", requires = "file")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that is there and has another content.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Params {
    /// A recipe, a run (its name or its folder), or a file of weights that carries its plan or is of a family that import knows.
    #[arg(value_name = "RECIPE|RUN|FILE")]
    pub(crate) model: Option<PathBuf>,
    /// Set one key of the recipe, such as model.width=16. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}
