//! The decoder family against JAX in f64 (`oracles/decoder.py` computes `tests/oracles/decoder.json`): losses and gradients
//! of thirty decoders through every executor, and twenty steps of AdamW through the shipped trainer.

mod replay;

use std::collections::BTreeMap;

use infimum_engine::{Executor, Feed, Isa, Program, Reference, Replay, Team};
use infimum_lab::recipe::{Activation, Embedding, MlpFirst, Model, Norm, Pairs, Positions};
use infimum_lab::{NORM_EPSILON, decoder};
use infimum_worlds::{Example, Head, Shape};
use replay::replay;
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
    /// Of a second head.
    classes: Option<usize>,
    loss_weights: Option<BTreeMap<String, f64>>,
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
    /// Of the second head.
    classes: Option<Vec<Vec<u16>>>,
    class_weights: Option<Vec<Vec<f32>>>,
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
        loss_weights: s.loss_weights.clone().unwrap_or_default(),
        ..Model::default()
    }
}

fn program(s: &Settings) -> Program {
    program_of(&model(s), s)
}

fn program_of(model: &Model, s: &Settings) -> Program {
    let second = s.classes.map(|alphabet| Head { name: "class", alphabet });
    let heads = [Head { name: "token", alphabet: s.alphabet }].into_iter().chain(second).collect();
    let shape = Shape { positions: s.positions, alphabet: s.alphabet, heads, scored: 0..s.positions };
    decoder(model, &shape).expect("the oracle's settings are valid")
}

/// The arrays in the order of the program's parameters, each once and none left over.
fn gathered(program: &Program, arrays: &[Array]) -> Vec<f64> {
    assert_eq!(program.parameters().len(), arrays.len());
    let find = |name: &str| arrays.iter().find(|a| a.name == name).unwrap_or_else(|| panic!("the oracle lacks {name}"));
    program.parameters().iter().flat_map(|p| find(&p.name).data.clone()).collect()
}

/// Fills tokens, targets and loss weights of one batch. Of two heads the weights of each are multiplied by the number of the other's targets,
/// so that all are exact; sums are divided by [`divisor`].
fn source<'a>(case: &'a Case, batch: &'a Batch) -> impl Fn(usize, &mut Feed) + Sync + 'a {
    let [token, class] = ["token", "class"].map(|head| model(&case.settings).loss_weight(head) as f32);
    let [of_token, of_class] = targets(batch);
    move |sequence, feed| {
        let mut ids = vec![batch.tokens[sequence].clone()];
        let mut arrays = vec![];
        if token > 0.0 {
            ids.push(batch.targets[sequence].clone());
            arrays.push(vec![token * of_class; batch.targets[0].len()]);
        }
        if let (Some(classes), Some(weights)) = (&batch.classes, &batch.class_weights) {
            ids.push(classes[sequence].clone());
            arrays.push(weights[sequence].iter().map(|weight| weight * class * of_token).collect());
        }
        (feed.ids, feed.arrays) = (ids, arrays);
    }
}

/// How many targets each head has; of a head that is not there, one.
fn targets(batch: &Batch) -> [f32; 2] {
    let of_class = batch.class_weights.as_ref().map_or(1.0, |weights| weights.iter().flatten().sum());
    [batch.targets.concat().len() as f32, of_class]
}

fn divisor(batch: &Batch) -> f64 {
    targets(batch).into_iter().map(f64::from).product()
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
        let sum = Reference::new(&program.gradient()).gradient(&point, batch.tokens.len(), &source(&case, batch));
        assert!(error([sum.loss / divisor(batch)], &[case.loss]) <= tolerance, "{}: loss", case.name);
        let gradient = sum.gradient.iter().map(|d| d / divisor(batch));
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
        let sum = Reference::new(&program.gradient()).gradient(&point, batch.tokens.len(), &source(case, batch));
        let error = error([sum.loss / divisor(batch)], &[case.loss]);
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
            let sum = replay.gradient(&mut team, &point, batch.tokens.len(), &source(&case, batch));
            assert!(error([sum.loss / divisor(batch)], &[case.loss]) <= 1e-6, "{executor}, {}: loss", case.name);
            let gradient = sum.gradient.iter().map(|d| f64::from(*d) / divisor(batch));
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

#[test]
fn a_wrong_weight_of_a_head_is_noticed() {
    let mut case = oracle().cases.into_iter().find(|case| case.name == "two heads, biases, weighed, tied").unwrap();
    case.settings.loss_weights = Some([("token".into(), 0.75), ("class".into(), 2.51)].into());
    assert!(error(losses_and_norms(&case, 1.0).0, &case.losses) > 1e-4);
}

/// The shipped trainer on the oracle's batches, from the oracle's weights.
fn losses_and_norms(case: &Case, rate_factor: f64) -> (Vec<f64>, Vec<f64>) {
    let batches: Vec<Vec<Example>> = case.batches.iter().map(examples).collect();
    let steps = case.losses.len();
    let recipe = recipe(case, rate_factor, batches[0].len(), steps);
    let steps = (0..steps).map(|step| batches[step % batches.len()].clone()).collect();
    replay(&recipe, steps, |program| gathered(program, &case.weights))
        .into_iter()
        .map(|s| (s.loss, s.gradient_norm))
        .unzip()
}

fn examples(batch: &Batch) -> Vec<Example> {
    let example = |sequence: usize| {
        let (tokens, mut targets) = (batch.tokens[sequence].clone(), vec![batch.targets[sequence].clone()]);
        let mut weights = vec![vec![1.0; tokens.len()]];
        targets.extend(batch.classes.as_ref().map(|classes| classes[sequence].clone()));
        weights.extend(batch.class_weights.as_ref().map(|of| of[sequence].clone()));
        Example { tokens, targets, weights }
    };
    (0..batch.tokens.len()).map(example).collect()
}

/// A world whose sequences have the shape of the case's.
fn world(s: &Settings) -> String {
    let (states, length, symbols) = (s.alphabet - 1, s.positions + 1, &"abcdefgh"[..s.alphabet - 2]);
    match s.classes {
        None => format!("kind = \"markov\"\nstates = {states}\nlength = {length}\nseed = 1"),
        Some(_) => {
            format!("kind = \"regular\"\nlanguage = \"a+\"\nalphabet = \"{symbols}\"\nlongest = {}", length - 2)
        }
    }
}

fn recipe(case: &Case, rate_factor: f64, batch: usize, steps: usize) -> String {
    let Shared { rate, beta1, beta2, epsilon, decay, clip } = case.optimiser;
    format!(
        "[world]\n{}\n{}\n[training]\nsteps = {steps}\n\
         batch = {batch}\nrate = {:?}\nschedule = \"constant\"\nwarmup = 0\nbeta1 = {beta1:?}\nbeta2 = {beta2:?}\n\
         epsilon = {epsilon:?}\ndecay = {decay:?}\nclip = {clip:?}\n",
        world(&case.settings),
        toml::to_string(&BTreeMap::from([("model", model(&case.settings))])).unwrap(),
        rate * rate_factor,
    )
}
