//! Letters: characters that are tokens.

use std::collections::BTreeSet;

use crate::WorldError;
use crate::markov::within;

/// Characters, each of which is a token; their numbers follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Letters {
    /// In the order of their tokens.
    letters: Vec<char>,
    /// The token of the first.
    first: u16,
    /// Each letter with its token, by code point.
    tokens: Vec<(char, u16)>,
}

/// The first character of a text that is no letter.
pub(crate) struct Stranger {
    pub(crate) letter: char,
    /// Characters before it.
    pub(crate) place: usize,
}

impl Letters {
    /// Tokens from `first` on, at least `least` of them; `few` says why no fewer, and `many` why no more. Errors: too few or too many; one that
    /// is there twice.
    pub(crate) fn new(
        letters: Vec<char>,
        first: u16,
        least: i64,
        [few, many]: [&str; 2],
    ) -> Result<Letters, WorldError> {
        within("alphabet", letters.len() as i64, least..=65_535 - i64::from(first), [few, many])?;
        let mut seen = BTreeSet::new();
        if let Some(letter) = letters.iter().find(|letter| !seen.insert(**letter)) {
            let (value, allowed, remedy) = (format!("{letter:?}, twice"), "each character once", "take one out");
            return Err(WorldError::Range { key: "alphabet", value, allowed: allowed.into(), remedy: remedy.into() });
        }
        let mut tokens: Vec<(char, u16)> = letters.iter().copied().zip(first..).collect();
        tokens.sort_unstable();
        Ok(Letters { letters, first, tokens })
    }

    /// In the order of their tokens.
    pub(crate) fn as_slice(&self) -> &[char] {
        &self.letters
    }

    /// The tokens of a text; or what in it is no letter.
    pub(crate) fn read(&self, text: &str) -> Result<Vec<u16>, Stranger> {
        let token = |(place, letter): (usize, char)| {
            let found = self.tokens.binary_search_by_key(&letter, |known| known.0);
            found.map(|at| self.tokens[at].1).map_err(|_| Stranger { letter, place })
        };
        text.chars().enumerate().map(token).collect()
    }

    /// The letter of a token; `None` for a token that is none.
    pub(crate) fn letter(&self, token: u16) -> Option<char> {
        self.letters.get(usize::from(token.checked_sub(self.first)?)).copied()
    }

    /// All letters, in quotes.
    pub(crate) fn spelt(&self) -> String {
        format!("{:?}", self.letters.iter().collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_as_they_are_written() {
        let letters = Letters::new("zaé".chars().collect(), 1, 1, [""; 2]).ok().unwrap();
        assert_eq!(letters.read("aéz").ok(), Some(vec![2, 3, 1]));
        assert_eq!([0, 1, 2, 3, 4].map(|token| letters.letter(token)), [None, Some('z'), Some('a'), Some('é'), None]);
        let Stranger { letter, place } = letters.read("éxa").unwrap_err();
        assert_eq!((letter, place, letters.spelt()), ('x', 1, "\"zaé\"".to_string()));
    }
}
