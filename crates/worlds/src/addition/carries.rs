//! Pairs that are drawn for their carries. A place carries if its two digits and what is carried into it are 10 or more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Stream;
use crate::addition::Pair;

/// Shares of pairs that are drawn for their carries; the rest is uniform. Each pattern has numbers of `n` digits, `n` as of
/// uniform pairs of the same length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Carries {
    /// Exactly one place carries, each alike.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub single: f64,
    /// A carry that runs through all places: `10^n - 1` and a number from 1 to 9, in either order.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub chain: f64,
    /// Two digits in the same place, which carry, and zeros.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub place: f64,
    /// A sum next to where it gets a digit more: `10^n - 1`, `10^n` or `10^n + 1`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub boundary: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Single,
    Chain,
    Place,
    Boundary,
}

impl Carries {
    pub(super) fn shares(&self) -> [(Pattern, f64); 4] {
        [
            (Pattern::Single, self.single),
            (Pattern::Chain, self.chain),
            (Pattern::Place, self.place),
            (Pattern::Boundary, self.boundary),
        ]
    }

    pub(super) fn total(&self) -> f64 {
        self.single + self.chain + self.place + self.boundary
    }

    pub(crate) fn is_none(&self) -> bool {
        self.total() == 0.0
    }
}

type Digits = (u64, u64);

/// The pairs of digits that patterns are made of.
#[derive(Clone, Debug)]
pub(super) struct Patterns {
    /// They make 10 or more.
    carry: Vec<Digits>,
    /// They make 9 or less, and with a carry 8 or less: so that none goes on.
    rest: [Vec<Digits>; 2],
}

impl Patterns {
    pub(super) fn new() -> Patterns {
        let digits = |sums: std::ops::RangeInclusive<u64>| {
            let pairs = (0..10).flat_map(|x| (0..10).map(move |y| (x, y)));
            pairs.filter(|(x, y)| sums.contains(&(x + y))).collect()
        };
        Patterns { carry: digits(10..=18), rest: [digits(0..=9), digits(0..=8)] }
    }

    /// The pairs of digits at `place` of numbers of which `carrying` alone carries.
    fn single(&self, place: u32, carrying: u32) -> &[Digits] {
        match place {
            _ if place == carrying => &self.carry,
            _ => &self.rest[usize::from(place == carrying + 1)],
        }
    }

    pub(super) fn draw(&self, pattern: Pattern, digits: u32, stream: &mut Stream) -> Pair {
        let all = 10_u64.pow(digits);
        match pattern {
            Pattern::Single => {
                let carrying = stream.below(u64::from(digits)) as u32;
                let choose = |pair: Pair, place| {
                    let from = self.single(place, carrying);
                    with(pair, place, from[stream.below(from.len() as u64) as usize])
                };
                (0..digits).fold(Pair { a: 0, b: 0 }, choose)
            }
            Pattern::Chain => chain(all, 1 + stream.below(9), stream.below(2) == 1),
            Pattern::Place => {
                let place = stream.below(u64::from(digits)) as u32;
                with(Pair { a: 0, b: 0 }, place, self.carry[stream.below(self.carry.len() as u64) as usize])
            }
            Pattern::Boundary => boundary(all, 2 + stream.below(all - 2), stream.below(3)),
        }
    }

    pub(super) fn count(&self, pattern: Pattern, digits: u32) -> u128 {
        let (carry, rest) = (self.carry.len() as u128, self.rest[0].len() as u128);
        match pattern {
            Pattern::Single => u128::from(digits) * carry * rest.pow(digits - 1),
            Pattern::Chain => 18,
            Pattern::Place => u128::from(digits) * carry,
            Pattern::Boundary => 3 * (10_u128.pow(digits) - 2),
        }
    }

    /// Every pair of a pattern with a probability, in which it may come more than once.
    pub(super) fn each(&self, pattern: Pattern, digits: u32, each: &mut dyn FnMut(Pair, f64)) {
        let (all, places) = (10_u64.pow(digits), f64::from(digits));
        match pattern {
            Pattern::Single => {
                for carrying in 0..digits {
                    self.each_single(Pair { a: 0, b: 0 }, 0, (digits, carrying), 1.0 / places, each);
                }
            }
            Pattern::Chain => {
                (1..10).for_each(|small| {
                    [false, true].into_iter().for_each(|swap| each(chain(all, small, swap), 1.0 / 18.0))
                });
            }
            Pattern::Place => {
                let p = 1.0 / (places * self.carry.len() as f64);
                let zeros = Pair { a: 0, b: 0 };
                (0..digits).for_each(|place| self.carry.iter().for_each(|pair| each(with(zeros, place, *pair), p)));
            }
            Pattern::Boundary => {
                let p = 1.0 / (3.0 * (all - 2) as f64);
                (2..all).for_each(|a| (0..3).for_each(|beyond| each(boundary(all, a, beyond), p)));
            }
        }
    }

    fn each_single(
        &self,
        pair: Pair,
        place: u32,
        (digits, carrying): (u32, u32),
        p: f64,
        each: &mut dyn FnMut(Pair, f64),
    ) {
        if place == digits {
            return each(pair, p);
        }
        let from = self.single(place, carrying);
        for next in from {
            self.each_single(with(pair, place, *next), place + 1, (digits, carrying), p / from.len() as f64, each);
        }
    }
}

/// The pair with these digits added at `place`.
fn with(pair: Pair, place: u32, (x, y): Digits) -> Pair {
    let value = 10_u64.pow(place);
    Pair { a: pair.a + x * value, b: pair.b + y * value }
}

fn chain(all: u64, small: u64, swap: bool) -> Pair {
    if swap { Pair { a: small, b: all - 1 } } else { Pair { a: all - 1, b: small } }
}

/// The pair of `a` whose sum is `all - 1 + beyond`. With `a` from 2 to `all - 1` the other is from 0 to `all - 1`, too.
fn boundary(all: u64, a: u64, beyond: u64) -> Pair {
    Pair { a, b: all - 1 - a + beyond }
}
