//! How a pair of numbers and their answer are written as tokens.

use crate::Shape;
use crate::addition::{Order, Pair};
use crate::answer;

/// Where digits stand, and what stands between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    pub(super) digits: usize,
    pub(super) answer_digits: usize,
    pub(super) operand_order: Order,
    pub(super) answer_order: Order,
    pub(super) begin: Vec<u16>,
    pub(super) plus: Vec<u16>,
    pub(super) equals: Vec<u16>,
    pub(super) end: Vec<u16>,
    pub(super) padding: Vec<u16>,
    pub(super) alphabet: usize,
}

impl Format {
    pub(super) fn shape(&self) -> Shape {
        let prompt = self.begin.len() + self.plus.len() + self.equals.len() + 2 * self.digits;
        answer::shape(self.alphabet, prompt, self.answer_digits + self.end.len(), self.padding.len())
    }

    pub(super) fn write_prompt(&self, pair: Pair, into: &mut Vec<u16>) {
        into.extend_from_slice(&self.begin);
        write(pair.a, self.digits, self.operand_order, into);
        into.extend_from_slice(&self.plus);
        write(pair.b, self.digits, self.operand_order, into);
        into.extend_from_slice(&self.equals);
    }

    /// The answer and all that follows it.
    pub(super) fn write_answer(&self, answer: u64, into: &mut Vec<u16>) {
        write(answer, self.answer_digits, self.answer_order, into);
        into.extend_from_slice(&self.end);
        into.extend_from_slice(&self.padding);
    }

    /// The power of ten that digit `row` of an answer counts.
    pub(super) fn place(&self, row: usize) -> u32 {
        match self.answer_order {
            Order::MostFirst => (self.answer_digits - 1 - row) as u32,
            Order::LeastFirst => row as u32,
        }
    }

    /// The pair of a prompt, if it is one.
    pub(super) fn read(&self, prompt: &[u16]) -> Option<Pair> {
        let rest = prompt.strip_prefix(&self.begin[..])?;
        let (a, rest) = rest.split_at_checked(self.digits)?;
        let (b, rest) = rest.strip_prefix(&self.plus[..])?.split_at_checked(self.digits)?;
        if rest != self.equals {
            return None;
        }
        Some(Pair { a: read(a, self.operand_order)?, b: read(b, self.operand_order)? })
    }
}

fn write(mut number: u64, digits: usize, order: Order, into: &mut Vec<u16>) {
    let first = into.len();
    for _ in 0..digits {
        into.push((number % 10) as u16);
        number /= 10;
    }
    debug_assert_eq!(number, 0, "a number of at most {digits} digits");
    if order == Order::MostFirst {
        into[first..].reverse();
    }
}

pub(super) fn read(digits: &[u16], order: Order) -> Option<u64> {
    let append = |number: Option<u64>, &digit: &u16| (digit < 10).then_some(10 * number? + u64::from(digit));
    match order {
        Order::MostFirst => digits.iter().fold(Some(0), append),
        Order::LeastFirst => digits.iter().rev().fold(Some(0), append),
    }
}
