//! Figures by nanoMarkov's own formulas, so that its tables can be set beside ours. Their names end in `_published`.
//! `docs/metrics.md` says where they mislead.

use infimum_worlds::markov::{Fidelity, published_divergence};
use infimum_worlds::{Example, Quantity, Truth, World, follow};

use crate::evaluation::Evaluator;
use crate::predictor::{Predictor, Said, Sequences, collect, likeliest};
use crate::recipe::DataLaw;
use crate::transitions::law_over_states;
use crate::{Experiment, Figure, LabError, Machine, Mean};

/// Names and units, in the order in which they are shown.
pub const FIGURES: [(&str, &str); 8] = [
    ("structure_captured_published", "share of nats"),
    ("loss_ratio_published", "row mean entropy per loss"),
    ("perplexity_published", "tokens"),
    ("accuracy_published", "share of targets"),
    ("transition_kl_published", "nats"),
    ("transition_kl_uniform_published", "nats"),
    ("transition_kl_random_published", "nats"),
    ("transition_kl_noisy_published", "nats"),
];

/// Chunks and sequences that are looked at, at most.
const CHUNKS: usize = 1000;
/// Targets of a sequence that accuracy is measured on, …
const SEQUENCE: usize = 64;
/// … and how far one begins after the other.
const STRIDE: usize = 128;

/// What stands in a figure: `interval` is that of 95 %, lower end first.
struct Numbers {
    value: f64,
    optimum: Option<f64>,
    baseline: Option<f64>,
    interval: Option<[f64; 2]>,
}

/// The published figures of the model at `point`, whose other figures are `figures`.
///
/// # Errors
/// A world that is no chain of nanoMarkov's generator.
pub fn evaluate(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    figures: &[Figure],
) -> Result<Vec<Figure>, LabError> {
    published(experiment, &mut Evaluator::new(experiment, machine).at(point), machine, figures)
}

/// The published figures of a predictor whose other figures are `figures`. Those of a loss or of files need
/// `kind = "markov-windows"`, where BOS is a target as in nanoMarkov, and windows that are long enough.
///
/// # Errors
/// A world that is no chain of nanoMarkov's generator.
pub fn published(
    experiment: &Experiment,
    predictor: &mut dyn Predictor,
    machine: &mut Machine,
    figures: &[Figure],
) -> Result<Vec<Figure>, LabError> {
    let fidelity = require(experiment)?;
    let of_loss = figures.iter().find(|f| f.name == "cross_entropy").and_then(|loss| of_loss(experiment, loss));
    let of_files = of_files(experiment, predictor, machine);
    let kl = transition_kl(experiment, predictor, machine, fidelity);
    let plain = |value: f64| Some(Numbers { value, optimum: None, baseline: None, interval: None });
    let [structure, ratio] = of_loss.map_or([None, None], |numbers| numbers.map(Some));
    let [perplexity, accuracy] = of_files.map_or([None, None], |numbers| numbers.map(Some));
    let numbers = [
        structure,
        ratio,
        perplexity,
        accuracy,
        kl,
        plain(fidelity.uniform),
        plain(fidelity.random),
        plain(fidelity.noisy),
    ];
    Ok(FIGURES.iter().zip(numbers).filter_map(|(names, numbers)| Some(figure(*names, numbers?))).collect())
}

/// What stands beside a network in nanoMarkov's test of transitions.
///
/// # Errors
/// A world that is no chain of nanoMarkov's generator; data whose law nobody knows.
pub fn require(experiment: &Experiment) -> Result<Fidelity, LabError> {
    let refuse = |key: &str, value: &str, allowed: &str, remedy: &str| {
        let allowed = format!("--published sets a chain beside the model, {allowed}");
        Err(LabError::value(key, value, allowed, format!("leave --published out{remedy}")))
    };
    if experiment.world().truth().is_none() && experiment.plan().data().folder.is_some() {
        let remedy = ", or run with data.law = \"world\" if [world] draws the law of the data";
        return refuse("data.law", "\"unknown\"", "and here nobody knows it", remedy);
    }
    if let Some(fidelity) = experiment.world().chain().and_then(|chain| chain.fidelity()) {
        return Ok(fidelity);
    }
    let allowed = "one that generator = \"numpy-legacy\" of markov or markov-windows draws";
    let folder = experiment.plan().data().folder.as_ref().filter(|folder| folder.law == DataLaw::Folder);
    match folder {
        Some(_) => refuse(
            "data.law",
            "\"folder\"",
            allowed,
            ", or run with data.law = \"world\" if [world] draws the same law",
        ),
        None => match serde_json::to_value(experiment.plan().world()).expect("settings are plain").get("generator") {
            Some(generator) => refuse("world.generator", &generator.to_string(), allowed, ""),
            None => refuse("world.kind", experiment.plan().world().kind(), allowed, ""),
        },
    }
}

