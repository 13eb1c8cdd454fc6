//! The run that a user names, or the newest where none is named, and what computes.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use infimum_lab::{Isa, Machine, Record, newest};

use crate::arguments::{Runs, Speed};

/// The run of that name or folder; without a name, the newest.
pub(crate) fn named(run: Option<&PathBuf>, runs: &Runs) -> anyhow::Result<Record> {
    match run {
        Some(run) => Ok(Record::find(&runs.runs, run)?),
        None => newest(&runs.runs, false)?.with_context(|| none(&runs.runs, "run")),
    }
}

/// The run of that name or folder; without a name, the newest that is not finished.
pub(crate) fn to_resume(run: Option<&PathBuf>, runs: &Runs) -> anyhow::Result<Record> {
    match (run, newest(&runs.runs, true)?) {
        (Some(_), _) => named(run, runs),
        (None, Some(record)) => Ok(record),
        (None, None) => bail!(none(&runs.runs, "unfinished run")),
    }
}

/// Threads and instruction set.
pub(crate) fn machine(speed: &Speed) -> Machine {
    let (isa, threads) = budget(speed);
    Machine::new(isa, threads)
}

/// The instruction set, and the threads of everything that runs at once.
pub(crate) fn budget(speed: &Speed) -> (Isa, usize) {
    let available = || std::thread::available_parallelism().map_or(1, usize::from);
    (speed.isa.unwrap_or_else(Isa::best), speed.threads.unwrap_or_else(available))
}

/// A number of threads in words.
pub(crate) fn threads(threads: usize) -> String {
    if threads == 1 { "1 thread".into() } else { format!("{threads} threads") }
}

/// How to name the record in another command.
pub(crate) fn argument(record: &Record) -> String {
    record.path().display().to_string()
}

fn none(runs: &Path, what: &str) -> String {
    format!(
        "there is no {what} in {}: begin one with `infimum run markov-10`, or say with --runs where to look",
        runs.display()
    )
}
