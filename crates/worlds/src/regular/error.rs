//! Mistakes in patterns, alphabets, words and files of automata.

use thiserror::Error;

/// A mistake of the user: what was found where, what is allowed, and the way out. Columns and positions are counted from 1, in
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegularError {
    /// A pattern that is none.
    #[error("in the pattern, column {column}: found {found}, expected {expected}")]
    Pattern {
        /// Where.
        column: usize,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: String,
    },
    /// A symbol that the alphabet lacks.
    #[error(
        "in the pattern, column {column}: `{symbol}` is no symbol of the alphabet {alphabet}; add it to the alphabet"
    )]
    NotInAlphabet {
        /// Where.
        column: usize,
        /// The symbol.
        symbol: char,
        /// The alphabet, spelt.
        alphabet: String,
    },
    /// An alphabet that is none.
    #[error("the alphabet {alphabet}: {problem}")]
    Alphabet {
        /// What was given.
        alphabet: String,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// Something beyond a limit.
    #[error("{what} would be {size}: at most {limit}; {remedy}")]
    Limit {
        /// What is too large, and its unit, such as `the length of the pattern, in characters,`.
        what: String,
        /// How large it is, or `more than` what was reached.
        size: String,
        /// The most that is allowed.
        limit: u64,
        /// The way out.
        remedy: &'static str,
    },
    /// A word that is not over the alphabet.
    #[error(
        "the word {word}, position {position}: {found} is no symbol of the alphabet {alphabet}; write words of its symbols, or choose \
         an alphabet that has this one"
    )]
    Word {
        /// The word.
        word: String,
        /// Where.
        position: usize,
        /// What stands there.
        found: String,
        /// The alphabet, spelt.
        alphabet: String,
    },
    /// Two things over different alphabets.
    #[error("the alphabets differ: {first} and {second}; give both the same symbols in the same order")]
    Alphabets {
        /// One, spelt.
        first: String,
        /// The other, spelt.
        second: String,
    },
    /// A language in which there is nothing to learn.
    #[error(
        "the language over the alphabet {alphabet} has {which}, so every word has the same answer; choose a pattern that matches \
         some words and not others, or a larger alphabet"
    )]
    Trivial {
        /// The alphabet, spelt.
        alphabet: String,
        /// `no word` or `every word`.
        which: &'static str,
    },
    /// No word of that kind.
    #[error("there is no word of class {class} and of {lengths} symbols; {remedy}")]
    NoWord {
        /// The class.
        class: String,
        /// The lengths.
        lengths: String,
        /// The way out.
        remedy: String,
    },
    /// No built-in language of that name.
    #[error("there is no built-in language {name}: {problem}")]
    NoBuiltin {
        /// The name.
        name: String,
        /// What is, or what its numbers may be.
        problem: String,
    },
    /// A text that describes no automaton.
    #[error("{form}, {place}: found {found}, expected {expected}")]
    Text {
        /// What it should be, such as `DOT`.
        form: &'static str,
        /// Where.
        place: String,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: String,
    },
}

impl RegularError {
    pub(super) fn limit(
        what: impl Into<String>,
        size: impl ToString,
        limit: u64,
        remedy: &'static str,
    ) -> RegularError {
        RegularError::Limit { what: what.into(), size: size.to_string(), limit, remedy }
    }
}

/// A foreign text in an error: short, in one line, between backticks.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 120;
    let shown: String = text
        .chars()
        .take(MOST)
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect();
    if text.chars().nth(MOST).is_some() { format!("`{shown}…`") } else { format!("`{shown}`") }
}
