//! Whether two languages are one, and the shortest words that say no.

use infimum_worlds::regular::{Machine, NAMES_OF_ONE_PATTERN, RegularError};
use serde::Serialize;

use crate::LabError;

/// What two languages have in common. Words are the least, by length and then by the order of symbols, and are written as the
/// alphabet spells them.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// Whether they are equal.
    pub equal: bool,
    /// A word on which they differ.
    pub shortest: Option<String>,
    /// Its class in each.
    pub classes: Option<[String; 2]>,
    /// A word that the first accepts and the second does not; none where the first is a part of the second, or where a machine has
    /// other classes than accept, incomplete and reject.
    pub only_first: Option<String>,
    /// A word that the second accepts and the first does not.
    pub only_second: Option<String>,
}

impl Verdict {
    /// Compares two machines: the words they accept, or, if either has other classes, the classes of all words.
    ///
    /// # Errors
    /// Different alphabets; too many pairs of states.
    pub fn of(first: &Machine, second: &Machine) -> Result<Verdict, LabError> {
        let accepts = |machine: &Machine| machine.classes() == NAMES_OF_ONE_PATTERN;
        let spell = |word: Option<Vec<u16>>| word.map(|word| first.alphabet().spell(&word));
        let (shortest, only_first, only_second) = if accepts(first) && accepts(second) {
            let (a, b) = (first.language(0), second.language(0));
            (a.first_difference(&b)?, a.first_outside(&b)?, b.first_outside(&a)?)
        } else {
            (first_other_class(first, second)?, None, None)
        };
        let classes = shortest.as_ref().map(|word| [first, second].map(|machine| machine.class(word).to_string()));
        Ok(Verdict {
            equal: shortest.is_none(),
            shortest: spell(shortest),
            classes,
            only_first: spell(only_first),
            only_second: spell(only_second),
        })
    }
}

/// The least word that has classes of different names.
fn first_other_class(first: &Machine, second: &Machine) -> Result<Option<Vec<u16>>, RegularError> {
    if first.alphabet() != second.alphabet() {
        let (first, second) = (first.alphabet().spelt(), second.alphabet().spelt());
        return Err(RegularError::Alphabets { first, second });
    }
    let differ = |a: u16, b: u16| first.classes()[usize::from(a)] != second.classes()[usize::from(b)];
    first.automaton().first_difference(second.automaton(), differ)
}
