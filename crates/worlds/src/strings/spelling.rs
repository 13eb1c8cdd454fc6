//! Strings as people write them: padding is no text, nor is what comes after it.

use super::{PADDING, Strings};
use crate::Spelling;
use crate::letters::Stranger;

impl Spelling for Strings {
    fn spell(&self, tokens: &[u16]) -> String {
        let symbols = tokens.iter().take_while(|token| **token != PADDING);
        symbols.filter_map(|token| self.alphabet.letter(*token)).collect()
    }

    fn read(&self, text: &str) -> Result<Vec<u16>, String> {
        let refused =
            |stranger: Stranger| format!("{:?} is none of its letters, {}", stranger.letter, self.alphabet.spelt());
        self.alphabet.read(text).map_err(refused)
    }
}
