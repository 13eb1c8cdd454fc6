//! Rows drawn from a symmetric Dirichlet law, each from its own stream, so that any row can be drawn again alone.

use crate::markov::law::Law;
use crate::markov::settings::Plan;
use crate::{Purpose, Stream};

/// Parts below this share of the largest one are raised to it, so that a possible transition never has probability 0 (which
/// rounding would make of it when the concentration is small) and no cross-entropy is infinite.
const LEAST_SHARE: f64 = 1e-20;

/// Draws a law: row `r` from the stream of purpose `World`, step 0, index `r`; first the successors, then their probabilities.
pub(crate) fn draw(plan: &Plan) -> Law {
    let sizes = [plan.states, plan.order, plan.keep];
    let rows = (1..=plan.order as u32).map(|length| plan.states.pow(length)).sum::<usize>() + 1;
    let mut deck: Vec<u16> = (0..plan.states as u16).collect();
    Law::new(sizes, 0..rows, |row, probabilities, successors| {
        let mut stream = Stream::new(plan.seed, Purpose::World, 0, row as u64);
        if successors.len() < plan.states {
            choose(&mut stream, &mut deck, successors);
        } else {
            successors.copy_from_slice(&deck);
        }
        fill(&mut stream, plan.concentration, probabilities);
    })
}

/// A uniformly drawn set of states, ascending: the first cards of a Fisher-Yates shuffle. The deck is sorted before and after.
fn choose(stream: &mut Stream, deck: &mut [u16], chosen: &mut [u16]) {
    let mut swaps = Vec::with_capacity(chosen.len());
    for place in 0..chosen.len() {
        let other = place + stream.below((deck.len() - place) as u64) as usize;
        deck.swap(place, other);
        swaps.push((place, other));
    }
    chosen.copy_from_slice(&deck[..chosen.len()]);
    chosen.sort_unstable();
    for (place, other) in swaps.into_iter().rev() {
        deck.swap(place, other);
    }
}

/// Independent Gamma variables, divided by their sum.
fn fill(stream: &mut Stream, concentration: f64, row: &mut [f64]) {
    if concentration == 1.0 {
        row.fill_with(|| exponential(stream));
    } else if concentration > 1.0 {
        row.fill_with(|| gamma(stream, concentration));
    } else {
        row.fill_with(|| log_of_small_gamma(stream, concentration));
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|x| *x = libm::exp(*x - largest));
    }
    let least = LEAST_SHARE * row.iter().copied().fold(0.0, f64::max);
    row.iter_mut().for_each(|x| *x = x.max(least));
    scale_to_one(row);
}

/// Adds from the left and multiplies by the inverse, as NumPy does.
pub(crate) fn scale_to_one(row: &mut [f64]) {
    let inverse = 1.0 / row.iter().sum::<f64>();
    row.iter_mut().for_each(|x| *x *= inverse);
}

fn exponential(stream: &mut Stream) -> f64 {
    -libm::log(1.0 - stream.uniform())
}

/// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000), for shapes of at least 1.
fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = stream.normal();
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        if libm::log(1.0 - stream.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// The logarithm of a Gamma variable of a shape below 1, which itself may be too small for a number: a variable of shape
/// `shape + 1` times the `1/shape`-th power of a uniform one (same paper, section 6).
fn log_of_small_gamma(stream: &mut Stream, shape: f64) -> f64 {
    libm::log(gamma(stream, shape + 1.0)) + libm::log(1.0 - stream.uniform()) / shape
}
