//! The law of the context, propagated from position to position.

use crate::markov::contexts::Context;
use crate::markov::law::Law;

/// When a step moves the law of the context by less than this (L1), it counts as having converged: steps never grow in L1, so
/// each later position's law is off by less than this times the positions in between.
const CONVERGED: f64 = 1e-16;

/// A law over the contexts of one length, by code. The contexts that have any probability are listed, since a sparse chain of
/// high order may reach few of very many.
pub(crate) struct Spread {
    weights: Vec<f64>,
    support: Vec<usize>,
}

impl Spread {
    fn empty(law: &Law) -> Spread {
        Spread { weights: vec![0.0; law.contexts.full()], support: Vec::new() }
    }

    /// Everything on the empty context.
    fn at_start(law: &Law) -> Spread {
        let mut spread = Spread::empty(law);
        spread.add(0, 1.0);
        spread
    }

    #[inline]
    fn add(&mut self, code: usize, weight: f64) {
        if self.weights[code] == 0.0 {
            self.support.push(code);
        }
        self.weights[code] += weight;
    }

    fn clear(&mut self) {
        self.support.drain(..).for_each(|code| self.weights[code] = 0.0);
    }

    /// (code, probability) of the contexts that have any.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.support.iter().map(|&code| (code, self.weights[code]))
    }

    pub(crate) fn mean(&self, values: &[f64]) -> f64 {
        self.iter().map(|(code, weight)| weight * values[code]).sum()
    }

    fn distance(&self, other: &Spread) -> f64 {
        let kept: f64 = self.iter().map(|(code, weight)| (weight - other.weights[code]).abs()).sum();
        kept + other.iter().filter(|&(code, _)| self.weights[code] == 0.0).map(|(_, weight)| weight).sum::<f64>()
    }

    /// Writes the law of the context one position on into `next`, from this one of contexts of `length` states.
    fn push(&self, law: &Law, length: usize, next: &mut Spread) {
        next.clear();
        for (code, weight) in self.iter() {
            let context = Context { length, code };
            let base = law.contexts.advance(context, 0).code;
            law.row(law.contexts.row(context)).iter().for_each(|(state, p)| next.add(base + state, weight * p));
        }
        next.support.sort_unstable(); // rows are read in the order they are stored in
    }
}

/// Goes along a block, state by state, with the law of the context.
pub(crate) struct Walk<'a> {
    law: &'a Law,
    length: usize,
    now: Spread,
    last: Spread,
}

impl<'a> Walk<'a> {
    /// At BOS, before the first state.
    pub(crate) fn new(law: &'a Law) -> Walk<'a> {
        Walk { law, length: 0, now: Spread::at_start(law), last: Spread::empty(law) }
    }

    /// How many states the context has here.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The law of the context here.
    pub(crate) fn spread(&self) -> &Spread {
        &self.now
    }

    /// One state on. Returns whether the law of the context has converged.
    pub(crate) fn step(&mut self) -> bool {
        std::mem::swap(&mut self.now, &mut self.last);
        self.last.push(self.law, self.length, &mut self.now);
        let full = self.length == self.law.contexts.order;
        self.length = (self.length + 1).min(self.law.contexts.order);
        full && self.last.distance(&self.now) < CONVERGED
    }
}
