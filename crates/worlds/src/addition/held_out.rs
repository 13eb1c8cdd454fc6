//! Which pairs are kept from training.

use crate::addition::Pair;
use crate::{Purpose, Stream};

/// A rule that holds a share of all pairs, each by itself: the pair is the counter of a random number, so that there is nothing
/// to store, and no product of two numbers that could overflow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HeldOut {
    seed: u64,
    /// A pair is held if its number is below this.
    bound: u64,
}

/// 2^64.
const ALL: f64 = 18_446_744_073_709_551_616.0;

impl HeldOut {
    /// The rule that holds so large a share of pairs; `None` if it is 0.
    pub(super) fn new(share: f64, seed: u64) -> Option<HeldOut> {
        (share > 0.0).then_some(HeldOut { seed, bound: (share * ALL) as u64 })
    }

    pub(super) fn holds(&self, pair: Pair) -> bool {
        Stream::at([self.seed, Purpose::World as u64], [pair.a, pair.b, 0, 0]).next_u64() < self.bound
    }

    pub(super) fn share(&self) -> f64 {
        self.bound as f64 / ALL
    }
}
