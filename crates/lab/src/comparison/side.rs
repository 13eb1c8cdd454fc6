//! The runs that a user means by a name, a list, or counts.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::plans::{Difference, Keys, differences, keys, same};
use crate::recipe::{Success, text};
use crate::statistics::Trials;
use crate::success::Outcome;
use crate::{LabError, Record, Status, Summary};

/// The most runs of a set, and trials of a count.
const MOST_RUNS: usize = 2000;
const MOST_TRIALS: u64 = 1_000_000;

/// One of two things that are compared.
#[derive(Clone, Debug)]
pub enum Side {
    /// Successes that somebody else has counted.
    Counted {
        /// As it was given, such as `5/8`.
        given: String,
        /// The counts.
        trials: Trials,
    },
    /// Runs of one plan with different seeds.
    Runs(Group),
}

/// Runs of one plan with different seeds.
#[derive(Clone, Debug)]
pub struct Group {
    given: String,
    /// By seed.
    pub(super) runs: Vec<Run>,
    /// The plan of the first.
    pub(super) plan: Keys,
    pub(super) success: Option<Success>,
    left_out: Vec<LeftOut>,
}

/// A run of a set.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) summary: Option<Summary>,
    pub(super) outcome: Option<Outcome>,
}

/// A run that is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its record.
    pub run: String,
    /// Why.
    pub reason: String,
}

impl Side {
    /// What `given` means: counts, as `5/8`; or parts between commas, each the name or folder of a run, the name of a recipe, which stands
    /// for all its runs in the folder `runs`, or KEY=VALUE, which takes of the others those whose plan has this value.
    ///
    /// # Errors
    /// Counts that are none; names that are neither run nor recipe; runs of different plans.
    pub fn select(runs: &Path, given: &str) -> Result<Side, LabError> {
        if let Some((successes, of)) = counts(given) {
            let trials = Trials { successes, of };
            let fits = of >= 1 && successes <= of && of <= MOST_TRIALS;
            let problem = format!(
                "these are no successes of trials: at least 1 trial, at most {MOST_TRIALS}, and no more successes"
            );
            let remedy = "give SUCCESSES/TRIALS, such as 5/8".into();
            let refused = LabError::Incomparable { given: given.into(), problem, remedy };
            return if fits { Ok(Side::Counted { given: given.into(), trials }) } else { Err(refused) };
        }
        let parts: Vec<&str> = given.split(',').map(str::trim).collect();
        let (filters, names): (Vec<&str>, Vec<&str>) = parts.into_iter().partition(|part| part.contains('='));
        let mut found = Vec::new();
        for name in names {
            found.extend(named(runs, name)?);
        }
        let found = if found.is_empty() { found } else { filtered(given, found, &filters)? };
        Group::of(given, found).map(Side::Runs)
    }

    /// As it was given.
    pub fn given(&self) -> &str {
        match self {
            Side::Counted { given, .. } => given,
            Side::Runs(group) => &group.given,
        }
    }

    /// Its runs, if it has any.
    pub fn group(&self) -> Option<&Group> {
        match self {
            Side::Counted { .. } => None,
            Side::Runs(group) => Some(group),
        }
    }

    /// Runs that are not compared; of those that have ended, a diverged one has no figure but is no success.
    pub(super) fn left_out(&self, by_rate: bool) -> Vec<LeftOut> {
        let Some(group) = self.group() else { return vec![] };
        let missing = |run: &&Run| if by_rate { run.outcome.is_none() } else { !run.is_finished() };
        let ended = |run: &Run| match run.summary.as_ref().map(|summary| summary.status) {
            None | Some(Status::Interrupted | Status::Finished) => "not finished",
            Some(Status::Diverged) => "its loss was no number any more",
            Some(Status::Impossible) => "it was stopped by the alarm",
        };
        let missing = group.runs.iter().filter(missing);
        let missing = missing.map(|run| LeftOut { run: run.name.clone(), reason: ended(run).into() });
        group.left_out.iter().cloned().chain(missing).collect()
    }
}

impl Run {
    fn is_finished(&self) -> bool {
        self.summary.as_ref().is_some_and(|summary| summary.status == Status::Finished)
    }
}

