//! How decoded states follow each other, by symbol, beside the automaton.
//!
//! With `y_t` the least-squares decoding of states after `t` symbols, the operator of a symbol is the matrix that gives `y_t`
//! from `y_(t-1)` with least squares over the places where that symbol was read and the strings before and after it are held out. It says nothing of how the network computes
//! `y_t`: a network that reads the whole word anew at every position has the automaton's operators too, if it knows the state.

use serde::Serialize;

use super::matrix::Matrix;
use super::moments::Rows;
use super::probe::Probe;
use super::spectrum::pseudo_inverse;
use super::words::Split;

/// Directions of decoded states with less than this share of the mean square of the largest are not used as a cause.
const LEAST: f64 = 1e-4;
/// All relabellings are tried up to so many states; beyond, exchanges of two as long as they help.
const MOST_PERMUTED: usize = 7;

/// The operators at a site.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Operators {
    /// The site.
    pub site: String,
    /// The root of the summed squares of all differences to the automaton's operators, by that of the automaton's; over what follows states
    /// that were met before the symbol, under the best relabelling of states.
    pub relative_error: f64,
    /// The share of pairs of such a state and a symbol for which the largest number is that of the state that follows.
    pub transitions_right: f64,
    /// Which state of the automaton each decoded state is, under that relabelling; the identity where no other is better.
    pub relabelling: Vec<usize>,
    /// Of each symbol, in their order: `[to, from]`; none for a symbol that was not read between held-out positions.
    pub symbols: Vec<Option<Matrix>>,
}

/// What was decoded before and after a symbol.
struct Pairs {
    after_before: Matrix,
    before_before: Matrix,
    /// `[state]`: whether it was met before the symbol.
    met: Vec<bool>,
    count: usize,
}

/// The operators at a site, whose rows are those of the words while they last. `transitions` are the automaton's, `[to, from]`. None if
/// no two held-out positions follow each other.
pub(super) fn operators(
    site: &str,
    probe: &Probe,
    rows: &Rows,
    split: &Split,
    transitions: &[Matrix],
) -> Option<Operators> {
    let states = transitions[0].rows();
    let zero = || Matrix::new(states, states, vec![0.0; states * states]);
    let empty = || Pairs { after_before: zero(), before_before: zero(), met: vec![false; states], count: 0 };
    let mut pairs: Vec<Pairs> = transitions.iter().map(|_| empty()).collect();
    let mut row = 0;
    for word in &split.words {
        for (place, symbol) in word.symbols().iter().enumerate() {
            let before = row + place;
            if split.is_held_out[before] && split.is_held_out[before + 1] {
                let [before, after] = [before, before + 1].map(|row| probe.decoded(&rows.row(row)));
                pairs[usize::from(*symbol)].add(&before, &after, word.states[place]);
            }
        }
        row += word.length + 1;
    }
    pairs.iter().any(|pairs| pairs.count > 0).then(|| beside(site, &pairs, transitions))
}

fn beside(site: &str, pairs: &[Pairs], transitions: &[Matrix]) -> Operators {
    let states = transitions[0].rows();
    let symbols: Vec<Option<Matrix>> = pairs.iter().map(Pairs::operator).collect();
    let met: Vec<&[bool]> = pairs.iter().map(|pairs| &pairs.met[..]).collect();
    let beside = Beside { symbols: &symbols, met: &met, transitions };
    let relabelling = beside.best(states);
    Operators {
        site: site.into(),
        relative_error: (beside.squared(&relabelling) / beside.squares()).sqrt(),
        transitions_right: beside.right(&relabelling),
        relabelling,
        symbols,
    }
}

/// The automaton's transitions by a symbol, `[to, from]`.
pub(super) fn transitions(next: &dyn Fn(u32, u16) -> u32, states: usize, symbol: u16) -> Matrix {
    Matrix::of(states, states, |to, from| f64::from(next(from as u32, symbol) == to as u32))
}

