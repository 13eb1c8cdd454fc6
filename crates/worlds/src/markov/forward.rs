//! Floors and ceilings, exactly: the law of the context is propagated from position to position.

use crate::Baseline;
use crate::Floor;
use crate::markov::contexts::Context;
use crate::markov::law::Law;
use crate::markov::spread::{Spread, Walk};

/// Names of the baselines that see 0, 1, 2, 3, 4 tokens back.
pub(crate) const LADDER: [&str; 5] = ["unigram", "bigram", "trigram", "four-gram", "five-gram"];

/// What a chain's sequences cost the best predictor.
pub(crate) struct Forward {
    /// `[position]`: expected nats.
    pub(crate) floor: Vec<f64>,
    /// `[position]`: expected accuracy of the best guess.
    pub(crate) ceiling: Vec<f64>,
    pub(crate) baselines: Vec<Baseline>,
}

/// Nats and probability of the best guess of every row.
pub(crate) struct Rows {
    pub(crate) entropy: Vec<f64>,
    pub(crate) largest: Vec<f64>,
}

impl Rows {
    pub(crate) fn new(law: &Law) -> Rows {
        let rows = || (0..law.contexts.rows()).map(|row| law.row(row).probabilities);
        Rows {
            entropy: rows().map(|row| row.iter().map(|&p| surprise(p)).sum()).collect(),
            largest: rows().map(|row| row.iter().copied().fold(0.0, f64::max)).collect(),
        }
    }
}

/// `-p ln p`, 0 at 0.
pub(crate) fn surprise(p: f64) -> f64 {
    if p > 0.0 { -p * libm::log(p) } else { 0.0 }
}

impl Forward {
    /// Propagates through `positions` positions, or until the law of the context has converged.
    pub(crate) fn new(law: &Law, rows: &Rows, positions: usize) -> Forward {
        let (mut floor, mut ceiling) = (Vec::with_capacity(positions), Vec::with_capacity(positions));
        let mut ladder = Ladder::new(law);
        let mut walk = Walk::new(law);
        for position in 0..positions {
            let first = law.contexts.row(Context { length: walk.length(), code: 0 });
            floor.push(walk.spread().mean(&rows.entropy[first..]));
            ceiling.push(walk.spread().mean(&rows.largest[first..]));
            let converged = walk.step();
            let times = if converged { positions - position } else { 1 };
            ladder.add(position, walk.spread(), times as f64);
            if converged {
                break;
            }
        }
        floor.resize(positions, floor[floor.len() - 1]);
        ceiling.resize(positions, ceiling[ceiling.len() - 1]);
        let baselines = ladder.baselines(&floor, &ceiling);
        Forward { floor, ceiling, baselines }
    }
}

/// Expected counts of the last `seen + 1` states, over the positions at which as many have been drawn.
struct Ladder {
    states: usize,
    counts: Vec<Vec<f64>>,
}

impl Ladder {
    fn new(law: &Law) -> Ladder {
        let counts = (1..=law.contexts.order).map(|length| vec![0.0; law.contexts.of_length(length)]).collect();
        Ladder { states: law.contexts.states, counts }
    }

    /// Counts `times` the law of the context after this position's target: its last states are its code's lowest digits.
    fn add(&mut self, position: usize, after: &Spread, times: f64) {
        for counts in self.counts.iter_mut().take(position + 1) {
            let codes = counts.len();
            after.iter().for_each(|(code, weight)| counts[code % codes] += times * weight);
        }
    }

    /// The best predictor that sees `seen` states back and not the position; where fewer states stand before a target it
    /// sees BOS too, and is as good as any.
    fn score(&self, seen: usize, floor: &[f64], ceiling: &[f64]) -> Baseline {
        let (mut nats, mut hits) = (0.0, 0.0);
        for counts in self.counts[seen].chunks_exact(self.states) {
            let total: f64 = counts.iter().sum();
            if total > 0.0 {
                nats += total * counts.iter().map(|&count| surprise(count / total)).sum::<f64>();
                hits += counts.iter().copied().fold(0.0, f64::max);
            }
        }
        let (positions, early) = (floor.len() as f64, seen.min(floor.len()));
        nats += floor[..early].iter().sum::<f64>();
        hits += ceiling[..early].iter().sum::<f64>();
        Baseline { name: LADDER[seen], nats: Floor::Exact(nats / positions), accuracy: Floor::Exact(hits / positions) }
    }

    fn baselines(&self, floor: &[f64], ceiling: &[f64]) -> Vec<Baseline> {
        let states = self.states as f64;
        let (nats, accuracy) = (Floor::Exact(libm::log(states)), Floor::Exact(1.0 / states));
        let mut baselines = vec![Baseline { name: "uniform", nats, accuracy }];
        baselines.extend((0..self.counts.len()).map(|seen| self.score(seen, floor, ceiling)));
        baselines
    }
}
