//! Machines that give every word a class.

use std::collections::BTreeMap;

use super::language::same;
use super::subsets::MOST_STATES;
use super::{Alphabet, Automaton, Language, Pattern, RegularError};

/// The classes of a machine of one pattern: the word is matched; it is not, but a longer one that begins with it is; nothing that
/// begins with it is.
pub const NAMES_OF_ONE_PATTERN: [&str; 3] = ["accept", "incomplete", "reject"];
/// The most classes that a machine may have.
const MOST_CLASSES: usize = 64;
/// The longest name of a class, in characters.
const MOST_NAME: usize = 64;

/// An alphabet, the names of classes, and the one minimal automaton whose output for a word is the number of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    alphabet: Alphabet,
    classes: Vec<String>,
    automaton: Automaton,
}

impl Machine {
    /// The machine of any automaton whose outputs are classes. Errors: no class, more than 64, an empty or very long name, a
    /// name twice, with a blank or a control character. Panics on an output beyond the classes, and if the automaton has not as
    /// many symbols as the alphabet.
    pub fn new(alphabet: Alphabet, classes: Vec<String>, automaton: &Automaton) -> Result<Machine, RegularError> {
        let refuse = |found: String, expected: String| {
            Err(RegularError::Text { form: "the classes", place: "their names".into(), found, expected })
        };
        if classes.is_empty() || classes.len() > MOST_CLASSES {
            return refuse(format!("{} classes", classes.len()), format!("1 to {MOST_CLASSES}"));
        }
        for (at, name) in classes.iter().enumerate() {
            let odd = name.chars().any(|c| c.is_control() || c.is_whitespace());
            if odd || name.is_empty() || name.chars().count() > MOST_NAME || classes[..at].contains(name) {
                let expected = format!("names of 1 to {MOST_NAME} characters without blanks, each once");
                return refuse(super::error::quoted(name), expected);
            }
        }
        assert_eq!(alphabet.len(), automaton.symbols(), "an automaton over another alphabet");
        assert!(automaton.outputs().iter().all(|class| usize::from(*class) < classes.len()), "a class without a name");
        Ok(Machine { alphabet, classes, automaton: automaton.minimal() })
    }

    /// The machine of one language, with the classes of [`NAMES_OF_ONE_PATTERN`].
    pub fn of(language: &Language) -> Machine {
        let automaton = language.automaton();
        let hopeful = automaton.reaching(|output| output == 1);
        let class = |state: u32| match (automaton.output(state), hopeful[state as usize]) {
            (1, _) => 0,
            (_, true) => 1,
            (_, false) => 2,
        };
        let classes = NAMES_OF_ONE_PATTERN.map(String::from).to_vec();
        // A word's class follows from what may come after it, so the automaton stays the same, and minimal.
        Machine { alphabet: language.alphabet().clone(), classes, automaton: automaton.with_outputs(class) }
    }

    /// The machine of a pattern over an alphabet. Errors: those of [`Pattern::parse`] and [`Pattern::language`].
    pub fn of_pattern(text: &str, alphabet: &Alphabet) -> Result<Machine, RegularError> {
        Ok(Machine::of(&Pattern::parse(text, alphabet)?.language()?))
    }

    /// The machine of several languages, each with the name of a class. A word is of the class of the first that it is in; in
    /// none, it is of class `incomplete` if a longer word that begins with it is in one, else of class `reject`. Classes stand in
    /// the order of the list, each once, before `incomplete` and `reject`. Errors: different alphabets, a name that is none, an
    /// automaton beyond [`super::MOST_STATES`], before it is minimal. Panics if there is no language.
    pub fn of_several(languages: &[(Language, String)]) -> Result<Machine, RegularError> {
        let alphabet = languages[0].0.alphabet();
        let everything = Automaton::new(alphabet.len(), vec![0; alphabet.len()], vec![0]);
        let (mut classes, mut first) = (Vec::new(), everything);
        for (language, name) in languages {
            same(alphabet, language.alphabet())?;
            let class = number(&mut classes, name) + 1;
            let choose = |earlier: u16, now: u16| if earlier == 0 { now * class } else { earlier };
            first = first.product(language.automaton(), MOST_STATES, choose)?.minimal();
        }
        let [incomplete, reject] = ["incomplete", "reject"].map(|name| number(&mut classes, name));
        let hopeful = first.reaching(|output| output != 0);
        let class = |state: u32| match (first.output(state), hopeful[state as usize]) {
            (0, true) => incomplete,
            (0, false) => reject,
            (class, _) => class - 1,
        };
        let automaton = first.with_outputs(class);
        Machine::new(alphabet.clone(), classes, &automaton)
    }

    /// The alphabet.
    pub fn alphabet(&self) -> &Alphabet {
        &self.alphabet
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The minimal automaton, whose outputs are classes.
    pub fn automaton(&self) -> &Automaton {
        &self.automaton
    }

    /// The name of the class of a word.
    pub fn class(&self, word: &[u16]) -> &str {
        &self.classes[usize::from(self.automaton.run(word))]
    }

    /// The language of the words of one class, by its number.
    pub fn language(&self, class: u16) -> Language {
        let automaton = self.automaton.with_outputs(|state| u16::from(self.automaton.output(state) == class));
        Language::new(self.alphabet.clone(), &automaton)
    }

    /// The machine that tells words of class `accept` from all others, which are of class `reject`. Errors: it has no such class.
    pub fn recogniser(&self) -> Result<Machine, RegularError> {
        let [accept, _, reject] = NAMES_OF_ONE_PATTERN.map(String::from);
        let Some(class) = self.classes.iter().position(|name| *name == accept) else {
            let found = format!("the classes {}", self.classes.join(", "));
            let expected = format!("one that is called {accept}, to be told from all others");
            return Err(RegularError::Text { form: "the automaton", place: "its classes".into(), found, expected });
        };
        let automaton =
            self.automaton.with_outputs(|state| u16::from(usize::from(self.automaton.output(state)) != class));
        Ok(Machine { alphabet: self.alphabet.clone(), classes: vec![accept, reject], automaton: automaton.minimal() })
    }

    /// The edges of a state: each next state, in rising order, with the symbols that lead to it.
    pub fn edges(&self, state: u32) -> Vec<(u32, Vec<u16>)> {
        let mut edges: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
        self.automaton.row(state).iter().zip(0..).for_each(|(to, symbol)| edges.entry(*to).or_default().push(symbol));
        edges.into_iter().collect()
    }

    /// Refuses a machine that gives every word the same class.
    pub fn require_choice(&self) -> Result<(), RegularError> {
        if self.automaton.states() > 1 {
            return Ok(());
        }
        let which = if self.class(&[]) == NAMES_OF_ONE_PATTERN[2] { "no word" } else { "every word" };
        Err(RegularError::Trivial { alphabet: self.alphabet.spelt(), which })
    }
}

/// The number of a class, which is added if it is new.
fn number(classes: &mut Vec<String>, name: &str) -> u16 {
    let known = classes.iter().position(|other| other == name);
    known.unwrap_or_else(|| {
        classes.push(name.to_string());
        classes.len() - 1
    }) as u16
}