impl Group {
    /// Its finished runs, by seed.
    pub(super) fn finished(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.is_finished())
    }

    /// Runs of one plan. A seed that is there twice is one run, since a run is its plan and its seed.
    fn of(given: &str, found: Vec<(Record, Keys)>) -> Result<Group, LabError> {
        let problem = |problem: String, remedy: &str| LabError::Incomparable {
            given: given.into(),
            problem,
            remedy: remedy.into(),
        };
        let Some((_, plan)) = found.first().cloned() else {
            return Err(problem("no runs are named".into(), "give the name of a recipe, or of runs"));
        };
        if found.len() > MOST_RUNS {
            return Err(problem(format!("these are {} runs", found.len()), "give at most 2000"));
        }
        if let Some(text) = found.iter().find_map(|(_, other)| several(&plan, other)) {
            return Err(problem(text, "say which, with KEY=VALUE after a comma, or list the runs"));
        }
        let success = success(&plan);
        let mut group = Group { given: given.into(), runs: vec![], plan, success, left_out: vec![] };
        for (record, keys) in found {
            group.add(&record, &keys)?;
        }
        group.runs.sort_by_key(|run| run.seed);
        Ok(group)
    }

    fn add(&mut self, record: &Record, keys: &Keys) -> Result<(), LabError> {
        let name = record.name();
        let seed = keys.get("training.seed").and_then(toml::Value::as_integer).unwrap_or(0) as u64;
        let run = Run::read(name.clone(), seed, record, self.success.as_ref())?;
        let Some(same) = self.runs.iter_mut().find(|run| run.seed == seed) else {
            self.runs.push(run);
            return Ok(());
        };
        // The one that is finished counts.
        let (kept, other) = if run.is_finished() && !same.is_finished() {
            (name, std::mem::replace(same, run).name)
        } else {
            (same.name.clone(), name)
        };
        if kept != other {
            self.left_out.push(LeftOut { run: other, reason: format!("it is the same run as {kept}") });
        }
        Ok(())
    }
}

impl Run {
    fn read(name: String, seed: u64, record: &Record, success: Option<&Success>) -> Result<Run, LabError> {
        let summary = record.summary()?;
        let outcome = match (success, &summary) {
            (Some(success), Some(summary)) => Outcome::of(success, record, summary)?,
            _ => None,
        };
        Ok(Run { name, seed, summary, outcome })
    }
}

/// `5/8`.
fn counts(given: &str) -> Option<(u64, u64)> {
    let (successes, of) = given.trim().split_once('/')?;
    Some((successes.trim().parse().ok()?, of.trim().parse().ok()?))
}

/// The run of that name or folder, or all runs of the recipe of that name.
fn named(runs: &Path, name: &str) -> Result<Vec<(Record, Keys)>, LabError> {
    let missing = match Record::find(runs, &PathBuf::from(name)) {
        Ok(record) => return Ok(vec![(record.clone(), read(&record)?)]),
        Err(missing) => missing,
    };
    let mut found = Vec::new();
    for record in Record::list(runs)? {
        match read(&record) {
            Ok(keys) if keys.get("name").and_then(toml::Value::as_str) == Some(name) => found.push((record, keys)),
            // What cannot be read might be of this recipe only if it is called so.
            Err(error) if record.name().starts_with(&format!("{name}-s")) => return Err(error),
            _ => {}
        }
    }
    if found.is_empty() { Err(missing) } else { Ok(found) }
}

fn read(record: &Record) -> Result<Keys, LabError> {
    keys(&record.plan()?).map_err(|problem| LabError::File {
        path: record.path().join("plan.toml"),
        problem,
        remedy: "plans are written by Infimum and not meant to be edited; run the recipe anew".into(),
    })
}

/// The runs whose plan has every value of `filters`, each KEY=VALUE.
fn filtered(given: &str, found: Vec<(Record, Keys)>, filters: &[&str]) -> Result<Vec<(Record, Keys)>, LabError> {
    filters.iter().try_fold(found, |found, filter| {
        let (key, value) = filter.split_once('=').expect("filters have one");
        let (key, wanted) = (key.trim(), text::value_of(value.trim()));
        let there: Vec<String> =
            found.iter().filter_map(|(_, keys)| keys.get(key)).map(toml::Value::to_string).collect();
        let left: Vec<_> =
            found.into_iter().filter(|(_, keys)| keys.get(key).is_some_and(|value| same(value, &wanted))).collect();
        if !left.is_empty() {
            return Ok(left);
        }
        let mut others = there;
        others.sort();
        others.dedup();
        let remedy = if others.is_empty() {
            "no plan of them has this key".into()
        } else {
            format!("they have {}", others.join(", "))
        };
        Err(LabError::Incomparable { given: given.into(), problem: format!("no run has {key} = {wanted}"), remedy })
    })
}

/// In words, how two plans differ that ought to be one.
fn several(plan: &Keys, other: &Keys) -> Option<String> {
    let differences = differences(plan, other);
    let text = |Difference { key, a, b }: &Difference| {
        let [a, b] = [a, b].map(|value| value.as_deref().unwrap_or("not set"));
        format!("{key} ({a} and {b})")
    };
    let texts: Vec<String> = differences.iter().map(text).collect();
    (!texts.is_empty()).then(|| format!("these runs have several plans, which differ in {}", texts.join(", ")))
}

fn success(plan: &Keys) -> Option<Success> {
    let number = |key: &str| plan.get(key).and_then(|limit| limit.as_float().or(limit.as_integer().map(|n| n as f64)));
    let figure = plan.get("success.figure")?.as_str()?.to_string();
    Some(Success { figure, at_least: number("success.at_least"), at_most: number("success.at_most") })
}
