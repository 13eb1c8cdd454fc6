//! Records: a folder for each run, with its plan, its lines, its checkpoints and its summary.
//!
//! ```text
//! markov-10-s1/plan.toml  metrics.jsonl  summary.json  checkpoints/{best,last,step-000100}.safetensors  lock
//! ```
//! Every file is written whole or not at all, and the folder appears together with its plan, so a record opens after a crash
//! at any moment. Reading needs no permission; writing takes a [`RecordWriter`], of which there is one at a time.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::foreign::{nanogpt, numpy, torch};
use crate::recipe::Model;
use crate::record_writer::{RecordWriter, numbered};
use crate::{
    CheckpointName, LabError, Layout, Status, StepLine, Summary, TrainingState, carried, checkpoint, weights_file,
};

pub(crate) const PLAN: &str = "plan.toml";
pub(crate) const METRICS: &str = "metrics.jsonl";
pub(crate) const SUMMARY: &str = "summary.json";
pub(crate) const CHECKPOINTS: &str = "checkpoints";
const ENDING: &str = "safetensors";

/// The record of a run, to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    path: PathBuf,
}

impl Record {
    /// Opens the record in the folder `path`.
    ///
    /// # Errors
    /// When there is none; the text lists the records beside it, nearest name first.
    pub fn open(path: &Path) -> Result<Record, LabError> {
        let runs = path.parent().unwrap_or(Path::new(""));
        Record::at(path).ok_or_else(|| missing(path, runs))
    }

    /// Opens the record that a user calls `run`: a folder, or the name of a folder in `runs`.
    ///
    /// # Errors
    /// When there is none; the text lists the records in `runs`, nearest name first.
    pub fn find(runs: &Path, run: &Path) -> Result<Record, LabError> {
        let inside = runs.join(run);
        Record::at(run).or_else(|| Record::at(&inside)).ok_or_else(|| missing(&inside, runs))
    }

