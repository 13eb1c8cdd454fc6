//! Patterns: what a user writes for a language.
//!
//! | written | matches |
//! |---|---|
//! | `a` | the symbol `a`; `\` makes a symbol of any of `\ \| & ~ * + ? { } ( ) [ ] . ^ $ -` |
//! | `.` | any symbol of the alphabet |
//! | `[ab]`, `[a-f]`, `[^a]` | one of these symbols; those between two, by code point; any but these |
//! | `()`, or nothing | the empty word |
//! | `xy` | a word of `x`, then one of `y` |
//! | `x*`, `x+`, `x?` | any number of words of `x`; at least one; at most one |
//! | `x{3}`, `x{3,}`, `x{3,5}` | three; at least three; three to five |
//! | `~x` | every word that `x` does not match |
//! | `x&y` | the words that both match |
//! | `x\|y` | the words that either matches |
//!
//! What stands above binds tighter: `~ab*|c&d` is `(~a)(b*)|(c&d)`, with `~a*` the complement of `a*`. A pattern always is for
//! whole words. `?` right after `* + ? {}` asks other programs for a shorter match, and changes no language.

mod parser;

use super::{Alphabet, Language, RegularError, compile};

/// The longest pattern, in characters.
pub const MOST_CHARACTERS: usize = 4096;
/// The deepest nesting of groups, repetitions and complements.
pub const MOST_NESTING: usize = 200;
/// The largest number in a repetition.
pub const MOST_REPETITIONS: u32 = 1000;

/// A pattern over an alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    tree: Tree,
    alphabet: Alphabet,
}

/// The syntax of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// One symbol out of a set, of which bit `s` says whether symbol `s` is in it.
    Symbol(u64),
    /// One after another; none is the empty word.
    Sequence(Vec<Tree>),
    /// Either.
    Union(Vec<Tree>),
    /// All at once.
    Intersection(Vec<Tree>),
    /// None of its words.
    Complement(Box<Tree>),
    /// At least so often, and at most so often if there is a most.
    Repetition(Box<Tree>, u32, Option<u32>),
}

impl Pattern {
    /// Reads a pattern over an alphabet. Errors name the column: what cannot stand there, a symbol that the alphabet lacks; a
    /// pattern beyond [`MOST_CHARACTERS`], [`MOST_NESTING`] or [`MOST_REPETITIONS`].
    pub fn parse(text: &str, alphabet: &Alphabet) -> Result<Pattern, RegularError> {
        parser::parse(text, alphabet).map(|tree| Pattern { tree, alphabet: alphabet.clone() })
    }

    /// The symbols that a pattern names, in the order of their code points: the alphabet where no other is given. Errors: as
    /// [`Pattern::parse`]; a pattern that names no symbol, or more than there may be.
    pub fn symbols(text: &str) -> Result<Alphabet, RegularError> {
        Alphabet::new(parser::named(text)?.into_iter().map(String::from).collect())
    }

    /// The language of the pattern. Error: an automaton beyond a limit.
    pub fn language(&self) -> Result<Language, RegularError> {
        let automaton = compile::automaton(&self.tree, self.alphabet.len())?;
        Ok(Language::of_minimal(self.alphabet.clone(), automaton))
    }
}
