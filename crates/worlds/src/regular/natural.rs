//! Natural numbers of any size: what counting words takes of them, which is adding, subtracting, comparing and drawing.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use crate::Stream;

/// A natural number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Natural {
    /// In base 2^64, least first; the last is not 0.
    digits: Vec<u64>,
}

impl Natural {
    /// Zero.
    pub const ZERO: Natural = Natural { digits: Vec::new() };

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// How many bits it has; none for zero.
    pub fn bits(&self) -> usize {
        let last = self.digits.last().map_or(0, |digit| 64 - digit.leading_zeros() as usize);
        64 * self.digits.len().saturating_sub(1) + last
    }

    /// Adds another number.
    pub fn add(&mut self, other: &Natural) {
        let length = self.digits.len().max(other.digits.len());
        self.digits.resize(length, 0);
        let mut carry = false;
        for (digit, other) in self.digits.iter_mut().zip(other.digits.iter().chain(std::iter::repeat(&0))) {
            let (sum, first) = digit.overflowing_add(*other);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*digit, carry) = (sum, first | second);
        }
        if carry {
            self.digits.push(1);
        }
    }

    /// Subtracts another number, which is not larger. Panics if it is.
    pub fn subtract(&mut self, other: &Natural) {
        assert!(*self >= *other, "a difference below 0");
        let mut borrow = false;
        for (digit, other) in self.digits.iter_mut().zip(other.digits.iter().chain(std::iter::repeat(&0))) {
            let (rest, first) = digit.overflowing_sub(*other);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            (*digit, borrow) = (rest, first | second);
        }
        self.trim();
    }

    /// Uniform in `0..limit`, without bias: numbers of as many bits are drawn until one is below. Panics if `limit` is 0.
    pub fn below(limit: &Natural, stream: &mut Stream) -> Natural {
        assert!(!limit.is_zero(), "there is no number below 0");
        let spare = 64 * limit.digits.len() - limit.bits();
        loop {
            let mut drawn = Natural { digits: limit.digits.iter().map(|_| stream.next_u64()).collect() };
            *drawn.digits.last_mut().expect("the limit has a digit") >>= spare;
            drawn.trim();
            if drawn < *limit {
                return drawn;
            }
        }
    }

    /// `self / other`, within 4 units in the last place; 0 where it is too small. Panics if `other` is 0.
    pub fn ratio(&self, other: &Natural) -> f64 {
        assert!(!other.is_zero(), "a ratio to 0");
        let ((a, shift_a), (b, shift_b)) = (self.leading(), other.leading());
        let shift = (shift_a - shift_b).clamp(-2000, 2000) as i32;
        libm::ldexp(a as f64 / b as f64, shift)
    }

    /// The natural logarithm. Panics for zero.
    pub fn ln(&self) -> f64 {
        assert!(!self.is_zero(), "the logarithm of 0");
        let (leading, shift) = self.leading();
        libm::log(leading as f64) + shift as f64 * std::f64::consts::LN_2
    }

    /// The first 64 bits, and by how many bits they have to be shifted to the left.
    pub(super) fn leading(&self) -> (u64, i64) {
        let Some((&last, others)) = self.digits.split_last() else { return (0, 0) };
        let zeros = last.leading_zeros();
        let next = others.last().copied().unwrap_or(0);
        let leading = if zeros == 0 { last } else { last << zeros | next >> (64 - zeros) };
        (leading, 64 * others.len() as i64 - i64::from(zeros))
    }

    fn trim(&mut self) {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
    }

    /// Divides by a number, and gives the remainder.
    fn divide(&mut self, by: u64) -> u64 {
        let mut rest = 0;
        for digit in self.digits.iter_mut().rev() {
            let whole = u128::from(rest) << 64 | u128::from(*digit);
            *digit = (whole / u128::from(by)) as u64;
            rest = (whole % u128::from(by)) as u64;
        }
        self.trim();
        rest
    }
}

impl From<u64> for Natural {
    fn from(number: u64) -> Natural {
        let mut natural = Natural { digits: vec![number] };
        natural.trim();
        natural
    }
}

/// Error: 2^64 or more.
impl TryFrom<&Natural> for u64 {
    type Error = TooLarge;

    fn try_from(natural: &Natural) -> Result<u64, TooLarge> {
        match natural.digits.as_slice() {
            [] => Ok(0),
            [digit] => Ok(*digit),
            _ => Err(TooLarge),
        }
    }
}

/// A natural number that is 2^64 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the number is 2^64 or more")]
pub struct TooLarge;

impl Ord for Natural {
    fn cmp(&self, other: &Natural) -> Ordering {
        let lengths = self.digits.len().cmp(&other.digits.len());
        lengths.then_with(|| self.digits.iter().rev().cmp(other.digits.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Natural) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In decimal.
impl fmt::Display for Natural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The largest power of ten that is a digit.
        const BASE: u64 = 10_000_000_000_000_000_000;
        let (mut rest, mut groups) = (self.clone(), Vec::new());
        while !rest.is_zero() {
            groups.push(rest.divide(BASE));
        }
        let mut text = groups.pop().unwrap_or(0).to_string();
        groups.iter().rev().for_each(|group| text += &format!("{group:019}"));
        f.pad_integral(true, "", &text)
    }
}
