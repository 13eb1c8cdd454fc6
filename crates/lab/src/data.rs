//! Sequences for the engine. Every sequence has an address, (purpose, step, index), and is drawn from the stream of that
//! address by the thread that works on it; so any sequence can be drawn again alone, and nothing is stored.

use std::mem::take;

use infimum_engine::{Feed, Program, Source};
use infimum_worlds::{Example, Purpose, Stream, World};

use crate::Experiment;
use crate::predictor::Write;

/// Which stream a sequence is drawn from, beside seed and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The step of the stream: the training step for fresh sequences, else 0.
    pub step: u64,
    /// The index of the stream.
    pub index: u64,
}

/// Which sequences each training step sees.
#[derive(Clone, Debug)]
pub struct Schedule {
    seed: u64,
    per_step: u64,
    fixed: Option<u64>,
    /// Orders of the epochs used last: (epoch, order).
    orders: Vec<(u64, Vec<u64>)>,
}

impl Schedule {
    /// The schedule of an experiment's plan.
    pub fn new(experiment: &Experiment) -> Schedule {
        let training = experiment.plan().training();
        let (seed, per_step) = (training.seed, experiment.sequences_per_step() as u64);
        Schedule { seed, per_step, fixed: experiment.plan().data().sequences, orders: vec![] }
    }

    /// Addresses of the sequences of `step`, for purpose Train.
    ///
    /// Fresh: (`step`, 0), (`step`, 1), …. Fixed: the set is (0, 0), (0, 1), …; sequence number `g` of the whole run, counted
    /// from 0, is at place `g % sequences` of the order of epoch `g / sequences`.
    pub fn step(&mut self, step: u64) -> Vec<Address> {
        let Some(size) = self.fixed else {
            return (0..self.per_step).map(|index| Address { step, index }).collect();
        };
        let first = step * self.per_step;
        self.orders.retain(|(epoch, _)| *epoch >= first / size);
        (first..first + self.per_step)
            .map(|g| Address { step: 0, index: self.order(g / size, size)[(g % size) as usize] })
            .collect()
    }

    /// How many different sequences `steps` steps have seen.
    pub fn count(&self, steps: u64) -> u64 {
        (steps * self.per_step).min(self.fixed.unwrap_or(u64::MAX))
    }

    /// The address of each of these, once.
    pub fn seen(&self, steps: u64) -> impl Iterator<Item = Address> + use<> {
        let (per_step, fixed) = (self.per_step, self.fixed);
        let count = self.count(steps);
        let mut first_epoch = Schedule { orders: vec![], ..self.clone() };
        (0..count).map(move |g| match fixed {
            None => Address { step: g / per_step, index: g % per_step },
            Some(size) => Address { step: 0, index: first_epoch.order(0, size)[g as usize] },
        })
    }

    fn order(&mut self, epoch: u64, size: u64) -> &[u64] {
        let known = self.orders.iter().position(|(e, _)| *e == epoch);
        let at = known.unwrap_or_else(|| {
            self.orders.push((epoch, shuffled(&mut Stream::new(self.seed, Purpose::Shuffle, epoch, 0), size)));
            self.orders.len() - 1
        });
        &self.orders[at].1
    }
}

/// Fisher and Yates's shuffle of `0..size`; that of an epoch is from the stream (seed, Shuffle, epoch, 0).
pub(crate) fn shuffled(stream: &mut Stream, size: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..size).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, stream.below(i as u64 + 1) as usize);
    }
    order
}

/// Draws the sequence at `address` from the world.
pub fn draw(world: &dyn World, seed: u64, purpose: Purpose, address: Address, into: &mut Example) {
    world.draw(&mut Stream::new(seed, purpose, address.step, address.index), into);
}

/// Where a program's feed takes what.
#[derive(Clone, Debug)]
pub(crate) struct Inlets {
    tokens: usize,
    targets: usize,
    weights: usize,
    /// Input and rate of each dropout mask.
    masks: Vec<(usize, f64)>,
}

impl Inlets {
    pub(crate) fn new(program: &Program) -> Inlets {
        let ids =
            |name: &str| program.ids().iter().position(|i| i.name == name).expect("a decoder reads tokens and targets");
        let input = |name: &str| program.input_index(name).expect("a decoder's inputs have names");
        let masks = program.masks().iter().map(|m| (input(&m.name), m.rate)).collect();
        Inlets { tokens: ids("tokens"), targets: ids("targets"), weights: input("weights"), masks }
    }

    /// Place of the tokens among a feed's ids.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Lets `write` write an example into the memory of a feed.
    fn lend(&self, feed: &mut Feed, write: impl FnOnce(&mut Example)) {
        let Inlets { tokens, targets, weights, .. } = self;
        let mut example = Example {
            tokens: take(&mut feed.ids[*tokens]),
            targets: vec![take(&mut feed.ids[*targets])],
            weights: vec![take(&mut feed.arrays[*weights])],
        };
        write(&mut example);
        feed.ids[*tokens] = example.tokens;
        feed.ids[*targets] = example.targets.swap_remove(0);
        feed.arrays[*weights] = example.weights.swap_remove(0);
    }
}

/// Sequences of an experiment, drawn on demand.
pub(crate) struct Drawn<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) purpose: Purpose,
    pub(crate) addresses: &'a [Address],
    pub(crate) inlets: &'a Inlets,
    /// The training step, which dropout masks are drawn for.
    pub(crate) step: u64,
}

