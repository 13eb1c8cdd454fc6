//! Sums and differences of whole numbers, digit by digit.
//!
//! A sequence is `begin`, the digits of the first operand, `plus`, those of the second, `equals`, those of the answer, `end`,
//! and `padding`. Operands have `digits` places and the answer one more (a difference as many), zeros in front included. Digits
//! are the tokens 0 to 9; every other part is a list of tokens, which may be empty and may be digits. The answer and `end` are
//! scored, each given what comes before it; the first is the target of the prompt's last token. A difference is of the larger
//! operand and the smaller one.
//!
//! These settings are published formats of ten-digit addition, where `digits = 10`:
//!
//! | format | `operand_order` | `begin` | `plus` | `equals` | `end` | `padding` | `alphabet` | positions |
//! |---|---|---|---|---|---|---|---|---|
//! | 456p and its kin, 1128p, the fork of eight models at once | `most-first` | | 10 | 11 | 13 | | 14 | 33 |
//! | gpt-acc-jax, whose table of positions has 35 rows | `most-first` | | 10 | 11 | 13 | 12, 12 | 14 | 35 |
//! | MicroAdder | `least-first` | | 0 | 0 | 0 | | 10 | 33 |
//! | tbukic and staghado, a prompt of 24 | `least-first` | 0 | 0, 0 | 0 | | | 10 | 34 |
//! | JackCai | `least-first` | | 10 | 11 | 12 | | 14 | 33 |
//! | zcbtrak, a prompt of 31 | `least-first` | 0 | nine 0 | 0 | | | 10 | 41 |
//!
//! `answer_order` is `least-first` in all of them.
//!
//! The answer follows from the prompt, so the floor is 0 and the ceiling 1, whatever the pairs. How hard a pair is depends on
//! its carries, and how often a pair comes on `min_digits`, `max_digits`, `lengths` and `carries`. With `held_out`, each pair
//! belongs by a random rule either to training or to validation and test, for all worlds with the same `seed`, whatever their
//! pairs: so a curriculum over these settings never trains on what is tested.
//!
//! Baselines are exact where pairs are drawn uniformly and none is held out, and where there are at most 2^20 pairs; else
//! they are estimated from 2^17 pairs.

mod asked;
mod carries;
mod format;
mod held_out;
mod ladder;
mod official;
mod pairs;
mod roles;
mod settings;
mod strata;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::answer::{self, Question};
use crate::{Baseline, Example, Fact, Purpose, Shape, Split, Stream, Truth, World, WorldError};

pub use carries::Carries;
use format::Format;
use held_out::HeldOut;
pub use official::{EDGES, OFFICIAL_DIGITS, official_pairs};
use pairs::Pairs;
pub use roles::Role;
pub use settings::{Lengths, Operation, Order, Settings};
pub use strata::{Carrying, Stratum};

/// Up to so many pairs are listed.
const LISTED: u128 = 1 << 20;

/// So many pairs are drawn to find one of a use before all are listed.
const DRAWN_FIRST: usize = 1000;

/// Two numbers, and what they make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The first.
    pub a: u64,
    /// The second.
    pub b: u64,
}

/// Pairs of numbers and their sums or differences.
pub struct Addition {
    operation: Operation,
    format: Format,
    pairs: Pairs,
    held_out: Option<HeldOut>,
    seed: u64,
    shape: Shape,
    ladder: OnceLock<Vec<Baseline>>,
}

/// Whom a pair is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Training,
    Test,
}

impl Addition {
    /// Refuses to hold out all pairs that there are.
    fn new(operation: Operation, format: Format, pairs: Pairs, share: f64, seed: u64) -> Result<Addition, WorldError> {
        let shape = format.shape();
        let held_out = HeldOut::new(share, seed);
        let world = Addition { operation, format, pairs, held_out, seed, shape, ladder: OnceLock::new() };
        settings::require_pairs(share, world.has_pairs_for(Use::Training), "to train on")?;
        Ok(world)
    }

