//! TOML text as a table that remembers the line of each key, and keys set from outside.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use crate::LabError;

/// The line of each key, by its whole path (`training.rate`).
pub(crate) type Lines = BTreeMap<String, usize>;

/// A TOML document.
pub(crate) struct Text {
    pub(crate) table: Table,
    pub(crate) lines: Lines,
}

impl Text {
    pub(crate) fn parse(text: &str, origin: &str) -> Result<Text, LabError> {
        let syntax = |e: toml::de::Error| LabError::Syntax { origin: origin.into(), message: e.to_string() };
        let table = text.parse::<Table>().map_err(syntax)?;
        let mut lines = Lines::new();
        collect_lines(DeTable::parse(text).map_err(syntax)?.get_ref(), "", text, &mut lines);
        Ok(Text { table, lines })
    }

    /// Sets the keys of `overrides`, each `a.b=c`.
    ///
    /// # Errors
    /// An override that is none; two that set one key, or a key and a table around it.
    pub(crate) fn set_all(&mut self, overrides: &[String]) -> Result<(), LabError> {
        for (number, given) in overrides.iter().enumerate() {
            if let Some(first) = overrides[..number].iter().find(|first| overlap(first, given)) {
                return Err(LabError::Twice { first: first.clone(), second: given.clone() });
            }
            self.set(given)?;
        }
        Ok(())
    }

    /// Sets one key from `a.b=c`.
    fn set(&mut self, given: &str) -> Result<(), LabError> {
        let refuse = || LabError::Override { given: given.into() };
        let (path, value) = given.split_once('=').ok_or_else(refuse)?;
        let mut keys: Vec<&str> = path.split('.').map(str::trim).collect();
        let last = keys.pop().filter(|k| !k.is_empty()).ok_or_else(refuse)?;
        let mut table = &mut self.table;
        for key in keys {
            let entry = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
            table = entry.as_table_mut().ok_or_else(refuse)?;
        }
        table.insert(last.into(), value_of(value.trim()));
        self.lines.remove(path.trim());
        Ok(())
    }
}

/// Whether two overrides set one key, or a key and a table around it.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    keys(one).zip(keys(other)).all(|(one, other)| one == other)
}

fn keys(given: &str) -> impl Iterator<Item = &str> {
    given.split('=').next().unwrap_or(given).split('.').map(str::trim)
}

/// A TOML value, or if it is none, the text itself.
pub(crate) fn value_of(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>().ok().filter(|t| t.len() == 1);
    parsed.and_then(|mut t| t.remove("value")).unwrap_or_else(|| Value::String(text.into()))
}

fn collect_lines(table: &DeTable<'_>, above: &str, text: &str, lines: &mut Lines) {
    for (key, value) in table {
        let path = join(above, key.get_ref());
        let line = text[..key.span().start].matches('\n').count() + 1;
        if let DeValue::Table(inner) = value.get_ref() {
            collect_lines(inner, &path, text, lines);
        }
        lines.insert(path, line);
    }
}

/// `above.key`, or `key` at the top.
pub(crate) fn join(above: &str, key: &str) -> String {
    if above.is_empty() { key.into() } else { format!("{above}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_set_twice() {
        let set = |overrides: &[&str]| {
            let overrides: Vec<String> = overrides.iter().map(|given| given.to_string()).collect();
            Text::parse("", "test").unwrap().set_all(&overrides).map_err(|e| e.to_string())
        };
        for twice in [["a.b=1", "a.b=2"], ["a.b=1", " a . b =1"], ["a.b=1", "a={}"], ["a=1", "a.b=1"], ["a=1", "a=1"]] {
            let message = set(&["x.y=1", twice[0], "x.z=1", twice[1]]).unwrap_err();
            assert!(twice.iter().all(|given| message.contains(given)), "{message}");
        }
        assert_eq!(set(&["a.b=1", "a.c=1", "b=1", "ab=1", "a.bc=1"]), Ok(()));
        let seeds = set(&["training.seed=1", "training.seed=2"]).unwrap_err();
        assert!(seeds.contains("--seed N is training.seed=N"), "{seeds}");
    }
}
