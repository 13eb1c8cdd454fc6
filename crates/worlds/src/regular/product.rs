//! Two automata side by side.

use std::collections::BTreeMap;

use super::{Automaton, RegularError};

/// The most pairs of states that are looked at.
pub const MOST_PAIRS: usize = 2_000_000;

/// The pairs of states that words reach, in the order in which they reach them.
struct Pairs {
    number: BTreeMap<(u32, u32), u32>,
    order: Vec<(u32, u32)>,
    /// The number of the pair before, and the symbol from it.
    from: Vec<(u32, u16)>,
}

impl Pairs {
    fn begin() -> Pairs {
        Pairs { number: BTreeMap::from([((0, 0), 0)]), order: vec![(0, 0)], from: vec![(0, 0)] }
    }

    /// The number of a pair, and whether it is new.
    fn number(&mut self, pair: (u32, u32), from: (u32, u16), limit: usize) -> Result<(u32, bool), RegularError> {
        if let Some(number) = self.number.get(&pair) {
            return Ok((*number, false));
        }
        let number = self.order.len();
        if number == limit {
            let (what, size) = ("the product of two automata, in states,", format!("more than {limit}"));
            return Err(RegularError::limit(what, size, limit as u64, "choose smaller patterns"));
        }
        self.number.insert(pair, number as u32);
        self.order.push(pair);
        self.from.push(from);
        Ok((number as u32, true))
    }

    /// The word that reached a pair first.
    fn word(&self, mut number: u32) -> Vec<u16> {
        let mut word = Vec::new();
        while number != 0 {
            let (before, symbol) = self.from[number as usize];
            word.push(symbol);
            number = before;
        }
        word.reverse();
        word
    }
}

impl Automaton {
    /// The automaton whose output for every word is `combine` of the outputs of the two; of at most `limit` states, and not
    /// minimal. Panics if the two have not as many symbols.
    pub(super) fn product(
        &self,
        other: &Automaton,
        limit: usize,
        combine: impl Fn(u16, u16) -> u16,
    ) -> Result<Automaton, RegularError> {
        let symbols = self.symbols_of_both(other);
        let (mut pairs, mut next, mut at) = (Pairs::begin(), Vec::new(), 0);
        while let Some(&(a, b)) = pairs.order.get(at) {
            for symbol in 0..symbols {
                let pair = (self.next(a, symbol), other.next(b, symbol));
                next.push(pairs.number(pair, (at as u32, symbol), limit)?.0);
            }
            at += 1;
        }
        let outputs = pairs.order.iter().map(|&(a, b)| combine(self.output(a), other.output(b))).collect();
        Ok(Automaton::new(self.symbols(), next, outputs))
    }

    /// The least word, by length and then by the order of symbols, whose outputs differ by `differ`; `None` if there is none.
    /// Error: more than [`MOST_PAIRS`] pairs of states were looked at. Panics if the two have not as many symbols.
    pub fn first_difference(
        &self,
        other: &Automaton,
        differ: impl Fn(u16, u16) -> bool,
    ) -> Result<Option<Vec<u16>>, RegularError> {
        let symbols = self.symbols_of_both(other);
        if differ(self.output(0), other.output(0)) {
            return Ok(Some(Vec::new()));
        }
        // Pairs are found in the order of the least words that reach them.
        let (mut pairs, mut at) = (Pairs::begin(), 0);
        while let Some(&(a, b)) = pairs.order.get(at) {
            for symbol in 0..symbols {
                let pair = (self.next(a, symbol), other.next(b, symbol));
                let (number, new) = pairs.number(pair, (at as u32, symbol), MOST_PAIRS)?;
                if new && differ(self.output(pair.0), other.output(pair.1)) {
                    return Ok(Some(pairs.word(number)));
                }
            }
            at += 1;
        }
        Ok(None)
    }

    fn symbols_of_both(&self, other: &Automaton) -> u16 {
        assert_eq!(self.symbols(), other.symbols(), "automata over alphabets of different sizes");
        self.symbols() as u16
    }
}
