//! The decoder family against JAX in f64 (`oracles/decoder.py` computes `tests/oracles/decoder.json`): losses and gradients
//! of twenty-seven decoders through every executor, and twenty steps of AdamW through the shipped trainer.

mod replay;

use infimum_engine::{Executor, Feed, Isa, Program, Reference, Replay, Team};
use infimum_lab::recipe::{Activation, Embedding, MlpFirst, Model, Norm, Pairs, Positions};
use infimum_lab::{NORM_EPSILON, decoder};
use infimum_worlds::{Head, Shape};
use replay::{Sequence, replay};
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracle {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    settings: Settings,
    optimiser: Shared,
    weights: Vec<Array>,
    batches: Vec<Batch>,
    loss: f64,
    gradients: Vec<Array>,
    losses: Vec<f64>,
    norms: Vec<f64>,
}

#[derive(Deserialize)]
struct Settings {
    positions: usize,
    alphabet: usize,
    width: usize,
    layers: usize,
    heads: usize,
    mlp_ratio: usize,
    activation: String,
    norm: String,
    norm_epsilon: f64,
    position: String,
    bias: bool,
    tied: bool,
    attention: bool,
    mlp: bool,
    embedding: Embedding,
    mlp_first: MlpFirst,
    parallel: bool,
    qk_norm: String,
    mlp_gate: bool,
    mlp_hidden: Option<usize>,
    kv_heads: Option<usize>,
    head_width: Option<usize>,
    value_width: Option<usize>,
    rotary_base: Option<f64>,
    rotary_pairs: Option<Pairs>,
}

#[derive(Deserialize)]
struct Shared {
    rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    decay: f64,
    clip: f64,
}

#[derive(Deserialize)]
struct Array {
    name: String,
    data: Vec<f64>,
}

#[derive(Deserialize)]
struct Batch {
    tokens: Vec<Vec<u16>>,
    targets: Vec<Vec<u16>>,
}

fn oracle() -> Oracle {
    serde_json::from_str(include_str!("oracles/decoder.json")).expect("the oracle's file is whole")
}

fn norm(name: &str) -> Norm {
    match name {
        "layer" => Norm::Layer,
        "rms" => Norm::Rms,
        "none" => Norm::None,
        other => panic!("{other}"),
    }
}

fn model(s: &Settings) -> Model {
    Model {
        width: s.width,
        layers: s.layers,
        heads: if s.attention { s.heads } else { 1 },
        mlp_ratio: if s.mlp_hidden.is_some() { Model::default().mlp_ratio } else { s.mlp_ratio },
        mlp_hidden: s.mlp_hidden,
        mlp_gate: s.mlp_gate,
        kv_heads: s.kv_heads,
        head_width: s.head_width,
        value_width: s.value_width,
        qk_norm: norm(&s.qk_norm),
        norm_epsilon: (s.norm_epsilon != NORM_EPSILON).then_some(s.norm_epsilon),
        rotary_base: s.rotary_base,
        rotary_pairs: s.rotary_pairs,
        activation: match &*s.activation {
            "gelu-erf" => Activation::Gelu,
            "gelu-tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            "relu2" => Activation::Relu2,
            "relu3" => Activation::Relu3,
            "silu" => Activation::Silu,
            other => panic!("{other}"),
        },
        norm: norm(&s.norm),
        positions: match &*s.position {
            "learned" => Positions::Learned,
            "sinusoidal" => Positions::Sinusoidal,
            "rotary" => Positions::Rotary,
            "alibi" => Positions::Alibi,
            "none" => Positions::None,
            other => panic!("{other}"),
        },
        bias: s.bias,
        tied: s.tied,
        attention: s.attention,
        mlp: s.mlp,
        embedding: s.embedding,
        mlp_first: s.mlp_first,
        parallel: s.parallel,
        ..Model::default()
    }
}

fn program(s: &Settings) -> Program {
    program_of(&model(s), s)
}

fn program_of(model: &Model, s: &Settings) -> Program {
    let heads = vec![Head { name: "token", alphabet: s.alphabet }];
    let shape = Shape { positions: s.positions, alphabet: s.alphabet, heads, scored: 0..s.positions };
    decoder(model, &shape).expect("the oracle's settings are valid")
}

/// The arrays in the order of the program's parameters, each once and none left over.
fn gathered(program: &Program, arrays: &[Array]) -> Vec<f64> {
    assert_eq!(program.parameters().len(), arrays.len());
    let find = |name: &str| arrays.iter().find(|a| a.name == name).unwrap_or_else(|| panic!("the oracle lacks {name}"));
    program.parameters().iter().flat_map(|p| find(&p.name).data.clone()).collect()
}

/// Fills tokens, targets and loss weights of one batch.
fn source(batch: &Batch) -> impl Fn(usize, &mut Feed) + Sync + '_ {
    |sequence, feed| {
        feed.ids = vec![batch.tokens[sequence].clone(), batch.targets[sequence].clone()];
        feed.arrays[0].fill(1.0);
    }
}

/// Largest difference, relative to the largest expected scalar.
fn error(given: impl IntoIterator<Item = f64>, expected: &[f64]) -> f64 {
    let largest = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let differences: Vec<f64> = given.into_iter().zip(expected).map(|(g, e)| (g - e).abs() / largest).collect();
    assert_eq!(differences.len(), expected.len());
    assert!(differences.iter().all(|d| d.is_finite()));
    differences.into_iter().fold(0.0, f64::max)
}

/// The waves are f32 in the engine and f64 in the oracle, so sinusoidal cases agree to f32 rounding only.
fn reference_tolerance(case: &Case) -> f64 {
    if case.settings.position == "sinusoidal" { 1e-6 } else { 1e-9 }
}

