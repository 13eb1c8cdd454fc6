//! Validation sequences are not seen in training, nor are strings that are held out.

use infimum_worlds::{Example, Purpose, follow};

use super::subject::Subject;
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "unseen", look };

/// Where so many of fresh sequences are trained on by chance, validation on unseen ones is not to be had.
const MOST_BY_CHANCE: f64 = 0.5;
/// Fewer than so many sequences that come twice are not to be expected.
const UNLIKELY: f64 = 0.01;

/// How many strings that the world holds out were trained on: none. Where there are no such strings: how many validation sequences were. In a small world some are by chance: as many as of the test sequences, which training
/// knows as little of, and four standard deviations.
fn look(subject: &mut dyn Subject) -> Finding {
    let held_out = subject.held_out();
    if !held_out.is_empty() {
        let Some((seen, trained)) = subject.trained_on(&held_out) else { return unknown() };
        let about = format!(
            "of {} strings that are held out, how many are among the {trained} sequences that were trained on",
            held_out.len()
        );
        return Finding::AtMost(seen as f64, 0.0, about);
    }
    let count = subject.experiment().plan().evaluation().sequences;
    let validation = subject.examples(Purpose::Validation, count);
    let Some((seen, trained)) = subject.trained_on(&validation) else { return unknown() };
    let test = subject.examples(Purpose::Test, count);
    let is_unlikely = expected(subject, &test, trained).is_some_and(|expected| expected < UNLIKELY);
    let control = if is_unlikely { 0 } else { subject.trained_on(&test).map_or(0, |(seen, _)| seen) };
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
fn expected(subject: &dyn Subject, examples: &[Example], trained: u64) -> Option<f64> {
    let world = subject.experiment().world();
    let mut belief = world.truth()?.begin();
    let mut law = vec![0.0; world.shape().heads[0].alphabet];
    let of = |example: &Example| {
        let mut nats = 0.0;
        follow(&mut *belief, example, 0, &mut law, &mut |_, law, target| nats -= libm::log(law[usize::from(target)]));
        (trained as f64 * libm::exp(-nats)).min(1.0)
    };
    Some(examples.iter().map(of).sum())
}
