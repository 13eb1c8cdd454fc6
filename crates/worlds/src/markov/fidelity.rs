//! What nanoMarkov's test of transitions measures, and the laws that it sets beside a network's.

use crate::markov::{Generator, Markov, scale_to_one};
use crate::numpy_legacy::Twister;

/// Probabilities below this count as this.
const LEAST: f64 = 1e-8;
/// The seed of state `s` is this and `s`.
const SEED: u32 = 42;
/// Standard deviation of the noise.
const DEVIATION: f64 = 0.01;

/// nanoMarkov's divergence of three laws from the chain's rows, in nats, mean over states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fidelity {
    /// Of the uniform law.
    pub uniform: f64,
    /// Of a law drawn from Dirichlet(1) for each state, whatever the chain.
    pub random: f64,
    /// Of the row itself with normal noise of deviation 0.01, clipped and scaled to one.
    pub noisy: f64,
}

/// `sum of p ln(p / q)` with every probability clipped to at least 1e-8 (and at most 1), in nats: no divergence in the strict
/// sense, since clipped laws do not sum to one.
pub fn published_divergence(p: &[f64], q: &[f64]) -> f64 {
    let clip = |p: f64| p.clamp(LEAST, 1.0);
    p.iter().zip(q).map(|(&p, &q)| clip(p) * libm::log(clip(p) / clip(q))).sum()
}

impl Markov {
    /// What stands beside a network in nanoMarkov's test of transitions; `None` for a chain that its generator has not drawn.
    pub fn fidelity(&self) -> Option<Fidelity> {
        let mean = |law: &dyn Fn(usize, &[f64]) -> Vec<f64>| {
            let of_state = |state| {
                let row = self.whole_row(state);
                published_divergence(&row, &law(state, &row))
            };
            (0..self.states()).map(of_state).sum::<f64>() / self.states() as f64
        };
        (self.plan.generator == Generator::NumpyLegacy).then(|| Fidelity {
            uniform: mean(&|_, row| vec![1.0 / row.len() as f64; row.len()]),
            random: mean(&random),
            noisy: mean(&noisy),
        })
    }

    fn whole_row(&self, state: usize) -> Vec<f64> {
        let mut row = vec![0.0; self.states()];
        self.row(&[state as u16]).for_each(|(next, p)| row[next] = p);
        row
    }
}

fn random(state: usize, row: &[f64]) -> Vec<f64> {
    let mut law = row.to_vec();
    Twister::new(SEED + state as u32).dirichlet_of_ones(&mut law);
    law
}

fn noisy(state: usize, row: &[f64]) -> Vec<f64> {
    let mut twister = Twister::new(SEED + state as u32);
    let mut law: Vec<f64> = row.iter().map(|p| (p + DEVIATION * twister.normal()).clamp(LEAST, 1.0)).collect();
    scale_to_one(&mut law);
    law
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::markov::{Generator, Settings};

    #[derive(Deserialize)]
    struct Oracles {
        fidelity: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        states: i64,
        sparsity: f64,
        uniform: f64,
        random: f64,
        noisy: f64,
    }

    #[test]
    fn fidelities_are_numpys_and_those_that_were_published_where_these_are_right() {
        let oracles: Oracles = serde_json::from_str(include_str!("../../tests/oracles.json")).unwrap();
        let digits = ["0.4116 0.998 0.019", "0.4181 0.999 1.485", "1.7840 2.323 0.445"];
        for (case, digits) in oracles.fidelity.iter().zip(digits) {
            let sparsity = (case.sparsity > 0.0).then_some(case.sparsity);
            let chain = Settings { sparsity, generator: Generator::NumpyLegacy, ..Settings::new(case.states, 8, 42) };
            let found = chain.build().unwrap().fidelity().unwrap();
            for (value, expected) in
                [(found.uniform, case.uniform), (found.random, case.random), (found.noisy, case.noisy)]
            {
                assert!((value - expected).abs() <= 1e-11 * expected, "{value:e} for {expected:e}");
            }
            assert_eq!(format!("{:.4} {:.3} {:.3}", found.uniform, found.random, found.noisy), digits);
        }
        assert_eq!(Settings::new(4, 8, 42).build().unwrap().fidelity(), None);
    }
}
