//! The languages that are built in, by name.

mod brackets;
mod permutations;
mod rings;

use super::{Alphabet, Language, Machine, RegularError};

/// How a language is made.
enum Source {
    /// By a pattern over an alphabet.
    Pattern(&'static str, &'static str),
    /// By a table of its own.
    Table(fn() -> Language),
    /// By a table with numbers, which stand after the name, each after `-`; the numbers' names and ranges.
    Family(&'static [(&'static str, u32, u32)], fn(&[u32]) -> Result<Language, RegularError>),
}

/// A language, or a family of languages, that is built in.
pub struct Builtin {
    /// Its name; for a family, what stands before the numbers.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    source: Source,
}

const BITS: &str = "01";
const HOSTS: &str = "abcdefghijklmnopqrstuvwxyz0123456789-._+@";
const ADDRESSES: &str = "abcdefghijklmnopqrstuvwxyz0123456789-._~:/?#&=%+";
const EMAIL: &str = r"[a-z0-9_+\-]+(\.[a-z0-9_+\-]+)*@([a-z0-9]([a-z0-9\-]*[a-z0-9])?\.)+[a-z]{2,}";
const URL: &str = r"https?://[a-z0-9]([a-z0-9\-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9\-]*[a-z0-9])?)*(:[0-9]{1,5})?(/[a-z0-9\-._~%+]*)*(\?[a-z0-9\-._~%+&=/?]*)?(#[a-z0-9\-._~%+&=/?]*)?";
const DATE: &str = "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|\
     ([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29";

/// Every built-in language, in the order in which they are shown.
pub const BUILTINS: &[Builtin] = &[
    pattern("tomita-1", "only 1s", BITS, "1*"),
    pattern("tomita-2", "10 again and again", BITS, "(10)*"),
    pattern("tomita-3", "no odd run of 1s before an odd run of 0s", BITS, "~((.*0)?1(11)*0(00)*(1.*)?)"),
    pattern("tomita-4", "no three 0s in a row", BITS, "~(.*000.*)"),
    pattern("tomita-5", "an even number of 0s and an even number of 1s", BITS, "(1*(01*0)*)*&(0*(10*1)*)*"),
    table("tomita-6", "as many 0s as 1s, modulo 3", rings::tomita_6),
    pattern("tomita-7", "0s, 1s, 0s, 1s, of each any number", BITS, "0*1*0*1*"),
    pattern("parity", "an odd number of 1s", BITS, "0*10*(10*10*)*"),
    family("counter", "a number of 1s that M divides", &[("M", 2, 64)], rings::counter),
    table(
        "cycle-navigation",
        "moves round five places (> on, < back, = stay), then the digit of the place",
        rings::cycle_navigation,
    ),
    pattern("even-pairs", "the empty word, or the first symbol is the last", BITS, "()|[01]|0.*0|1.*1"),
    pattern("first", "the first symbol is 1", BITS, "1.*"),
    pattern("last", "the last symbol is 1", BITS, ".*1"),
    pattern("repeat-01", "01 again and again", BITS, "(01)*"),
    family("dyck", "balanced brackets of K kinds, nested at most D deep", &[("K", 1, 4), ("D", 1, 12)], brackets::dyck),
    table("s3", "a and b turn and swap 3 places, and the first comes back; the state is where it is", permutations::s3),
    table(
        "a5",
        "a and b turn 5 and 3 of 5 places, and the first comes back; the state is where it is",
        permutations::a5,
    ),
    table(
        "s5",
        "a and b turn 5 and swap 2 of 5 places, and the first comes back; the state is where it is",
        permutations::s5,
    ),
    table(
        "s3-identity",
        "as s3, and all places come back: the word problem; the state is the permutation",
        permutations::s3_identity,
    ),
    table(
        "a5-identity",
        "as a5, and all places come back: the word problem; the state is the permutation",
        permutations::a5_identity,
    ),
    table(
        "s5-identity",
        "as s5, and all places come back: the word problem; the state is the permutation",
        permutations::s5_identity,
    ),
    pattern("email", "addresses of mail: words with dots, @, names with dots, at least two letters", HOSTS, EMAIL),
    pattern("date", "days as YYYY-MM-DD, of the Gregorian calendar, leap years included", "0123456789-", DATE),
    pattern("url", "http and https addresses with host, port, path, query and fragment", ADDRESSES, URL),
];

const fn pattern(name: &'static str, about: &'static str, alphabet: &'static str, text: &'static str) -> Builtin {
    Builtin { name, about, source: Source::Pattern(alphabet, text) }
}

const fn table(name: &'static str, about: &'static str, make: fn() -> Language) -> Builtin {
    Builtin { name, about, source: Source::Table(make) }
}

