//! Why a run did not learn, from its record: its lines and checkpoints, what its last weights say of the plan's own sequences, and a
//! few dozen steps from its start at other learning rates.
//!
//! A run that learnt has no diagnosis. Of another every cause below is looked for, each by evidence of its own; they stand in the
//! order of how sure that evidence is, so that what is found first comes first. A run that did not come to its end is a case of its own:
//! how it ended says the first cause.

mod data;
mod frozen;
mod further;
mod low_rank;
mod norms;
mod patient;
mod rate;
mod rung;
mod targets;
mod unfinished;
mod width;

use serde::Serialize;

use crate::{Experiment, LabError, Machine, Record};
use patient::{End, Patient};

/// What can be said of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Whether it learnt.
    pub learned: Learned,
    /// Why not, the surest cause first; none of a run that learnt, and where none is found.
    pub causes: Vec<Diagnosis>,
}

/// Whether a run learnt, with the numbers that say so.
#[derive(Clone, Debug, PartialEq)]
pub enum Learned {
    /// It does what was wanted.
    Yes(String),
    /// It does not.
    No(String),
    /// Nothing is known that it could be measured by.
    Unknown(String),
}

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
    needs: Needs,
    find: fn(&mut Patient<'_>) -> Result<Option<Found>, LabError>,
}

/// What a run has to have for a cause to be looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// A plan and lines.
    Nothing,
    /// Weights that were trained.
    Weights,
    /// All of its training: what is still open after a part of it is no fault.
    End,
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

/// Says whether the run of a record, which is `experiment`'s, learnt, and if it did not, why. `tell` is told what is being looked
/// for.
///
/// # Errors
/// A record that cannot be read, or has no checkpoint, unless its run diverged before the first.
pub fn explain(
    record: &Record,
    experiment: &Experiment,
    machine: &mut Machine,
    tell: &mut dyn FnMut(&'static str),
) -> Result<Explanation, LabError> {
    let mut patient = Patient::of(record, experiment, machine)?;
    let (learned, mut causes) = (patient.learned(), vec![]);
    if matches!(learned, Learned::Yes(_)) {
        return Ok(Explanation { learned, causes });
    }
    for Cause { name: cause, about, find, .. } in in_order(&patient) {
        tell(about);
        let diagnosis = |Found { evidence, change }| Diagnosis { cause, evidence, change };
        causes.extend(find(&mut patient)?.map(diagnosis));
    }
    Ok(Explanation { learned, causes })
}

/// The causes that a run can have, first the one that its end speaks for.
fn in_order(patient: &Patient<'_>) -> Vec<&'static Cause> {
    let likeliest = match patient.end {
        End::Diverged if norms::start(patient).is_none() => Some(rate::TOO_HIGH.name),
        End::Unfinished => Some(unfinished::ENDED_EARLY.name),
        _ => None,
    };
    let mut causes: Vec<&Cause> = CAUSES.iter().filter(|cause| patient.has(cause.needs)).collect();
    causes.sort_by_key(|cause| Some(cause.name) != likeliest);
    causes
}