    /// Whether there is a pair of this use. Where there are too many to list, there is. In most worlds one is among the first
    /// that are drawn; only where none is are all gone through, which takes a while.
    fn has_pairs_for(&self, of: Use) -> bool {
        if self.held_out.is_none() || !self.is_listed() {
            return true;
        }
        let mut stream = Stream::new(self.seed, Purpose::Probe, 2, 0);
        let mut is_drawn = |_| self.is_for(self.operation.order(self.pairs.draw(&mut stream)), of);
        if (0..DRAWN_FIRST).any(&mut is_drawn) {
            return true;
        }
        let mut found = false;
        self.pairs.each(&mut |pair, _| found |= self.is_for(self.operation.order(pair), of));
        found
    }

    fn is_listed(&self) -> bool {
        self.pairs.count() <= LISTED
    }

    fn is_for(&self, pair: Pair, of: Use) -> bool {
        self.held_out.as_ref().is_none_or(|rule| rule.holds(pair) == (of == Use::Test))
    }

    fn pair(&self, stream: &mut Stream, of: Use) -> Pair {
        loop {
            let pair = self.operation.order(self.pairs.draw(stream));
            if self.is_for(pair, of) {
                return pair;
            }
        }
    }

    /// Every pair of this use with its probability among all pairs.
    fn listed(&self, of: Use) -> BTreeMap<Pair, f64> {
        let mut listed = BTreeMap::new();
        self.pairs.each(&mut |pair, p| {
            let pair = self.operation.order(pair);
            if self.is_for(pair, of) {
                *listed.entry(pair).or_insert(0.0) += p;
            }
        });
        listed
    }

    fn sequence(&self, pair: Pair, into: &mut Vec<u16>) {
        into.clear();
        self.format.write_prompt(pair, into);
        self.format.write_answer(self.operation.of(pair), into);
    }

    fn example(&self, pair: Pair, into: &mut Example) {
        self.sequence(pair, &mut into.tokens);
        answer::complete(into, &self.shape.scored);
    }
}

impl World for Addition {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.example(self.pair(stream, Use::Test), into);
    }

    fn draw_for_training(&self, stream: &mut Stream, into: &mut Example) {
        self.example(self.pair(stream, Use::Training), into);
    }

    fn hold_out(&self) -> Option<String> {
        let rule = self.held_out.as_ref()?;
        Some(format!("{rule:?} of {:?} in {:?}", self.operation, self.format))
    }

    fn require_tests(&self) -> Result<(), WorldError> {
        let share = self.held_out.as_ref().map_or(0.0, HeldOut::share);
        settings::require_pairs(share, self.has_pairs_for(Use::Test), "to test")
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn has_one_answer(&self) -> bool {
        true
    }

    fn sums(&self) -> Option<&Addition> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        vec![
            Fact::count("prompt", self.shape.scored.start + 1, "tokens"),
            Fact::count("answer", self.shape.scored.len(), "tokens"),
            Fact::number("pairs", self.pairs.count() as f64, "at most"),
            Fact::number("held_out", self.held_out.as_ref().map_or(0.0, HeldOut::share), "share of pairs"),
        ]
    }

    /// Training blocks are those that [`World::draw_for_training`] gives.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        let mut block = Vec::new();
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            let of = if split == Split::Train { Use::Training } else { Use::Test };
            self.sequence(self.pair(&mut stream, of), &mut block);
            each(split, &block);
        }
    }
}

impl Question for Addition {
    fn sizes(&self) -> &Shape {
        &self.shape
    }

    fn answer(&self, prompt: &[u16]) -> Option<Vec<u16>> {
        let pair = self.format.read(prompt)?;
        let mut answer = Vec::new();
        self.format.write_answer(self.operation.checked(pair)?, &mut answer);
        Some(answer)
    }

    /// `uniform`; `unigram`, which knows how frequent each token is in answers; `by-position`, which knows that for each position;
    /// `without-carries`, which sees the two digits of the place and no other.
    fn ladder(&self) -> Vec<Baseline> {
        self.ladder.get_or_init(|| ladder::of(self)).clone()
    }

    fn questions(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        if !self.is_listed() {
            return None;
        }
        let listed = self.listed(Use::Test);
        let total: f64 = listed.values().sum();
        let prompt = |(pair, p): (Pair, f64)| {
            let mut prompt = Vec::new();
            self.format.write_prompt(pair, &mut prompt);
            (prompt, p / total)
        };
        Some(listed.into_iter().map(prompt).collect())
    }
}
