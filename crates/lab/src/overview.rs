//! A record at a glance, for lists, and which record is meant when none is named.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use crate::{CheckpointName, Figure, LabError, Plan, Record, Status};

/// The status of a run that has not ended.
pub const UNFINISHED: &str = "unfinished";

/// What a record says of its run in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// Name of the record.
    pub name: String,
    /// How it ended; `None` (`unfinished` in JSON) while it runs, or if it was killed.
    #[serde(serialize_with = "as_word")]
    pub status: Option<Status>,
    /// Steps that the record knows of.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// Free scalars of the model.
    pub parameters: usize,
    /// Hash of the weights at the end, or at the last checkpoint; `None` before the first.
    pub weights_hash: Option<String>,
    /// Scores on the test sequences, once it is finished.
    pub figures: Vec<Figure>,
}

impl Overview {
    /// Reads a record, with the hash of its last weights. The weights are read only if there is no summary.
    ///
    /// # Errors
    /// A record that cannot be read or is damaged.
    pub fn of(record: &Record) -> Result<Overview, LabError> {
        let (plan, summary) = (record_plan(record)?, record.summary()?);
        let step = record.metrics()?.last().map_or(0, |line| line.step);
        let overview = Overview {
            name: record.name(),
            status: None,
            step,
            steps: plan.training().steps,
            parameters: plan.parameters(),
            weights_hash: None,
            figures: Vec::new(),
        };
        Ok(match summary {
            Some(s) => Overview {
                status: Some(s.status),
                step: s.steps,
                weights_hash: Some(s.weights_hash),
                figures: s.figures,
                ..overview
            },
            None => Overview { weights_hash: last_hash(record, plan)?, ..overview },
        })
    }
}

fn as_word<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    match status {
        Some(status) => status.serialize(serializer),
        None => serializer.serialize_str(UNFINISHED),
    }
}

/// The plan of a record.
///
/// # Errors
/// A plan that cannot be read, is damaged, or has other numerics.
pub fn record_plan(record: &Record) -> Result<Plan, LabError> {
    Plan::from_toml(&record.plan()?, &record.path().join("plan.toml"))
}

/// The record in `runs` that was written last; only those that are not finished, if `unfinished`.
///
/// # Errors
/// When the folder cannot be read.
pub fn newest(runs: &Path, unfinished: bool) -> Result<Option<Record>, LabError> {
    let finished =
        |record: &Record| matches!(record.summary(), Ok(Some(summary)) if summary.status == Status::Finished);
    let records = Record::list(runs)?.into_iter().filter(|record| !(unfinished && finished(record)));
    Ok(records.max_by_key(written))
}

fn last_hash(record: &Record, plan: Plan) -> Result<Option<String>, LabError> {
    if !record.checkpoints()?.contains(&CheckpointName::Last) {
        return Ok(None);
    }
    let layout = plan.layout();
    let state = record.load(CheckpointName::Last, &layout)?;
    Ok(Some(layout.weights_hash(&state.point)))
}

/// When any file of the record was last written.
fn written(record: &Record) -> SystemTime {
    let files = ["plan.toml", "metrics.jsonl", "summary.json", "checkpoints"];
    let time = |file: &str| fs::metadata(record.path().join(file)).and_then(|m| m.modified()).ok();
    files.into_iter().filter_map(time).max().unwrap_or(SystemTime::UNIX_EPOCH)
}
