//! Sequences for the engine. Every sequence has an address, (purpose, step, index), and is drawn from the stream of that
//! address by the thread that works on it; so any sequence can be drawn again alone, and nothing is stored.

use std::mem::take;

use infimum_engine::{Feed, Program, Source};
use infimum_worlds::{Example, Purpose, Shape, Stream, World};

use crate::outputs::site;
use crate::predictor::Write;
use crate::{Experiment, RunStage};

/// Which stream a sequence is drawn from, beside seed and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The step of the stream: the training step for fresh sequences, else 0.
    pub step: u64,
    /// The index of the stream.
    pub index: u64,
}

/// Indices from here on are of training sequences that no step sees by itself: those that are searched for errors.
pub(crate) const MINED: u64 = 1 << 63;

/// Indices from here on are of training sequences that are scored and not trained on.
const SCORED: u64 = 1 << 62;

/// Which sequences each training step sees.
#[derive(Clone, Debug)]
pub struct Schedule {
    seed: u64,
    /// Of each stage, one after another.
    parts: Vec<Part>,
    /// Orders of the epochs used last: (beginning of the stage, epoch), order.
    orders: Vec<((u64, u64), Vec<u64>)>,
}

/// A stage: its steps, the sequences of one, and the size of its set where that is fixed.
#[derive(Clone, Copy, Debug)]
struct Part {
    begins: u64,
    ends: u64,
    per_step: u64,
    fixed: Option<u64>,
}

impl Part {
    /// How many different sequences the steps before `steps` see.
    fn count(&self, steps: u64) -> u64 {
        let done = steps.clamp(self.begins, self.ends) - self.begins;
        (done * self.per_step).min(self.fixed.unwrap_or(u64::MAX))
    }
}

impl Schedule {
    /// The schedule of an experiment's plan.
    pub fn new(experiment: &Experiment) -> Schedule {
        let part = |stage: &RunStage| {
            let (begins, ends) = (stage.begins, stage.ends());
            Part { begins, ends, per_step: experiment.sequences_of(stage) as u64, fixed: stage.data.sequences }
        };
        let parts = experiment.stages().iter().map(part).collect();
        Schedule { seed: experiment.plan().training().seed, parts, orders: vec![] }
    }

    /// Addresses of the sequences of `step`, for purpose Train.
    ///
    /// Fresh: (`step`, 0), (`step`, 1), …. Fixed, from step `b` on: the set is (`b`, 0), (`b`, 1), …; sequence number `g` of the
    /// stage, counted from 0, is at place `g % sequences` of the order of epoch `g / sequences`.
    pub fn step(&mut self, step: u64) -> Vec<Address> {
        let Part { begins, per_step, fixed, .. } = self.part(step);
        let Some(size) = fixed else {
            return (0..per_step).map(|index| Address { step, index }).collect();
        };
        let first = (step - begins) * per_step;
        self.orders.retain(|(of, _)| *of >= (begins, first / size));
        (first..first + per_step)
            .map(|g| Address { step: begins, index: self.order(begins, g / size, size)[(g % size) as usize] })
            .collect()
    }

    /// How many different sequences `steps` steps have seen.
    pub fn count(&self, steps: u64) -> u64 {
        self.parts.iter().map(|part| part.count(steps)).sum()
    }

    /// The address of each of these, once.
    pub fn seen(&self, steps: u64) -> impl Iterator<Item = Address> + use<> {
        let (parts, mut schedule) = (self.parts.clone(), Schedule { orders: vec![], ..self.clone() });
        parts.into_iter().flat_map(move |part| {
            let Part { begins, per_step, fixed, .. } = part;
            let first_epoch = fixed.map(|size| schedule.order(begins, 0, size).to_vec());
            (0..part.count(steps)).map(move |g| match &first_epoch {
                None => Address { step: begins + g / per_step, index: g % per_step },
                Some(order) => Address { step: begins, index: order[g as usize] },
            })
        })
    }

    /// Addresses of `count` sequences of what `step` draws from, for purpose Train: the first of a fixed set, or fresh ones that no
    /// step sees.
    pub(crate) fn alike(&self, step: u64, count: usize) -> Vec<Address> {
        let part = self.part(step);
        let (step, first) = if part.fixed.is_some() { (part.begins, 0) } else { (step, SCORED) };
        (0..count as u64).map(|number| Address { step, index: first + number }).collect()
    }

    fn part(&self, step: u64) -> Part {
        let part = self.parts.iter().find(|part| step < part.ends).or(self.parts.last());
        *part.expect("a run has a stage")
    }

    /// The order of an epoch of the set of the stage that begins at step `begins`.
    fn order(&mut self, begins: u64, epoch: u64, size: u64) -> &[u64] {
        let known = self.orders.iter().position(|(of, _)| *of == (begins, epoch));
        let at = known.unwrap_or_else(|| {
            let order = shuffled(&mut Stream::new(self.seed, Purpose::Shuffle, epoch, begins), size);
            self.orders.push(((begins, epoch), order));
            self.orders.len() - 1
        });
        &self.orders[at].1
    }
}

/// Fisher and Yates's shuffle of `0..size`; that of an epoch is from the stream (seed, Shuffle, epoch, first step of the stage).
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
    /// Heads of the world.
    heads: usize,
    /// Of each of the model's heads, in their order.
    outputs: Vec<Inlet>,
    /// Input and rate of each dropout mask.
    masks: Vec<(usize, f64)>,
}

