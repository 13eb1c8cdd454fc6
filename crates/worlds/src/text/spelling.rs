//! Text as it is written: characters, or the bytes of UTF-8.

use super::Text;
use crate::Spelling;

impl Spelling for Text {
    /// Bytes that are no UTF-8 are shown as U+FFFD.
    fn spell(&self, tokens: &[u16]) -> String {
        match &self.letters[..] {
            [] => String::from_utf8_lossy(&tokens.iter().map(|token| *token as u8).collect::<Vec<u8>>()).into_owned(),
            letters => tokens.iter().filter_map(|token| letters.get(usize::from(*token))).collect(),
        }
    }

    fn read(&self, text: &str) -> Result<Vec<u16>, String> {
        if self.letters.is_empty() {
            return Ok(text.bytes().map(u16::from).collect());
        }
        let token = |letter: char| {
            let place = self.letters.iter().position(|known| *known == letter);
            place.map(|at| at as u16).ok_or_else(|| format!("{letter:?} is not in the alphabet, {}", self.spelt))
        };
        text.chars().map(token).collect()
    }
}
