//! The language that a user means by a pattern, a name, or `@` and a file.

use std::path::Path;

use infimum_worlds::regular::{Alphabet, Machine, NAMES_OF_ONE_PATTERN, Pattern, builtin};

use super::files;
use crate::LabError;

/// The machine of what was given: a built-in name, `@` and the path of a file, or a pattern. Without an alphabet that of a pattern
/// is the symbols that it names.
///
/// # Errors
/// A pattern, an alphabet or a file that is none; an alphabet beside a name or a file; what looks like a name that is misspelt.
pub fn machine(given: &str, alphabet: Option<&str>) -> Result<Machine, LabError> {
    let alphabet = alphabet.map(Alphabet::of_characters).transpose()?;
    match fixed(given, alphabet.as_ref())? {
        Some(machine) => Ok(machine),
        None => {
            let alphabet = alphabet.map_or_else(|| Pattern::symbols(given), Ok)?;
            Ok(Machine::of_pattern(given, &alphabet)?)
        }
    }
}

/// Two machines over one alphabet. Without one, a pattern beside a name or a file is over the alphabet of that, and two patterns
/// are over the symbols that both name together.
///
/// # Errors
/// As for [`machine`].
pub fn pair(first: &str, second: &str, alphabet: Option<&str>) -> Result<[Machine; 2], LabError> {
    let alphabet = alphabet.map(Alphabet::of_characters).transpose()?;
    let [a, b] = [fixed(first, alphabet.as_ref())?, fixed(second, alphabet.as_ref())?];
    let other = a.as_ref().or(b.as_ref()).map(|machine| machine.alphabet().clone());
    let alphabet = match alphabet.or(other) {
        Some(alphabet) => alphabet,
        None => together(&[first, second])?,
    };
    let or_pattern =
        |machine: Option<Machine>, given| machine.map_or_else(|| Machine::of_pattern(given, &alphabet), Ok);
    Ok([or_pattern(a, first)?, or_pattern(b, second)?])
}

/// The machine of several patterns, each with the name of its class: a word is of the class of the first that it matches; else of
/// class `incomplete` if something that begins with it matches one, and of class `reject` if not. Without an alphabet it is over the
/// symbols that all of them name together.
///
/// # Errors
/// No pattern; a pattern or an alphabet that is none; the name of a language, or a file; a name that a class cannot have; too many states.
pub fn of_classes(classes: &[(String, String)], alphabet: Option<&str>) -> Result<Machine, LabError> {
    let refuse = |(name, pattern): &(String, String), allowed: &str, remedy: &str| {
        Err(LabError::value("--class", format!("{name}={pattern}"), allowed, remedy))
    };
    for class in classes {
        if class.1.starts_with('@') || builtin::named(&class.1).is_some() {
            return refuse(class, "a class has a pattern, and this names a language", "write its pattern");
        }
        if NAMES_OF_ONE_PATTERN[1..].contains(&class.0.as_str()) {
            return refuse(class, "words that no pattern matches are of this class", "choose another name");
        }
    }
    let patterns: Vec<&str> = classes.iter().map(|(_, pattern)| pattern.as_str()).collect();
    let alphabet = alphabet.map_or_else(|| together(&patterns), |symbols| Ok(Alphabet::of_characters(symbols)?))?;
    let language =
        |(name, pattern): &(String, String)| Ok((Pattern::parse(pattern, &alphabet)?.language()?, name.clone()));
    let languages: Vec<_> = classes.iter().map(language).collect::<Result<_, LabError>>()?;
    Ok(Machine::of_several(&languages)?)
}

/// The symbols that patterns name.
fn together(patterns: &[&str]) -> Result<Alphabet, LabError> {
    let named = |given: &&str| Ok::<_, LabError>(Pattern::symbols(given)?.names().to_vec());
    let mut names = patterns.iter().map(named).collect::<Result<Vec<_>, _>>()?.concat();
    names.sort();
    names.dedup();
    Ok(Alphabet::new(names)?)
}

/// The machine of a name or a file; `None` for a pattern.
fn fixed(given: &str, alphabet: Option<&Alphabet>) -> Result<Option<Machine>, LabError> {
    let machine = match given.strip_prefix('@') {
        Some(path) => files::read(Path::new(path))?,
        None => match builtin::named(given) {
            Some(machine) => machine?,
            None if alphabet.is_some() => return Ok(None),
            None => return misspelt(given).map_or(Ok(None), Err),
        },
    };
    match alphabet.filter(|alphabet| *alphabet != machine.alphabet()) {
        None => Ok(Some(machine)),
        Some(alphabet) => Err(LabError::value(
            "--alphabet",
            alphabet.spelt(),
            format!("{given} is over the alphabet {}", machine.alphabet().spelt()),
            "leave it out (for a pattern of that text, put a group around it, as in `(parity)`)",
        )),
    }
}

/// The shortest text that may be a name with a slip in it.
const SHORTEST_NAME: usize = 5;

/// The refusal of what is close to a built-in name, in the letters of names.
fn misspelt(given: &str) -> Option<LabError> {
    let may_be_name = given.len() >= SHORTEST_NAME && given.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let distance = |name: &String| strsim::osa_distance(&given.to_lowercase(), name);
    let names = builtin::BUILTINS.iter().map(builtin::Builtin::example);
    let near = names.filter(|_| may_be_name).min_by_key(distance).filter(|name| distance(name) <= 2)?;
    Some(LabError::value(
        "the language",
        given,
        format!("there is none of that name, the nearest is {near}"),
        "`infimum regular list` has them all; if it is a pattern, give its --alphabet",
    ))
}