/// Where a feed takes what one head of the world is asked.
#[derive(Clone, Copy, Debug)]
struct Inlet {
    head: usize,
    targets: usize,
    weights: usize,
}

impl Inlets {
    /// Of a decoder of sequences of `shape`.
    pub(crate) fn new(program: &Program, shape: &Shape) -> Inlets {
        let tokens = program.ids_index("tokens").expect("a decoder reads tokens");
        let input = |name: &str| program.input_index(name).expect("a decoder's inputs have names");
        let masks = program.masks().iter().map(|m| (input(&m.name), m.rate)).collect();
        let inlet = |head: usize| {
            let (targets, weights) = (site(shape, head, "targets"), site(shape, head, "weights"));
            let targets = program.ids_index(&targets)?;
            Some(Inlet { head, targets, weights: input(&weights) })
        };
        let heads = shape.heads.len();
        Inlets { tokens, heads, outputs: (0..heads).filter_map(inlet).collect(), masks }
    }

    /// Place of the tokens among a feed's ids.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Lets `write` write an example into the memory of a feed.
    fn lend(&self, feed: &mut Feed, write: impl FnOnce(&mut Example)) {
        let mut example = Example {
            tokens: take(&mut feed.ids[self.tokens]),
            targets: vec![vec![]; self.heads],
            weights: vec![vec![]; self.heads],
        };
        for Inlet { head, targets, weights } in &self.outputs {
            example.targets[*head] = take(&mut feed.ids[*targets]);
            example.weights[*head] = take(&mut feed.arrays[*weights]);
        }
        write(&mut example);
        feed.ids[self.tokens] = example.tokens;
        for Inlet { head, targets, weights } in &self.outputs {
            feed.ids[*targets] = take(&mut example.targets[*head]);
            feed.arrays[*weights] = take(&mut example.weights[*head]);
        }
    }

    /// Multiplies the weights of each head, in the model's order.
    fn scale(&self, feed: &mut Feed, scales: &[f32]) {
        for (inlet, scale) in self.outputs.iter().zip(scales).filter(|(_, scale)| **scale != 1.0) {
            feed.arrays[inlet.weights].iter_mut().for_each(|weight| *weight *= scale);
        }
    }
}

/// Sequences of an experiment, drawn on demand.
pub(crate) struct Drawn<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) purpose: Purpose,
    pub(crate) addresses: &'a [Address],
    pub(crate) inlets: &'a Inlets,
    /// What the weights of each of the model's heads are multiplied by; empty: nothing.
    pub(crate) scales: &'a [f32],
    /// The training step, which dropout masks are drawn for.
    pub(crate) step: u64,
}

impl Source for Drawn<'_> {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        let address = self.addresses[sequence];
        self.inlets.lend(feed, |example| self.experiment.draw(self.purpose, address, example));
        self.inlets.scale(feed, self.scales);
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
        let example = &self.examples[sequence];
        feed.ids[self.inlets.tokens].copy_from_slice(&example.tokens);
        for Inlet { head, targets, weights } in &self.inlets.outputs {
            feed.ids[*targets].copy_from_slice(&example.targets[*head]);
            feed.arrays[*weights].copy_from_slice(&example.weights[*head]);
        }
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
        Schedule { seed: 7, parts: vec![Part { begins: 0, ends: 1000, per_step, fixed }], orders: vec![] }
    }

    /// Stages of 3, 4 and 5 steps: fresh, of a set, and of another.
    fn staged() -> Schedule {
        let part = |begins, ends, per_step, fixed| Part { begins, ends, per_step, fixed };
        let parts = vec![part(0, 3, 2, None), part(3, 7, 4, Some(8)), part(7, 12, 3, Some(50))];
        Schedule { seed: 7, parts, orders: vec![] }
    }

    #[test]
    fn every_stage_has_sequences_of_its_own() {
        let steps: Vec<Vec<Address>> = (0..12).map(|step| staged().step(step)).collect();
        let mut all = staged();
        assert_eq!((0..12).map(|step| all.step(step)).collect::<Vec<_>>(), steps, "whatever was asked before");
        assert_eq!(steps[2], [0, 1].map(|index| Address { step: 2, index }));
        let of = |range: std::ops::Range<usize>| {
            let mut addresses: Vec<(u64, u64)> = steps[range].iter().flatten().map(|a| (a.step, a.index)).collect();
            addresses.sort_unstable();
            addresses
        };
        assert_eq!([of(3..5), of(5..7)], [0, 1].map(|_| (0..8).map(|index| (3, index)).collect::<Vec<_>>()));
        assert!(of(7..12).iter().all(|(step, index)| *step == 7 && *index < 50) && of(7..12).len() == 15);
        for done in 0..=12 {
            let mut seen: Vec<(u64, u64)> = staged().seen(done as u64).map(|a| (a.step, a.index)).collect();
            assert_eq!(seen.len() as u64, staged().count(done as u64));
            seen.sort_unstable();
            let mut trained = of(0..done);
            trained.dedup();
            assert_eq!(seen, trained, "after {done} steps");
        }
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
        let inlets = Inlets::new(experiment.program(), experiment.world().shape());
        let (addresses, experiment) = (set(0..2), &experiment);
        let drawn =
            Drawn { experiment, purpose: Purpose::Train, addresses: &addresses, inlets: &inlets, scales: &[], step };
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
