//! Pairs with wished carries: how many there are, each of them by its rank, and uniform draws.
//!
//! A place *carries* if its two digits and what is carried into it are 10 or more. A *carry run* is a place whose two digits
//! alone make 10 or more, and the places after it whose digits make exactly 9, which hand the carry on: so a run of 10 is the
//! carry that goes through ten places, while ten places that carry may be ten runs of 1.

use crate::Stream;
use crate::addition::Pair;

impl Pair {
    /// The two digits at `10^place`.
    pub fn digits(self, place: u32) -> (u64, u64) {
        let value = 10_u64.pow(place);
        (self.a / value % 10, self.b / value % 10)
    }

    /// The pair with other digits at `10^place`.
    pub fn with_digits(self, place: u32, (x, y): (u64, u64)) -> Pair {
        let (value, (old_x, old_y)) = (10_u64.pow(place), self.digits(place));
        Pair { a: self.a - old_x * value + x * value, b: self.b - old_y * value + y * value }
    }

    /// The same numbers in the other order.
    pub fn swapped(self) -> Pair {
        Pair { a: self.b, b: self.a }
    }

    /// Which places carry: bit `i` for `10^i`.
    pub fn carry_mask(self) -> u32 {
        let (mut mask, mut carry, Pair { mut a, mut b }) = (0, 0, self);
        for place in 0.. {
            if a + b == 0 {
                break;
            }
            carry = u64::from(a % 10 + b % 10 + carry >= 10);
            mask |= (carry as u32) << place;
            (a, b) = (a / 10, b / 10);
        }
        mask
    }

    /// The length of the longest carry run; 0 where nothing carries.
    pub fn carry_run(self) -> u32 {
        let (mut longest, mut run, Pair { mut a, mut b }) = (0, 0, self);
        while a + b > 0 {
            run = longer(run, a % 10 + b % 10);
            longest = longest.max(run);
            (a, b) = (a / 10, b / 10);
        }
        longest
    }

    /// The length of the carry run that ends right below `10^place` and so carries into that place; 0 where nothing is carried in.
    pub fn carried_into(self, place: u32) -> u32 {
        (0..place).fold(0, |run, below| {
            let (x, y) = self.digits(below);
            longer(run, x + y)
        })
    }
}

/// The length of the run that goes on at a place whose digits make `sum`, after one of length `run`.
fn longer(run: u32, sum: u64) -> u32 {
    match sum {
        10.. => 1,
        9 if run > 0 => run + 1,
        _ => 0,
    }
}

/// The carries that pairs of a [`Stratum`] have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrying {
    /// So many places carry.
    Count(u32),
    /// The longest carry run has so many places.
    Run(u32),
    /// Those places carry whose bit is set ([`Pair::carry_mask`]), and no other.
    Mask(u32),
}

impl Carrying {
    /// Whether the pair is one of these.
    pub fn is_of(self, pair: Pair) -> bool {
        match self {
            Carrying::Count(count) => pair.carry_mask().count_ones() == count,
            Carrying::Run(run) => pair.carry_run() == run,
            Carrying::Mask(mask) => pair.carry_mask() == mask,
        }
    }

    /// How many states there are between two places; the first is that below the ones' place.
    fn states(self) -> usize {
        match self {
            // What is carried, and how many places have.
            Carrying::Count(count) => 2 * (count as usize + 1),
            // The length of the run so far, and whether one was long enough.
            Carrying::Run(run) => 2 * (run as usize + 1),
            // What is carried.
            Carrying::Mask(_) => 2,
        }
    }

    /// The state after a place whose digits make `sum`; `None` if such digits are not wished there.
    fn next(self, place: u32, state: usize, sum: u64) -> Option<usize> {
        match self {
            Carrying::Count(most) => {
                let carry = usize::from(sum + state as u64 % 2 >= 10);
                let count = state / 2 + carry;
                (count <= most as usize).then_some(2 * count + carry)
            }
            Carrying::Run(most) => {
                let run = longer(state as u32 / 2, sum);
                let reached = state % 2 == 1 || run == most;
                (run <= most).then_some(2 * run as usize + usize::from(reached))
            }
            Carrying::Mask(mask) => {
                let carry = u32::from(sum + state as u64 >= 10);
                (carry == mask >> place & 1).then_some(carry as usize)
            }
        }
    }

    /// Whether this state after the last place means that the pair is one of these.
    fn is_wished(self, state: usize) -> bool {
        match self {
            Carrying::Count(count) => state / 2 == count as usize,
            // Without any place a run of 0 is long enough.
            Carrying::Run(run) => run == 0 || state % 2 == 1,
            Carrying::Mask(_) => true,
        }
    }
}

/// All pairs of numbers below `10^digits` with wished carries.
#[derive(Clone, Debug)]
pub struct Stratum {
    carrying: Carrying,
    /// `[place][state]`: in how many ways the digits from this place on can go on.
    ways: Vec<Vec<u128>>,
}

impl Stratum {
    /// Panics for more than 18 digits, whose sums do not fit 64 bits.
    pub fn new(carrying: Carrying, digits: u32) -> Stratum {
        assert!(digits <= 18, "{digits} digits of at most 18");
        let states = carrying.states();
        let mut ways = vec![(0..states).map(|state| u128::from(carrying.is_wished(state))).collect::<Vec<_>>()];
        for place in (0..digits).rev() {
            let after = &ways[ways.len() - 1];
            let go_on = |state, sum| carrying.next(place, state, sum).map_or(0, |next| pairs_of(sum) * after[next]);
            ways.push((0..states).map(|state| (0..=18).map(|sum| go_on(state, sum)).sum()).collect());
        }
        ways.reverse();
        Stratum { carrying, ways }
    }

    /// How many pairs there are.
    pub fn count(&self) -> u128 {
        self.ways[0][0]
    }

    /// The pair with this rank, which is below [`Stratum::count`]; every pair has one. Panics for any other rank.
    pub fn pair(&self, mut rank: u128) -> Pair {
        assert!(rank < self.count(), "rank {rank} of {} pairs", self.count());
        let (mut pair, mut state, mut value) = (Pair { a: 0, b: 0 }, 0, 1);
        for (place, after) in self.ways[1..].iter().enumerate() {
            for sum in 0..=18 {
                let Some(next) = self.carrying.next(place as u32, state, sum) else { continue };
                let here = pairs_of(sum) * after[next];
                if rank < here {
                    let x = sum.saturating_sub(9) + (rank / after[next]) as u64;
                    pair = Pair { a: pair.a + x * value, b: pair.b + (sum - x) * value };
                    (rank, state) = (rank % after[next], next);
                    break;
                }
                rank -= here;
            }
            value = value.wrapping_mul(10);
        }
        pair
    }

    /// A pair, each with the same probability. Panics if there is none.
    pub fn draw(&self, stream: &mut Stream) -> Pair {
        self.pair(below(stream, self.count()))
    }
}

/// How many pairs of digits make this sum.
fn pairs_of(sum: u64) -> u128 {
    u128::from(10 - sum.abs_diff(9))
}

/// Uniform in `0..n`: as many bits as `n - 1` has, until they are below `n`.
fn below(stream: &mut Stream, n: u128) -> u128 {
    assert!(n > 0, "there is no pair with these carries");
    if let Ok(n) = u64::try_from(n) {
        return u128::from(stream.below(n));
    }
    let spare = (n - 1).leading_zeros();
    loop {
        let word = (u128::from(stream.next_u64()) << 64 | u128::from(stream.next_u64())) >> spare;
        if word < n {
            return word;
        }
    }
}
