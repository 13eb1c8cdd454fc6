//! Strings as people write them: padding is no text, nor is what comes after it.

use super::{PADDING, Strings};
use crate::Spelling;

impl Spelling for Strings {
    fn spell(&self, tokens: &[u16]) -> String {
        let letter = |token: &u16| self.alphabet.get(usize::from(*token).checked_sub(1)?);
        tokens.iter().take_while(|token| **token != PADDING).filter_map(letter).collect()
    }

    fn read(&self, text: &str) -> Result<Vec<u16>, String> {
        let token = |letter: char| {
            let place = self.alphabet.iter().position(|known| *known == letter);
            let known: String = self.alphabet.iter().collect();
            place.map(|at| at as u16 + 1).ok_or_else(|| format!("{letter:?} is none of its letters, {known:?}"))
        };
        text.chars().map(token).collect()
    }
}
