//! The official test of ten-digit adders: ten chosen pairs, and ten thousand of Python's `random.Random(2025)`.
//!
//! Ranks of published adders are how many of these 10,010 sums come out right. No drawn pair has a carry run above 4.

use crate::addition::Pair;
use crate::numpy_legacy::Twister;

/// The digits of the official operands.
pub const OFFICIAL_DIGITS: u32 = 10;

/// The pairs that were chosen; one of them twice.
pub const EDGES: [Pair; 10] = [
    Pair { a: 0, b: 0 },
    Pair { a: 0, b: 1 },
    Pair { a: 9_999_999_999, b: 0 },
    Pair { a: 9_999_999_999, b: 1 },
    Pair { a: 9_999_999_999, b: 9_999_999_999 },
    Pair { a: 5_000_000_000, b: 5_000_000_000 },
    Pair { a: 1_111_111_111, b: 8_888_888_889 },
    Pair { a: 1_234_567_890, b: 9_876_543_210 },
    Pair { a: 9_999_999_999, b: 9_999_999_999 },
    Pair { a: 1, b: 9_999_999_999 },
];

const DRAWN: usize = 10_000;

/// [`EDGES`], and then the drawn pairs: `randint(0, 9_999_999_999)` twice for each.
pub fn official_pairs() -> Vec<Pair> {
    let (mut twister, below) = (Twister::pythons(2025), 10_u64.pow(OFFICIAL_DIGITS));
    let mut number = || twister.below(below);
    let drawn = std::iter::repeat_with(|| Pair { a: number(), b: number() }).take(DRAWN);
    EDGES.into_iter().chain(drawn).collect()
}
