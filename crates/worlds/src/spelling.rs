//! Tokens as people write them, in worlds whose tokens are not numbers.

/// How a world's tokens are written and read.
pub trait Spelling {
    /// The text of some tokens, one after another. What only frames a sequence, such as padding, is no text.
    fn spell(&self, tokens: &[u16]) -> String;

    /// The tokens of a text; or, in words, what in it is no token.
    fn read(&self, text: &str) -> Result<Vec<u16>, String>;
}
