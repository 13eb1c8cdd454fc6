//! What is known of a chain's context some steps after each of many contexts.
//!
//! A chain forgets where it began: with `P` its steps and `D(t)` the largest distance (half of L1) between two rows of
//! `P^t`, `D(t + u) <= D(t) D(u)`. So once the rows of one power are near each other, those of all later ones are known to be
//! as near to any law that went along as `D(t)^(steps / t)` says, and no further power need be computed. Where that is not
//! near enough, the power itself is.

use crate::markov::{Law, scale_to_one};

/// A law that is this near (half of L1) to another stands for it: no expectation of a number between 0 and 1 moves by more.
const NEAR: f64 = 1e-15;
/// Probabilities below this are left out of powers; over 10^4 contexts and a thousand steps that is 1e-15 of the law.
const LEAST: f64 = 1e-22;
/// The most numbers that powers may have.
const POWER_LIMIT: usize = 40_000_000;
/// The most products that may be computed for them.
const PRODUCTS_LIMIT: usize = 20_000_000_000;

/// The contexts where a chain may have begun, and its law after any number of steps, asked for in ascending order.
pub(crate) struct Mixing<'a> {
    law: &'a Law,
    contexts: usize,
    starts: Vec<usize>,
    /// The law of a chain that begins anywhere, after `common_steps`, and whether it has come to rest.
    common: Vec<f64>,
    common_steps: usize,
    at_rest: bool,
    /// `[start][context]`: the power of the steps taken; empty for none.
    power: Vec<f64>,
    power_steps: usize,
    /// The law that went along with the power.
    companion: Vec<f64>,
    /// `[t - 1]`: a bound on `D(t)`, of every power up to the present one.
    distances: Vec<f64>,
    products: usize,
}

