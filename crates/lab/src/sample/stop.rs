//! What ends a sequence before the model can read no more.

use infimum_worlds::text::Text;

/// What ends a sequence as soon as the model has written it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// These tokens, at least one.
    Tokens(Vec<u16>),
    /// This, at least one character, in a world that is a text: several tokens may spell it, or one of which it is a part. The token in
    /// which it ends stays whole.
    Text(String),
}

impl Stop {
    /// Whether the last of the tokens that were written makes it complete, in a world that is this text, if it is one.
    pub(super) fn ends(&self, written: &[u16], text: Option<&Text>) -> bool {
        match self {
            Stop::Tokens(tokens) => written.ends_with(tokens),
            Stop::Text(wanted) => text.is_some_and(|text| {
                // No token is without a byte, so that it begins in one of these.
                let last = &written[written.len().saturating_sub(wanted.len())..];
                let spelt: Vec<u8> = last.iter().flat_map(|token| text.bytes(*token)).collect();
                spelt.windows(wanted.len()).any(|bytes| bytes == wanted.as_bytes())
            }),
        }
    }
}
