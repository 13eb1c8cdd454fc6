//! Strings to be completed: their first symbols are given, and the rest is asked for, up to the end.

use std::cmp::Reverse;
use std::ops::Range;

use super::{Line, PADDING, Strings};
use crate::Example;

/// Which strings are to be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that are drawn, as far as whole strings are counted among them.
    Trained,
    /// Those that never are.
    HeldOut,
}

/// A string to be completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// All of its symbols.
    pub symbols: Vec<u16>,
    /// How many of them are given, the first: up to the answer where the world asks for one, and otherwise half of them, of an odd
    /// number the larger half. At least one, and at least one token is left to say.
    pub given: usize,
}

impl Unfinished {
    /// The symbols that are given.
    pub fn prompt(&self) -> &[u16] {
        &self.symbols[..self.given]
    }
}

impl Strings {
    /// The strings of a part, in their order.
    pub fn unfinished(&self, part: Part) -> Vec<Unfinished> {
        let lines: Vec<&Line> = match part {
            Part::Trained => self.strings.iter().filter(|line| line.counts).collect(),
            Part::HeldOut => self.held_out.iter().collect(),
        };
        let unfinished = |line: &&Line| Unfinished { symbols: line.symbols.clone(), given: self.given(line) };
        lines.iter().map(unfinished).collect()
    }

    fn given(&self, line: &Line) -> usize {
        let given = if self.has_answers { line.asked } else { line.symbols.len().div_ceil(2) };
        given.min(self.length - 1)
    }

    /// The positions whose targets complete a string, after what is given of it and up to its end; none in what is no string of this
    /// world.
    pub fn completing(&self, example: &Example) -> Range<usize> {
        let symbols = example.tokens.iter().position(|token| *token == PADDING).unwrap_or(example.tokens.len());
        let is_it = |line: &&Line| line.symbols == example.tokens[..symbols];
        let line = self.strings.iter().chain(&self.held_out).find(is_it);
        line.map_or(0..0, |line| self.given(line) - 1..symbols.min(self.length - 1))
    }

    /// How frequent each token is in the strings that are drawn: their symbols, and one end of each.
    pub fn frequencies(&self) -> Vec<f64> {
        let mut frequencies = vec![0.0; self.shape.alphabet];
        for line in &self.strings {
            let tokens = line.symbols.iter().chain([&PADDING]);
            tokens.for_each(|token| frequencies[usize::from(*token)] += line.probability);
        }
        let all: f64 = frequencies.iter().sum();
        frequencies.iter().map(|times| times / all).collect()
    }

    /// How many trained strings a predictor completes at most, one that says one token after each beginning. Of what is held out nothing
    /// says how it goes on, so that there is no such number.
    ///
    /// A string is asked for after each of its beginnings from its prompt on. Two strings that are asked for after one and the same
    /// beginning part there or later, and one of them is lost. All that have such a beginning in common with the string of the longest
    /// prompt have that prompt in common, so that one of them is completed at most, and taking this one costs the others least.
    pub fn most_completed(&self) -> usize {
        let mut strings = self.unfinished(Part::Trained);
        strings.sort_by_key(|string| Reverse(string.given));
        let mut is_prompt = vec![false; self.tree.nodes().len()];
        for string in &strings {
            let beginnings = self.tree.path(&string.symbols).skip(string.given);
            let mut beginnings = beginnings.peekable();
            let prompt = *beginnings.peek().expect("a string of the tree has all of its beginnings there");
            if !beginnings.any(|beginning| is_prompt[beginning]) {
                is_prompt[prompt] = true;
            }
        }
        is_prompt.into_iter().filter(|is_prompt| *is_prompt).count()
    }
}
