//! Words of a regular language as a world.
//!
//! A sequence is `BOS`, the symbols of a word, and `EOS` to its end; at each position up to the first `EOS` there are two targets, the
//! next token and the class of the symbols so far. First the class of the whole word is drawn, then its length among those at
//! which the class has words, then the word, each as likely as any other of its class and length. So what is possible next, and how
//! likely, follows from the state of the automaton and the number of symbols: their pair is the belief. The class follows from the
//! symbols, so its floor is 0 and its ceiling 1.

mod settings;
mod truth;

use std::sync::OnceLock;

pub use settings::Settings;

use super::{Counts, Machine};
use crate::{Baseline, Example, Fact, Head, Purpose, Shape, Split, Stream, Truth, World};
use truth::Table;

/// The head of the next token, and that of the class.
const TOKEN: usize = 0;
const CLASS: usize = 1;

/// Words of one class and length.
#[derive(Clone, Copy, Debug)]
struct Kind {
    class: usize,
    length: usize,
    probability: f64,
}

/// Words of a regular language, by class and length.
pub struct Words {
    machine: Machine,
    /// Of each class.
    counts: Vec<Counts>,
    /// What is drawn from, each with a probability above 0.
    kinds: Vec<Kind>,
    table: Table,
    shape: Shape,
    seed: u64,
    ladder: OnceLock<Vec<Baseline>>,
}

impl Words {
    fn new(machine: Machine, counts: Vec<Counts>, kinds: Vec<Kind>, seed: u64) -> Words {
        let longest = kinds.iter().map(|kind| kind.length).max().expect("there is a kind of word");
        let table = Table::of(&machine, &counts, &kinds, longest);
        let alphabet = machine.alphabet().len() + 2;
        let heads = vec![Head { name: "token", alphabet }, Head { name: "class", alphabet: machine.classes().len() }];
        let shape = Shape { positions: longest + 1, alphabet, heads, scored: 0..longest + 1 };
        Words { machine, counts, kinds, table, shape, seed, ladder: OnceLock::new() }
    }

    /// The token that ends a word.
    pub fn end(&self) -> u16 {
        self.machine.alphabet().len() as u16
    }

    /// The token that begins every sequence.
    pub fn begin(&self) -> u16 {
        self.end() + 1
    }

    /// A word, and from its end on `EOS`: one token more than there are positions.
    fn block(&self, stream: &mut Stream) -> Vec<u16> {
        let mut left = stream.uniform();
        let last = self.kinds.last().expect("there is a kind of word");
        let kind = self.kinds.iter().find(|kind| {
            left -= kind.probability;
            left < 0.0
        });
        let Kind { class, length, .. } = *kind.unwrap_or(last);
        let word = self.counts[class].draw(length, stream).expect("every kind has a word");
        let mut block = vec![self.begin()];
        block.extend(word);
        block.resize(self.shape.positions + 1, self.end());
        block
    }
}

impl World for Words {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let block = self.block(stream);
        let scored = self.scored(&block);
        into.tokens.clear();
        into.tokens.extend_from_slice(&block[..self.shape.positions]);
        into.targets.resize_with(2, Vec::new);
        into.targets[TOKEN].clear();
        into.targets[TOKEN].extend_from_slice(&block[1..]);
        into.targets[CLASS].clear();
        let mut state = 0;
        for &token in &block[..self.shape.positions] {
            if usize::from(token) < self.machine.alphabet().len() {
                state = self.machine.automaton().next(state, token);
            }
            into.targets[CLASS].push(self.machine.automaton().output(state));
        }
        into.weights.resize_with(2, Vec::new);
        for weights in &mut into.weights {
            weights.clear();
            weights.resize(self.shape.positions, 0.0);
            weights[scored.clone()].fill(1.0);
        }
    }

    fn scored(&self, block: &[u16]) -> std::ops::Range<usize> {
        let end = block.iter().position(|token| *token == self.end());
        0..end.unwrap_or(self.shape.positions)
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            Fact::count("automaton_states", self.machine.automaton().states(), ""),
            Fact::words("alphabet", self.machine.alphabet().spelt()),
        ];
        for (class, name) in self.machine.classes().iter().enumerate() {
            let probability = self.kinds.iter().filter(|kind| kind.class == class).map(|kind| kind.probability).sum();
            facts.push(Fact::number(format!("probability_of_{name}"), probability, ""));
        }
        facts.push(Fact::number("symbols_in_the_mean", self.table.scored() - 1.0, ""));
        facts
    }

    /// Block `i` is the stream of purpose `ExportTrain` or `ExportValidation`, the world's seed, step 0, index `i`.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, purpose, blocks) in
            [(Split::Train, Purpose::ExportTrain, train), (Split::Validation, Purpose::ExportValidation, validation)]
        {
            for index in 0..blocks as u64 {
                each(split, &self.block(&mut Stream::new(self.seed, purpose, 0, index)));
            }
        }
    }
}
