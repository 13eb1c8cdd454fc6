//! Why a run did not learn, from its record: its lines and checkpoints, what its last weights say of the plan's own sequences, and a
//! few dozen steps from its start at other learning rates.
//!
//! A run that learned has no diagnosis. Of another every cause below is looked for, each by evidence of its own; they stand in the
//! order of how sure that evidence is, so that what is found first comes first.

mod data;
mod frozen;
mod norms;
mod patient;
mod rate;
mod rung;
mod targets;
mod unfinished;
mod width;

use serde::Serialize;

use crate::{Experiment, LabError, Machine, Record};
use patient::Patient;

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The name of the cause, one of [`CAUSES`].
    pub cause: &'static str,
    /// What shows it, with its numbers.
    pub evidence: String,
    /// What to change in the recipe.
    pub change: String,
}

/// A cause, and how it is looked for.
pub struct Cause {
    /// Its name.
    pub name: &'static str,
    /// What it is, in words.
    pub about: &'static str,
    find: fn(&mut Patient<'_>) -> Result<Option<Found>, LabError>,
}

/// What shows a cause, and what to change.
struct Found {
    evidence: String,
    change: String,
}

/// All causes, the surest first.
pub const CAUSES: &[Cause] = &[
    targets::SHIFTED,
    frozen::FROZEN,
    data::TOO_SMALL,
    data::OVERFITTING,
    norms::OUT_OF_RANGE,
    rate::TOO_HIGH,
    rate::TOO_LOW,
    width::TOO_NARROW,
    rung::STUCK,
    unfinished::ENDED_EARLY,
];

/// Says why the run of a record, which is `experiment`'s, did not learn, the surest cause first; nothing where it learned, or no cause is found. `tell` is told what
/// is being looked for.
///
/// # Errors
/// A record that cannot be read, or has no checkpoint.
pub fn explain(
    record: &Record,
    experiment: &Experiment,
    machine: &mut Machine,
    tell: &mut dyn FnMut(&'static str),
) -> Result<Vec<Diagnosis>, LabError> {
    let mut patient = Patient::of(record, experiment, machine)?;
    let mut found = vec![];
    if patient.has_learned() {
        return Ok(found);
    }
    for Cause { name: cause, about, find } in CAUSES {
        tell(about);
        let diagnosis = |Found { evidence, change }| Diagnosis { cause, evidence, change };
        found.extend(find(&mut patient)?.map(diagnosis));
    }
    Ok(found)
}
