//! How often a model goes on exactly as a held-out sequence does.
//!
//! A sequence is cut, and the model writes the rest, token by token, each the likeliest after those written so far. Up to its first miss
//! what it has written is the true rest, so that the rest is right exactly if each of its tokens is the likeliest after the true tokens
//! before it: one pass over the whole sequence says so.

use std::ops::Range;

use infimum_engine::Replay;
use infimum_worlds::{Example, Purpose, follow};

use crate::data::{self, Inlets};
use crate::predictor::{Network, Said, Sequences, collect, likeliest};
use crate::statistics::Trials;
use crate::{Experiment, Machine, Mean, evaluation};

/// What a model makes of held-out sequences.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Continuations {
    /// The model's nats for each target.
    pub(crate) loss: Mean,
    /// Rests that the model writes exactly.
    pub(crate) exact: Trials,
    /// Those that the exact law's likeliest tokens are, where it is known.
    pub(crate) exact_by_law: Option<Trials>,
    /// Tokens of a rest before the model's first miss, in the mean.
    pub(crate) right: f64,
    /// Tokens of a rest, in the mean.
    pub(crate) length: f64,
}

/// One sequence.
struct Continued {
    weight: f64,
    nats: f64,
    right: usize,
    length: usize,
    right_by_law: Option<usize>,
}

/// Cuts the first `sequences` test sequences, or all that there are, at the end of their prompt, or in the middle where they have none,
/// and asks the model at `point`. Strings are cut in the middle of their symbols, or where their answer begins, and asked for up to their
/// end: padding is no part of a rest. It has to have the world's first head.
pub(crate) fn continuations(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    sequences: usize,
) -> Continuations {
    let program = evaluation::evaluating(experiment.program());
    let mut replay = Replay::new(&program, experiment.plan().executor(), machine.isa);
    let inlets = Inlets::new(&program, experiment.world().shape());
    let mut network = Network { experiment, replay: &mut replay, inlets: &inlets, point };
    let look = |_, example: &Example, said: Said<'_>| continued(experiment, example, said);
    let portions = evaluation::portions(0..experiment.test_sequences(sequences));
    let mut of_portion = |portion: Range<usize>| {
        collect(&mut network, machine, Sequences::Drawn(Purpose::Test, &data::set(portion)), &look)
    };
    let all: Vec<Continued> = portions.flat_map(&mut of_portion).collect();
    let exact = |right: &dyn Fn(&Continued) -> Option<usize>| {
        let successes = all.iter().filter(|one| right(one) == Some(one.length)).count();
        Trials { successes: successes as u64, of: all.len() as u64 }
    };
    let mean = |of: &dyn Fn(&Continued) -> usize| all.iter().map(of).sum::<usize>() as f64 / all.len() as f64;
    let nothing = Mean { value: f64::NAN, standard_error: f64::INFINITY, sequences: 0 };
    Continuations {
        loss: Mean::of(all.iter().map(|one| (one.weight, one.nats))).unwrap_or(nothing),
        exact: exact(&|one| Some(one.right)),
        exact_by_law: all.iter().all(|one| one.right_by_law.is_some()).then(|| exact(&|one| one.right_by_law)),
        right: mean(&|one| one.right),
        length: mean(&|one| one.length),
    }
}

fn continued(experiment: &Experiment, example: &Example, said: Said<'_>) -> Continued {
    let (world, shape) = (experiment.world(), experiment.world().shape());
    let (first, alphabet) = (shape.scored.start, shape.heads[0].alphabet);
    let (targets, weights) = (&example.targets[0], &example.weights[0]);
    let scored: Vec<usize> = shape.scored.clone().filter(|position| weights[*position] != 0.0).collect();
    let rest: Vec<usize> = match world.strings().map(|strings| strings.completing(example)) {
        Some(completing) => scored.iter().copied().filter(|position| completing.contains(position)).collect(),
        None => scored[if world.has_one_answer() { 0 } else { scored.len() / 2 }..].to_vec(),
    };
    let row = |position: usize| &said.logits[(position - first) * alphabet..][..alphabet];
    let hits = |position: &&usize| likeliest(row(**position)) == usize::from(targets[**position]);
    let of = |position: &usize| (f64::from(weights[*position]), f64::from(said.nats[*position - first]));
    Continued {
        weight: scored.iter().map(|position| of(position).0).sum(),
        nats: scored.iter().map(of).map(|(weight, nats)| weight * nats).sum(),
        right: rest.iter().take_while(hits).count(),
        length: rest.len(),
        right_by_law: right_by_law(experiment, example, &rest),
    }
}

/// How many tokens of the rest the law holds for likeliest, up to its first miss; `None` where it is not known for all of them.
fn right_by_law(experiment: &Experiment, example: &Example, rest: &[usize]) -> Option<usize> {
    let world = experiment.world();
    let mut law = vec![0.0; world.shape().heads[0].alphabet];
    let mut hits = vec![];
    follow(&mut *world.truth()?.begin(), example, 0, &mut law, &mut |position, law, target| {
        let best = (1..law.len()).fold(0, |best, token| if law[token] > law[best] { token } else { best });
        if rest.contains(&position) {
            hits.push(best == usize::from(target));
        }
    });
    (hits.len() == rest.len()).then(|| hits.iter().take_while(|hit| **hit).count())
}