/// The law of the context after some steps.
pub(crate) enum After<'m> {
    /// It is the context itself.
    Itself,
    /// The same law wherever the chain began, up to 1e-15.
    Common(&'m [f64]),
    /// `[start][context]`.
    Each(&'m [f64]),
    /// Too large to compute.
    Unknown,
}

impl<'a> Mixing<'a> {
    /// The starts are the codes that have any weight; the common law begins in proportion to the weights.
    pub(crate) fn new(law: &'a Law, weights: &[f64]) -> Mixing<'a> {
        let starts = (0..weights.len()).filter(|&code| weights[code] > 0.0).collect();
        let mut common = weights.to_vec();
        scale_to_one(&mut common);
        let contexts = common.len();
        let (companion, power) = (common.clone(), Vec::new());
        let (common_steps, power_steps, at_rest, products) = (0, 0, false, 0);
        Mixing {
            law,
            contexts,
            starts,
            common,
            common_steps,
            at_rest,
            power,
            power_steps,
            companion,
            distances: Vec::new(),
            products,
        }
    }

    /// The codes of the starts, ascending.
    pub(crate) fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The law after so many steps, which are at least as many as were asked for before.
    pub(crate) fn after(&mut self, steps: usize) -> After<'_> {
        if steps == 0 {
            return After::Itself;
        }
        while self.power_steps < steps && !self.is_near(steps) {
            if !self.raise() {
                return After::Unknown;
            }
        }
        if !self.is_near(steps) {
            return After::Each(&self.power);
        }
        while self.common_steps < steps && !self.at_rest {
            let next = step(self.law, &self.common);
            self.at_rest = half_of_l1(&next, &self.common) <= f64::EPSILON * NEAR;
            (self.common, self.common_steps) = (next, self.common_steps + 1);
        }
        After::Common(&self.common)
    }

    fn is_near(&self, steps: usize) -> bool {
        let of_power = |(place, distance): (usize, &f64)| libm::pow(*distance, (steps / (place + 1)) as f64);
        self.distances.iter().enumerate().map(of_power).any(|distance| distance <= NEAR)
    }

    /// One power higher. False if that would be too large.
    fn raise(&mut self) -> bool {
        if self.starts.len().saturating_mul(self.contexts) > POWER_LIMIT || self.products > PRODUCTS_LIMIT {
            return false;
        }
        if self.power.is_empty() {
            self.power = vec![0.0; self.starts.len() * self.contexts];
            self.power.chunks_exact_mut(self.contexts).zip(&self.starts).for_each(|(row, &start)| row[start] = 1.0);
        }
        self.companion = step(self.law, &self.companion);
        let mut next = vec![0.0; self.contexts];
        let mut distance: f64 = 0.0;
        for row in self.power.chunks_exact_mut(self.contexts) {
            self.products += advance(self.law, row, &mut next);
            row.copy_from_slice(&next);
            distance = distance.max(2.0 * half_of_l1(row, &self.companion));
        }
        self.power_steps += 1;
        self.distances.push(distance);
        true
    }
}

fn half_of_l1(a: &[f64], b: &[f64]) -> f64 {
    0.5 * a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum::<f64>()
}

fn step(law: &Law, now: &[f64]) -> Vec<f64> {
    let mut next = vec![0.0; now.len()];
    advance(law, now, &mut next);
    next
}

/// Writes the law one step on from `now`, both over full contexts. Returns how many products that took.
fn advance(law: &Law, now: &[f64], next: &mut [f64]) -> usize {
    let mut products = 0;
    next.fill(0.0);
    for (code, &weight) in now.iter().enumerate().filter(|&(_, &weight)| weight > LEAST) {
        let (row, base) = (law.row(code), law.contexts.advance_full(code, 0));
        row.add_to(weight, &mut next[base..base + law.contexts.states]);
        products += row.probabilities.len();
    }
    products
}

/// Replaces `values`, one for each full context, by their expectation one step on.
pub(crate) fn step_back(law: &Law, values: &mut Vec<f64>) {
    let expected = |code: usize| {
        let base = law.contexts.advance_full(code, 0);
        law.row(code).iter().map(|(state, p)| p * values[base + state]).sum()
    };
    *values = (0..values.len()).map(expected).collect();
}

#[cfg(test)]
mod tests {
    use super::{After, Mixing, half_of_l1, step};
    use crate::markov::Settings;

    /// The law after every number of steps from every start is the one that plain steps give, whichever way it is found.
    #[test]
    fn a_law_that_stands_for_others_is_near_them() {
        let sparse = |keep, states| Settings { keep: Some(keep), ..Settings::new(states, 2, 5) };
        let (mut common, mut each) = (0, 0);
        for settings in
            [Settings::new(30, 2, 1), sparse(3, 40), sparse(2, 6), Settings { order: 2, ..Settings::new(4, 2, 1) }]
        {
            let markov = settings.build().unwrap();
            let (law, contexts) = (markov.law(), markov.law().contexts.full());
            let mut weights = vec![1.0; contexts];
            weights[1] = 0.0;
            let mut mixing = Mixing::new(law, &weights);
            let starts = mixing.starts().to_vec();
            assert_eq!(starts.len(), contexts - 1);
            let one = |&start: &usize| (0..contexts).map(|code| if code == start { 1.0 } else { 0.0 }).collect();
            let mut rows: Vec<Vec<f64>> = starts.iter().map(one).collect();
            for steps in 1..200 {
                rows.iter_mut().for_each(|row| *row = step(law, row));
                let found: Vec<&[f64]> = match mixing.after(steps) {
                    After::Common(law) => vec![law; rows.len()],
                    After::Each(power) => power.chunks_exact(contexts).collect(),
                    After::Itself | After::Unknown => panic!("a small chain has a law after {steps} steps"),
                };
                let is_common = found[0].as_ptr() == found[1].as_ptr();
                (common, each) = (common + usize::from(is_common), each + usize::from(!is_common));
                let far = found.iter().zip(&rows).map(|(a, b)| half_of_l1(a, b)).fold(0.0, f64::max);
                assert!(far <= 1e-14, "{settings:?} after {steps} steps: {far:e}");
            }
        }
        assert!(common > 100 && each > 10, "{common} laws stood for others, {each} for themselves");
    }
}