    /// All records in `runs`, by name; none when the folder does not exist.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(runs: &Path) -> Result<Vec<Record>, LabError> {
        let mut records: Vec<Record> = names(runs)?.iter().filter_map(|name| Record::at(&runs.join(name))).collect();
        records.sort();
        Ok(records)
    }

    /// Makes the record of a new run in `runs`, which is created if need be. The folder is called `name`, or `name-2`,
    /// `name-3`, … where that is taken. `plan` is the text of the plan.
    ///
    /// # Errors
    /// When the name cannot be that of a folder, or the system refuses; then nothing is left behind.
    pub fn create(runs: &Path, name: &str, plan: &str) -> Result<RecordWriter, LabError> {
        RecordWriter::create(runs, name, plan)
    }

    /// The record of `plan` among those that [`Record::create`] has called `name` in `runs`; the first, if there are several.
    pub fn of_plan(runs: &Path, name: &str, plan: &str) -> Option<Record> {
        let records = (1..).map_while(|number| Record::at(&runs.join(numbered(name, number))));
        records.into_iter().find(|record| record.plan().is_ok_and(|found| found == plan))
    }

    /// Opens the record for writing, to resume it.
    ///
    /// # Errors
    /// When another process writes it, or the system refuses.
    pub fn write(self) -> Result<RecordWriter, LabError> {
        RecordWriter::open(self)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the folder; bytes that are not Unicode are replaced.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// The text of the plan.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn plan(&self) -> Result<String, LabError> {
        let path = self.path.join(PLAN);
        fs::read_to_string(&path).map_err(LabError::io("read the plan", &path))
    }

    /// The lines written so far; none before the first.
    ///
    /// # Errors
    /// When they cannot be read; the text names the line.
    pub fn metrics(&self) -> Result<Vec<StepLine>, LabError> {
        let path = self.path.join(METRICS);
        let text = optional(&path, "read the metrics")?.unwrap_or_default();
        let line =
            |(number, line)| json(line).map_err(|problem| invalid(&path, format!("line {}: {problem}", number + 1)));
        text.lines().enumerate().map(line).collect()
    }

    /// The summary of a run that has ended.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn summary(&self) -> Result<Option<Summary>, LabError> {
        let path = self.path.join(SUMMARY);
        let text = optional(&path, "read the summary")?;
        text.map(|text| json(&text).map_err(|problem| invalid(&path, problem))).transpose()
    }

    /// The checkpoints that are there: best, last, then by step.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<CheckpointName>, LabError> {
        let mut found: Vec<CheckpointName> =
            names(&self.path.join(CHECKPOINTS))?.iter().filter_map(|name| checkpoint_name(name)).collect();
        found.sort();
        Ok(found)
    }

    /// Where a checkpoint lies, or would lie.
    pub fn checkpoint_path(&self, name: CheckpointName) -> PathBuf {
        self.path.join(CHECKPOINTS).join(format!("{name}.{ENDING}"))
    }

    /// Loads a checkpoint of the model with this `layout`.
    ///
    /// # Errors
    /// When it is not there (the text names those that are), is no valid checkpoint, or belongs to another plan.
    pub fn load(&self, name: CheckpointName, layout: &Layout) -> Result<TrainingState, LabError> {
        let path = self.checkpoint_path(name);
        let present = self.checkpoints()?;
        if !present.contains(&name) {
            return Err(self.lacks(name, &present));
        }
        let (plan, state) = checkpoint::read(&path, layout)?;
        if plan != self.plan()? {
            return Err(invalid(&path, format!("was written for another plan than the {PLAN} of its record")));
        }
        Ok(state)
    }

    /// That a checkpoint is not what its record needs.
    pub(crate) fn refused(&self, name: CheckpointName, problem: String) -> LabError {
        invalid(&self.checkpoint_path(name), problem)
    }

    /// The checkpoint to go on from: `last`, or where it is gone, the newest that is left; none before the first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn newest_checkpoint(&self) -> Result<Option<CheckpointName>, LabError> {
        let present = self.checkpoints()?;
        let last = present.iter().find(|name| **name == CheckpointName::Last);
        let step = present.iter().rev().find(|name| matches!(name, CheckpointName::Step(_)));
        Ok(last.or(step).or(present.first()).copied())
    }

    /// The lines that were there when the checkpoint of that name, which is `state`, was written; later ones are left out.
    ///
    /// # Errors
    /// When they cannot be read, or are others.
    pub fn lines_of(&self, name: CheckpointName, state: &TrainingState) -> Result<Vec<StepLine>, LabError> {
        let (mut lines, (count, hash)) = (self.metrics()?, &state.lines);
        let found = lines.len() as u64;
        lines.truncate(usize::try_from(*count).unwrap_or(usize::MAX));
        if found >= *count && StepLine::hash(&lines) == *hash {
            return Ok(lines);
        }
        let path = self.path.join(METRICS);
        let problem = format!(
            "does not begin with the {count} lines that checkpoint `{name}` was written beside; it has {found}"
        );
        let plan = self.path.join(PLAN).display().to_string();
        let remedy = format!("put back what was there, or run the plan anew: infimum run {plan}");
        Err(LabError::File { path, problem, remedy })
    }

    fn best_path(&self) -> Result<PathBuf, LabError> {
        let present = self.checkpoints()?;
        let first = present.first().ok_or_else(|| self.lacks(CheckpointName::Best, &present))?;
        Ok(self.checkpoint_path(*first))
    }

    fn lacks(&self, wanted: CheckpointName, present: &[CheckpointName]) -> LabError {
        let present: Vec<String> = present.iter().map(CheckpointName::to_string).collect();
        let way_out = if present.is_empty() { self.without() } else { format!("it has: {}", present.join(", ")) };
        LabError::MissingCheckpoint { record: self.path.clone(), wanted: wanted.to_string(), way_out }
    }

    /// Why there is no checkpoint at all, and what to do.
    fn without(&self) -> String {
        let run = self.path.display();
        let anew = format!("infimum run {}", self.path.join(PLAN).display());
        match self.summary().ok().flatten().map(|summary| summary.status) {
            Some(Status::Diverged) => {
                format!("its loss was no number before the first was written: infimum explain {run} says why")
            }
            Some(Status::Finished) => format!("it is finished, and all were removed: run its plan anew with {anew}"),
            _ => format!(
                "it stopped before the first was written, or runs still: begin it again with infimum resume {run}"
            ),
        }
    }

    /// The record in this folder, if there is one.
    pub(crate) fn at(path: &Path) -> Option<Record> {
        path.join(PLAN).is_file().then(|| Record { path: path.to_path_buf() })
    }
}