impl Pairs {
    fn add(&mut self, before: &[f64], after: &[f64], state: u32) {
        for (to, x) in after.iter().enumerate() {
            super::matrix::add(self.after_before.row_mut(to), *x, before);
        }
        for (from, x) in before.iter().enumerate() {
            super::matrix::add(self.before_before.row_mut(from), *x, before);
        }
        self.met[state as usize] = true;
        self.count += 1;
    }

    fn operator(&self) -> Option<Matrix> {
        (self.count > 0).then(|| self.after_before.times(&pseudo_inverse(&self.before_before, LEAST)))
    }
}

/// Operators that were found, beside the automaton's.
struct Beside<'a> {
    symbols: &'a [Option<Matrix>],
    met: &'a [&'a [bool]],
    transitions: &'a [Matrix],
}

impl Beside<'_> {
    /// What `each` makes of every pair of a found operator and a state of the automaton that was met before its symbol, given the number of the symbol.
    fn sum(&self, each: impl Fn(&Matrix, usize, usize) -> f64) -> f64 {
        let found = self.symbols.iter().enumerate().filter_map(|(at, symbol)| Some((at, symbol.as_ref()?)));
        let pairs = found.flat_map(|(at, symbol)| {
            let met = self.met[at].iter().enumerate().filter(|(_, met)| **met);
            met.map(move |(from, _)| (symbol, at, from))
        });
        pairs.map(|(symbol, at, from)| each(symbol, at, from)).sum()
    }

    /// Summed squares of differences. Decoded state `q` is state `relabelling[q]`.
    fn squared(&self, relabelling: &[usize]) -> f64 {
        let place = inverse(relabelling);
        self.sum(|found, at, from| {
            let difference = |to: usize| found.get(place[to], place[from]) - self.transitions[at].get(to, from);
            (0..relabelling.len()).map(difference).map(|x| x * x).sum()
        })
    }

    fn squares(&self) -> f64 {
        self.sum(|_, at, from| {
            let column = (0..self.transitions[at].rows()).map(|to| self.transitions[at].get(to, from));
            column.map(|x| x * x).sum()
        })
    }

    fn right(&self, relabelling: &[usize]) -> f64 {
        let place = inverse(relabelling);
        let states = relabelling.len();
        let hits = self.sum(|found, at, from| {
            let number = |to: usize| found.get(place[to], place[from]);
            let largest = (1..states).fold(0, |best, to| if number(to) > number(best) { to } else { best });
            self.transitions[at].get(largest, from)
        });
        hits / self.sum(|_, _, _| 1.0)
    }

    /// The relabelling of least difference.
    fn best(&self, states: usize) -> Vec<usize> {
        let identity: Vec<usize> = (0..states).collect();
        let mut best = (self.squared(&identity), identity.clone());
        if states <= MOST_PERMUTED {
            let mut order = identity;
            while advance(&mut order) {
                let squared = self.squared(&order);
                if squared < best.0 - 1e-9 {
                    best = (squared, order.clone());
                }
            }
            return best.1;
        }
        loop {
            let before = best.0;
            for (p, q) in (0..states).flat_map(|p| (p + 1..states).map(move |q| (p, q))) {
                let mut other = best.1.clone();
                other.swap(p, q);
                let squared = self.squared(&other);
                if squared < best.0 - 1e-9 {
                    best = (squared, other);
                }
            }
            if best.0 == before {
                return best.1;
            }
        }
    }
}

fn inverse(order: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, value)| inverse[*value] = place);
    inverse
}

/// The next order by the alphabet; whether there is one.
fn advance(order: &mut [usize]) -> bool {
    let Some(at) = (1..order.len()).rev().find(|at| order[at - 1] < order[*at]) else { return false };
    let next = (at..order.len()).rev().find(|i| order[*i] > order[at - 1]).expect("the one at the place is larger");
    order.swap(at - 1, next);
    order[at..].reverse();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_once() {
        let mut order = vec![0, 1, 2, 3];
        let mut seen = vec![order.clone()];
        while advance(&mut order) {
            seen.push(order.clone());
        }
        seen.dedup();
        assert_eq!(seen.len(), 24);
        assert_eq!(inverse(&[2, 0, 1]), [1, 2, 0]);
    }
}
