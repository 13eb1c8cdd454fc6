//! Checkpoints of nanoMarkov's trainer give the logits that PyTorch's tensor algebra gives (`oracles/nanogpt.py` wrote them).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use infimum_engine::{Feed, Isa, Lanes, Team};
use infimum_lab::{Experiment, Plan, Recipe, read_weights};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    tokens: Vec<u16>,
    logits: Vec<Vec<f64>>,
}

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
fn models() -> Vec<(&'static str, Vec<&'static str>)> {
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
    ]
}

fn experiment(overrides: &[&str]) -> Experiment {
    let overrides: Vec<String> = overrides.iter().map(|o| o.to_string()).collect();
    Experiment::new(Plan::new(&Recipe::parse(PLAIN, "plain", &overrides).unwrap()).unwrap()).unwrap()
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/nanogpt/{name}.pt"))
}

fn logits(experiment: &Experiment, point: &[f32], tokens: &[u16]) -> Vec<f32> {
    let program = experiment.program().outputs(&["logits"]).unwrap();
    let fill = |_: usize, feed: &mut Feed| {
        feed.ids = feed.ids.iter().map(|_| tokens.to_vec()).collect();
        feed.arrays.iter_mut().for_each(|array| array.fill(1.0));
    };
    let found = Mutex::new(vec![]);
    let mut lanes = Lanes::new(&program, Isa::best());
    lanes.outputs(&mut Team::new(1), point, 1, &fill, &|_, outputs| *found.lock().unwrap() = outputs[0].to_vec());
    found.into_inner().unwrap()
}

#[test]
fn logits_are_those_of_an_independent_forward_pass() {
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(include_str!("nanogpt/expected.json")).expect("the oracle's file is whole");
    assert_eq!(expected.len(), models().len());
    for (name, overrides) in models() {
        let experiment = experiment(&overrides);
        let point = read_weights(&file(name), experiment.plan().model(), &experiment.layout()).unwrap();
        let expected = &expected[name];
        let found = logits(&experiment, &point, &expected.tokens);
        let wanted = expected.logits.concat();
        assert_eq!(found.len(), wanted.len(), "{name}");
        let largest = wanted.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        for (a, b) in found.iter().zip(&wanted) {
            assert!((f64::from(*a) - b).abs() <= 2e-6 * largest, "{name}: {a} for {b}");
        }
    }
}

/// Whatever the recipe's model means otherwise than the checkpoint, shapes or not, is refused by name.
#[test]
fn another_model_is_refused_by_name() {
    for (name, change, wanted) in [
        ("plain", "model.activation=relu", "mlp_filter"),
        ("plain", "model.heads=4", "n_head"),
        ("plain", "model.parallel=true", "model.parallel = false"),
        ("plain", "model.norm=rms", "use_ln"),
        ("plain", "model.tied=false", "lm_head_tied"),
        ("plain", "model.positions=sinusoidal", "pos_ape"),
        ("plain", "model.layers=1", "n_layer"),
        ("plain", "model.width=16", "n_embd"),
        ("plain", "world.states=5", "wte"),
        ("c9", "model.parallel=false", "model.parallel = true"),
        ("c10", "model.activation=gelu", "mlp_filter"),
    ] {
        let overrides = models().into_iter().find(|(model, _)| *model == name).unwrap().1;
        let key = change.split('=').next().unwrap();
        let kept = overrides.into_iter().filter(|o| !o.starts_with(key)).chain([change]).collect::<Vec<_>>();
        let experiment = experiment(&kept);
        let error = read_weights(&file(name), experiment.plan().model(), &experiment.layout()).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains(wanted), "{name}, {change}: {error}");
    }
}
