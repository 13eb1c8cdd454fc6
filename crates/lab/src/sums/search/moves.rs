//! Where a search begins, and how it goes from pair to pair.

use infimum_worlds::Stream;
use infimum_worlds::addition::{Carrying, Pair, Stratum};

/// Up to so many digits each carry mask is a stratum.
const MASKED_DIGITS: u32 = 10;

/// Fresh pairs and changes of pairs of numbers of so many digits.
pub(super) struct Moves {
    digits: u32,
    runs: Vec<Stratum>,
    masks: Vec<Stratum>,
}

impl Moves {
    pub(super) fn new(digits: u32) -> Moves {
        let masks = if digits <= MASKED_DIGITS { 1 << digits } else { 0 };
        Moves {
            digits,
            runs: (0..=digits).map(|run| Stratum::new(Carrying::Run(run), digits)).collect(),
            masks: (0..masks).map(|mask| Stratum::new(Carrying::Mask(mask), digits)).collect(),
        }
    }

    /// Pair `number` of those that a search begins with: half of each carry mask in turn, a quarter of each carry run in turn.
    pub(super) fn first(&self, number: u64, stream: &mut Stream) -> Pair {
        let of = |strata: &[Stratum], turn: u64, stream: &mut Stream| {
            strata[(turn % strata.len() as u64) as usize].draw(stream)
        };
        match number % 4 {
            0 | 2 if !self.masks.is_empty() => of(&self.masks, number / 2, stream),
            1 => of(&self.runs, number / 4, stream),
            _ => self.fresh(stream),
        }
    }

    /// A pair of a random carry run, of a random carry mask, of random lengths, or of few different digits.
    pub(super) fn fresh(&self, stream: &mut Stream) -> Pair {
        let any =
            |strata: &[Stratum], stream: &mut Stream| strata[stream.below(strata.len() as u64) as usize].draw(stream);
        match stream.below(4) {
            0 if !self.masks.is_empty() => any(&self.masks, stream),
            1 => {
                let mut number = || 10_u64.pow(1 + stream.below(u64::from(self.digits)) as u32);
                let (a, b) = (number(), number());
                Pair { a: stream.below(a), b: stream.below(b) }
            }
            2 => {
                let palette = [0, 9, stream.below(10), stream.below(10)];
                let mut digit = || palette[stream.below(4) as usize];
                (0..self.digits).fold(Pair { a: 0, b: 0 }, |pair, place| pair.with_digits(place, (digit(), digit())))
            }
            _ => any(&self.runs, stream),
        }
    }

    /// Changes `pair` once; once more with a chance of a half, and so on. Some changes keep the carries, some the sum; `mate` is
    /// another pair, of which some take places.
    pub(super) fn change(&self, mut pair: Pair, mate: Pair, stream: &mut Stream) -> Pair {
        loop {
            pair = self.change_once(pair, mate, stream);
            if stream.below(2) == 0 {
                return pair;
            }
        }
    }

    fn change_once(&self, pair: Pair, mate: Pair, stream: &mut Stream) -> Pair {
        let place = self.place(stream);
        let (x, y) = pair.digits(place);
        match stream.below(10) {
            // One digit: another one, or one beside it.
            0 => one_digit(pair, place, stream.below(10), stream),
            1 => {
                let digit = if stream.below(2) == 0 { x } else { y };
                one_digit(pair, place, if stream.below(2) == 0 { (digit + 1) % 10 } else { (digit + 9) % 10 }, stream)
            }
            // Two digits of a place: any; with the same carries; with the same sum.
            2 => pair.with_digits(place, (stream.below(10), stream.below(10))),
            3 => same_carries(pair, place, stream),
            4 => with_sum(pair, place, x + y, stream),
            // Two places, with the same carries.
            5 => same_carries(same_carries(pair, place, stream), self.place(stream), stream),
            // A place that hands a carry on.
            6 => with_sum(pair, place, 9, stream),
            // The digits of another place.
            7 => pair.with_digits(self.place(stream), (x, y)),
            // Places change sides, which changes no sum.
            8 => {
                let sides = stream.next_u64();
                let change = |pair: Pair, place| {
                    let (x, y) = pair.digits(place);
                    if sides >> place & 1 == 1 { pair.with_digits(place, (y, x)) } else { pair }
                };
                (0..self.digits).fold(pair, change)
            }
            // The lower or the higher places of another pair.
            _ => {
                let value = 10_u64.pow(place);
                let (low, high) = if stream.below(2) == 0 { (pair, mate) } else { (mate, pair) };
                let joined = |low: u64, high: u64| low % value + (high - high % value);
                Pair { a: joined(low.a, high.a), b: joined(low.b, high.b) }
            }
        }
    }

    fn place(&self, stream: &mut Stream) -> u32 {
        stream.below(u64::from(self.digits)) as u32
    }
}

/// One of the two digits at a place becomes `digit`.
fn one_digit(pair: Pair, place: u32, digit: u64, stream: &mut Stream) -> Pair {
    let (x, y) = pair.digits(place);
    pair.with_digits(place, if stream.below(2) == 0 { (digit, y) } else { (x, digit) })
}

/// Two digits with this sum, from 0 to 18.
fn with_sum(pair: Pair, place: u32, sum: u64, stream: &mut Stream) -> Pair {
    let least = sum.saturating_sub(9);
    let x = least + stream.below(10 - sum.abs_diff(9));
    pair.with_digits(place, (x, sum - x))
}

/// Any two digits that carry if those at the place do, with what is carried into it.
fn same_carries(pair: Pair, place: u32, stream: &mut Stream) -> Pair {
    let mask = pair.carry_mask();
    let carried = if place == 0 { 0 } else { u64::from(mask >> (place - 1) & 1) };
    let carries = mask >> place & 1 == 1;
    loop {
        let (x, y) = (stream.below(10), stream.below(10));
        if (x + y + carried >= 10) == carries {
            return pair.with_digits(place, (x, y));
        }
    }
}
