//! The counting estimator: what counting the same sequences teaches, to stand beside a trained network.
//!
//! It counts which state followed which context of up to `order` states, and estimates with Jeffreys' rule: a state seen `c`
//! times in `N` after a context has probability `(c + 1/2) / (N + n/2)`. It takes all `n` states for possible everywhere,
//! since it knows nothing of a sparse law's successors.

use std::collections::BTreeMap;

use crate::markov::{Context, Contexts, NON_ZEROS_LIMIT};
use crate::{Belief, Example, Known, WorldError};

/// Tables of at most this many counts are arrays; larger ones hold what was seen only.
const ARRAY_LIMIT: usize = 1 << 22;

/// Counts of states after contexts, over sequences like a chain's: tokens `0..states` are states, token `states` is BOS.
#[derive(Clone, Debug)]
pub struct Counting {
    contexts: Contexts,
    table: Table,
    seen: u64,
}

#[derive(Clone, Debug)]
enum Table {
    Array(Vec<u64>),
    Map(BTreeMap<(usize, u16), u64>),
}

impl Counting {
    /// An estimator that has seen nothing. Errors: fewer than 2 or more than 65,535 states, an order outside 1 to 4, more
    /// than 10^8 contexts.
    pub fn new(states: usize, order: usize) -> Result<Counting, WorldError> {
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
        let table = match contexts.rows() * states {
            size if size <= ARRAY_LIMIT => Table::Array(vec![0; size]),
            _ => Table::Map(BTreeMap::new()),
        };
        Ok(Counting { contexts, table, seen: 0 })
    }

    /// Counts every target of the example's head 0 whose weight is not 0 and which is not BOS.
    pub fn count(&mut self, example: &Example) {
        let mut context = None;
        for (position, &token) in example.tokens.iter().enumerate() {
            let now = self.contexts.observe(context, token);
            let target = example.targets[0][position];
            if example.weights[0][position] != 0.0 && usize::from(target) < self.contexts.states {
                self.add(self.contexts.row(now), target);
            }
            context = Some(now);
        }
    }

    fn add(&mut self, row: usize, state: u16) {
        self.seen += 1;
        match &mut self.table {
            Table::Array(counts) => counts[row * self.contexts.states + usize::from(state)] += 1,
            Table::Map(counts) => *counts.entry((row, state)).or_insert(0) += 1,
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

    /// Writes the estimated law of the next state after this row's context into `p`, of `states` entries.
    fn estimate(&self, row: usize, p: &mut [f64]) {
        p.fill(0.5);
        match &self.table {
            Table::Array(counts) => {
                let counts = &counts[row * p.len()..][..p.len()];
                p.iter_mut().zip(counts).for_each(|(x, &count)| *x += count as f64);
            }
            Table::Map(counts) => {
                let row = counts.range((row, 0)..=(row, u16::MAX));
                row.for_each(|(&(_, state), &count)| p[usize::from(state)] += count as f64);
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

    /// Before BOS, that BOS is next.
    fn law(&self, head: usize, p: &mut [f64]) -> Known {
        let contexts = &self.counting.contexts;
        assert!(
            head == 0 && p.len() == contexts.states + 1,
            "counting has one head, whose alphabet is the states and BOS"
        );
        p.fill(0.0);
        match self.context {
            None => p[contexts.states] = 1.0,
            Some(context) => self.counting.estimate(contexts.row(context), &mut p[..contexts.states]),
        }
        Known::Yes
    }

    fn state(&self) -> Option<usize> {
        self.context.map(|context| self.counting.contexts.row(context))
    }
}
