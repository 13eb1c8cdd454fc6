//! Windows of data whose law nobody knows.

use std::sync::Arc;

use infimum_worlds::windows::Windows;
use infimum_worlds::{Cut, Example, Fact, Shape, Split, Stream, Truth, World};

/// A world that is its data.
pub(super) struct Unknown {
    /// How examples are cut, and their parts. Its law is that of no data.
    pub(super) windows: Windows,
    pub(super) train: Arc<Vec<u16>>,
    pub(super) validation: Arc<Vec<u16>>,
}

impl World for Unknown {
    fn shape(&self) -> &Shape {
        self.windows.shape()
    }

    /// A window of the validation data, from any place.
    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let window = self.windows.window() + 1;
        let first = stream.below((self.validation.len() - window + 1) as u64) as usize;
        self.windows.example(&self.validation[first..first + window], into);
    }

    fn truth(&self) -> Option<&dyn Truth> {
        None
    }

    fn facts(&self) -> Vec<Fact> {
        vec![
            Fact::words("law", "unknown (data.law)"),
            Fact::count("states", self.windows.markov().states(), ""),
            Fact::count("length", self.windows.markov().length(), "tokens a block"),
            Fact::count("window", self.windows.window(), "targets"),
        ]
    }

    fn cut(&self) -> Option<&dyn Cut> {
        self.windows.cut()
    }

    fn parts(&self) -> &'static [&'static str] {
        self.windows.parts()
    }

    fn part(&self, example: &Example, position: usize) -> Option<usize> {
        self.windows.part(example, position)
    }

    /// The first blocks of the data, as many as there are.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        let length = self.windows.markov().length();
        for (split, tokens, blocks) in
            [(Split::Train, &self.train, train), (Split::Validation, &self.validation, validation)]
        {
            tokens.chunks_exact(length).take(blocks).for_each(|block| each(split, block));
        }
    }
}
