//! The class of every prefix of a word as a world: what a recogniser answers.
//!
//! Sequences are those of [`words`], and there is one thing to predict at each position up to the end of the word: the class of
//! the symbols so far. It follows from them, so the floor is 0 and the ceiling 1.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{self, Words};
use crate::{Baseline, Belief, Example, Fact, Floor, Known, Shape, Split, Stream, Truth, World, WorldError};

/// The place of the class among the heads of [`Words`].
const CLASS: usize = 1;

/// Prefixes of words of a regular language as they stand in a recipe: the keys are those of kind `regular`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Settings(pub words::Settings);

impl Settings {
    /// Checks the settings and makes the world. Errors: those of [`words::Settings::build`].
    pub fn build(&self) -> Result<Classes, WorldError> {
        let words = self.0.build()?;
        let heads = vec![words.shape().heads[CLASS].clone()];
        let shape = Shape { heads, ..words.shape().clone() };
        Ok(Classes { words, shape })
    }

    /// Few and many words, of one length and of several.
    pub fn small_instances() -> Vec<Settings> {
        words::Settings::small_instances().into_iter().map(Settings).collect()
    }
}

/// The classes of prefixes of words.
pub struct Classes {
    words: Words,
    shape: Shape,
}

impl World for Classes {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.words.draw(stream, into);
        into.targets = vec![into.targets.swap_remove(CLASS)];
        into.weights = vec![into.weights.swap_remove(CLASS)];
    }

    fn scored(&self, block: &[u16]) -> std::ops::Range<usize> {
        self.words.scored(block)
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        self.words.facts()
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        self.words.export(train, validation, each);
    }
}

impl Truth for Classes {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(Seen(Truth::begin(&self.words)))
    }

    fn floor(&self, _head: usize) -> Floor {
        Truth::floor(&self.words, CLASS)
    }

    fn ceiling(&self, _head: usize) -> Floor {
        Truth::ceiling(&self.words, CLASS)
    }

    fn floor_by_position(&self, _head: usize) -> Vec<Floor> {
        Truth::floor_by_position(&self.words, CLASS)
    }

    fn baselines(&self, _head: usize) -> Vec<Baseline> {
        Truth::baselines(&self.words, CLASS)
    }

    /// Sequences do not follow from the laws of classes, so there is nothing to list.
    fn prompts(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        None
    }

    fn states(&self) -> Option<usize> {
        Truth::states(&self.words)
    }
}

/// What is known after some symbols of a word.
struct Seen<'a>(Box<dyn Belief + 'a>);

impl Belief for Seen<'_> {
    fn restart(&mut self) {
        self.0.restart();
    }

    fn observe(&mut self, token: u16) {
        self.0.observe(token);
    }

    fn law(&self, _head: usize, p: &mut [f64]) -> Known {
        self.0.law(CLASS, p)
    }

    fn state(&self) -> Option<usize> {
        self.0.state()
    }
}