impl Source for Drawn<'_> {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        let address = self.addresses[sequence];
        self.inlets.lend(feed, |example| self.experiment.draw(self.purpose, address, example));
        if !self.inlets.masks.is_empty() {
            self.drop_out(sequence, feed);
        }
    }
}

/// Sequences that are there.
pub(crate) struct Given<'a> {
    pub(crate) examples: &'a [Example],
    pub(crate) inlets: &'a Inlets,
}

impl Source for Given<'_> {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        let (Inlets { tokens, targets, weights, .. }, example) = (self.inlets, &self.examples[sequence]);
        feed.ids[*tokens].copy_from_slice(&example.tokens);
        feed.ids[*targets].copy_from_slice(&example.targets[0]);
        feed.arrays[*weights].copy_from_slice(&example.weights[0]);
    }
}

/// Sequences that somebody writes, each when it is needed.
pub(crate) struct Written<'a> {
    pub(crate) write: Write<'a>,
    pub(crate) inlets: &'a Inlets,
}

impl Source for Written<'_> {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        self.inlets.lend(feed, |example| (self.write)(sequence, example));
    }
}

impl Drawn<'_> {
    /// Masks of 0 and `1 / (1 - rate)`, one after another from the stream (seed, Dropout, step, number of the sequence).
    fn drop_out(&self, sequence: usize, feed: &mut Feed) {
        let seed = self.experiment.plan().training().seed;
        let mut stream = Stream::new(seed, Purpose::Dropout, self.step, sequence as u64);
        for (input, rate) in &self.inlets.masks {
            let kept = (1.0 / (1.0 - rate)) as f32;
            feed.arrays[*input].iter_mut().for_each(|x| *x = if stream.uniform() < *rate { 0.0 } else { kept });
        }
    }
}

/// Addresses (0, 0), (0, 1), … of a set that is not for training.
pub(crate) fn set(range: std::ops::Range<usize>) -> Vec<Address> {
    range.map(|index| Address { step: 0, index: index as u64 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(per_step: u64, fixed: Option<u64>) -> Schedule {
        Schedule { seed: 7, per_step, fixed, orders: vec![] }
    }

    #[test]
    fn an_epoch_sees_every_sequence_once_in_an_order_of_its_own() {
        let mut data = schedule(4, Some(10));
        let run: Vec<u64> = (0..10).flat_map(|step| data.step(step)).map(|a| a.index).collect();
        for epoch in run.chunks(10) {
            let mut sorted = epoch.to_vec();
            sorted.sort();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(run[..10], run[10..20]);
    }

    #[test]
    fn a_step_has_the_same_sequences_whatever_was_asked_before() {
        let mut all = schedule(4, Some(10));
        let steps: Vec<_> = (0..8).map(|step| all.step(step)).collect();
        for (step, expected) in steps.iter().enumerate().rev() {
            assert_eq!(&schedule(4, Some(10)).step(step as u64), expected);
        }
    }

    /// Masks of one sequence of a step of a decoder with dropout 0.2.
    fn masks(step: u64, sequence: usize) -> Vec<Vec<f32>> {
        let recipe =
            "[world]\nkind = \"markov\"\nstates = 3\nlength = 40\nseed = 1\n[model]\nwidth = 64\ndropout = 0.2";
        let plan = crate::Plan::new(&crate::Recipe::parse(recipe, "r", &[]).unwrap()).unwrap();
        let experiment = Experiment::new(plan).unwrap();
        let inlets = Inlets::new(experiment.program());
        let (addresses, experiment) = (set(0..2), &experiment);
        let drawn = Drawn { experiment, purpose: Purpose::Train, addresses: &addresses, inlets: &inlets, step };
        let arrays = experiment.program().inputs().map(|(_, shape)| vec![0.0; shape.len()]).collect();
        let mut feed = Feed { ids: vec![vec![]; experiment.program().ids().len()], arrays };
        drawn.fill(sequence, &mut feed);
        inlets.masks.iter().map(|(input, _)| feed.arrays[*input].clone()).collect()
    }

    /// A dropped channel is 0, a kept one is multiplied so that the mean stays: 1 / (1 - 0.2).
    #[test]
    fn masks_drop_the_share_that_was_asked_for_and_keep_the_mean() {
        let masks = masks(0, 0);
        assert_eq!(masks.len(), 1 + 2 * 2, "after the embedding, and after attention and MLP of two blocks");
        let values = masks.concat();
        assert!(values.iter().all(|x| *x == 0.0 || *x == 1.25));
        let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / values.len() as f64;
        let error = 0.5 / (values.len() as f64).sqrt();
        assert!((mean - 1.0).abs() <= 5.0 * error, "{mean} of {} masks", values.len());
    }

    #[test]
    fn every_step_and_sequence_has_masks_of_its_own() {
        let first = masks(0, 0);
        assert_eq!(masks(0, 0), first);
        let differ = |other: &[Vec<f32>]| first.iter().zip(other).all(|(a, b)| a != b);
        assert!(differ(&masks(1, 0)) && differ(&masks(0, 1)));
        assert!((1..first.len()).all(|i| first[i] != first[0]), "and every place of the model");
    }

    #[test]
    fn fresh_sequences_never_come_back() {
        let mut data = schedule(3, None);
        assert_eq!(data.step(5), (0..3).map(|index| Address { step: 5, index }).collect::<Vec<_>>());
        assert_eq!(data.seen(2).count(), 6);
        assert_eq!(schedule(4, Some(10)).seen(2).count(), 8);
        assert_eq!(schedule(4, Some(10)).seen(9).count(), 10);
    }
}
