//! Asking for one pair: its sequence, with any answer in the place of the right one, and what an answer means.

use crate::addition::format;
use crate::addition::{Addition, Operation, Pair, Use};
use crate::{Example, Stream, answer};

impl Addition {
    /// What is asked for.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Places of an operand: operands are below `10^digits`.
    pub fn digits(&self) -> u32 {
        self.format.digits as u32
    }

    /// Digits of an answer, which are the first scored targets; what follows them is the same for every pair.
    pub fn answer_digits(&self) -> usize {
        self.format.answer_digits
    }

    /// The number that is asked for. Panics if the operands of a difference are not in order.
    pub fn answer_of(&self, pair: Pair) -> u64 {
        self.operation.of(pair)
    }

    /// The power of ten that the answer's digit at scored target `row` counts.
    pub fn place(&self, row: usize) -> u32 {
        self.format.place(row)
    }

    /// The answer's digit at `10^place`, had the carry into that place (of a difference, the borrow) been the other one; `None` for
    /// the lowest place, into which nothing is carried.
    pub fn digit_of_other_carry(&self, pair: Pair, place: u32) -> Option<u16> {
        if place == 0 {
            return None;
        }
        let value = 10_u64.pow(place);
        let (a, b, right) = (pair.a % value, pair.b % value, self.answer_of(pair) / value % 10);
        // A carry adds 1, a borrow takes 1 away.
        let is_one_more = match self.operation {
            Operation::Add => a + b < value,
            Operation::Subtract => a < b,
        };
        Some(((right + if is_one_more { 1 } else { 9 }) % 10) as u16)
    }

    /// The digits of the right answer, as they stand in a sequence.
    pub fn answer_tokens(&self, pair: Pair) -> Vec<u16> {
        let mut tokens = Vec::with_capacity(self.shape.positions);
        self.format.write_answer(self.operation.of(pair), &mut tokens);
        tokens.truncate(self.format.answer_digits);
        tokens
    }

    /// The number that an answer's digits make; `None` if some are no digits, or are too few or too many.
    pub fn number(&self, tokens: &[u16]) -> Option<u64> {
        let whole = tokens.len() == self.format.answer_digits;
        format::read(tokens, self.format.answer_order).filter(|_| whole)
    }

    /// Makes `into` the sequence of this pair whose answer begins with `written`; what comes after is the right answer's.
    /// Panics if the pair or what is written does not fit.
    pub fn ask(&self, pair: Pair, written: &[u16], into: &mut Example) {
        self.sequence(pair, &mut into.tokens);
        let first = self.shape.scored.start + 1;
        into.tokens[first..][..written.len()].copy_from_slice(written);
        answer::complete(into, &self.shape.scored);
    }

    /// A pair of numbers below `10^digits`, all alike; with pairs held out from training, of those alone.
    pub fn draw_uniform(&self, stream: &mut Stream) -> Pair {
        let all = 10_u64.pow(self.digits());
        loop {
            let pair = self.operation.order(Pair { a: stream.below(all), b: stream.below(all) });
            if self.is_for(pair, Use::Test) {
                return pair;
            }
        }
    }
}
