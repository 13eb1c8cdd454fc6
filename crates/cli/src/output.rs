//! The standard output: results, and nothing else.

use std::io::{self, Write};

use anyhow::Context;
use serde::Serialize;

/// Prints text, which ends with a newline of ours if it has none.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    write(text).context("cannot write to the standard output")
}

/// Prints a part of a line.
pub(crate) fn part(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to the standard output")
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}

/// A list that is printed item by item: lines of text, or one JSON array.
pub(crate) struct List {
    json: bool,
    items: usize,
}

impl List {
    pub(crate) fn new(json: bool) -> List {
        List { json, items: 0 }
    }

    /// Prints an item: `value` as JSON, or the line `text`.
    pub(crate) fn add(&mut self, value: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        self.items += 1;
        let before = if self.items == 1 { "[" } else { "," };
        if self.json { print(&format!("{before}{}", serde_json::to_string(value)?)) } else { print(&text()) }
    }

    /// Ends the list.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        match (self.json, self.items) {
            (false, _) => Ok(()),
            (true, 0) => print("[]"),
            (true, _) => print("]"),
        }
    }
}

/// Prints a message on the standard error; that nobody reads it is no reason to stop a run.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}
