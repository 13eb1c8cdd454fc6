//! Words of a regular language as a world.
//!
//! A sequence is `BOS`, the symbols of a word, and `EOS` to its end; at each position up to the first `EOS` there are two targets, the
//! next token and the class of the symbols so far. First the class of the whole word is drawn, then its length among those at
//! which the class has words, then the word, each as likely as any other of its class and length. So what is possible next, and how
//! likely, follows from the state of the automaton and the number of symbols: their pair is the belief. The class follows from the
//! symbols, so its floor is 0 and its ceiling 1.

mod kinds;
mod parts;
mod recogniser;
mod settings;
mod spelling;
mod truth;

use std::ops::RangeInclusive;
use std::sync::OnceLock;

pub use recogniser::Recogniser;
pub use settings::Settings;

use super::{Counts, Machine};
use crate::{Baseline, Example, Fact, Head, Shape, Spelling, Split, Stream, Truth, World};
use kinds::Kind;
use parts::{Part, Parts};
use truth::Table;

/// The head of the next token, and that of the class.
const TOKEN: usize = 0;
const CLASS: usize = 1;

/// What words are drawn from.
struct Draws {
    /// Of each class.
    counts: Vec<Counts>,
    /// For tests: classes and lengths, each with a probability above 0.
    kinds: Vec<Kind>,
    /// For training.
    training: Vec<Kind>,
    /// Which words are for what, if some are held out.
    parts: Option<Parts>,
    recogniser: Option<Recogniser>,
    /// The length of the shortest words, and that of the longest.
    lengths: (usize, usize),
    /// The length of the longest that are trained on, if others are tested on.
    longest_trained: Option<usize>,
    /// What the user calls the language.
    name: String,
}

/// Words of a regular language, by class and length.
pub struct Words {
    machine: Machine,
    draws: Draws,
    /// The law of the token; `None` where nobody knows it.
    table: Option<Table>,
    shape: Shape,
    seed: u64,
    /// Of each head.
    ladders: [OnceLock<Vec<Baseline>>; 2],
}

impl Words {
    fn new(machine: Machine, draws: Draws, seed: u64) -> Words {
        let longest = draws.kinds.iter().chain(&draws.training).map(|kind| kind.length).max();
        let longest = longest.expect("there is a kind of word");
        let is_known = draws.parts.is_none() && draws.recogniser.is_none();
        let table = is_known.then(|| Table::of(&machine, &draws.counts, &draws.kinds, longest));
        let alphabet = machine.alphabet().len() + 2;
        let heads = vec![Head { name: "token", alphabet }, Head { name: "class", alphabet: draws.counts.len() }];
        let shape = Shape { positions: longest + 1, alphabet, heads, scored: 0..longest + 1 };
        Words { machine, draws, table, shape, seed, ladders: Default::default() }
    }

    /// The token that ends a word.
    pub fn end(&self) -> u16 {
        self.machine.alphabet().len() as u16
    }

    /// The token that begins every sequence.
    pub fn begin(&self) -> u16 {
        self.end() + 1
    }

    fn kinds(&self, part: Part) -> &[Kind] {
        if part == Part::Training { &self.draws.training } else { &self.draws.kinds }
    }

    /// The lengths of words for this.
    fn lengths(&self, part: Part) -> RangeInclusive<usize> {
        let ((shortest, longest), trained) = (self.draws.lengths, self.draws.longest_trained);
        match (part, trained) {
            (_, None) => shortest..=longest,
            (Part::Training, Some(trained)) => shortest..=trained,
            (_, Some(trained)) => trained + 1..=longest,
        }
    }

    /// A word of a kind, each that is for this as likely as any other.
    fn of_kind(&self, kind: &Kind, part: Part, stream: &mut Stream) -> Vec<u16> {
        let Draws { counts, parts, .. } = &self.draws;
        match parts {
            Some(parts) => parts.draw(part, kind, counts, stream),
            None => counts[kind.class].draw(kind.length, stream).expect("every kind has a word"),
        }
    }

    /// A word, and from its end on `EOS`: one token more than there are positions.
    fn block(&self, part: Part, stream: &mut Stream) -> Vec<u16> {
        let word = match &self.draws.recogniser {
            Some(recogniser) => self.to_recognise(recogniser, part, stream),
            None => {
                let kind = kinds::draw(self.kinds(part), stream.uniform());
                self.of_kind(kind, part, stream)
            }
        };
        let mut block = vec![self.begin()];
        block.extend(word);
        block.resize(self.shape.positions + 1, self.end());
        block
    }

    fn example(&self, part: Part, stream: &mut Stream, into: &mut Example) {
        let block = self.block(part, stream);
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
        }
        into.weights[TOKEN][scored.clone()].fill(1.0);
        // Of words that are to be recognised the class of the whole word alone is asked, which is where all of it has been read.
        let asked = if self.draws.recogniser.is_some() { scored.end - 1..scored.end } else { scored };
        into.weights[CLASS][asked].fill(1.0);
    }

    /// How likely words of each class are.
    fn shares(&self) -> Vec<f64> {
        let of = |class: usize| self.draws.kinds.iter().filter(move |kind| kind.class == class);
        (0..self.draws.counts.len()).map(|class| of(class).fold(0.0, |sum, kind| sum + kind.probability)).collect()
    }
}

impl World for Words {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.example(Part::Test, stream, into);
    }

    fn draw_for_training(&self, stream: &mut Stream, into: &mut Example) {
        self.example(Part::Training, stream, into);
    }

    fn draw_for_validation(&self, stream: &mut Stream, into: &mut Example) {
        self.example(Part::Validation, stream, into);
    }

    fn hold_out(&self) -> Option<String> {
        let Draws { parts, longest_trained, name, recogniser, .. } = &self.draws;
        let of = || {
            format!("of {name} over {}, to be recognised: {}", self.machine.alphabet().spelt(), recogniser.is_some())
        };
        let longer = longest_trained.map(|longest| format!("words of more than {longest} symbols"));
        let by_hash = parts.as_ref().filter(|parts| parts.shared() == 0);
        longer.or(by_hash.map(|parts| format!("a share of {} of the words {}, by their hash", parts.held_out(), of())))
    }

    fn scored(&self, block: &[u16]) -> std::ops::Range<usize> {
        let end = block.iter().position(|token| *token == self.end());
        0..end.unwrap_or(self.shape.positions)
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn spelling(&self) -> Option<&dyn Spelling> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            Fact::count("automaton_states", self.machine.automaton().states(), ""),
            Fact::words("alphabet", self.machine.alphabet().spelt()),
        ];
        for (name, probability) in self.machine.classes().iter().zip(self.shares()) {
            facts.push(Fact::number(format!("probability_of_{name}"), probability, ""));
        }
        if let Some(table) = &self.table {
            facts.push(Fact::number("symbols_in_the_mean", table.scored() - 1.0, ""));
        }
        if let Some(longest) = self.draws.longest_trained {
            facts.push(Fact::count("longest_words_that_are_trained_on", longest, "symbols"));
        }
        if let Some(parts) = &self.draws.parts {
            facts.push(Fact::count("words_that_training_and_test_share", parts.shared(), ""));
        }
        facts
    }

    /// Training blocks are words for training, the others words for tests.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            let part = if split == Split::Train { Part::Training } else { Part::Test };
            each(split, &self.block(part, &mut stream));
        }
    }
}
