//! The models of the checkpoints of this folder.

use std::path::{Path, PathBuf};

use infimum_lab::{Experiment, Plan, Recipe};

const PLAIN: &str = "[world]
kind = \"markov\"
states = 4
length = 7
seed = 1
[model]
width = 8
layers = 2
heads = 2
tied = true
";

const ONE_HOT: [&str; 6] = [
    "model.width=5",
    "model.heads=1",
    "model.layers=1",
    "model.embedding=one-hot",
    "model.activation=relu",
    "model.mlp_ratio=1",
];

/// The recipe's overrides that make each checkpoint's model.
pub(crate) fn models() -> Vec<(&'static str, Vec<&'static str>)> {
    let one_hot = |more: &[&'static str]| [&ONE_HOT, more].concat();
    let (no_positions, mlp_only) = ("model.positions=none", "model.attention=false");
    let (no_norm, parallel) = ("model.norm=none", "model.parallel=true");
    let identity = "model.mlp_first=identity";
    let c5 = ONE_HOT[..5].iter().copied().chain([mlp_only]).collect();
    vec![
        ("plain", vec![]),
        ("untied", vec!["model.tied=false", "model.layers=1"]),
        ("compiled", vec!["model.layers=1", "model.heads=4"]),
        ("c9", one_hot(&[no_positions, no_norm, parallel])),
        ("c5", c5),
        ("c10", one_hot(&[no_positions, identity])),
        ("c12", one_hot(&[no_positions, identity, no_norm, mlp_only])),
        ("bias", vec!["model.bias=true"]),
        ("squared", vec!["model.layers=1", "model.activation=relu2", "model.mlp_ratio=2", no_norm, parallel]),
    ]
}

pub(crate) fn experiment(overrides: &[&str]) -> Experiment {
    let overrides: Vec<String> = overrides.iter().map(|o| o.to_string()).collect();
    Experiment::new(Plan::new(&Recipe::parse(PLAIN, "plain", &overrides).unwrap()).unwrap()).unwrap()
}

/// A file of this folder.
pub(crate) fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nanogpt").join(name)
}
