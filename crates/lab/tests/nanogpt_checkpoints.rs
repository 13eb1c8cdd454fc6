//! Checkpoints of nanoMarkov's trainer give the logits that PyTorch's tensor algebra gives (`oracles/nanogpt.py` wrote them).

#[path = "nanogpt/models.rs"]
mod models;

use std::collections::BTreeMap;
use std::sync::Mutex;

use infimum_engine::{Executor, Feed, Isa, Replay, Team};
use infimum_lab::{Experiment, read_weights};
use models::{committed, experiment, models};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    tokens: Vec<u16>,
    logits: Vec<Vec<f64>>,
}

fn logits(experiment: &Experiment, point: &[f32], tokens: &[u16]) -> Vec<f32> {
    let program = experiment.program().outputs(&["logits"]).unwrap();
    let fill = |_: usize, feed: &mut Feed| {
        feed.ids = feed.ids.iter().map(|_| tokens.to_vec()).collect();
        feed.arrays.iter_mut().for_each(|array| array.fill(1.0));
    };
    let found = Mutex::new(vec![]);
    let mut replay = Replay::new(&program, Executor::Wide, Isa::best());
    replay.outputs(&mut Team::new(1), point, 1, &fill, &|_, outputs| *found.lock().unwrap() = outputs[0].to_vec());
    found.into_inner().unwrap()
}

#[test]
fn logits_are_those_of_an_independent_forward_pass() {
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(include_str!("nanogpt/expected.json")).expect("the oracle's file is whole");
    assert_eq!(expected.len(), models().len());
    for (name, overrides) in models() {
        let experiment = experiment(&overrides);
        let point =
            read_weights(&committed(&format!("{name}.pt")), experiment.plan().model(), &experiment.layout()).unwrap();
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
        let error = read_weights(&committed(&format!("{name}.pt")), experiment.plan().model(), &experiment.layout())
            .unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains(wanted), "{name}, {change}: {error}");
    }
}