fn figure((name, unit): (&str, &str), Numbers { value, optimum, baseline, interval }: Numbers) -> Figure {
    let (name, unit, [low, high]) = (name.into(), unit.into(), interval.map_or([None, None], |ends| ends.map(Some)));
    Figure { name, value, unit, optimum, baseline, low, high }
}

/// `structure_captured_published` and `loss_ratio_published`, whose optimum is what the floor gives, and whose interval is what
/// that of the loss gives.
fn of_loss(experiment: &Experiment, loss: &Figure) -> Option<[Numbers; 2]> {
    let world = experiment.world();
    world.cut()?;
    let facts = world.facts();
    let row_mean = match facts.iter().find(|fact| fact.name == "row_mean_entropy")?.value {
        Quantity::Number(nats) => nats,
        _ => return None,
    };
    let states = world.chain()?.states() as f64;
    let (uniform, floor) = (libm::log(states), experiment.floor_of(0));
    let captured = |loss: f64| (uniform - loss) / (uniform - row_mean);
    let (ratio, nothing) = (|loss: f64| row_mean / loss, libm::log(states + 1.0));
    Some([falling(loss, &captured, floor, nothing), falling(loss, &ratio, floor, nothing)])
}

/// A share that falls as the loss rises.
fn falling(loss: &Figure, share: &dyn Fn(f64) -> f64, floor: Option<f64>, nothing: f64) -> Numbers {
    let interval = loss.low.zip(loss.high).map(|(low, high)| [share(high), share(low)]);
    Numbers { value: share(loss.value), optimum: floor.map(share), baseline: Some(share(nothing)), interval }
}

/// `perplexity_published` and `accuracy_published`, on the validation file.
fn of_files(experiment: &Experiment, predictor: &mut dyn Predictor, machine: &mut Machine) -> Option<[Numbers; 2]> {
    let world = experiment.world();
    let (chain, truth) = (world.chain()?, world.truth()?);
    world.cut()?;
    let block = chain.length();
    if world.shape().positions < SEQUENCE.max(block - 1) {
        return None;
    }
    let tokens = experiment.validation_tokens();
    let mut score = |targets: usize, stride: usize| {
        let examples = pieces(world, &tokens, targets, stride);
        let each = |_, example: &Example, said: Said<'_>| scored(world, example, said, targets);
        let found = collect(predictor, machine, Sequences::Begun(&examples, targets), &each);
        let best: Vec<_> = examples.iter().map(|example| of_truth(world, truth, example)).collect();
        [found, best].map(|of| by_block(&of, stride, block))
    };
    let [found, best] = score(block - 1, (block / 2).max(1));
    let (nats, best_nats) = (mean(&found, |target| target.nats)?, mean(&best, |target| target.nats)?);
    let [found, best] = score(SEQUENCE, STRIDE);
    let (hits, best_hits) = (mean(&found, |target| target.hits)?, mean(&best, |target| target.hits)?);
    let states = chain.states() as f64;
    let interval = |mean: Mean, of: fn(f64) -> f64| {
        let width = Some(mean.half_width()).filter(|width| width.is_finite())?;
        Some([of(mean.value - width), of(mean.value + width)])
    };
    Some([
        Numbers {
            value: libm::exp(nats.value),
            optimum: Some(libm::exp(best_nats.value)),
            baseline: Some(states + 1.0),
            interval: interval(nats, libm::exp),
        },
        Numbers {
            value: hits.value,
            optimum: Some(best_hits.value),
            baseline: Some(1.0 / states),
            interval: interval(hits, |share| share),
        },
    ])
}

/// Stretches of a file of `targets` inputs and the targets after them, one beginning `stride` tokens after the other.
fn pieces(world: &dyn World, tokens: &[u16], targets: usize, stride: usize) -> Vec<Example> {
    let last = tokens.len().saturating_sub(targets);
    let first = (0..last).step_by(stride).take(CHUNKS);
    first.map(|first| example(world, &tokens[first..first + targets], &tokens[first + 1..=first + targets])).collect()
}

