//! The counting estimator: what counting the same sequences teaches, to stand beside a trained network.
//!
//! It counts which target followed which context of up to `order` states, and estimates with Jeffreys' rule: a target seen
//! `c` times in `N` after a context has probability `(c + 1/2) / (N + m/2)`. It takes all `m` targets for possible
//! everywhere, since it knows nothing of a sparse law's successors. Where a sequence begins with BOS, targets are the `n`
//! states; in a window cut from a stream, BOS is a target, too.

use std::collections::BTreeMap;

use crate::markov::{Context, Contexts, NON_ZEROS_LIMIT};
use crate::{Belief, Example, Known, WorldError};

/// Tables of at most this many counts are arrays; larger ones hold what was seen only.
const ARRAY_LIMIT: usize = 1 << 22;

/// Counts of targets after contexts, over sequences like a chain's: tokens `0..states` are states, token `states` is BOS.
#[derive(Clone, Debug)]
pub struct Counting {
    contexts: Contexts,
    /// Targets are in `0..targets`: the states, and BOS if it is one of them.
    targets: usize,
    table: Table,
    seen: u64,
}

#[derive(Clone, Debug)]
enum Table {
    Array(Vec<u64>),
    Map(BTreeMap<(usize, u16), u64>),
}

impl Counting {
    /// An estimator of sequences that begin with BOS, which has seen nothing. Errors: fewer than 2 or more than 65,535
    /// states, an order outside 1 to 4, more than 10^8 contexts.
    pub fn new(states: usize, order: usize) -> Result<Counting, WorldError> {
        Counting::of_targets(states, order, states)
    }

    /// An estimator of windows cut from a stream, where BOS is a target. It sees the last tokens back to the latest BOS, and
    /// no position. Errors as of [`Counting::new`].
    pub fn with_bos(states: usize, order: usize) -> Result<Counting, WorldError> {
        Counting::of_targets(states, order, states + 1)
    }

    fn of_targets(states: usize, order: usize, targets: usize) -> Result<Counting, WorldError> {
        let range = |key, value: usize, allowed: &str| WorldError::Range {
            key,
            value: value.to_string(),
            allowed: allowed.to_string(),
            remedy: "count something smaller".to_string(),
        };
        if !(2..=65_535).contains(&states) {
            return Err(range("states", states, "2 to 65535"));
        }
        if !(1..=4).contains(&order) {
            return Err(range("order", order, "1 to 4"));
        }
        let rows: u128 = (0..=order as u32).map(|length| (states as u128).pow(length)).sum();
        if rows > NON_ZEROS_LIMIT {
            let remedy = "count contexts of a lower order".to_string();
            return Err(WorldError::Size { non_zeros: rows, limit: NON_ZEROS_LIMIT, remedy });
        }
        let contexts = Contexts::new(states, order);
        let table = match contexts.rows() * targets {
            size if size <= ARRAY_LIMIT => Table::Array(vec![0; size]),
            _ => Table::Map(BTreeMap::new()),
        };
        Ok(Counting { contexts, targets, table, seen: 0 })
    }

    /// Counts every target of the example's head 0 whose weight is not 0, which is one of the estimator's targets, and whose
    /// context is whole: behind the tokens seen, there is BOS or there are `order` states.
    pub fn count(&mut self, example: &Example) {
        let (mut context, mut begun) = (Context::default(), false);
        let scored = example.targets[0].iter().zip(&example.weights[0]);
        for (&token, (&target, &weight)) in example.tokens.iter().zip(scored) {
            context = self.contexts.observe(Some(context), token);
            begun |= usize::from(token) == self.contexts.states || context.length == self.contexts.order;
            if begun && weight != 0.0 && usize::from(target) < self.targets {
                self.add(self.contexts.row(context), target);
            }
        }
    }

    fn add(&mut self, row: usize, target: u16) {
        self.seen += 1;
        match &mut self.table {
            Table::Array(counts) => counts[row * self.targets + usize::from(target)] += 1,
            Table::Map(counts) => *counts.entry((row, target)).or_insert(0) += 1,
        }
    }

    /// Counts everything that `other` has counted.
    ///
    /// # Panics
    /// If it is an estimator of other sequences.
    pub fn add_all(&mut self, other: &Counting) {
        self.seen += other.seen;
        match (&mut self.table, &other.table) {
            (Table::Array(counts), Table::Array(others)) if counts.len() == others.len() => {
                counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
            }
            (Table::Map(counts), Table::Map(others)) => {
                others.iter().for_each(|(&pair, count)| *counts.entry(pair).or_insert(0) += count);
            }
            _ => panic!("these estimators are of other sequences"),
        }
    }

    /// Bytes of its counts, at most, when it has counted so many targets.
    pub fn bytes_after(&self, seen: u64) -> u64 {
        match &self.table {
            Table::Array(counts) => size_of_val(&counts[..]) as u64,
            // A pair, its count, and a share of the tree's.
            Table::Map(_) => 40 * seen.min(self.contexts.rows() as u64 * self.targets as u64),
        }
    }

    /// How many targets have been counted.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// A belief that takes the estimate for the truth.
    pub fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(CountingBelief { counting: self, context: None })
    }

    /// Writes the estimated law of the target after this row's context into `p`, of `targets` entries.
    fn estimate(&self, row: usize, p: &mut [f64]) {
        p.fill(0.5);
        match &self.table {
            Table::Array(counts) => {
                let counts = &counts[row * p.len()..][..p.len()];
                p.iter_mut().zip(counts).for_each(|(x, &count)| *x += count as f64);
            }
            Table::Map(counts) => {
                let row = counts.range((row, 0)..=(row, u16::MAX));
                row.for_each(|(&(_, target), &count)| p[usize::from(target)] += count as f64);
            }
        }
        crate::markov::scale_to_one(p);
    }
}

struct CountingBelief<'a> {
    counting: &'a Counting,
    context: Option<Context>,
}

impl Belief for CountingBelief<'_> {
    fn restart(&mut self) {
        self.context = None;
    }

    fn observe(&mut self, token: u16) {
        self.context = Some(self.counting.contexts.observe(self.context, token));
    }

    /// Before anything has been seen: that BOS is next where sequences begin with it, else nothing.
    fn law(&self, head: usize, p: &mut [f64]) -> Known {
        let (counting, states) = (self.counting, self.counting.contexts.states);
        assert!(head == 0 && p.len() == states + 1, "counting has one head, whose alphabet is the states and BOS");
        let Some(context) = self.context else {
            if counting.targets > states {
                return Known::No;
            }
            p.fill(0.0);
            p[states] = 1.0;
            return Known::Yes;
        };
        p.fill(0.0);
        counting.estimate(counting.contexts.row(context), &mut p[..counting.targets]);
        Known::Yes
    }

    fn state(&self) -> Option<usize> {
        self.context.map(|context| self.counting.contexts.row(context))
    }
}
