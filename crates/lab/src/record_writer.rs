//! Writing a record: one process at a time, every file whole or not at all.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::events::{EVENTS, events};
use crate::record::{CHECKPOINTS, METRICS, PLAN, SUMMARY};
use crate::{CheckpointName, LabError, Layout, Record, StepLine, Summary, TrainingState, checkpoint, whole_file};

/// The right to write a record; the system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct RecordWriter {
    record: Record,
    plan: String,
    _lock: File,
}

impl RecordWriter {
    pub(crate) fn create(runs: &Path, name: &str, plan: &str) -> Result<RecordWriter, LabError> {
        check_name(name)?;
        fs::create_dir_all(runs).map_err(LabError::io("create the folder", runs))?;
        let unborn = Unborn::create(&runs.join(name))?;
        let inside = unborn.path.join(CHECKPOINTS);
        fs::create_dir(&inside).map_err(LabError::io("create the folder", &inside))?;
        whole_file::write_bytes(&unborn.path.join(PLAN), "write the plan", plan.as_bytes())?;
        let path = unborn.settle(runs, name)?;
        whole_file::sync_folder(runs).map_err(LabError::io("write the folder", runs))?;
        RecordWriter::open(Record::open(&path)?)
    }

    pub(crate) fn open(record: Record) -> Result<RecordWriter, LabError> {
        let lock = lock(record.path())?;
        let inside = record.path().join(CHECKPOINTS);
        fs::create_dir_all(&inside).map_err(LabError::io("create the folder", &inside))?;
        whole_file::remove_leftovers(record.path())?;
        whole_file::remove_leftovers(&inside)?;
        Ok(RecordWriter { plan: record.plan()?, record, _lock: lock })
    }

    /// The record, to read.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Replaces all lines. To be called before [`RecordWriter::save`], so that no checkpoint is ahead of the lines; on resuming,
    /// the caller drops the lines after the checkpoint's step.
    ///
    /// # Errors
    /// Whatever the system refuses; the lines that were there are then intact.
    pub fn write_metrics(&self, lines: &[StepLine]) -> Result<(), LabError> {
        whole_file::write(&self.record.path().join(METRICS), "write the metrics", |file| {
            lines.iter().try_for_each(|line| {
                serde_json::to_writer(&mut *file, line)?;
                file.write_all(b"\n")
            })
        })
    }

    /// Writes the lines for TensorBoard, all of them, so that a run that goes on repeats no step.
    ///
    /// # Errors
    /// Whatever the system refuses; the events that were there are then intact.
    pub fn write_events(&self, lines: &[StepLine]) -> Result<(), LabError> {
        whole_file::write_bytes(&self.record.path().join(EVENTS), "write the events", &events(lines))
    }

    /// Writes a checkpoint, in the place of the one of that name.
    ///
    /// # Errors
    /// Whatever the system refuses; the checkpoint that was there is then intact.
    pub fn save(&self, name: CheckpointName, layout: &Layout, state: &TrainingState) -> Result<(), LabError> {
        checkpoint::write(&self.record.checkpoint_path(name), &self.plan, layout, state)
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// Whatever the system refuses; a summary that was there is then intact.
    pub fn write_summary(&self, summary: &Summary) -> Result<(), LabError> {
        whole_file::write(&self.record.path().join(SUMMARY), "write the summary", |file| {
            serde_json::to_writer_pretty(&mut *file, summary)?;
            file.write_all(b"\n")
        })
    }

    /// Removes the summary of a run that goes on.
    ///
    /// # Errors
    /// Whatever the system refuses; that there is none is no error.
    pub fn remove_summary(&self) -> Result<(), LabError> {
        let path = self.record.path().join(SUMMARY);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(LabError::io("remove the summary", &path)),
        }
    }
}

fn lock(record: &Path) -> Result<File, LabError> {
    let path = record.join("lock");
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        let problem = "is a folder, a pipe or a device, not the file that says who writes the record".into();
        return Err(LabError::File { path, problem, remedy: "remove it".into() });
    }
    let file =
        File::options().create(true).append(true).open(&path).map_err(LabError::io("lock the record with", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LabError::Busy { path: record.to_path_buf() }),
        Err(TryLockError::Error(error)) => Err(LabError::io("lock the record with", &path)(error)),
    }
}

/// A name that is a folder's on every system and that hides nothing.
fn check_name(name: &str) -> Result<(), LabError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.is_empty() && name.len() <= 100 && name.chars().all(fits) && !name.starts_with('.') {
        return Ok(());
    }
    let allowed =
        "a record's name has 1 to 100 of the characters a-z, A-Z, 0-9, `.`, `_`, `-`, and does not begin with a dot";
    Err(LabError::Value {
        key: "name".into(),
        value: format!("{name:?}"),
        line: None,
        allowed: allowed.into(),
        remedy: "give the recipe another name".into(),
    })
}

/// The folder of the record with this number among those called `name`.
pub(crate) fn numbered(name: &str, number: u64) -> String {
    if number == 1 { name.to_string() } else { format!("{name}-{number}") }
}

/// The folder of a record before it has its name; removed when this is dropped, unless it was renamed. A process that is
/// killed before leaves a hidden folder that nobody reads.
struct Unborn {
    path: PathBuf,
}

impl Unborn {
    fn create(path: &Path) -> Result<Unborn, LabError> {
        let mut number = 0;
        loop {
            let path = whole_file::unfinished(path, number).map_err(LabError::io("create the folder", path))?;
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                result => {
                    return result
                        .map(|()| Unborn { path: path.clone() })
                        .map_err(LabError::io("create the folder", &path));
                }
            }
        }
    }

    /// Renames the folder to the first name that is free. A folder with content is never replaced, so of two processes that
    /// want a name one gets it.
    fn settle(mut self, runs: &Path, name: &str) -> Result<PathBuf, LabError> {
        for number in 1_u64.. {
            let path = runs.join(numbered(name, number));
            if path.symlink_metadata().is_ok() {
                continue;
            }
            match fs::rename(&self.path, &path) {
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty) => {}
                result => {
                    result.map_err(LabError::io("create the folder", &path))?;
                    self.path.clear();
                    return Ok(path);
                }
            }
        }
        unreachable!("one of 2^64 names is free")
    }
}

impl Drop for Unborn {
    fn drop(&mut self) {
        // After the rename the path is empty: its old name may by now be that of another thread's folder.
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