/// The weights of `model`, which has this `layout`, out of a file, or out of the record in a folder: its best checkpoint, or its
/// last where none is best. Only the model's arrays are looked at, so the weights of any run of any plan will do whose model has the same
/// frozen numbers. A file that PyTorch or NumPy wrote is read as nanoGPT's weights, any other as safetensors.
///
/// # Errors
/// When there is no such file or record, the weights do not fit the model, or the plan that they carry has other frozen numbers.
pub fn read_weights(file_or_run: &Path, model: &Model, layout: &Layout) -> Result<Vec<f32>, LabError> {
    let path = if file_or_run.is_dir() { Record::open(file_or_run)?.best_path()? } else { file_or_run.to_path_buf() };
    let (tensors, plan) = match (numpy::wrote_npz(&path)?, torch::wrote(&path)?) {
        (true, _) => {
            let mut arrays = numpy::read_npz(&path)?;
            let plan = carried::take_plan(&mut arrays, &path)?;
            (nanogpt::of_npz(&path, arrays, model)?, plan)
        }
        (false, true) => (nanogpt::read(&path, model)?, None),
        (false, false) => {
            let mut file = weights_file::read(&path)?;
            let plan = file.metadata.remove(carried::PLAN);
            (nanogpt::of_safetensors(&path, file, model)?, plan)
        }
    };
    let point = layout.gather(tensors, &path)?;
    plan.map_or(Ok(()), |plan| carried::require_frozen(&plan, layout, &path))?;
    Ok(point)
}

/// The names in a folder, hidden ones left out; none when the folder does not exist.
fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>, LabError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(LabError::io("read the folder", folder))?,
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    let names = names.collect::<Result<Vec<_>, _>>().map_err(LabError::io("read the folder", folder))?;
    Ok(names.into_iter().filter(|name| !name.as_encoded_bytes().starts_with(b".")).collect())
}

fn checkpoint_name(file: &OsStr) -> Option<CheckpointName> {
    let stem = file.to_str()?.strip_suffix(ENDING)?.strip_suffix('.')?;
    stem.parse().ok().filter(|name: &CheckpointName| name.to_string() == stem)
}

fn missing(path: &Path, runs: &Path) -> LabError {
    let runs = if runs.as_os_str().is_empty() { Path::new(".") } else { runs };
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    let mut near: Vec<String> = Record::list(runs).unwrap_or_default().iter().map(Record::name).collect();
    near.sort_by_key(|name| strsim::damerau_levenshtein(name, &wanted));
    near.truncate(5);
    LabError::MissingRecord { path: path.to_path_buf(), near }
}

/// The text of a file that need not be there. Pipes and devices are refused before they could block.
fn optional(path: &Path, action: &'static str) -> Result<Option<String>, LabError> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(invalid(path, "is a folder, a pipe or a device, not a file".into()));
    }
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => text.map(Some).map_err(LabError::io(action, path)),
    }
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn invalid(path: &Path, problem: String) -> LabError {
    let remedy =
        "a record is not edited by hand: put back what was there; of a checkpoint that is lost, delete the file, and \
                  resume goes on from the newest that is left"
            .into();
    LabError::File { path: path.into(), problem, remedy }
}

#[cfg(test)]
mod tests;
