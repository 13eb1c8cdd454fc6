//! Where in a block a window can begin, given its first tokens.
//!
//! A window whose first tokens are states lies somewhere in a block's `length - 1` states, every place as likely as any
//! other. The chain is the same everywhere, so what says where it lies is its first `order` states alone, and that BOS has
//! not come since. With `q_j(f)` the probability that the block has the states `f` from place `j` on, and `m` states seen,
//! `f` the first of them, the places left are `0..=J` with `J = length - 1 - m`, and BOS is next with probability
//! `q_J(f) / (q_0(f) + … + q_J(f))`: the hazard.

use crate::markov::{Law, Spread, Walk};

/// What a block holds, and the hazards that follow from it.
pub(crate) struct Occupancy {
    /// The number of contexts of `order` states.
    contexts: usize,
    /// `[states - 1][code]`, 1 to `order` states: how often a block is expected to hold these states in a row.
    grams: Vec<Vec<f64>>,
    /// `[states - 1][code]`, 1 to `order - 1` states: the probability that a block ends in them.
    ends: Vec<Vec<f64>>,
    /// `[states seen beyond order][code of the first order states]`.
    hazards: Vec<f64>,
}

impl Occupancy {
    /// Of blocks of `length` tokens.
    pub(crate) fn new(law: &Law, length: usize) -> Occupancy {
        let order = law.contexts.order;
        let tables = |longest: usize| (1..=longest).map(|states| vec![0.0; law.contexts.of_length(states)]).collect();
        let (contexts, places) = (law.contexts.full(), length.saturating_sub(order));
        let (grams, ends) = (tables(order), tables(order - 1));
        let mut occupancy = Occupancy { contexts, grams, ends, hazards: vec![0.0; contexts * places] };
        occupancy.fill(law, length - 1);
        occupancy
    }

    /// Goes along a block. Once the law of the context has converged, the same step is taken for all that are left.
    fn fill(&mut self, law: &Law, states: usize) {
        let mut walk = Walk::new(law);
        for drawn in 1..=states {
            let converged = walk.step();
            self.add(walk.spread(), drawn, 1.0);
            self.set_hazards(walk.spread(), drawn, states);
            if converged {
                self.repeat(walk.spread(), drawn, states);
                break;
            }
        }
        for (place, ends) in self.ends.iter_mut().enumerate().take(states) {
            let codes = law.contexts.of_length(place + 1);
            walk.spread().iter().for_each(|(code, weight)| ends[code % codes] += weight);
        }
    }

    /// Counts, `times`, the last states of a block of which `drawn` have been drawn.
    fn add(&mut self, spread: &Spread, drawn: usize, times: f64) {
        for grams in self.grams.iter_mut().take(drawn) {
            let codes = grams.len();
            spread.iter().for_each(|(code, weight)| grams[code % codes] += times * weight);
        }
    }

    /// The row of hazards whose last place left is that of the latest `order` states.
    fn set_hazards(&mut self, spread: &Spread, drawn: usize, states: usize) {
        let order = self.grams.len();
        if drawn < order {
            return;
        }
        let totals = &self.grams[order - 1];
        let hazards = &mut self.hazards[(states - drawn) * self.contexts..][..self.contexts];
        spread.iter().for_each(|(code, weight)| hazards[code] = (weight / totals[code]).min(1.0));
    }

    /// The places after `drawn` states, all alike.
    fn repeat(&mut self, spread: &Spread, drawn: usize, states: usize) {
        let totals = &self.grams[self.grams.len() - 1];
        for later in drawn + 1..=states {
            let hazards = &mut self.hazards[(states - later) * self.contexts..][..self.contexts];
            let more = (later - drawn) as f64;
            spread.iter().for_each(|(code, weight)| hazards[code] = weight / (totals[code] + more * weight));
        }
        self.add(spread, states, (states - drawn) as f64);
    }

    /// `[code]`: how often a block is expected to hold these 1 to `order` states in a row.
    pub(crate) fn grams(&self, states: usize) -> &[f64] {
        &self.grams[states - 1]
    }

    /// `[code]`: the probability that a block ends in these 1 to `order - 1` states.
    pub(crate) fn ends(&self, states: usize) -> &[f64] {
        &self.ends[states - 1]
    }

    /// `[code]`: the probability that BOS is next, `seen` states after the window's beginning, by the first `order` of them.
    /// 0 where these states do not occur before so many others. From `order` states on, to as many as a block has.
    pub(crate) fn hazards(&self, seen: usize) -> &[f64] {
        &self.hazards[(seen - self.grams.len()) * self.contexts..][..self.contexts]
    }
}