#[test]
fn reference_has_jaxs_losses_and_gradients() {
    for case in oracle().cases {
        let program = program(&case.settings);
        let (batch, tolerance) = (&case.batches[0], reference_tolerance(&case));
        let point = gathered(&program, &case.weights);
        let sum = Reference::new(&program.gradient()).gradient(&point, batch.tokens.len(), &source(batch));
        assert!(error([sum.loss / sum.weight], &[case.loss]) <= tolerance, "{}: loss", case.name);
        let gradient = sum.gradient.iter().map(|d| d / sum.weight);
        assert!(error(gradient, &gathered(&program, &case.gradients)) <= tolerance, "{}: gradient", case.name);
    }
}

/// Makes another model of one.
type Change = fn(&mut Model);

/// Models with the same arrays that mean something else.
#[test]
fn a_wrong_key_is_noticed() {
    let wrong: [(&str, Change); 7] = [
        ("rotary, interleaved", |m| m.rotary_pairs = Some(Pairs::Half)),
        ("rotary, interleaved", |m| m.rotary_base = Some(10_100.0)),
        ("rotary by halves, norms of heads, swiglu, tied", |m| m.rotary_pairs = Some(Pairs::Interleaved)),
        ("rotary by halves, norms of heads, swiglu, tied", |m| m.norm_epsilon = None),
        ("rotary by halves, norms of heads, swiglu, tied", |m| m.qk_norm = Norm::Layer),
        ("rotary by halves, norms of heads, swiglu, tied", |m| m.activation = Activation::Gelu),
        ("alibi, two heads", |m| m.positions = Positions::None),
    ];
    let oracle = oracle();
    for (number, (name, change)) in wrong.into_iter().enumerate() {
        let case = oracle.cases.iter().find(|case| case.name == name).expect(name);
        let mut model = model(&case.settings);
        change(&mut model);
        let program = program_of(&model, &case.settings);
        let (batch, point) = (&case.batches[0], gathered(&program, &case.weights));
        let sum = Reference::new(&program.gradient()).gradient(&point, batch.tokens.len(), &source(batch));
        let error = error([sum.loss / sum.weight], &[case.loss]);
        assert!(error > 10.0 * reference_tolerance(case), "{name}, change {number}: {error:e}");
    }
}

#[test]
fn every_executor_has_jaxs_losses_and_gradients_within_f32_rounding() {
    let mut team = Team::new(2);
    for case in oracle().cases {
        let program = program(&case.settings);
        let batch = &case.batches[0];
        let point: Vec<f32> = gathered(&program, &case.weights).iter().map(|x| *x as f32).collect();
        let sets =
            Executor::ALL.into_iter().flat_map(|executor| Isa::available().into_iter().map(move |isa| (executor, isa)));
        for (executor, isa) in sets {
            let mut replay = Replay::new(&program.gradient(), executor, isa);
            let sum = replay.gradient(&mut team, &point, batch.tokens.len(), &source(batch));
            assert!(error([sum.loss / sum.weight], &[case.loss]) <= 1e-6, "{executor}, {}: loss", case.name);
            let gradient = sum.gradient.iter().map(|d| f64::from(*d) / sum.weight);
            let error = error(gradient, &gathered(&program, &case.gradients));
            assert!(error <= 5e-6, "{executor}, {}: gradient differs by {error:e}", case.name);
        }
    }
}

/// Twenty steps; a wrong rate, decay or clip factor shows from the second loss on.
#[test]
fn twenty_steps_of_adamw_have_jaxs_losses_and_norms() {
    for case in oracle().cases {
        let (losses, norms) = losses_and_norms(&case, 1.0);
        let (loss_error, norm_error) = (error(losses, &case.losses), error(norms, &case.norms));
        assert!(loss_error <= 1e-5, "{}: losses differ by {loss_error:e}", case.name);
        assert!(norm_error <= 1e-4, "{}: norms differ by {norm_error:e}", case.name);
    }
    let case = &oracle().cases[0];
    assert!(error(losses_and_norms(case, 1.01).0, &case.losses) > 1e-5, "a rate that is 1 % too high passes");
}

/// The shipped trainer on the oracle's batches, from the oracle's weights.
fn losses_and_norms(case: &Case, rate_factor: f64) -> (Vec<f64>, Vec<f64>) {
    let sequences = case.batches.iter().map(|b| b.tokens.iter().cloned().zip(b.targets.iter().cloned()).collect());
    let batches: Vec<Vec<Sequence>> = sequences.collect();
    let steps = case.losses.len();
    let recipe = recipe(case, rate_factor, batches[0].len(), steps);
    let steps = (0..steps).map(|step| batches[step % batches.len()].clone()).collect();
    replay(&recipe, steps, |program| gathered(program, &case.weights))
        .into_iter()
        .map(|s| (s.loss, s.gradient_norm))
        .unzip()
}

fn recipe(case: &Case, rate_factor: f64, batch: usize, steps: usize) -> String {
    let Shared { rate, beta1, beta2, epsilon, decay, clip } = case.optimiser;
    let (positions, alphabet) = (case.settings.positions, case.settings.alphabet);
    format!(
        "[world]\nkind = \"markov\"\nstates = {}\nlength = {}\nseed = 1\n[model]\n{}\n[training]\nsteps = {steps}\n\
         batch = {batch}\nrate = {:?}\nschedule = \"constant\"\nwarmup = 0\nbeta1 = {beta1:?}\nbeta2 = {beta2:?}\n\
         epsilon = {epsilon:?}\ndecay = {decay:?}\nclip = {clip:?}\n",
        alphabet - 1,
        positions + 1,
        toml::to_string(&model(&case.settings)).unwrap(),
        rate * rate_factor,
    )
}
