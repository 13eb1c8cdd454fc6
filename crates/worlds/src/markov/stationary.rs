//! The stationary law of a recurrent class.

use serde::Serialize;

use crate::markov::classes::Class;
use crate::markov::forward::Rows;
use crate::markov::law::Law;

/// The largest class that is solved by elimination.
const ELIMINATION_LIMIT: usize = 2_000;
/// Iteration stops when a step moves the law by no more than this (L1), …
const ITERATED_RESIDUAL: f64 = 1e-14;
/// … or after this many steps, …
const STEPS_LIMIT: usize = 100_000;
/// … or after this many products.
const PRODUCTS_LIMIT: usize = 20_000_000_000;

/// How a stationary law was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Elimination without subtraction (Grassmann, Taksar, Heyman 1985): every entry has a small relative error.
    Elimination,
    /// Repeated steps of the chain (each averaged with standing still if the class is periodic); the residual says how
    /// far they came.
    Iteration {
        /// Steps taken.
        steps: usize,
    },
}

/// The stationary law of one recurrent class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stationary {
    /// Codes of the class's contexts, ascending; in a chain of order 1 these are states.
    pub contexts: Vec<u32>,
    /// The probability of each of them.
    pub law: Vec<f64>,
    /// The period of the class.
    pub period: usize,
    /// Entropy of the next state under the stationary law: nats a token in the long run.
    pub entropy_rate_nats: f64,
    /// How the law was found.
    pub method: Method,
    /// L1 distance between the law and the law one step on.
    pub residual: f64,
}

impl Stationary {
    /// Whether the law was found: by elimination, or by an iteration that came to rest.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.method, Method::Elimination) || self.residual <= ITERATED_RESIDUAL
    }

    pub(crate) fn new(law: &Law, rows: &Rows, class: &Class) -> Stationary {
        let local = Local { law, members: &class.members };
        let (distribution, method) = match local.eliminate() {
            Some(distribution) => (distribution, Method::Elimination),
            None => local.iterate(class.period > 1),
        };
        let entropy_rate_nats =
            class.members.iter().zip(&distribution).map(|(&code, p)| p * rows.entropy[code as usize]).sum();
        let residual = distance(&distribution, &local.step(&distribution));
        Stationary {
            contexts: class.members.clone(),
            law: distribution,
            period: class.period,
            entropy_rate_nats,
            method,
            residual,
        }
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum()
}

/// A recurrent class, its contexts numbered by their place among its members.
struct Local<'a> {
    law: &'a Law,
    members: &'a [u32],
}

impl Local<'_> {
    fn place(&self, code: usize) -> usize {
        // Where every context is a member, its place is its code.
        if self.members.len() == self.law.contexts.full() {
            return code;
        }
        self.members.binary_search(&(code as u32)).expect("a recurrent class is never left")
    }

    fn each_transition(&self, mut each: impl FnMut(usize, usize, f64)) {
        for (from, &code) in self.members.iter().enumerate() {
            for (state, p) in self.law.row(code as usize).iter() {
                each(from, self.place(self.law.contexts.advance_full(code as usize, state)), p);
            }
        }
    }

    fn step(&self, now: &[f64]) -> Vec<f64> {
        let mut next = vec![0.0; now.len()];
        self.each_transition(|from, to, p| next[to] += now[from] * p);
        next
    }

    /// States are taken out one by one, from the last: the chain watched only while in the others has transitions
    /// `p_ij + p_in p_nj / s_n`, where `s_n`, the probability of leaving `n` for the others, is added up and never taken as 1
    /// less the rest. `None` if the class is too large, or if some `s_n` is too small for a number.
    fn eliminate(&self) -> Option<Vec<f64>> {
        let size = self.members.len();
        if size > ELIMINATION_LIMIT {
            return None;
        }
        let mut matrix = vec![0.0; size * size];
        self.each_transition(|from, to, p| matrix[from * size + to] += p);
        for n in (1..size).rev() {
            eliminate_state(&mut matrix, size, n)?;
        }
        Some(substitute_back(&matrix, size))
    }

    fn iterate(&self, periodic: bool) -> (Vec<f64>, Method) {
        let mut now = vec![1.0 / self.members.len() as f64; self.members.len()];
        let products = self.members.len() * self.law.row(0).probabilities.len();
        let limit = STEPS_LIMIT.min((PRODUCTS_LIMIT / products).max(100));
        for steps in 1..=limit {
            let mut next = self.step(&now);
            let moved = distance(&now, &next);
            if periodic {
                next.iter_mut().zip(&now).for_each(|(x, y)| *x = 0.5 * (*x + y));
            }
            super::scale_to_one(&mut next);
            now = next;
            if moved <= ITERATED_RESIDUAL {
                return (now, Method::Iteration { steps });
            }
        }
        (now, Method::Iteration { steps: limit })
    }
}