const fn family(
    name: &'static str,
    about: &'static str,
    numbers: &'static [(&'static str, u32, u32)],
    make: fn(&[u32]) -> Result<Language, RegularError>,
) -> Builtin {
    Builtin { name, about, source: Source::Family(numbers, make) }
}

impl Builtin {
    /// How it is called for, such as `parity` or `dyck-K-D`.
    pub fn usage(&self) -> String {
        match self.source {
            Source::Family(numbers, _) => {
                numbers.iter().fold(self.name.into(), |text, (name, ..)| format!("{text}-{name}"))
            }
            _ => self.name.into(),
        }
    }

    /// The pattern that it is, if it is one.
    pub fn pattern(&self) -> Option<&'static str> {
        match self.source {
            Source::Pattern(_, text) => Some(text),
            _ => None,
        }
    }

    /// The smallest of the family, or the language itself, by name.
    pub fn example(&self) -> String {
        match self.source {
            Source::Family(numbers, _) => {
                numbers.iter().fold(self.name.into(), |text, (_, low, _)| format!("{text}-{low}"))
            }
            _ => self.name.into(),
        }
    }

    /// The language, given what stands after the name; `None` if that is not as it should be.
    fn language(&self, rest: &str) -> Option<Result<Language, RegularError>> {
        match self.source {
            Source::Pattern(alphabet, text) if rest.is_empty() => {
                let alphabet = Alphabet::of_characters(alphabet).expect("the alphabets of the list are some");
                let machine = super::Pattern::parse(text, &alphabet).and_then(|pattern| pattern.language());
                Some(Ok(machine.expect("the patterns of the list are some")))
            }
            Source::Table(make) if rest.is_empty() => Some(Ok(make())),
            Source::Family(numbers, make) => Some(self.member(rest, numbers).and_then(|values| make(&values))),
            _ => None,
        }
    }

    fn member(&self, rest: &str, numbers: &[(&str, u32, u32)]) -> Result<Vec<u32>, RegularError> {
        let values: Vec<&str> = rest.strip_prefix('-').map_or(Vec::new(), |rest| rest.split('-').collect());
        let value = |(text, (_, low, high)): (&&str, &(&str, u32, u32))| {
            text.parse().ok().filter(|value: &u32| (low..=high).contains(&value) && *text == value.to_string())
        };
        let parsed: Option<Vec<u32>> = values.iter().zip(numbers).map(value).collect();
        parsed.filter(|_| values.len() == numbers.len()).ok_or_else(|| {
            let ranges: Vec<String> =
                numbers.iter().map(|(name, low, high)| format!("{name} from {low} to {high}")).collect();
            let problem = format!("it is {}, with {}", self.usage(), ranges.join(" and "));
            RegularError::NoBuiltin { name: format!("{}{rest}", self.name), problem }
        })
    }
}

/// The built-in machine of this name, such as `parity` or `dyck-2-3`; `None` if there is none. Error: a family of that name whose
/// numbers are missing or out of range.
pub fn named(name: &str) -> Option<Result<Machine, RegularError>> {
    let exact = BUILTINS.iter().find(|builtin| builtin.name == name && !matches!(builtin.source, Source::Family(..)));
    let family = || {
        let rest = |builtin: &&Builtin| {
            name.strip_prefix(builtin.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        BUILTINS.iter().filter(|builtin| matches!(builtin.source, Source::Family(..))).find(rest)
    };
    let builtin = exact.or_else(family)?;
    let language = builtin.language(&name[builtin.name.len()..])?;
    Some(language.map(|language| Machine::of(&language)))
}

/// The language of a table, made by walking: from the state `first` on, `step` gives what a symbol makes of a state.
fn walked<S: Ord + Clone>(
    symbols: &str,
    first: S,
    step: impl Fn(&S, usize) -> S,
    accepts: impl Fn(&S) -> bool,
) -> Language {
    let alphabet = Alphabet::of_characters(symbols).expect("the alphabets of the list are some");
    let mut number = std::collections::BTreeMap::from([(first.clone(), 0)]);
    let (mut order, mut next, mut at) = (vec![first], Vec::new(), 0);
    while at < order.len() {
        for symbol in 0..alphabet.len() {
            let state = step(&order[at], symbol);
            let count = order.len() as u32;
            let to = *number.entry(state.clone()).or_insert(count);
            if to == count {
                order.push(state);
            }
            next.push(to);
        }
        at += 1;
    }
    let outputs = order.iter().map(|state| u16::from(accepts(state))).collect();
    let automaton = super::Automaton::new(alphabet.len(), next, outputs);
    Language::new(alphabet, &automaton)
}
