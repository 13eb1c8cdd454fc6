//! How often each pair of numbers is drawn.

use std::ops::RangeInclusive;

use crate::Stream;
use crate::addition::carries::{Carries, Patterns};
use crate::addition::{Lengths, Pair};

/// A mixture: some share of pairs with one of the carry patterns, the rest uniform. The number `n` of digits is uniform in a
/// range, numbers are uniform below `10^n`.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    digits: RangeInclusive<u32>,
    lengths: Lengths,
    carries: Carries,
    patterns: Patterns,
}

impl Pairs {
    pub(super) fn new(digits: RangeInclusive<u32>, lengths: Lengths, carries: Carries) -> Pairs {
        Pairs { digits, lengths, carries, patterns: Patterns::new() }
    }

    fn number_of_digits(&self, stream: &mut Stream) -> u32 {
        let (least, most) = (*self.digits.start(), *self.digits.end());
        if least == most { least } else { least + stream.below(u64::from(most - least) + 1) as u32 }
    }

    pub(super) fn draw(&self, stream: &mut Stream) -> Pair {
        if self.carries.total() > 0.0 {
            let mut left = stream.uniform();
            for (pattern, share) in self.carries.shares() {
                if left < share {
                    let digits = self.number_of_digits(stream);
                    return self.patterns.draw(pattern, digits, stream);
                }
                left -= share;
            }
        }
        let digits = self.number_of_digits(stream);
        let others = if self.lengths == Lengths::Same { digits } else { self.number_of_digits(stream) };
        Pair { a: stream.below(10_u64.pow(digits)), b: stream.below(10_u64.pow(others)) }
    }

    /// The numbers of digits of two uniform operands, and their probability.
    pub(super) fn sizes(&self) -> Vec<(u32, u32, f64)> {
        let count = f64::from(self.digits.end() - self.digits.start() + 1);
        let each = || self.digits.clone();
        match self.lengths {
            Lengths::Same => each().map(|n| (n, n, 1.0 / count)).collect(),
            Lengths::Independent => each().flat_map(|n| each().map(move |m| (n, m, 1.0 / (count * count)))).collect(),
        }
    }

    /// Whether no pair is drawn for its carries.
    pub(super) fn are_uniform(&self) -> bool {
        self.carries.total() == 0.0
    }

    /// At least as many as there are different pairs.
    pub(super) fn count(&self) -> u128 {
        let uniform = self.carries.total() < 1.0;
        let sizes = self.sizes().into_iter().filter(|_| uniform);
        let of_sizes: u128 = sizes.map(|(n, m, _)| 10_u128.pow(n) * 10_u128.pow(m)).sum();
        let shares = self.carries.shares().into_iter().filter(|(_, share)| *share > 0.0);
        let count = |pattern| self.digits.clone().map(|n| self.patterns.count(pattern, n)).sum::<u128>();
        of_sizes + shares.map(|(pattern, _)| count(pattern)).sum::<u128>()
    }

    /// Every pair with a probability, in which it may come more than once.
    pub(super) fn each(&self, each: &mut dyn FnMut(Pair, f64)) {
        let rest = 1.0 - self.carries.total();
        for (n, m, p) in self.sizes().into_iter().filter(|_| rest > 0.0) {
            let (first, second) = (10_u64.pow(n), 10_u64.pow(m));
            let p = rest * p / (first as f64 * second as f64);
            (0..first).for_each(|a| (0..second).for_each(|b| each(Pair { a, b }, p)));
        }
        let lengths = f64::from(self.digits.end() - self.digits.start() + 1);
        for (pattern, share) in self.carries.shares().into_iter().filter(|(_, share)| *share > 0.0) {
            for n in self.digits.clone() {
                self.patterns.each(pattern, n, &mut |pair, p| each(pair, share / lengths * p));
            }
        }
    }
}
