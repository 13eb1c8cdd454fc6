//! What few runs can tell: rates, ranks and times with their intervals, by the exact laws of small numbers.
//!
//! Tests are two-sided, intervals are 95 % ones. None assumes a shape of the law of the values.

mod fisher;
mod proportion;
mod rank_sum;
mod shift;
mod sign_flip;
mod signed_rank;
mod spread;
mod subset_sums;
mod survival;

pub use fisher::{fisher, odds_ratio, smallest_fisher};
pub(crate) use proportion::wilson;
pub use proportion::{Trials, newcombe};
pub use rank_sum::{rank_sum, rank_sum_shift, smallest_rank_sum};
pub use shift::Shift;
pub use sign_flip::{MOST_FLIPPED, sign_flip};
pub use signed_rank::{signed_rank, signed_rank_shift, smallest_signed_rank};
pub use spread::Spread;
pub use survival::{CurvePoint, Ending, TimeToSuccess};

/// What is taken for more than chance: a test has to give a p of at most so much.
pub const LEVEL: f64 = 0.05;

/// A p of a test, and whether it is exact or that of the normal law that many values come near to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probability {
    /// The two-sided p.
    pub p: f64,
    /// Whether every outcome was counted.
    pub exact: bool,
}

/// Two-sided p of `deviation` standard deviations under the normal law.
fn normal_p(deviation: f64) -> f64 {
    libm::erfc(deviation.max(0.0) / std::f64::consts::SQRT_2)
}

/// Twice the rank of each value, by size; equal values have the mean of their ranks, which doubled is a whole number.
fn doubled_ranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0; values.len()];
    let mut first = 0;
    for same in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let last = first + same.len();
        same.iter().for_each(|&place| ranks[place] = first + 1 + last);
        first = last;
    }
    ranks
}

/// `n` over `k`; infinite where it is beyond all numbers.
fn binomial(n: usize, k: usize) -> f64 {
    (1..=k.min(n - k)).fold(1.0, |product, i| product * (n - k.min(n - k) + i) as f64 / i as f64)
}
