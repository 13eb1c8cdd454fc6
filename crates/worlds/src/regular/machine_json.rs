//! Our own JSON of machines.
//!
//! ```text
//! {"alphabet": ["a", "b"], "classes": ["accept", "incomplete", "reject"],
//!  "class": [1, 0, 2], "next": [[1, 2], [1, 2], [2, 2]]}
//! ```
//!
//! States are numbered from 0, where a word begins. `class[state]` is a place in `classes`, `next[state][symbol]` a state, with
//! symbols in the order of `alphabet`.

use serde::{Deserialize, Serialize};

use super::json::{self, AtMost, Rows};
use super::subsets::MOST_STATES;
use super::{Alphabet, Automaton, MOST_SYMBOLS, Machine, RegularError};

const FORM: &str = "the automaton's JSON";

/// A machine as it is written.
#[derive(Serialize)]
pub struct Written<'a> {
    alphabet: &'a [String],
    classes: &'a [String],
    class: &'a [u16],
    next: Vec<&'a [u32]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    alphabet: AtMost<String, MOST_SYMBOLS>,
    classes: AtMost<String, 64>,
    class: AtMost<u16, MOST_STATES>,
    next: Rows,
}

/// The JSON of a machine, to be serialised.
pub fn written(machine: &Machine) -> Written<'_> {
    let automaton = machine.automaton();
    Written {
        alphabet: machine.alphabet().names(),
        classes: machine.classes(),
        class: automaton.outputs(),
        next: (0..automaton.states() as u32).map(|state| automaton.row(state)).collect(),
    }
}

/// Reads a machine, and makes it minimal. Errors: what is no such JSON, with its place; sizes that do not fit each other; states
/// or classes that do not exist; more than [`super::MOST_STATES`] states.
pub fn parse(text: &str) -> Result<Machine, RegularError> {
    let Given { alphabet, classes, class: AtMost(class), next } = json::parse(FORM, text)?;
    let (alphabet, classes) = (Alphabet::new(alphabet.0)?, classes.0);
    let refuse = |place: &str, found: String, expected: String| {
        Err(RegularError::Text { form: FORM, place: place.into(), found, expected })
    };
    let states = class.len();
    if states == 0 {
        return refuse("`class`", "no state".into(), "at least one".into());
    }
    if next.width != alphabet.len() || next.numbers.len() != states * alphabet.len() {
        let found = format!("{} rows of {}", next.numbers.len() / next.width.max(1), next.width);
        return refuse(
            "`next`",
            found,
            format!("{states} rows, as `class` has, of {}, as `alphabet` has", alphabet.len()),
        );
    }
    if let Some(wrong) = next.numbers.iter().find(|to| **to as usize >= states) {
        return refuse("`next`", format!("the state {wrong}"), format!("states from 0 to {}", states - 1));
    }
    if let Some(wrong) = class.iter().find(|class| usize::from(**class) >= classes.len()) {
        return refuse(
            "`class`",
            format!("the class {wrong}"),
            format!("a place in `classes`, which has {}", classes.len()),
        );
    }
    let symbols = alphabet.len();
    Machine::new(alphabet, classes, &Automaton::new(symbols, next.numbers, class))
}
