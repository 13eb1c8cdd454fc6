//! The JSON of automata that regex_transformer writes, version 0.1.0.
//!
//! The object `fsm` has `states` (how many), `alphabet`, `start`, `delta` (from `"STATE,SYMBOL"`, both as numbers, to a state),
//! `classes`, `state_class` and `reject`; `checksum` is the SHA-256 of that object as Python's `json.dumps(fsm, sort_keys=True)`
//! writes it. The hash itself is the caller's: this crate has none.

use std::fmt;
use std::fmt::Write as _;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::{self, AtMost};
use super::subsets::MOST_STATES;
use super::{Alphabet, Automaton, MOST_SYMBOLS, Machine, RegularError};

const FORM: &str = "the FSM's JSON";
const VERSION: &str = "0.1.0";

/// Where symbols lead: from a state, a symbol, to a state. In the order of the text.
struct Delta(Vec<(u32, u32, u32)>);

/// `fsm`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fsm {
    states: u32,
    alphabet: AtMost<String, MOST_SYMBOLS>,
    start: u32,
    delta: Delta,
    classes: AtMost<String, 64>,
    state_class: AtMost<u16, MOST_STATES>,
    reject: Option<u32>,
}

#[derive(Serialize)]
struct Metadata {
    num_states: usize,
    num_transitions: usize,
    alphabet_size: usize,
    num_classes: usize,
}

#[derive(Serialize)]
struct Written {
    version: &'static str,
    fsm: Fsm,
    metadata: Metadata,
    checksum: String,
}

/// The keys that are read; what else stands there says nothing of the automaton.
#[derive(Deserialize)]
struct Given {
    version: Option<serde_json::Value>,
    fsm: Fsm,
    checksum: Option<String>,
}

/// The file of a machine. `sha256` gives the hash of bytes, in hexadecimal digits.
pub fn written(machine: &Machine, sha256: impl Fn(&[u8]) -> String) -> String {
    let fsm = Fsm::of(machine);
    let metadata = Metadata {
        num_states: machine.automaton().states(),
        num_transitions: fsm.delta.0.len(),
        alphabet_size: machine.alphabet().len(),
        num_classes: machine.classes().len(),
    };
    let checksum = sha256(fsm.canonical().as_bytes());
    let written = Written { version: VERSION, fsm, metadata, checksum };
    serde_json::to_string_pretty(&written).expect("names and numbers can be written")
}

/// Reads a machine, of this version or of none, and makes it minimal; a transition that is missing leads to the state `reject`. Errors: what is no such JSON,
/// with its place; another version; states, symbols or classes that do not exist; a transition that is given twice, or missing without a state
/// `reject`; a checksum that is not that of the object; more than [`super::MOST_STATES`] states.
pub fn parse(text: &str, sha256: impl Fn(&[u8]) -> String) -> Result<Machine, RegularError> {
    let Given { version, fsm, checksum } = json::parse(FORM, text)?;
    if let Some(other) = version.filter(|version| version != VERSION) {
        let found = other.as_str().map_or_else(|| other.to_string(), String::from);
        let expected = format!("{VERSION}, the one version that is read; write the file as that");
        return refuse("`version`", super::error::quoted(&found), expected);
    }
    if let Some(given) = checksum {
        let computed = sha256(fsm.canonical().as_bytes());
        if given != computed {
            return refuse("`checksum`", super::error::quoted(&given), format!("{computed}, the SHA-256 of `fsm`"));
        }
    }
    fsm.machine()
}

fn refuse<T>(place: &str, found: String, expected: String) -> Result<T, RegularError> {
    Err(RegularError::Text { form: FORM, place: place.into(), found, expected })
}

impl Fsm {
    fn of(machine: &Machine) -> Fsm {
        let automaton = machine.automaton();
        let row = |state: u32| automaton.row(state).iter().zip(0..).map(move |(to, symbol)| (state, symbol, *to));
        let reject = machine.classes().iter().position(|name| name == "reject");
        let is_reject = |state: &u32| Some(usize::from(automaton.output(*state))) == reject;
        Fsm {
            states: automaton.states() as u32,
            alphabet: AtMost(machine.alphabet().names().to_vec()),
            start: 0,
            delta: Delta((0..automaton.states() as u32).flat_map(row).collect()),
            classes: AtMost(machine.classes().to_vec()),
            state_class: AtMost(automaton.outputs().to_vec()),
            reject: (0..automaton.states() as u32).find(is_reject),
        }
    }

