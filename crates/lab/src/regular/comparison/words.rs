//! The words that a network is looked at on: drawn from its world, and their positions parted so that no string is on both sides.
//!
//! What a causal network holds at a position depends on the symbols read so far and on nothing else. So it is these strings that
//! are parted, not whole words: words of both sides would begin alike.

use std::collections::BTreeSet;

use infimum_worlds::regular::Machine;
use infimum_worlds::{Example, Purpose, Stream};

use crate::data::Address;
use crate::{Experiment, LabError};

/// A word as a network reads it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// `[position]`: BOS, the symbols, EOS to the end.
    pub(super) tokens: Vec<u16>,
    /// How many symbols there are.
    pub(super) length: usize,
    /// `[symbols read]`: the states on the way, the first before any symbol.
    pub(super) states: Vec<u32>,
}

impl Word {
    pub(super) fn symbols(&self) -> &[u16] {
        &self.tokens[1..=self.length]
    }

    fn of(tokens: Vec<u16>, machine: &Machine) -> Word {
        let symbols = machine.alphabet().len() as u16;
        let length = tokens[1..].iter().take_while(|token| **token < symbols).count();
        let mut states = vec![0];
        for symbol in &tokens[1..=length] {
            states.push(machine.automaton().next(states[states.len() - 1], *symbol));
        }
        Word { tokens, length, states }
    }
}

/// Words whose positions, those before and after each symbol, word after word, are parted.
pub(super) struct Split {
    pub(super) words: Vec<Word>,
    /// `[position]`: whether probes are scored there; on the others they are fitted.
    pub(super) is_held_out: Vec<bool>,
}

impl Split {
    /// The first `count` words that the experiment's world draws for probes, parted as [`is_held_out`] says.
    pub(super) fn draw(experiment: &Experiment, machine: &Machine, count: usize) -> Result<Split, LabError> {
        let mut example = Example::default();
        let words: Vec<Word> = (0..count as u64)
            .map(|index| {
                experiment.draw(Purpose::Probe, Address { step: 0, index }, &mut example);
                Word::of(example.tokens.clone(), machine)
            })
            .collect();
        let is_held_out = is_held_out(words.iter().map(|word| (word.symbols(), &word.states[..])));
        if !is_held_out.contains(&true) {
            let allowed = format!(
                "in {count} words drawn from its world no two strings read so far lead to one state, and probes need one to be fitted on and another to be scored on"
            );
            let remedy = "let the world draw words of more lengths or classes, or look at more --words";
            return Err(LabError::value("world.kind", experiment.plan().world().kind(), allowed, remedy));
        }
        Ok(Split { words, is_held_out })
    }

    /// The positions of a side.
    pub(super) fn side(&self, held_out: bool) -> Vec<usize> {
        let places = self.is_held_out.iter().enumerate().filter(|(_, is)| **is == held_out);
        places.map(|(place, _)| place).collect()
    }

    /// The states at the positions of a side.
    pub(super) fn labels(&self, held_out: bool) -> Vec<u32> {
        let states = self.words.iter().flat_map(|word| &word.states).zip(&self.is_held_out);
        states.filter(|(_, is)| **is == held_out).map(|(state, _)| *state).collect()
    }

    /// The strings of a side, whatever their hashes.
    pub(super) fn strings(&self, held_out: bool) -> BTreeSet<&[u16]> {
        let read = self.words.iter().flat_map(|word| (0..=word.length).map(|length| &word.symbols()[..length]));
        let read = read.zip(&self.is_held_out);
        read.filter(|(_, is)| **is == held_out).map(|(string, _)| string).collect()
    }
}

/// Which positions of words are held out, word after word, given the symbols of each and the states on the way, of which the
/// first is before any symbol. Of the strings that lead to a state every other one, in the order of their hashes, is held out
/// wherever it stands, and the first is not: so a state that one string alone leads to is never held out.
pub fn is_held_out<'a>(words: impl Iterator<Item = (&'a [u16], &'a [u32])>) -> Vec<bool> {
    let strings = words.flat_map(|(symbols, states)| states.iter().copied().zip(hashes(symbols)));
    let mut read: Vec<((u32, u64), usize)> = strings.enumerate().map(|(place, string)| (string, place)).collect();
    read.sort_unstable();
    let mut is_held_out = vec![false; read.len()];
    let (mut last, mut is) = (None, true);
    for ((state, string), place) in read {
        is = match last {
            Some((before, _)) if before != state => false,
            Some((_, before)) if before == string => is,
            _ => !is,
        };
        last = Some((state, string));
        is_held_out[place] = is;
    }
    is_held_out
}

/// 64 bits for every string that a word begins with, the empty one and the word included: each is the first number of the stream
/// whose key is what came before. Two strings with the same would stand on one side together.
fn hashes(symbols: &[u16]) -> impl Iterator<Item = u64> {
    let next = |hash: &mut u64, symbol: &u16| {
        *hash = Stream::at([*hash, Purpose::Probe as u64], [0, 0, u64::from(*symbol), 5]).next_u64();
        Some(*hash)
    };
    std::iter::once(0).chain(symbols.iter().scan(0, next))
}
