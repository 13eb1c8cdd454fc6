//! Validation sequences are not seen in training, nor are strings that are held out.

use infimum_worlds::{Example, Purpose, follow};

use super::network::Network;
use super::stretches::Standing;
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "unseen", look };

/// Where so many of fresh sequences are trained on by chance, validation on unseen ones is not to be had.
const MOST_BY_CHANCE: f64 = 0.5;
/// Fewer than so many sequences that come twice are not to be expected.
const UNLIKELY: f64 = 0.01;

/// Tokens of a stretch of a text. Of natural texts, hardly any that are so long come again: of 16 characters, one in ten does in TinyTalks.
const STRETCH: usize = 32;
/// The share of stretches that may stand in what is trained on: three times the most that a hundredth of Shakespeare has of the rest.
const REPEATED: f64 = 0.02;
/// Windows that are drawn from the law to see what stands there by chance.
const CONTROLS: usize = 4096;

fn look(network: &mut dyn Network) -> Finding {
    if network.start().is_none() {
        return unknown();
    }
    let held_out = network.held_out();
    match network.experiment().trained_text() {
        Some(_) => of_text(network),
        None if held_out.is_empty() => of_sequences(network),
        None => of_held_out(network, &held_out),
    }
}

/// The share of stretches of what validation windows are cut from that stand anywhere in what training windows are cut from. Training
/// windows begin anywhere, so that a window of validation may be trained on, part by part, though none of them is that window.
fn of_text(network: &dyn Network) -> Finding {
    let experiment = network.experiment();
    let trained = experiment.trained_text().expect("windows are cut from a text");
    let drawn: Vec<Vec<u16>>;
    let parts: Vec<&[u16]> = match experiment.validation_text() {
        Some(part) => vec![part],
        None => {
            drawn = windows(network, Purpose::Validation, experiment.plan().evaluation().sequences);
            drawn.iter().map(Vec::as_slice).collect()
        }
    };
    let by_law = experiment.world().truth().map(|_| windows(network, Purpose::Check, CONTROLS));
    let longest = by_law.iter().flatten().map(Vec::len).chain(parts.iter().map(|part| part.len())).min();
    let length = longest.map_or(STRETCH, |longest| longest.min(STRETCH));
    let found = Standing::of(trained, &parts, length);
    let bound = match by_law {
        None => REPEATED,
        Some(controls) => {
            let controls: Vec<&[u16]> = controls.iter().map(Vec::as_slice).collect();
            let by_chance = Standing::of(trained, &controls, length).share();
            if by_chance > MOST_BY_CHANCE {
                return Finding::None(format!(
                    "by chance {by_chance:.3} of all stretches of {length} tokens are trained on"
                ));
            }
            bound(by_chance, parts.iter().map(|part| part.len()).sum::<usize>() / experiment.world().shape().positions)
        }
    };
    let about = format!(
        "of {} stretches of {length} tokens of the validation part, the share that stand among the {} tokens that training windows are cut from",
        found.of,
        trained.len()
    );
    Finding::AtMost(found.share(), bound, about)
}

/// What is explained where `by_chance` of fresh stretches stand in what is trained on, and windows of validation are so many: four standard
/// deviations more. The share of a window's stretches has no larger variance than a coin, and one window more may be there.
fn bound(by_chance: f64, windows: usize) -> f64 {
    let of_controls = CONTROLS as f64;
    let p = (by_chance * of_controls + 1.0) / (of_controls + 1.0);
    p + 4.0 * (p * (1.0 - p) * (1.0 / windows as f64 + 1.0 / of_controls)).sqrt()
}

/// The tokens of windows, each with its last target.
fn windows(network: &dyn Network, purpose: Purpose, count: usize) -> Vec<Vec<u16>> {
    let whole = |example: Example| [&example.tokens[..], &example.targets[0][example.tokens.len() - 1..]].concat();
    network.examples(purpose, count).into_iter().map(whole).collect()
}

/// How many strings that the world holds out were trained on: none.
fn of_held_out(network: &mut dyn Network, held_out: &[Example]) -> Finding {
    let Some((seen, trained)) = network.trained_on(held_out) else { return unknown() };
    let about = format!(
        "of {} strings that are held out, how many are among the {trained} sequences that were trained on",
        held_out.len()
    );
    Finding::AtMost(seen as f64, 0.0, about)
}

/// How many validation sequences were trained on. In a small world some are by chance: as many as of the test sequences, which training
/// knows as little of, and four standard deviations.
fn of_sequences(network: &mut dyn Network) -> Finding {
    let count = network.experiment().plan().evaluation().sequences;
    let validation = network.examples(Purpose::Validation, count);
    let Some((seen, trained)) = network.trained_on(&validation) else { return unknown() };
    let test = network.examples(Purpose::Test, count);
    let is_unlikely = expected(network, &test, trained).is_some_and(|expected| expected < UNLIKELY);
    let control = if is_unlikely { 0 } else { network.trained_on(&test).map_or(0, |(seen, _)| seen) };
    let by_chance = control as f64 / test.len() as f64;
    if by_chance > MOST_BY_CHANCE {
        return Finding::None(format!(
            "the world is so small that {control} of {} test sequences are trained on",
            test.len()
        ));
    }
    let mean = by_chance * validation.len() as f64;
    let bound = (mean + 4.0 * (2.0 * mean).sqrt()).ceil();
    let about =
        format!("of {} validation sequences, how many are among the {trained} that were trained on", validation.len());
    Finding::AtMost(seen as f64, bound, about)
}

fn unknown() -> Finding {
    Finding::None("nobody knows which sequences these weights were trained on".into())
}

/// At most so many of these sequences are expected among `trained` fresh ones: each at most `trained` times its probability, of which that
/// of its prompt is left out. `None` where no law is known.
fn expected(network: &dyn Network, examples: &[Example], trained: u64) -> Option<f64> {
    let world = network.experiment().world();
    let mut belief = world.truth()?.begin();
    let mut law = vec![0.0; world.shape().heads[0].alphabet];
    let of = |example: &Example| {
        let mut nats = 0.0;
        follow(&mut *belief, example, 0, &mut law, &mut |_, law, target| nats -= libm::log(law[usize::from(target)]));
        (trained as f64 * libm::exp(-nats)).min(1.0)
    };
    Some(examples.iter().map(of).sum())
}
