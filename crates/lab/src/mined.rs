//! Training sequences that the network gets wrong, to be trained on more often.
//!
//! What is looked through are training sequences of the step before which it is looked, beyond those that the step sees: so they
//! depend on plan, seed and point alone, and a world that holds sequences out draws none of these.

use std::collections::BTreeSet;

use infimum_worlds::addition::{OFFICIAL_DIGITS, Operation, official_pairs};
use infimum_worlds::{Example, Purpose, Stream, World};

use crate::data::{Address, MINED};
use crate::evaluation::Evaluator;
use crate::predictor::{Said, Sequences, collect, likeliest};
use crate::recipe::Mining;
use crate::{Experiment, Machine, RunStage, TrainingState};

/// Sequences that are looked at before it is asked whether enough are found.
const PORTION: u64 = 4096;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mined {
    /// Steps done when it was searched.
    pub step: u64,
    /// The sequences that were wrong, by their number among those looked through, in order.
    pub numbers: Vec<u64>,
}

impl Mined {
    /// The address of each sequence, in order; for [`Purpose::Train`].
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.numbers.iter().map(|number| address(self.step, *number))
    }

    /// Puts some of the found in the place of the first `share` of a step's addresses: each one at random, from the stream (seed,
    /// Shuffle, step, 2^63).
    pub(crate) fn mix(&self, mining: &Mining, seed: u64, step: u64, addresses: &mut [Address]) {
        if self.numbers.is_empty() {
            return;
        }
        let count = (mining.share * addresses.len() as f64 + 0.5) as usize;
        let mut stream = Stream::new(seed, Purpose::Shuffle, step, MINED);
        for place in &mut addresses[..count] {
            let number = self.numbers[stream.below(self.numbers.len() as u64) as usize];
            *place = address(self.step, number);
        }
    }
}

fn address(step: u64, number: u64) -> Address {
    Address { step, index: MINED + number }
}

/// Looks for sequences that the model at `point` gets wrong, before step `step`.
pub(crate) fn mine(experiment: &Experiment, machine: &mut Machine, point: &[f32], mining: &Mining, step: u64) -> Mined {
    let (mut evaluator, barred) = (Evaluator::new(experiment, machine), Barred::of(experiment.world()));
    let scored = experiment.world().shape().scored.clone();
    let alphabet = experiment.world().shape().heads[0].alphabet;
    let is_mined = |_: usize, example: &Example, said: Said<'_>| {
        let hits = said.logits.chunks_exact(alphabet).zip(scored.clone());
        let is_right =
            |(logits, at)| likeliest(logits) == usize::from(example.targets[0][at]) || example.weights[0][at] == 0.0;
        !hits.into_iter().all(is_right) && !barred.has(example)
    };
    let (mut numbers, most) = (Vec::new(), mining.most as usize);
    for first in (0..mining.search).step_by(PORTION as usize) {
        let portion: Vec<Address> =
            (first..mining.search.min(first + PORTION)).map(|number| address(step, number)).collect();
        let wrong = collect(&mut evaluator.at(point), machine, Sequences::Drawn(Purpose::Train, &portion), &is_mined);
        numbers.extend((first..).zip(wrong).filter(|(_, wrong)| *wrong).map(|(number, _)| number));
        if numbers.len() >= most {
            numbers.truncate(most);
            break;
        }
    }
    Mined { step, numbers }
}

/// Sequences that are never mined, though training may draw them: official sums, by their tokens.
struct Barred(BTreeSet<Vec<u16>>);

impl Barred {
    fn of(world: &dyn World) -> Barred {
        let sums = world.sums().filter(|sums| sums.digits() >= OFFICIAL_DIGITS && sums.operation() == Operation::Add);
        let Some(sums) = sums else { return Barred(BTreeSet::new()) };
        let tokens = |pair| {
            let mut example = Example::default();
            sums.ask(pair, &[], &mut example);
            example.tokens
        };
        Barred(official_pairs().into_iter().map(tokens).collect())
    }

    fn has(&self, example: &Example) -> bool {
        self.0.contains(&example.tokens)
    }
}

/// Whether a state has what the search of its stage found, and a state of another stage nothing.
///
/// # Errors
/// What is missing, or cannot be.
pub(crate) fn check(stage: &RunStage, state: &TrainingState) -> Result<(), String> {
    let searched = stage.mined.and_then(|mining| Some((mining, mining.searched(stage.begins, state.step)?)));
    match (searched, &state.mined) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err("has mined sequences, and training.stages says nothing of them at this step".into()),
        (Some((_, step)), None) => Err(format!("lacks the sequences that were mined before step {step}")),
        (Some((mining, step)), Some(mined)) => {
            let sorted = mined.numbers.windows(2).all(|pair| pair[0] < pair[1]);
            let within = mined.numbers.last().is_none_or(|last| *last < mining.search);
            let few = mined.numbers.len() as u64 <= mining.most;
            match mined.step == step && sorted && within && few {
                true => Ok(()),
                false => Err(format!("has other mined sequences than a search before step {step} can have found")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use infimum_worlds::addition::{EDGES, Settings};

    use super::*;

    #[test]
    fn official_sums_are_barred_and_others_are_not() {
        let settings: Settings = toml::from_str("digits = 10\nheld_out = 0.01").unwrap();
        let (world, mut example) = (settings.build().unwrap(), Example::default());
        let barred = Barred::of(&world);
        assert_eq!(barred.0.len(), 10_009, "one of the edges is there twice");
        for pair in EDGES.into_iter().chain(official_pairs()) {
            world.ask(pair, &[], &mut example);
            assert!(barred.has(&example), "{pair:?}");
        }
        for index in 0..1000 {
            world.draw_for_training(&mut Stream::new(1, Purpose::Check, 0, index), &mut example);
            assert!(!barred.has(&example));
        }
        let short: Settings = toml::from_str("digits = 3").unwrap();
        assert!(Barred::of(&short.build().unwrap()).0.is_empty());
    }

    #[test]
    fn searches_are_when_the_stage_begins_and_every_so_often() {
        let mining = |every| Mining { every, ..Mining::default() };
        for (every, due) in [(0, vec![10]), (4, vec![10, 14, 18]), (1, (10..20).collect())] {
            let found: Vec<u64> = (10..20).filter(|step| mining(every).is_due(10, *step)).collect();
            assert_eq!(found, due);
            for step in 10..20 {
                assert_eq!(mining(every).searched(10, step + 1), due.iter().copied().rfind(|at| *at <= step));
            }
        }
        assert_eq!(mining(4).searched(10, 10), None);
    }
}
