//! What every world offers: its shape, its sampler, its facts, and where there is one, its truth.

use std::ops::Range;

use serde::Serialize;

use crate::addition::Addition;
use crate::counting::Counting;
use crate::markov::Markov;
use crate::strings::Strings;
use crate::text::Text;
use crate::{Baseline, Purpose, Spelling, Stream, Truth, WorldError};

/// One thing to predict at every position: the next token, a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// What is predicted, such as `token`.
    pub name: &'static str,
    /// Targets of this head are in `0..alphabet`.
    pub alphabet: usize,
}

/// The sizes of a world's examples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Positions of an example: the length of `tokens`, of each head's `targets`, and of its `weights`.
    pub positions: usize,
    /// Input tokens are in `0..alphabet`.
    pub alphabet: usize,
    /// What is predicted, in the order of `targets` and `weights`.
    pub heads: Vec<Head>,
    /// The positions that may carry loss.
    pub scored: Range<usize>,
}

/// One sequence, ready to be learnt: at position `t` a predictor has seen `tokens[0..=t]` and is asked for `targets[head][t]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Example {
    /// `[position]`: the input.
    pub tokens: Vec<u16>,
    /// `[head][position]`: what is to be predicted.
    pub targets: Vec<Vec<u16>>,
    /// `[head][position]`: the weight of the loss there; 0 for prompt and padding.
    pub weights: Vec<Vec<f32>>,
}

/// Which of the two exported files a block belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Training data.
    Train,
    /// Validation data.
    Validation,
}

impl Split {
    /// What exported blocks are drawn from, in the order of the files: block `i` of a split from the stream of purpose `ExportTrain` or
    /// `ExportValidation`, a world's seed, step 0, index `i`.
    pub(crate) fn streams(seed: u64, train: usize, validation: usize) -> impl Iterator<Item = (Split, Stream)> {
        let splits =
            [(Split::Train, Purpose::ExportTrain, train), (Split::Validation, Purpose::ExportValidation, validation)];
        splits.into_iter().flat_map(move |(split, purpose, blocks)| {
            (0..blocks as u64).map(move |index| (split, Stream::new(seed, purpose, 0, index)))
        })
    }
}

/// Something true of a world that can be said in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// Its name, such as `entropy_rate`; unique within a world.
    pub name: String,
    /// Its value.
    pub value: Quantity,
    /// The unit of the value, such as `nats`; empty for words and plain counts of what the name says.
    pub unit: &'static str,
}

/// The value of a [`Fact`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Quantity {
    /// A whole number of things.
    Count(u64),
    /// A real number.
    Number(f64),
    /// A sentence; also the reason why there is no number.
    Words(String),
}

impl Fact {
    /// A fact that counts.
    pub fn count(name: impl Into<String>, value: usize, unit: &'static str) -> Fact {
        Fact { name: name.into(), value: Quantity::Count(value as u64), unit }
    }

    /// A fact that measures.
    pub fn number(name: impl Into<String>, value: f64, unit: &'static str) -> Fact {
        Fact { name: name.into(), value: Quantity::Number(value), unit }
    }

    /// A fact that says.
    pub fn words(name: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact { name: name.into(), value: Quantity::Words(value.into()), unit: "" }
    }
}

/// A world whose examples are windows of a stream of tokens.
pub trait Cut: Send + Sync {
    /// Makes `into` the example of `tokens`, [`Shape::positions`]` + 1` of them in a row, taken from anywhere in a stream.
    /// Panics on any other number of tokens, and on a token outside the alphabet.
    fn example(&self, tokens: &[u16], into: &mut Example);
}

/// A distribution over token sequences, with its own sampler.
pub trait World: Send + Sync {
    /// The sizes of the examples; the same for every example.
    fn shape(&self) -> &Shape;

    /// Draws one example from `stream` into `into`, whatever stood there before. The example depends on the world and the
    /// stream alone, and on nothing drawn earlier.
    fn draw(&self, stream: &mut Stream, into: &mut Example);

    /// As [`World::draw`], one for training: another where the world holds sequences out.
    fn draw_for_training(&self, stream: &mut Stream, into: &mut Example) {
        self.draw(stream, into);
    }

    /// As [`World::draw`], one for validation: another where the world keeps some apart for it.
    fn draw_for_validation(&self, stream: &mut Stream, into: &mut Example) {
        self.draw(stream, into);
    }

    /// The rule that keeps examples of [`World::draw`] from training; `None` where there is none. Under one rule no example of
    /// any world's [`World::draw_for_training`] is one of any world's [`World::draw`].
    fn hold_out(&self) -> Option<String> {
        None
    }

    /// Refuses a world that holds out so little that nothing is left to draw for tests. It can still be trained on.
    fn require_tests(&self) -> Result<(), WorldError> {
        Ok(())
    }

    /// Whether the scored targets of an example follow from what comes before the first of them, its prompt: so that an answer
    /// as a whole is right or wrong.
    fn has_one_answer(&self) -> bool {
        false
    }

    /// The positions that carry weight in the example of this block (its tokens and its last target): those of
    /// [`Shape::scored`], or the first of them, where sequences end before.
    fn scored(&self, _block: &[u16]) -> Range<usize> {
        self.shape().scored.clone()
    }

    /// Whether the target at this position of the example of a block carries weight: those of [`World::scored`], unless some in between
    /// are given.
    fn is_scored(&self, block: &[u16], position: usize) -> bool {
        self.scored(block).contains(&position)
    }

    /// The exact law, or `None` for a world that has none, such as text.
    fn truth(&self) -> Option<&dyn Truth>;

    /// Simple predictors of a world without a law, from simple to better, each with its score on the sequences that are held out; none of
    /// them is an optimum. A world with a law has [`Truth::baselines`].
    fn ladder(&self) -> Option<Vec<Baseline>> {
        None
    }

    /// What is true of this world: each fact's name is unique.
    fn facts(&self) -> Vec<Fact>;

    /// An estimator that counts what fits this world, to stand beside a model that saw the same sequences.
    fn counting(&self) -> Option<Counting> {
        None
    }

    /// The Markov chain whose states the tokens are, for what is measured on a chain's transitions.
    fn chain(&self) -> Option<&Markov> {
        None
    }

    /// The sums or differences that are asked for, for what is measured on those.
    fn sums(&self) -> Option<&Addition> {
        None
    }

    /// The strings that are to be known by heart, for what is measured on each as a whole.
    fn strings(&self) -> Option<&Strings> {
        None
    }

    /// The text that windows are cut from, for what is measured by its bytes.
    fn text(&self) -> Option<&Text> {
        None
    }

    /// The kinds of target that a score can be split into, such as `transitions` and `start`; their names are unique. Empty
    /// for a world whose targets are all of one kind.
    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    /// Which of [`World::parts`] the target of head 0 at this position of an example is, as a place in that list. `None`
    /// where the world has no parts. It depends on what stands in the example alone, so that any model's loss can be split
    /// by it. Panics if the example has no such position.
    fn part(&self, _example: &Example, _position: usize) -> Option<usize> {
        None
    }

    /// How tokens are written, where people do not write them as numbers.
    fn spelling(&self) -> Option<&dyn Spelling> {
        None
    }

    /// How examples are cut from exported data, for a world whose examples are windows of such data.
    fn cut(&self) -> Option<&dyn Cut> {
        None
    }

    /// Hands `train` training blocks and then `validation` validation blocks to `each`: whole sequences as they stand in
    /// data files, first token included. The blocks depend on the world's settings and on the two numbers alone.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16]));
}