/// Leaves `p_in / s_n` in column `n`, for the way back.
fn eliminate_state(matrix: &mut [f64], size: usize, n: usize) -> Option<()> {
    let (above, rest) = matrix.split_at_mut(n * size);
    let leaving = &rest[..n];
    let total: f64 = leaving.iter().sum();
    if !total.is_normal() {
        return None;
    }
    for row in above.chunks_exact_mut(size) {
        row[n] /= total;
        let share = row[n];
        if share > 0.0 {
            row[..n].iter_mut().zip(leaving).for_each(|(x, y)| *x += share * y);
        }
    }
    Some(())
}

fn substitute_back(matrix: &[f64], size: usize) -> Vec<f64> {
    let mut law = vec![1.0; size];
    for n in 1..size {
        law[n] = (0..n).map(|i| law[i] * matrix[i * size + n]).sum();
    }
    super::scale_to_one(&mut law);
    law
}

#[cfg(test)]
mod tests {
    use super::{Local, Method, Stationary};
    use crate::markov::classes::{Class, Classes};
    use crate::markov::forward::Rows;
    use crate::markov::law::Law;
    use crate::markov::{Settings, dirichlet};

    fn everything(law: &Law) -> Class {
        Classes::new(law).recurrent.remove(0)
    }

    /// Two states that hardly ever change: `P(0 -> 1) = a`, `P(1 -> 0) = b`, stationary law `(b, a) / (a + b)`.
    fn nearly_still(a: f64, b: f64) -> Law {
        Law::new([2, 1, 2], 0..=2, |row, p, _| p.copy_from_slice(&[[1.0 - a, a], [b, 1.0 - b], [0.5, 0.5]][row]))
    }

    #[test]
    fn elimination_is_accurate_where_subtraction_would_not_be() {
        for (a, b) in [(1e-15, 3e-16), (1e-20, 1e-9), (1e-12, 1e-13)] {
            let law = nearly_still(a, b);
            let found = Stationary::new(&law, &Rows::new(&law), &everything(&law));
            assert!((found.law[0] * (a + b) / b - 1.0).abs() <= 1e-14, "{found:?}");
            assert!((found.law[1] * (a + b) / a - 1.0).abs() <= 1e-14, "{found:?}");
        }
    }

    #[test]
    fn iteration_agrees_with_elimination() {
        let chain = |states, order, keep| Settings { order, keep: Some(keep), ..Settings::new(states, 2, 3) };
        for settings in [chain(50, 1, 50), chain(300, 1, 20), chain(6, 3, 6), chain(40, 2, 5)] {
            let law = dirichlet::draw(&settings.plan().unwrap());
            let class = everything(&law);
            let local = Local { law: &law, members: &class.members };
            let exact = local.eliminate().unwrap();
            let (iterated, method) = local.iterate(false);
            let (slower, _) = local.iterate(true);
            assert!(matches!(method, Method::Iteration { steps } if steps < 1000), "{method:?}");
            assert!(
                super::distance(&exact, &iterated) <= 1e-12 && super::distance(&exact, &slower) <= 1e-12,
                "{settings:?}"
            );
        }
    }

    #[test]
    fn iteration_finds_the_law_of_a_periodic_chain() {
        let law = Law::new([4, 1, 2], 0..=4, |row, p, to| match row {
            4 => (p.copy_from_slice(&[0.25; 4]), to.copy_from_slice(&[0, 1, 2, 3])).0,
            _ => (p.copy_from_slice(&[0.25, 0.75]), to.copy_from_slice(if row % 2 == 0 { &[1, 3] } else { &[0, 2] })).0,
        });
        let class = everything(&law);
        assert_eq!(class.period, 2);
        let (found, _) = Local { law: &law, members: &class.members }.iterate(true);
        for (p, expected) in found.iter().zip([0.125, 0.125, 0.375, 0.375]) {
            assert!((p - expected).abs() <= 1e-13, "{found:?}");
        }
    }
}
