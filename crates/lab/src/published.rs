//! Figures by nanoMarkov's own formulas, so that its tables can be set beside ours. Their names end in `_published`.
//! `docs/metrics.md` says where they mislead.

use infimum_worlds::markov::{Fidelity, published_divergence};
use infimum_worlds::{Example, Quantity, Truth, World, follow};

use crate::evaluation::Evaluator;
use crate::predictor::{Predictor, Said, Sequences, collect, likeliest};
use crate::transitions::law_over_states;
use crate::{Experiment, Figure, LabError, Machine};

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

/// Value, optimum, baseline.
type Numbers = (f64, Option<f64>, Option<f64>);

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
    let Some(fidelity) = experiment.world().chain().and_then(|chain| chain.fidelity()) else {
        let (kind, allowed) = (experiment.plan().world().kind(), "worlds with generator = \"numpy-legacy\"");
        return Err(LabError::value("--published", format!("a world of kind {kind}"), allowed, "leave it out"));
    };
    let loss = figures.iter().find(|figure| figure.name == "cross_entropy").map(|figure| figure.value);
    let of_loss = loss.and_then(|loss| of_loss(experiment, loss));
    let of_files = of_files(experiment, predictor, machine);
    let kl = transition_kl(experiment, predictor, machine, fidelity);
    let plain = |value: f64| Some((value, None, None));
    let numbers = [
        of_loss.map(|[structure, _]| structure),
        of_loss.map(|[_, ratio]| ratio),
        of_files.map(|[perplexity, _]| perplexity),
        of_files.map(|[_, accuracy]| accuracy),
        kl,
        plain(fidelity.uniform),
        plain(fidelity.random),
        plain(fidelity.noisy),
    ];
    Ok(FIGURES.iter().zip(numbers).filter_map(|(names, numbers)| Some(figure(*names, numbers?))).collect())
}

fn figure((name, unit): (&str, &str), (value, optimum, baseline): Numbers) -> Figure {
    Figure { name: name.into(), value, unit: unit.into(), optimum, baseline, low: None, high: None }
}

/// `structure_captured_published` and `loss_ratio_published`, whose optimum is what the floor gives.
fn of_loss(experiment: &Experiment, loss: f64) -> Option<[Numbers; 2]> {
    let world = experiment.world();
    world.cut()?;
    let facts = world.facts();
    let row_mean = match facts.iter().find(|fact| fact.name == "row_mean_entropy")?.value {
        Quantity::Number(nats) => nats,
        _ => return None,
    };
    let states = world.chain()?.states() as f64;
    let (uniform, floor) = (libm::log(states), experiment.floor());
    let captured = |loss: f64| (uniform - loss) / (uniform - row_mean);
    let (ratio, nothing) = (|loss: f64| row_mean / loss, libm::log(states + 1.0));
    Some([
        (captured(loss), floor.map(captured), Some(captured(nothing))),
        (ratio(loss), floor.map(ratio), Some(ratio(nothing))),
    ])
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
        let found = mean(&collect(predictor, machine, Sequences::Given(&examples), &each))?;
        let best: Vec<_> = examples.iter().map(|example| of_truth(world, truth, example, targets)).collect();
        Some((found, mean(&best)?))
    };
    let ((nats, _), (best_nats, _)) = score(block - 1, (block / 2).max(1))?;
    let ((_, hits), (_, best_hits)) = score(SEQUENCE, STRIDE)?;
    let states = chain.states() as f64;
    Some([
        (libm::exp(nats), Some(libm::exp(best_nats)), Some(states + 1.0)),
        (hits, Some(best_hits), Some(1.0 / states)),
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

/// Mean nats and share of hits over an example's first targets.
fn scored(world: &dyn World, example: &Example, said: Said<'_>, targets: usize) -> (f64, f64) {
    let nats: f64 = said.nats[..targets].iter().map(|nats| f64::from(*nats)).sum();
    let rows = said.logits.chunks_exact(world.shape().alphabet).zip(&example.targets[0][..targets]);
    let hits = rows.filter(|(row, target)| likeliest(row) == usize::from(**target)).count();
    (nats / targets as f64, hits as f64 / targets as f64)
}

/// The same of the truth.
fn of_truth(world: &dyn World, truth: &dyn Truth, example: &Example, targets: usize) -> (f64, f64) {
    let (mut nats, mut hits) = (0.0, 0.0);
    follow(&mut *truth.begin(), example, 0, &mut vec![0.0; world.shape().alphabet], &mut |_, law, target| {
        let best = (1..law.len()).fold(0, |best, i| if law[i] > law[best] { i } else { best });
        nats -= libm::log(law[usize::from(target)]);
        hits += f64::from(u8::from(best == usize::from(target)));
    });
    (nats / targets as f64, hits / targets as f64)
}

fn mean(scores: &[(f64, f64)]) -> Option<(f64, f64)> {
    let (nats, hits) = scores.iter().fold((0.0, 0.0), |sum, score| (sum.0 + score.0, sum.1 + score.1));
    (!scores.is_empty()).then_some((nats / scores.len() as f64, hits / scores.len() as f64))
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
    let found = collect(predictor, machine, Sequences::Given(&prompts), &divergence);
    Some((found.iter().sum::<f64>() / states as f64, Some(0.0), Some(fidelity.uniform)))
}
