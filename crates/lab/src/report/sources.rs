//! What a report knows of its runs, read from their records.

use crate::overview::record_plan;
use crate::{CheckpointName, Experiment, LabError, Plan, Record, Status, StepLine, Summary, TrainingState};

/// One run.
pub(super) struct Source {
    record: Record,
    /// Name of the record.
    pub(super) name: String,
    pub(super) plan: Plan,
    pub(super) lines: Vec<StepLine>,
    pub(super) summary: Option<Summary>,
    checkpoints: Vec<CheckpointName>,
}

impl Source {
    /// Reads the texts of a record. Errors: what cannot be read or is damaged.
    pub(super) fn read(record: &Record) -> Result<Source, LabError> {
        Ok(Source {
            record: record.clone(),
            name: record.name(),
            plan: record_plan(record)?,
            lines: record.metrics()?,
            summary: record.summary()?,
            checkpoints: record.checkpoints()?,
        })
    }

    /// The checkpoint that the pictures are of: that of the figures; without it `last`, then `best`, else the latest.
    pub(super) fn checkpoint(&self) -> Option<CheckpointName> {
        let preferred = [self.plan.scored_checkpoint(), CheckpointName::Last, CheckpointName::Best];
        let present = |name: &CheckpointName| self.checkpoints.contains(name);
        preferred.into_iter().find(present).or(self.checkpoints.last().copied())
    }

    /// The weights of that checkpoint; `None` where there is none. Errors: a checkpoint that is damaged.
    pub(super) fn weights(&self, experiment: &Experiment) -> Result<Option<TrainingState>, LabError> {
        self.checkpoint().map(|name| self.load(name, experiment)).transpose()
    }

    /// The checkpoints that are there.
    pub(super) fn checkpoints(&self) -> &[CheckpointName] {
        &self.checkpoints
    }

    /// Loads one of them. Errors: a checkpoint that is damaged.
    pub(super) fn load(&self, name: CheckpointName, experiment: &Experiment) -> Result<TrainingState, LabError> {
        self.record.load(name, &experiment.layout())
    }

    /// The steps whose checkpoints were kept, in order.
    pub(super) fn steps(&self) -> Vec<u64> {
        let step = |name: &CheckpointName| if let CheckpointName::Step(step) = name { Some(*step) } else { None };
        self.checkpoints.iter().filter_map(step).collect()
    }

    /// The weights of a step that was kept. Errors: a checkpoint that is damaged.
    pub(super) fn point(&self, step: u64, experiment: &Experiment) -> Result<Vec<f32>, LabError> {
        Ok(self.record.load(CheckpointName::Step(step), &experiment.layout())?.point)
    }

    pub(super) fn seed(&self) -> u64 {
        self.plan.training().seed
    }

    /// Steps that the record knows of.
    pub(super) fn step(&self) -> u64 {
        let last = self.lines.last().map_or(0, |line| line.step);
        self.summary.as_ref().map_or(last, |summary| summary.steps)
    }

    /// What a whole record has and this one lacks, a sentence for each.
    pub(super) fn missing(&self) -> Vec<String> {
        let (name, step, steps) = (&self.name, self.step(), self.plan.training().steps);
        let at = format!("after step {step} of {steps}");
        let scores = "so there are no scores on test sequences";
        let ended = match self.summary.as_ref().map(|summary| summary.status) {
            Some(Status::Finished) => None,
            None => {
                Some(format!("{name} has not ended, or was killed ({at}), {scores}; go on with: infimum resume {name}"))
            }
            Some(Status::Interrupted) => {
                Some(format!("{name} was stopped {at}, {scores}; go on with: infimum resume {name}"))
            }
            Some(Status::Impossible) => {
                Some(format!("{name} was stopped by the alarm {at}: it scored better than the optimum, {scores}"))
            }
            Some(Status::Diverged) => Some(format!("the loss of {name} was no number any more {at}, {scores}")),
        };
        let lines = self.lines.is_empty().then(|| format!("{name} has no line of training yet, so it has no curves"));
        let scored = self.plan.scored_checkpoint();
        let other = if scored == CheckpointName::Last { CheckpointName::Best } else { CheckpointName::Last };
        let checkpoint = match self.checkpoint() {
            None => Some(format!("{name} has no checkpoint yet, so nothing can be shown of its model")),
            Some(found) if found != scored => {
                Some(format!("{name} has no checkpoint {scored}; its model is shown at {found}"))
            }
            Some(_) => (!self.checkpoints.contains(&other))
                .then(|| format!("{name} has no checkpoint {other}; nothing here needs it")),
        };
        [ended, lines, checkpoint].into_iter().flatten().collect()
    }
}

/// Whether these are runs of one recipe with different seeds.
///
/// # Errors
/// Plans that differ in more than the seed; two runs with one seed.
pub(super) fn check_one_recipe(sources: &[Source]) -> Result<(), LabError> {
    let Some((first, others)) = sources.split_first() else { return Ok(()) };
    let lines = |source: &Source| comparable(&source.plan.to_toml());
    let wanted = lines(first);
    for (place, other) in others.iter().enumerate() {
        let found = lines(other);
        if let Some(difference) = first_difference(&wanted, &found) {
            let value = format!("{} beside {}", other.name, first.name);
            let allowed = format!("runs of one report differ in training.seed alone, these in {difference}");
            return Err(LabError::value("RUN", value, allowed, "make a report of each"));
        }
        if let Some(same) = sources[..=place].iter().find(|source| source.seed() == other.seed()) {
            let value = format!("{} beside {}", other.name, same.name);
            let allowed = format!("both have training.seed = {}, so they are the same run twice", same.seed());
            return Err(LabError::value("RUN", value, allowed, "leave one of them out"));
        }
    }
    Ok(())
}

/// `section.key = value` of every line but the seed's, and who follows the run, which changes nothing.
fn comparable(plan: &str) -> Vec<String> {
    let (mut section, mut lines) = (String::new(), Vec::new());
    for line in plan.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = format!("{name}."),
            None => lines.push(format!("{section}{line}")),
        }
    }
    lines.retain(|line| !line.starts_with("training.seed ") && !line.starts_with("track "));
    lines
}

fn first_difference(wanted: &[String], found: &[String]) -> Option<String> {
    let only = |a: &[String], b: &[String]| a.iter().find(|line| !b.contains(line)).cloned();
    match (only(wanted, found), only(found, wanted)) {
        (Some(a), Some(b)) => Some(format!("{a} and {b}")),
        (a, b) => a.or(b),
    }
}
