//! How near logits of few dimensions can come to a law.

use std::f64::consts::PI;

use infimum_worlds::{Purpose, Stream};

/// Steps of Adam along half a cosine from this rate to 0, with these decays of its moments.
const STEPS: usize = 300;
const RATE: f64 = 0.1;
const DECAYS: [f64; 2] = [0.9, 0.99];
/// The best of so many random starts is taken.
const STARTS: u64 = 2;

/// A law of several contexts, and how often each occurs.
pub(super) struct Contexts {
    /// Tokens that can follow.
    pub(super) states: usize,
    /// `[context, state]`: probabilities.
    pub(super) law: Vec<f64>,
    /// `[context]`: shares, which sum to 1.
    pub(super) shares: Vec<f64>,
}

/// Logits `h B^T + c`: `rank` numbers `h` of each context, as many of each state, and one more of each state if `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Logits {
    pub(super) rank: usize,
    pub(super) offset: bool,
}

impl Contexts {
    /// The least mean divergence, nats, of the law from a softmax of such logits that is found. It is not below the least that there is.
    pub(super) fn divergence(&self, logits: Logits) -> f64 {
        (0..STARTS).map(|start| Fit::new(self, logits, start).run()).fold(f64::INFINITY, f64::min)
    }
}

/// One fit.
struct Fit<'a> {
    contexts: &'a Contexts,
    logits: Logits,
    /// `[context, rank]`, then `[state, rank]`, then `[state]`.
    numbers: Vec<f64>,
    gradient: Vec<f64>,
    moments: [Vec<f64>; 2],
    /// Of one context.
    law: Vec<f64>,
}

impl<'a> Fit<'a> {
    fn new(contexts: &'a Contexts, logits: Logits, start: u64) -> Fit<'a> {
        let (rows, states) = (contexts.shares.len(), contexts.states);
        let (drawn, all) = ((rows + states) * logits.rank, (rows + states) * logits.rank + states);
        let mut stream = Stream::new(start, Purpose::Check, 0, 0);
        let mut numbers: Vec<f64> = (0..drawn).map(|_| stream.normal()).collect();
        numbers.resize(all, 0.0);
        let (gradient, moments) = (vec![0.0; all], [vec![0.0; all], vec![0.0; all]]);
        Fit { contexts, logits, numbers, gradient, moments, law: vec![0.0; states] }
    }

    fn run(mut self) -> f64 {
        for step in 0..STEPS {
            self.differentiate();
            self.step(step);
        }
        self.differentiate()
    }

    /// The mean divergence; its gradient stands in `gradient`: of the logits it is the share times `q - p`.
    fn differentiate(&mut self) -> f64 {
        let (rank, rows, states) = (self.logits.rank, self.contexts.shares.len(), self.contexts.states);
        let (of_states, offsets) = (rows * rank, (rows + states) * rank);
        self.gradient.fill(0.0);
        let mut sum = 0.0;
        for (row, share) in self.contexts.shares.iter().enumerate() {
            let p = &self.contexts.law[row * states..][..states];
            let hidden = row * rank..(row + 1) * rank;
            for (state, logit) in self.law.iter_mut().enumerate() {
                let vector = &self.numbers[of_states + state * rank..][..rank];
                let inner: f64 = self.numbers[hidden.clone()].iter().zip(vector).map(|(h, b)| h * b).sum();
                *logit = inner + self.numbers[offsets + state];
            }
            sum += share * to_law(&mut self.law, p);
            for (state, (q, p)) in self.law.iter().zip(p).enumerate() {
                let (slope, vector) = (share * (q - p), of_states + state * rank);
                for of in 0..rank {
                    self.gradient[hidden.start + of] += slope * self.numbers[vector + of];
                    self.gradient[vector + of] += slope * self.numbers[hidden.start + of];
                }
                self.gradient[offsets + state] += if self.logits.offset { slope } else { 0.0 };
            }
        }
        sum
    }

    fn step(&mut self, step: usize) {
        let rate = RATE * 0.5 * (1.0 + libm::cos(PI * step as f64 / STEPS as f64));
        let whole = DECAYS.map(|decay| 1.0 - libm::pow(decay, (step + 1) as f64));
        for (at, slope) in self.gradient.iter().enumerate() {
            let told = [*slope, slope * slope];
            let mut means = [0.0; 2];
            for of in 0..2 {
                let moment = &mut self.moments[of][at];
                *moment = DECAYS[of] * *moment + (1.0 - DECAYS[of]) * told[of];
                means[of] = *moment / whole[of];
            }
            self.numbers[at] -= rate * means[0] / (means[1].sqrt() + 1e-12);
        }
    }
}

/// Turns logits into a law `q`; the divergence of `p` from it.
fn to_law(logits: &mut [f64], p: &[f64]) -> f64 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total = libm::log(logits.iter().map(|logit| libm::exp(logit - largest)).sum());
    let mut sum = 0.0;
    for (logit, p) in logits.iter_mut().zip(p) {
        let log = *logit - largest - total;
        sum += if *p > 0.0 { p * (libm::log(*p) - log) } else { 0.0 };
        *logit = libm::exp(log);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law of logits of two dimensions is found in two, not in one; a permutation takes two, whatever its size.
    #[test]
    fn a_law_of_two_dimensions_is_found_in_two() {
        let (rows, states) = (7, 9);
        let mut stream = Stream::new(1, Purpose::Check, 0, 0);
        let mut normals = |count: usize| (0..count).map(|_| stream.normal()).collect::<Vec<f64>>();
        let (hidden, vectors) = (normals(2 * rows), normals(2 * states));
        let logit = |row: usize, state: usize| (0..2).map(|of| hidden[2 * row + of] * vectors[2 * state + of]).sum();
        let mut law: Vec<f64> = (0..rows * states).map(|at| logit(at / states, at % states)).collect();
        law.chunks_mut(states).for_each(|row| {
            to_law(row, &vec![0.0; states]);
        });
        let contexts = Contexts { states, law, shares: vec![1.0 / rows as f64; rows] };
        let least = |rank, offset| contexts.divergence(Logits { rank, offset });
        assert!(least(2, false) < 1e-3 && least(1, false) > 0.05, "{} {}", least(2, false), least(1, false));
        assert!(least(1, true) < least(1, false) && least(1, true) > 0.01, "{}", least(1, true));
    }
}
