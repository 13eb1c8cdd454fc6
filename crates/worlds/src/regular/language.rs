//! Languages, and what can be made of two of them.

use super::subsets::MOST_STATES;
use super::{Alphabet, Automaton, RegularError};

/// A regular language: an alphabet and the one minimal automaton, whose output is 1 for the language's words and 0 for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    alphabet: Alphabet,
    automaton: Automaton,
}

impl Language {
    /// The language of the words whose output is not 0. Panics if the automaton has not as many symbols as the alphabet.
    pub fn new(alphabet: Alphabet, automaton: &Automaton) -> Language {
        Language::of_minimal(alphabet, automaton.with_outputs(|state| automaton.output(state).min(1)).minimal())
    }

    /// As [`Language::new`], of a minimal automaton whose outputs are 0 and 1.
    pub(super) fn of_minimal(alphabet: Alphabet, automaton: Automaton) -> Language {
        assert_eq!(alphabet.len(), automaton.symbols(), "an automaton over another alphabet");
        Language { alphabet, automaton }
    }

    /// The alphabet.
    pub fn alphabet(&self) -> &Alphabet {
        &self.alphabet
    }

    /// The minimal automaton: output 1 for the words of the language.
    pub fn automaton(&self) -> &Automaton {
        &self.automaton
    }

    /// Whether a word is in the language.
    pub fn contains(&self, word: &[u16]) -> bool {
        self.automaton.run(word) == 1
    }

    /// The words that are not in the language.
    pub fn complement(&self) -> Language {
        let outputs = self.automaton.with_outputs(|state| 1 - self.automaton.output(state));
        Language::of_minimal(self.alphabet.clone(), outputs)
    }

    /// The words of either. Errors: another alphabet; an automaton beyond [`super::MOST_STATES`], before it is minimal.
    pub fn union(&self, other: &Language) -> Result<Language, RegularError> {
        self.combined(other, |a, b| a | b)
    }

    /// The words of both. Errors: as [`Language::union`].
    pub fn intersection(&self, other: &Language) -> Result<Language, RegularError> {
        self.combined(other, |a, b| a & b)
    }

    /// The words of this one that are not in the other. Errors: as [`Language::union`].
    pub fn difference(&self, other: &Language) -> Result<Language, RegularError> {
        self.combined(other, |a, b| a & !b & 1)
    }

    fn combined(&self, other: &Language, combine: fn(u16, u16) -> u16) -> Result<Language, RegularError> {
        self.same_alphabet(other)?;
        let product = self.automaton.product(&other.automaton, MOST_STATES, combine)?;
        Ok(Language::of_minimal(self.alphabet.clone(), product.minimal()))
    }

    /// The least word, by length and then by the order of symbols, that is in one of the two and not in the other; `None` if they
    /// are equal. Errors: another alphabet; too many pairs of states.
    pub fn first_difference(&self, other: &Language) -> Result<Option<Vec<u16>>, RegularError> {
        self.same_alphabet(other)?;
        if self == other {
            return Ok(None);
        }
        self.automaton.first_difference(&other.automaton, |a, b| a != b)
    }

    /// The least word that is in this language and not in the other; `None` if this one is a part of the other. Errors: as
    /// [`Language::first_difference`].
    pub fn first_outside(&self, other: &Language) -> Result<Option<Vec<u16>>, RegularError> {
        self.same_alphabet(other)?;
        self.automaton.first_difference(&other.automaton, |a, b| a > b)
    }

    fn same_alphabet(&self, other: &Language) -> Result<(), RegularError> {
        same(&self.alphabet, &other.alphabet)
    }
}

/// Refuses two different alphabets.
pub(super) fn same(first: &Alphabet, second: &Alphabet) -> Result<(), RegularError> {
    if first == second {
        return Ok(());
    }
    Err(RegularError::Alphabets { first: first.spelt(), second: second.spelt() })
}