#[cfg(test)]
mod tests {
    use infimum_engine::Isa;

    use super::*;
    use crate::{Draw, Plan, Recipe, Trainer, sample_each};

    fn trained(world: &str, steps: usize) -> (Experiment, Vec<f32>) {
        let text = format!(
            "[world]\n{world}\n[model]\nwidth = 16\nlayers = 1\nheads = 2\n[training]\nsteps = {steps}\nrate = 0.01\nbatch = 32"
        );
        let experiment = Experiment::new(Plan::new(&Recipe::parse(&text, "c", &[]).unwrap()).unwrap()).unwrap();
        let mut machine = Machine::new(Isa::best(), 1);
        let mut trainer = Trainer::start(&experiment, &machine).unwrap();
        (0..steps).for_each(|_| drop(trainer.advance(&mut machine).unwrap()));
        let point = trainer.point().to_vec();
        (experiment, point)
    }

    /// A string of two symbols in twenty positions is not right because its padding is: as many rests are exact as the model writes.
    #[test]
    fn padding_is_no_part_of_a_rest() {
        for (steps, is_known) in [(1, false), (300, true)] {
            let (experiment, point) = trained("kind = \"strings\"\nstrings = [\"AB\", \"CDE\"]\nlength = 20", steps);
            let (mut machine, sequences) = (Machine::new(Isa::best(), 1), 60);
            let found = continuations(&experiment, &mut machine, &point, sequences);
            // `B` and the end after `A`, `E` and the end after `CD`.
            let rests: [(&[u16], &[u16]); 2] = [(&[1], &[2, 0]), (&[3, 4], &[5, 0])];
            let is_written = rests.map(|(given, rest)| {
                let prompt = given.to_vec();
                written(&experiment, &mut machine, &point, prompt)[given.len()..].starts_with(rest)
            });
            let mut exact = 0;
            for address in data::set(0..sequences) {
                let mut example = Example::default();
                experiment.draw(Purpose::Test, address, &mut example);
                exact += u64::from(is_written[usize::from(example.tokens[0] == 3)]);
            }
            assert_eq!((found.length, found.exact), (2.0, Trials { successes: exact, of: sequences as u64 }));
            assert_eq!(is_written == [true; 2], is_known, "after {steps} steps");
            assert_eq!(found.exact_by_law, Some(Trials { successes: 60, of: 60 }));
        }
    }

    /// What the model writes after a prompt, each token the likeliest.
    fn written(experiment: &Experiment, machine: &mut Machine, point: &[f32], prompt: Vec<u16>) -> Vec<u16> {
        let draw = Draw { temperature: 0.0, prompts: vec![prompt], ..Draw::default() };
        let mut written = vec![];
        let Ok(_) = sample_each(experiment, machine, point, &draw, |tokens| {
            written = tokens.to_vec();
            Ok::<(), std::convert::Infallible>(())
        });
        written
    }

    /// What one pass says is what the model writes, token by token.
    #[test]
    fn rests_are_those_that_the_model_writes() {
        for (world, middle, steps) in [
            ("kind = \"markov\"\nstates = 4\nlength = 9\nseed = 2\nconcentration = 0.1", 4, 60),
            ("kind = \"addition\"\ndigits = 1", 0, 120),
        ] {
            let (experiment, point) = trained(world, steps);
            let (mut machine, sequences) = (Machine::new(Isa::best(), 2), 60);
            let found = continuations(&experiment, &mut machine, &point, sequences);
            let shape = experiment.world().shape();
            let (mut exact, mut by_law) = (0, 0);
            for address in data::set(0..sequences) {
                let mut example = Example::default();
                experiment.draw(Purpose::Test, address, &mut example);
                let mut whole = example.tokens.clone();
                whole.push(example.targets[0][shape.positions - 1]);
                let cut = shape.scored.start + middle + 1;
                let written = written(&experiment, &mut machine, &point, whole[..cut].to_vec());
                let weighed = shape.scored.clone().filter(|position| example.weights[0][*position] != 0.0).count();
                let end = shape.scored.start + 1 + weighed;
                exact += u64::from(written[..end] == whole[..end]);
                by_law += right_by_law(&experiment, &example, &(cut - 1..end - 1).collect::<Vec<_>>())
                    .map_or(0, |right| u64::from(right == end - cut));
            }
            assert_eq!(found.exact, Trials { successes: exact, of: sequences as u64 }, "{world}");
            assert_eq!(found.exact_by_law, Some(Trials { successes: by_law, of: sequences as u64 }));
            assert!(exact > 0 && found.right <= found.length, "{world}: {found:?}");
        }
    }
}