    fn machine(self) -> Result<Machine, RegularError> {
        let alphabet = Alphabet::new(self.alphabet.0)?;
        let (states, symbols) = (self.states as usize, alphabet.len());
        if states == 0 || states > MOST_STATES {
            return refuse("`states`", states.to_string(), format!("1 to {MOST_STATES}"));
        }
        let classes = self.state_class.0;
        if classes.len() != states || classes.iter().any(|class| usize::from(*class) >= self.classes.0.len()) {
            let found = format!("{} numbers", classes.len());
            let expected = format!("{states} places in `classes`, which has {}", self.classes.0.len());
            return refuse("`state_class`", found, expected);
        }
        let beyond = |state: u32| state as usize >= states;
        if let Some(state) = [Some(self.start), self.reject].into_iter().flatten().find(|state| beyond(*state)) {
            return refuse("`start`, `reject`", state.to_string(), format!("states from 0 to {}", states - 1));
        }
        let next = table(self.delta.0, states, symbols, self.reject)?;
        let (next, classes) = swapped(next, classes, symbols, self.start);
        Machine::new(alphabet, self.classes.0, &Automaton::new(symbols, next, classes))
    }

    /// As `json.dumps(fsm, sort_keys=True)` writes it.
    fn canonical(&self) -> String {
        let mut delta: Vec<(String, u32)> =
            self.delta.0.iter().map(|(from, by, to)| (format!("{from},{by}"), *to)).collect();
        delta.sort_unstable();
        let mut text = String::from("{\"alphabet\": ");
        list(&mut text, self.alphabet.0.iter(), |text, name| python_string(text, name));
        text += ", \"classes\": ";
        list(&mut text, self.classes.0.iter(), |text, name| python_string(text, name));
        text += ", \"delta\": {";
        for (at, (key, to)) in delta.iter().enumerate() {
            let between = if at == 0 { "" } else { ", " };
            let _ = write!(text, "{between}\"{key}\": {to}");
        }
        let reject = self.reject.map_or("null".into(), |reject| reject.to_string());
        let _ = write!(text, "}}, \"reject\": {reject}, \"start\": {}, \"state_class\": ", self.start);
        list(&mut text, self.state_class.0.iter(), |text, class| text.push_str(&class.to_string()));
        let _ = write!(text, ", \"states\": {}}}", self.states);
        text
    }
}

/// `[state][symbol]`.
fn table(
    delta: Vec<(u32, u32, u32)>,
    states: usize,
    symbols: usize,
    reject: Option<u32>,
) -> Result<Vec<u32>, RegularError> {
    const MISSING: u32 = u32::MAX;
    let mut next = vec![MISSING; states * symbols];
    for (from, by, to) in delta {
        let key = format!("\"{from},{by}\": {to}");
        if from as usize >= states || by as usize >= symbols || to as usize >= states {
            return refuse("`delta`", key, format!("states below {states} and symbols below {symbols}"));
        }
        if std::mem::replace(&mut next[from as usize * symbols + by as usize], to) != MISSING {
            return refuse("`delta`", key, "each transition once".into());
        }
    }
    for (place, to) in next.iter_mut().enumerate().filter(|(_, to)| **to == MISSING) {
        let Some(reject) = reject else {
            let found = format!("no \"{},{}\"", place / symbols, place % symbols);
            return refuse("`delta`", found, "every transition, or a state `reject` for those that are missing".into());
        };
        *to = reject;
    }
    Ok(next)
}

/// The table with the names of state 0 and the start exchanged.
fn swapped(mut next: Vec<u32>, mut classes: Vec<u16>, symbols: usize, start: u32) -> (Vec<u32>, Vec<u16>) {
    let renamed = |state: u32| {
        if state == start {
            0
        } else if state == 0 {
            start
        } else {
            state
        }
    };
    next.iter_mut().for_each(|to| *to = renamed(*to));
    (0..symbols).for_each(|symbol| next.swap(symbol, start as usize * symbols + symbol));
    classes.swap(0, start as usize);
    (next, classes)
}

fn list<T>(text: &mut String, items: impl Iterator<Item = T>, each: impl Fn(&mut String, T)) {
    text.push('[');
    for (at, item) in items.enumerate() {
        text.push_str(if at == 0 { "" } else { ", " });
        each(text, item);
    }
    text.push(']');
}

/// A string as Python writes it in JSON: in ASCII.
fn python_string(text: &mut String, string: &str) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(text, "\\u{unit:04x}");
            }),
        }
    }
    text.push('"');
}

impl Serialize for Delta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (from, by, to) in &self.0 {
            map.serialize_entry(&format!("{from},{by}"), to)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Delta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Transitions;
        impl<'de> Visitor<'de> for Transitions {
            type Value = Delta;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from \"STATE,SYMBOL\", both as numbers, to states")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Delta, A::Error> {
                let mut delta = Vec::new();
                while let Some((key, to)) = map.next_entry::<String, u32>()? {
                    let pair = key.split_once(',').and_then(|(from, by)| Some((number(from)?, number(by)?)));
                    let (from, by) =
                        pair.ok_or_else(|| A::Error::invalid_value(serde::de::Unexpected::Str(&key), &self))?;
                    if delta.len() == MOST_STATES * MOST_SYMBOLS {
                        return Err(A::Error::invalid_length(delta.len() + 1, &self));
                    }
                    delta.push((from, by, to));
                }
                Ok(Delta(delta))
            }
        }
        deserializer.deserialize_map(Transitions)
    }
}

/// A number as `str(number)` writes it.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}
