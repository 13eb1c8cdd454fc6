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

    /// Sets one key from `a.b=c`.
    pub(crate) fn set(&mut self, given: &str) -> Result<(), LabError> {
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

/// A TOML value, or if it is none, the text itself.
fn value_of(text: &str) -> Value {
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
