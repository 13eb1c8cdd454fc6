//! A published adder gives, imported, the logits that NumPy gives from its weights in f64 (`oracles/adders.py` computes
//! `tests/oracles/adders.json`), by every executor.

use std::path::Path;
use std::sync::Mutex;

use infimum_engine::{Executor, Feed, Isa, Program, Reference, Replay, Team};
use infimum_lab::decoder;
use infimum_lab::import::{Imported, import};
use infimum_lab::recipe::{Activation, Model, Pairs};
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracle {
    sequences: Vec<Sequence>,
}

/// A prompt of 24 tokens and its sum without the last digit; the logits that predict each digit.
#[derive(Deserialize)]
struct Sequence {
    tokens: Vec<u16>,
    logits: Vec<Vec<f64>>,
}

/// The published file's model, as it is imported, where the file is there.
fn published() -> Option<Imported> {
    let name = "../shared/data/adders/122p.npz";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    if !path.exists() {
        println!("skipped: {name}, beside the workspace, is not there");
        return None;
    }
    Some(import(&path, None).unwrap())
}

fn source(oracle: &Oracle) -> impl Fn(usize, &mut Feed) + Sync + '_ {
    |sequence, feed| feed.ids[0].clone_from(&oracle.sequences[sequence].tokens)
}

/// Largest difference of all logits, relative to the largest logit.
fn error(found: &[Vec<f64>], oracle: &Oracle) -> f64 {
    let expected: Vec<f64> = oracle.sequences.iter().flat_map(|s| s.logits.concat()).collect();
    let largest = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let found = found.concat();
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().all(|x| x.is_finite()));
    found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max)
}

fn replayed(program: &Program, executor: Executor, point: &[f32], oracle: &Oracle) -> Vec<Vec<f64>> {
    let found = Mutex::new(vec![vec![]; oracle.sequences.len()]);
    let keep = |sequence: usize, outputs: &[&[f32]]| {
        found.lock().unwrap()[sequence] = outputs[0].iter().map(|x| f64::from(*x)).collect();
    };
    let mut replay = Replay::new(program, executor, Isa::best());
    replay.outputs(&mut Team::new(2), point, oracle.sequences.len(), &source(oracle), &keep);
    found.into_inner().unwrap()
}

fn referenced(program: &Program, point: &[f64], oracle: &Oracle) -> Vec<Vec<f64>> {
    let mut found = vec![];
    let keep = &mut |_: usize, outputs: &[&[f64]]| found.push(outputs[0].to_vec());
    Reference::new(program).outputs(point, oracle.sequences.len(), &source(oracle), keep);
    found
}

/// What the same formulas give in NumPy's f32 differs by 7.8e-6: its gains, up to 56, make much of roundings.
const IN_F32: f64 = 3e-5;

/// With other pairs, another base, epsilon or nonlinearity it gives other logits.
#[test]
fn the_published_weights_give_numpys_logits() {
    let oracle: Oracle = serde_json::from_str(include_str!("oracles/adders.json")).expect("the oracle's file is whole");
    let Some(Imported { plan, point: rounded, .. }) = published() else { return };
    let world = plan.build_world().unwrap();
    let logits = |model: &Model| decoder(model, world.shape()).unwrap().outputs_at(&["logits"], 23..34).unwrap();
    let model = plan.model();
    let adder = logits(model);
    let point: Vec<f64> = rounded.iter().map(|x| f64::from(*x)).collect();
    let of_reference = error(&referenced(&adder, &point, &oracle), &oracle);
    assert!(of_reference <= 1e-9, "the reference differs by {of_reference:e}");
    for executor in Executor::ALL {
        let error = error(&replayed(&adder, executor, &rounded, &oracle), &oracle);
        println!("{executor} differs by {error:e}");
        assert!(error <= IN_F32, "{executor} differs by {error:e}");
    }
    for (wrong, model) in [
        ("pairs", Model { rotary_pairs: Some(Pairs::Interleaved), ..model.clone() }),
        ("base", Model { rotary_base: Some(3.01), ..model.clone() }),
        ("epsilon", Model { norm_epsilon: Some(1e-4), ..model.clone() }),
        ("nonlinearity", Model { activation: Activation::Gelu, ..model.clone() }),
    ] {
        let error = error(&referenced(&logits(&model), &point, &oracle), &oracle);
        assert!(error > 10.0 * IN_F32, "another {wrong} differs by {error:e} alone");
    }
}