/// An example of the world's shape that begins with these; the rest has weight 0.
fn example(world: &dyn World, inputs: &[u16], targets: &[u16]) -> Example {
    let padded = |tokens: &[u16]| {
        let mut tokens = tokens.to_vec();
        tokens.resize(world.shape().positions, 0);
        tokens
    };
    let mut weights = vec![1.0; inputs.len()];
    weights.resize(world.shape().positions, 0.0);
    Example { tokens: padded(inputs), targets: vec![padded(targets)], weights: vec![weights] }
}

/// Targets, what they cost and how many of them were the likeliest token.
#[derive(Clone, Copy, Default)]
struct Targets {
    count: f64,
    nats: f64,
    hits: f64,
}

/// An example's first targets, each alone.
fn scored(world: &dyn World, example: &Example, said: Said<'_>, targets: usize) -> Vec<Targets> {
    let rows = said.logits.chunks_exact(world.shape().alphabet).zip(said.nats).zip(&example.targets[0][..targets]);
    let one = |((row, nats), target): ((&[f32], &f32), &u16)| {
        let hit = likeliest(row) == usize::from(*target);
        Targets { count: 1.0, nats: f64::from(*nats), hits: f64::from(u8::from(hit)) }
    };
    rows.map(one).collect()
}

/// The same of the truth.
fn of_truth(world: &dyn World, truth: &dyn Truth, example: &Example) -> Vec<Targets> {
    let (mut found, mut law) = (Vec::new(), vec![0.0; world.shape().alphabet]);
    follow(&mut *truth.begin(), example, 0, &mut law, &mut |_, law, target| {
        let best = (1..law.len()).fold(0, |best, i| if law[i] > law[best] { i } else { best });
        let (nats, hit) = (-libm::log(law[usize::from(target)]), best == usize::from(target));
        found.push(Targets { count: 1.0, nats, hits: f64::from(u8::from(hit)) });
    });
    found
}

/// The targets of pieces, one beginning `stride` tokens after the other, by the block of the file that they stand in. Pieces
/// overlap and so are not independent; blocks are.
fn by_block(pieces: &[Vec<Targets>], stride: usize, block: usize) -> Vec<Targets> {
    let mut blocks = Vec::new();
    for (piece, targets) in pieces.iter().enumerate() {
        for (place, target) in targets.iter().enumerate() {
            let at = (piece * stride + place + 1) / block;
            blocks.resize(blocks.len().max(at + 1), Targets::default());
            let sum = &mut blocks[at];
            *sum =
                Targets { count: sum.count + target.count, nats: sum.nats + target.nats, hits: sum.hits + target.hits };
        }
    }
    blocks
}

/// The mean over targets, with its standard error over blocks.
fn mean(blocks: &[Targets], total: fn(&Targets) -> f64) -> Option<Mean> {
    Mean::of(blocks.iter().map(|block| (block.count, total(block))))
}

/// After BOS and a state, for each state alike.
fn transition_kl(
    experiment: &Experiment,
    predictor: &mut dyn Predictor,
    machine: &mut Machine,
    fidelity: Fidelity,
) -> Option<Numbers> {
    let (world, chain) = (experiment.world(), experiment.world().chain()?);
    let (states, alphabet) = (chain.states(), world.shape().alphabet);
    if world.shape().positions < 2 {
        return None;
    }
    let prompts: Vec<Example> =
        (0..states).map(|state| example(world, &[states as u16, state as u16], &[state as u16, 0])).collect();
    let divergence = |state: usize, _: &Example, said: Said<'_>| {
        let mut row = vec![0.0; states];
        chain.row(&[state as u16]).for_each(|(next, p)| row[next] = p);
        let law: Vec<f64> = law_over_states(&said.logits[alphabet..], states).collect();
        published_divergence(&row, &law)
    };
    let found = collect(predictor, machine, Sequences::Begun(&prompts, 2), &divergence);
    let value = found.iter().sum::<f64>() / states as f64;
    // Every state is asked once: there is nothing that another draw would change, and so no interval.
    Some(Numbers { value, optimum: Some(0.0), baseline: Some(fidelity.uniform), interval: None })
}
