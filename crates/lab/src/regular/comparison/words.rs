//! The words that a network is looked at on: drawn from its world, and parted so that no string is on both sides.

use std::collections::{BTreeMap, BTreeSet};

use infimum_worlds::regular::Machine;
use infimum_worlds::{Example, Purpose};

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

/// Words for probes to be fitted on, and others for them to be scored on.
pub(super) struct Split {
    pub(super) fit: Vec<Word>,
    pub(super) held_out: Vec<Word>,
}

impl Split {
    /// The first `count` words that the experiment's world draws for probes. Every other string, in the order of their hashes, is
    /// held out, with all words that are it.
    pub(super) fn draw(experiment: &Experiment, machine: &Machine, count: usize) -> Result<Split, LabError> {
        let mut example = Example::default();
        let words: Vec<Word> = (0..count as u64)
            .map(|index| {
                experiment.draw(Purpose::Probe, Address { step: 0, index }, &mut example);
                Word::of(example.tokens.clone(), machine)
            })
            .collect();
        let hash = |word: &Word| {
            *blake3::hash(&word.symbols().iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>()).as_bytes()
        };
        let strings: BTreeSet<[u8; 32]> = words.iter().map(hash).collect();
        if strings.len() < 2 {
            let allowed =
                format!("{count} words drawn from its world are one string, and probes need others to be scored on");
            let remedy = "let the world draw words of more lengths or classes, or look at more --words";
            return Err(LabError::value("the run", experiment.plan().world().kind(), allowed, remedy));
        }
        let sides: BTreeMap<[u8; 32], bool> =
            strings.into_iter().enumerate().map(|(place, string)| (string, place % 2 == 0)).collect();
        let (fit, held_out) = words.into_iter().partition(|word| sides[&hash(word)]);
        Ok(Split { fit, held_out })
    }
}

/// The states of all words at all positions up to their ends, word after word.
pub(super) fn labels(words: &[Word]) -> Vec<u32> {
    words.iter().flat_map(|word| word.states.iter().copied()).collect()
}

/// How many strings of one list are in the other, each counted once.
pub(super) fn shared(one: &[Word], other: &[Word]) -> usize {
    let strings = |words: &[Word]| words.iter().map(|word| word.symbols().to_vec()).collect::<BTreeSet<_>>();
    strings(one).intersection(&strings(other)).count()
}
