//! Text as it is written: characters, bytes of UTF-8, or tokens of several bytes.

use std::sync::Arc;

use super::Text;
use crate::Spelling;
use crate::letters::{Letters, Stranger};

/// What cuts a text into tokens of one byte and of several.
pub trait Pairs: Send + Sync {
    /// The tokens of some bytes, whatever they are: what these tokens spell, one after another, is the same bytes.
    fn tokens(&self, bytes: &[u8]) -> Vec<u16>;

    /// The bytes that a token spells, one at least. Panics for a token outside the alphabet.
    fn bytes(&self, token: u16) -> &[u8];
}

/// How the tokens of a text are written.
pub(super) enum Written {
    Characters(Letters),
    Bytes,
    /// `None` until it is known which pairs they are.
    Pairs(Option<Arc<dyn Pairs>>),
}

impl Written {
    /// What the alphabet of `size` tokens is.
    pub(super) fn alphabet(&self, size: usize) -> String {
        match self {
            Written::Characters(letters) => letters.spelt(),
            Written::Bytes => "256 bytes".into(),
            Written::Pairs(_) => format!("256 bytes and {} pairs", size - 256),
        }
    }

    pub(super) fn is_known(&self) -> bool {
        !matches!(self, Written::Pairs(None))
    }

    /// The bytes that a token spells; none where that is not known, or the token is none.
    pub(super) fn bytes(&self, token: u16) -> Vec<u8> {
        match self {
            Written::Characters(letters) => letters.letter(token).map_or(vec![], |letter| letter.to_string().into()),
            Written::Bytes => u8::try_from(token).map_or(vec![], |byte| vec![byte]),
            Written::Pairs(pairs) => pairs.as_ref().map_or(vec![], |pairs| pairs.bytes(token).to_vec()),
        }
    }
}

impl Spelling for Text {
    /// Bytes that are no UTF-8 are shown as U+FFFD.
    fn spell(&self, tokens: &[u16]) -> String {
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| self.written.bytes(*token)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn read(&self, text: &str) -> Result<Vec<u16>, String> {
        match &self.written {
            Written::Characters(letters) => letters
                .read(text)
                .map_err(|Stranger { letter, .. }| format!("{letter:?} is not in the alphabet, {}", letters.spelt())),
            Written::Bytes => Ok(text.bytes().map(u16::from).collect()),
            Written::Pairs(Some(pairs)) => Ok(pairs.tokens(text.as_bytes())),
            Written::Pairs(None) => Err("the text has to be read first, which says what its pairs are".into()),
        }
    }
}
