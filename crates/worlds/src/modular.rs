//! Sums and differences modulo `p`: the pairs of a table of `p^2`, some of which are trained on.
//!
//! A sequence is `a`, `b`, `=` (token `p`), and `c`, where `c = a + b` or `a - b` modulo `p`; only `c` is scored. The pairs are put
//! into a random order: the first `train_fraction` of them, rounded down, are for training, the others for validation and
//! test. `train_fraction = 1` holds none out, and draws everything from all pairs.
//!
//! The answer follows from the pair, so the floor is 0 and the ceiling 1. The law of answers over pairs is close to uniform:
//! nothing but the operation itself tells more than the length of the alphabet.

mod settings;

use std::sync::OnceLock;

use crate::answer::{self, Question};
use crate::{Baseline, Example, Fact, Floor, Purpose, Shape, Split, Stream, Truth, World};

pub use settings::Settings;

/// Pairs of numbers below `p` and their sums or differences modulo `p`.
pub struct Modular {
    p: u32,
    subtract: bool,
    seed: u64,
    /// Every pair, as `a * p + b`.
    order: Vec<u32>,
    /// How many of them, the first, are for training.
    training: usize,
    shape: Shape,
    ladder: OnceLock<Vec<Baseline>>,
}

impl Modular {
    fn new(p: u32, subtract: bool, training: usize, seed: u64) -> Modular {
        let mut order: Vec<u32> = (0..p * p).collect();
        let mut stream = Stream::new(seed, Purpose::World, 0, 0);
        // Fisher and Yates's shuffle.
        for i in (1..order.len()).rev() {
            order.swap(i, stream.below(i as u64 + 1) as usize);
        }
        let shape = answer::shape(p as usize + 1, 3, 1, 0);
        Modular { p, subtract, seed, order, training, shape, ladder: OnceLock::new() }
    }

    /// The pairs that are for training, and those that are not; both are all where none is held out.
    fn uses(&self) -> [&[u32]; 2] {
        match self.order.split_at(self.training) {
            (all, []) => [all, all],
            (training, test) => [training, test],
        }
    }

    fn sequence(&self, pair: u32) -> [u16; 4] {
        let (a, b) = (pair / self.p, pair % self.p);
        [a, b, self.p, self.result(a, b)].map(|token| token as u16)
    }

    fn result(&self, a: u32, b: u32) -> u32 {
        (a + if self.subtract { self.p - b } else { b }) % self.p
    }

    fn example(&self, pairs: &[u32], stream: &mut Stream, into: &mut Example) {
        let pair = pairs[stream.below(pairs.len() as u64) as usize];
        into.tokens.clear();
        into.tokens.extend_from_slice(&self.sequence(pair));
        answer::complete(into, &self.shape.scored);
    }
}

impl World for Modular {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.example(self.uses()[1], stream, into);
    }

    fn draw_for_training(&self, stream: &mut Stream, into: &mut Example) {
        self.example(self.uses()[0], stream, into);
    }

    fn hold_out(&self) -> Option<String> {
        let Modular { p, subtract, seed, training, order, .. } = self;
        let rule = || {
            format!("all but the first {training} pairs modulo {p} in the order of seed {seed}, subtract = {subtract}")
        };
        (*training < order.len()).then(rule)
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn has_one_answer(&self) -> bool {
        true
    }

    fn facts(&self) -> Vec<Fact> {
        let [training, test] = self.uses().map(<[u32]>::len);
        vec![
            Fact::count("pairs", self.order.len(), ""),
            Fact::count("training_pairs", training, ""),
            Fact::count("test_pairs", test, ""),
        ]
    }

    /// Training blocks are those that [`World::draw_for_training`] gives.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        let [training, test] = self.uses();
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            let pairs = if split == Split::Train { training } else { test };
            each(split, &self.sequence(pairs[stream.below(pairs.len() as u64) as usize]));
        }
    }
}

impl Question for Modular {
    fn sizes(&self) -> &Shape {
        &self.shape
    }

    fn answer(&self, prompt: &[u16]) -> Option<Vec<u16>> {
        let &[a, b, equals] = prompt else { return None };
        let [a, b, equals] = [a, b, equals].map(u32::from);
        (a < self.p && b < self.p && equals == self.p).then(|| vec![self.result(a, b) as u16])
    }

    /// `uniform`, over all tokens; `unigram`, which knows how frequent each answer is.
    fn ladder(&self) -> Vec<Baseline> {
        let ladder = self.ladder.get_or_init(|| {
            let mut counts = vec![0_u64; self.p as usize];
            self.uses()[1].iter().for_each(|&pair| counts[usize::from(self.sequence(pair)[3])] += 1);
            let total = self.uses()[1].len() as f64;
            let shares = || counts.iter().map(|&count| count as f64 / total);
            let nats: f64 = shares().filter(|share| *share > 0.0).map(|share| -share * libm::log(share)).sum();
            let tokens = self.shape.alphabet as f64;
            let score =
                |name, nats, accuracy| Baseline { name, nats: Floor::Exact(nats), accuracy: Floor::Exact(accuracy) };
            vec![
                score("uniform", libm::log(tokens), 1.0 / tokens),
                score("unigram", nats, shares().fold(0.0, f64::max)),
            ]
        });
        ladder.clone()
    }

    fn questions(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        let test = self.uses()[1];
        let p = 1.0 / test.len() as f64;
        Some(test.iter().map(|&pair| (self.sequence(pair)[..3].to_vec(), p)).collect())
    }
}
