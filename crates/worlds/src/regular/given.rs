//! The machine that a recipe names.

use super::error::quoted;
use super::{Alphabet, Machine, Pattern, RegularError, builtin, machine_json};

/// The machine of `language`: our JSON of an automaton, which begins with `{` as no pattern does; where there is no alphabet, the
/// name of one that is built in; else a pattern, over `alphabet` or over the symbols that it names. Errors: what is none of
/// these; an alphabet beside JSON, which has its own.
pub(super) fn machine(language: &str, alphabet: Option<&str>) -> Result<Machine, RegularError> {
    if language.trim_start().starts_with('{') {
        return match alphabet {
            None => machine_json::parse(language),
            Some(alphabet) => Err(RegularError::Alphabet {
                alphabet: quoted(alphabet),
                problem: "the automaton that is the language has an alphabet of its own; leave this out".into(),
            }),
        };
    }
    match (builtin::named(language), alphabet) {
        (Some(machine), None) => machine,
        (_, Some(alphabet)) => Machine::of_pattern(language, &Alphabet::of_characters(alphabet)?),
        (None, None) => Machine::of_pattern(language, &Pattern::symbols(language)?),
    }
}
