//! Counting words exactly, and with it finding a word's place among those of its length, the word at a place, and drawing words
//! so that each is as likely as any other.

use super::{Automaton, Natural, RegularError};
use crate::Stream;

/// The most bytes that the counts for all lengths and states may take.
pub const MOST_COUNT_BYTES: u64 = 1 << 28;

/// How many words of each length lead from each state to a wanted output.
pub struct Counts {
    automaton: Automaton,
    /// `[length][state]`.
    levels: Vec<Vec<Natural>>,
}

impl Counts {
    /// Counts the words of up to `length` symbols whose outputs are wanted. Error: more than [`MOST_COUNT_BYTES`].
    pub fn new(automaton: &Automaton, length: usize, wanted: impl Fn(u16) -> bool) -> Result<Counts, RegularError> {
        let states = automaton.states() as u64;
        let digits = |length: u64| length * u64::from(64 - (automaton.symbols() as u64 - 1).leading_zeros()) / 64 + 1;
        // A number is a vector of digits, and those of level n have at most `digits(n)`.
        let bytes = (0..=length as u64).try_fold(0_u64, |sum, length| {
            let level = states.checked_mul(24 + 8 * digits(length))?;
            sum.checked_add(level).filter(|sum| *sum <= MOST_COUNT_BYTES)
        });
        if bytes.is_none() {
            let what = format!("counting words of up to {length} symbols over {states} states, in bytes,");
            let size = format!("more than {MOST_COUNT_BYTES}");
            return Err(RegularError::limit(what, size, MOST_COUNT_BYTES, "choose shorter words or a smaller pattern"));
        }
        let one = |state: u32| Natural::from(u64::from(wanted(automaton.output(state))));
        let mut levels = vec![(0..automaton.states() as u32).map(one).collect::<Vec<_>>()];
        for length in 0..length {
            let sum = |state: u32| {
                automaton.row(state).iter().fold(Natural::ZERO, |mut sum, next| {
                    sum.add(&levels[length][*next as usize]);
                    sum
                })
            };
            let level = (0..automaton.states() as u32).map(sum).collect();
            levels.push(level);
        }
        Ok(Counts { automaton: automaton.clone(), levels })
    }

    /// The greatest length that is counted.
    pub fn length(&self) -> usize {
        self.levels.len() - 1
    }

    /// How many words of this length there are. Panics beyond the greatest length.
    pub fn count(&self, length: usize) -> &Natural {
        self.from(0, length)
    }

    /// How many words of this length lead from a state to a wanted output. Panics beyond the greatest length.
    pub fn from(&self, state: u32, length: usize) -> &Natural {
        &self.levels[length][state as usize]
    }

    /// How many of the words of its length stand before a word, by the order of symbols; `None` if it is not one of them. Panics
    /// beyond the greatest length.
    pub fn rank(&self, word: &[u16]) -> Option<Natural> {
        let (mut rank, mut state) = (Natural::ZERO, 0);
        for (at, symbol) in word.iter().enumerate() {
            let left = word.len() - at - 1;
            (0..*symbol).for_each(|earlier| rank.add(self.from(self.automaton.next(state, earlier), left)));
            state = self.automaton.next(state, *symbol);
        }
        (!self.from(state, 0).is_zero()).then_some(rank)
    }

    /// The word of this length before which `rank` stand. Panics if there are not so many, and beyond the greatest length.
    pub fn unrank(&self, length: usize, mut rank: Natural) -> Vec<u16> {
        assert!(rank < *self.count(length), "there are {} words of length {length}", self.count(length));
        let mut state = 0;
        let symbol = |left: usize| {
            for (symbol, &next) in self.automaton.row(state).iter().enumerate() {
                let count = self.from(next, left);
                if rank < *count {
                    state = next;
                    return symbol as u16;
                }
                rank.subtract(count);
            }
            unreachable!("the counts of the next states add up to that of the state")
        };
        (0..length).rev().map(symbol).collect()
    }

    /// A word of this length, each as likely as any other; `None` if there is none. Panics beyond the greatest length.
    pub fn draw(&self, length: usize, stream: &mut Stream) -> Option<Vec<u16>> {
        let count = self.count(length);
        (!count.is_zero()).then(|| self.unrank(length, Natural::below(count, stream)))
    }
}
