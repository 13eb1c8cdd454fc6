//! A published adder in the words of a recipe: as many parameters as published, and the logits that NumPy gives from its weights
//! (`oracles/adders.py` computes `tests/oracles/adders.json`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use infimum_engine::{Executor, Feed, Isa, Program, Reference, Replay, Team};
use infimum_lab::foreign::numpy::{self, Array};
use infimum_lab::{Plan, Recipe};
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

/// The world only says how many tokens there are, and how long a sequence is.
const RECIPE: &str = "\
    [world]\nkind = \"markov\"\nstates = 9\nlength = 35\nseed = 1\n\
    [model]\nwidth = 3\nlayers = 1\nheads = 1\nhead_width = 4\nqk_norm = \"rms\"\nnorm = \"rms\"\nnorm_epsilon = 1e-6\n\
    positions = \"rotary\"\nrotary_base = 3\nrotary_pairs = \"half\"\nactivation = \"silu\"\nmlp_gate = true\n\
    mlp_hidden = 3\ntied = true\n";

fn plan(overrides: &[&str]) -> Plan {
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    Plan::new(&Recipe::parse(RECIPE, "122p.toml", &overrides).unwrap()).unwrap()
}

fn program(plan: &Plan) -> Program {
    plan.program(plan.build_world().unwrap().shape())
}

/// Published for Qwen's architecture with one head of 4 channels and 3 hidden ones; with 2 hidden ones 113.
#[test]
fn the_adder_has_its_published_number_of_parameters() {
    assert_eq!(plan(&[]).parameters(), 122);
    assert_eq!(plan(&["model.mlp_hidden=2"]).parameters(), 113);
}

/// The published names behind ours, one after another.
const NAMES: [(&str, &[&str]); 10] = [
    ("transformer.wte.weight", &["model.embed_tokens"]),
    ("transformer.h.0.ln_1.weight", &["model.layers.0.input_layernorm"]),
    (
        "transformer.h.0.attn.c_attn.weight",
        &["model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj", "model.layers.0.self_attn.v_proj"],
    ),
    ("transformer.h.0.attn.q_norm.weight", &["model.layers.0.self_attn.q_norm"]),
    ("transformer.h.0.attn.k_norm.weight", &["model.layers.0.self_attn.k_norm"]),
    ("transformer.h.0.attn.c_proj.weight", &["model.layers.0.self_attn.o_proj"]),
    ("transformer.h.0.ln_2.weight", &["model.layers.0.post_attention_layernorm"]),
    ("transformer.h.0.mlp.c_fc.weight", &["model.layers.0.mlp.gate_proj"]),
    ("transformer.h.0.mlp.c_up.weight", &["model.layers.0.mlp.up_proj"]),
    ("transformer.h.0.mlp.c_proj.weight", &["model.layers.0.mlp.down_proj"]),
];

/// All parameters out of the published file, where it is there.
fn weights(program: &Program) -> Option<Vec<f64>> {
    let name = "../shared/data/adders/122p.npz";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    if !path.exists() {
        println!("skipped: {name}, beside the workspace, is not there");
        return None;
    }
    let arrays: BTreeMap<String, Array> = numpy::read_npz(&path).unwrap();
    let numbers = |theirs: &str| arrays[&format!("{theirs}.weight")].data.clone();
    let ours = |name: &str| match NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, theirs)) => theirs.iter().flat_map(|theirs| numbers(theirs)).collect(),
        None => numbers("model.norm"),
    };
    Some(program.parameters().iter().flat_map(|p| ours(&p.name)).collect())
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

/// Turned in other pairs, without norms of heads, or with another base, it gives other logits.
#[test]
fn the_published_weights_give_numpys_logits() {
    let oracle: Oracle = serde_json::from_str(include_str!("oracles/adders.json")).expect("the oracle's file is whole");
    let logits = |overrides: &[&str]| program(&plan(overrides)).outputs_at(&["logits"], 23..34).unwrap();
    let adder = logits(&[]);
    let Some(point) = weights(&adder) else { return };
    let rounded: Vec<f32> = point.iter().map(|x| *x as f32).collect();
    let of_reference = error(&referenced(&adder, &point, &oracle), &oracle);
    assert!(of_reference <= 1e-9, "the reference differs by {of_reference:e}");
    for executor in Executor::ALL {
        let error = error(&replayed(&adder, executor, &rounded, &oracle), &oracle);
        println!("{executor} differs by {error:e}");
        assert!(error <= IN_F32, "{executor} differs by {error:e}");
    }
    for wrong in
        ["model.rotary_pairs=interleaved", "model.rotary_base=3.01", "model.norm_epsilon=1e-4", "model.activation=gelu"]
    {
        let error = error(&referenced(&logits(&[wrong]), &point, &oracle), &oracle);
        assert!(error > 10.0 * IN_F32, "{wrong} differs by {error:e} alone");
    }
}
