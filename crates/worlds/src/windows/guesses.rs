//! What guessing BOS gains where the phase is unknown.
//!
//! With hazard `h`, the best guess is BOS if `h` is more than `(1 - h) best`, where `best` is the probability of the likeliest
//! state in the present context. The hazard follows from the window's first states and from how many have come, so the law of
//! the context, given those first states, is wanted only where some contexts say BOS and others do not: near a block's end.

use crate::markov::Markov;
use crate::windows::mixing::{After, Mixing, step_back};

/// What guessing BOS instead of the likeliest state gains.
pub(crate) struct Guesses<'a> {
    markov: &'a Markov,
    mixing: Mixing<'a>,
    best: Best<'a>,
    /// `[code]`: the expected probability of the best guess, `steps` after this context.
    expected: Vec<f64>,
    steps: usize,
}

/// The probability of the likeliest state.
struct Best<'a> {
    /// `[code]`, full contexts.
    of: &'a [f64],
    /// Codes, the least probability first.
    ascending: Vec<usize>,
}

/// By how much a guess of BOS is likelier than the best guess of a state, if it is.
fn ahead(hazard: f64, best: f64) -> f64 {
    (hazard - (1.0 - hazard) * best).max(0.0)
}

impl<'a> Guesses<'a> {
    /// For windows that begin in these contexts, by code, in proportion to the weights.
    pub(crate) fn new(markov: &'a Markov, weights: &[f64]) -> Guesses<'a> {
        let of = &markov.rows().largest[..markov.law().contexts.full()];
        let mut ascending: Vec<usize> = (0..of.len()).collect();
        ascending.sort_by(|&a, &b| of[a].total_cmp(&of[b]));
        let (mixing, best) = (Mixing::new(markov.law(), weights), Best { of, ascending });
        Guesses { markov, mixing, best, expected: of.to_vec(), steps: 0 }
    }

    /// The sum, over the contexts that windows begin in, of `alive` times how far ahead BOS is expected to be, `steps` after.
    /// `None` if that is too large to compute. Steps ascend from call to call.
    pub(crate) fn gain(&mut self, steps: usize, alive: &[f64], hazards: &[f64]) -> Option<f64> {
        let most = self.best.of[self.best.ascending[self.best.ascending.len() - 1]];
        let least = self.best.of[self.best.ascending[0]];
        let (mut always, mut sometimes) = (Vec::new(), Vec::new());
        for (place, &code) in self.mixing.starts().iter().enumerate().filter(|&(_, &code)| alive[code] > 0.0) {
            if hazards[code] >= (1.0 - hazards[code]) * most {
                always.push(code);
            } else if ahead(hazards[code], least) > 0.0 {
                sometimes.push((place, code));
            }
        }
        let mut gain = 0.0;
        if !always.is_empty() {
            self.expect(steps);
            let ahead = |&code: &usize| alive[code] * (hazards[code] - (1.0 - hazards[code]) * self.expected[code]);
            gain += always.iter().map(ahead).sum::<f64>();
        }
        if !sometimes.is_empty() {
            gain += self.sometimes(steps, &sometimes, alive, hazards)?;
        }
        Some(gain)
    }

    /// Brings `expected` to these steps, or to rest: its largest and its least value only ever approach each other.
    fn expect(&mut self, steps: usize) {
        while self.steps < steps {
            let (least, most) = self.expected.iter().fold((1.0_f64, 0.0_f64), |(a, b), &x| (a.min(x), b.max(x)));
            if most - least <= f64::EPSILON * most {
                return;
            }
            step_back(self.markov.law(), &mut self.expected);
            self.steps += 1;
        }
    }

    /// Over (place among the starts, code) of the starts from which the guess depends on the context.
    fn sometimes(&mut self, steps: usize, from: &[(usize, usize)], alive: &[f64], hazards: &[f64]) -> Option<f64> {
        let best = &self.best;
        let sum = |expected: &dyn Fn(usize, usize, f64) -> f64| {
            from.iter().map(|&(place, code)| alive[code] * expected(place, code, hazards[code])).sum()
        };
        match self.mixing.after(steps) {
            After::Itself => Some(sum(&|_, code, hazard| ahead(hazard, best.of[code]))),
            After::Each(power) => Some(sum(&|place, _, hazard| {
                let law = &power[place * best.of.len()..][..best.of.len()];
                law.iter().zip(best.of).map(|(p, &best)| p * ahead(hazard, best)).sum()
            })),
            After::Common(law) => {
                let below = best.below(law);
                Some(sum(&|_, _, hazard| {
                    let guessed = best.ascending.partition_point(|&code| ahead(hazard, best.of[code]) > 0.0);
                    hazard * below[guessed].0 - (1.0 - hazard) * below[guessed].1
                }))
            }
            After::Unknown => None,
        }
    }
}

impl Best<'_> {
    /// `[number]`: of so many contexts with the least probability of the best guess, how likely they are under `law`, and
    /// that times their probability of the best guess.
    fn below(&self, law: &[f64]) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0)];
        for &code in &self.ascending {
            let (likely, hits) = sums[sums.len() - 1];
            sums.push((likely + law[code], hits + law[code] * self.of[code]));
        }
        sums
    }
}
