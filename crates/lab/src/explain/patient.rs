//! What is known of a run that is to be explained.

use infimum_worlds::Purpose;

use super::{Learned, Needs};
use crate::evaluation::{self, Evaluator};
use crate::floors::simple_predictors;
use crate::metrics;
use crate::{CheckpointName, Experiment, LabError, Machine, Record, Status, StepLine, Trainer};

/// A run has learnt if so much of the way from the worst simple predictor to the floor is left, or less.
const LEARNED: f64 = 0.05;

/// Validation sequences that other weights than the last are scored on.
pub(super) const LOOK: usize = 256;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// After its last step.
    Done,
    /// Before, since no validation had been better for long enough.
    Patience,
    /// Before, since it was stopped; or it runs still.
    Unfinished,
    /// Its loss was no number.
    Diverged,
}

/// A run.
pub(super) struct Patient<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) machine: &'a mut Machine,
    /// How to name it in a command.
    pub(super) run: String,
    pub(super) lines: Vec<StepLine>,
    pub(super) end: End,
    /// Steps that were done.
    pub(super) done: u64,
    /// Its weights, and after how many steps: those that it is scored with, or of an unfinished run the last. Of a run that diverged before
    /// its first checkpoint, which has none, those that it began with.
    pub(super) point: Vec<f32>,
    pub(super) step: u64,
    pub(super) is_trained: bool,
    /// The weights that it began with.
    pub(super) start: Vec<f32>,
    /// The loss of its weights, and of those it began with, on the plan's validation sequences, nats.
    pub(super) loss: f64,
    pub(super) loss_at_start: f64,
    /// Of each of the model's heads: mean nats of its weights.
    pub(super) of_heads: Vec<f64>,
    criterion: Option<f64>,
    /// From the start at several rates, once somebody asked.
    pub(super) trials: Option<Vec<super::rate::Trial>>,
    /// From its weights on, once somebody asked.
    pub(super) further: Option<super::further::Further>,
}

/// Weights of a record.
struct Weights {
    point: Vec<f32>,
    /// Of its own steps, and of the last checkpoint.
    step: u64,
    last: u64,
}

impl<'a> Patient<'a> {
    pub(super) fn of(
        record: &Record,
        experiment: &'a Experiment,
        machine: &'a mut Machine,
    ) -> Result<Patient<'a>, LabError> {
        let summary = record.summary()?;
        let status = summary.as_ref().map(|summary| summary.status);
        let weights = weights(record, experiment, status)?;
        let start = Trainer::start(experiment, machine)?.point().to_vec();
        let (is_trained, weights) =
            (weights.is_some(), weights.unwrap_or_else(|| Weights { point: start.clone(), step: 0, last: 0 }));
        let mut evaluator = Evaluator::new(experiment, machine);
        let sequences = experiment.plan().evaluation().sequences;
        let scores = evaluator.score(machine, &weights.point, Purpose::Validation, 0..sequences);
        let success = experiment.plan().success();
        let criterion = success.and_then(|success| metrics::of_validation(experiment, &success.figure, &scores));
        let of_head = |head| evaluation::mean_nats(&scores, head).map_or(f64::NAN, |mean| mean.value);
        let done = summary.map_or(weights.last, |summary| summary.steps);
        let mut patient = Patient {
            of_heads: experiment.outputs().iter().map(|output| of_head(output.head)).collect(),
            loss: evaluation::mean_loss(experiment, &scores).unwrap_or(f64::NAN),
            loss_at_start: f64::NAN,
            run: record.path().display().to_string(),
            lines: record.metrics()?,
            end: end(status, done < experiment.plan().training().steps),
            experiment,
            machine,
            done,
            point: weights.point,
            step: weights.step,
            is_trained,
            start,
            criterion,
            trials: None,
            further: None,
        };
        patient.loss_at_start = patient.loss_of(&patient.start.clone());
        Ok(patient)
    }

    /// Whether it does what was wanted: by the recipe's criterion, or without one by how near it is to the floor.
    pub(super) fn learned(&self) -> Learned {
        let answer = |holds, text| if holds { Learned::Yes(text) } else { Learned::No(text) };
        if self.end == End::Diverged {
            return Learned::No(format!("its loss was no number after step {}", self.done));
        }
        if let Some((success, value)) = self.experiment.plan().success().zip(self.criterion) {
            let asked = match (success.at_least, success.at_most) {
                (Some(least), _) => format!("at least {least}"),
                (_, most) => format!("at most {}", most.unwrap_or(f64::NAN)),
            };
            let text =
                format!("{} is {value:.4} on validation sequences, and [success] asks for {asked}", success.figure);
            return answer(success.holds(value), text);
        }
        let Some(floor) = self.experiment.floor() else {
            return Learned::Unknown("nobody knows the floor, and the recipe has no [success]".into());
        };
        let left = (self.loss - floor) / self.way();
        let text = format!("{:.1} % of the way from the worst simple predictor to the floor is left", 100.0 * left);
        answer(left <= LEARNED, text)
    }

    /// Whether it has what a cause needs.
    pub(super) fn has(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Weights => self.is_trained,
            Needs::End => self.is_trained && matches!(self.end, End::Done | End::Patience),
        }
    }

    /// The loss of other weights, on the first validation sequences.
    pub(super) fn loss_of(&mut self, point: &[f32]) -> f64 {
        let sequences = self.experiment.plan().evaluation().sequences.min(LOOK);
        let mut evaluator = Evaluator::new(self.experiment, self.machine);
        let scores = evaluator.score(self.machine, point, Purpose::Validation, 0..sequences);
        evaluation::mean_loss(self.experiment, &scores).unwrap_or(f64::NAN)
    }

    /// The loss of the worst simple predictor, less the floor, or where that is not known the loss of the best simple predictor: what
    /// differences are measured by. Nats; where there is but one, all of its loss.
    pub(super) fn way(&self) -> f64 {
        let outputs = self.experiment.outputs();
        let rungs =
            |head| simple_predictors(self.experiment.world(), head).into_iter().filter_map(|rung| rung.nats.value());
        let worst = |head| rungs(head).fold(0.0, f64::max);
        let best = |head| rungs(head).fold(f64::INFINITY, f64::min);
        let all = |of: &dyn Fn(usize) -> f64| outputs.iter().map(|output| output.weight * of(output.head)).sum::<f64>();
        let (worst, best) = (all(&worst), self.experiment.floor().unwrap_or_else(|| all(&best)));
        if best < worst { worst - best } else { worst }
    }

    /// The validations: steps done, and loss.
    pub(super) fn validations(&self) -> Vec<(u64, f64)> {
        self.lines.iter().filter_map(|line| Some((line.step, line.validation?))).collect()
    }

    /// The training loss of the last tenth of the lines; of the last, where there are fewer.
    pub(super) fn training_loss(&self) -> Option<f64> {
        let last = &self.lines[self.lines.len() - self.lines.len().div_ceil(10)..];
        (!last.is_empty()).then(|| last.iter().map(|line| line.loss).sum::<f64>() / last.len() as f64)
    }
}

/// The weights that a run is scored with, or without those its last; `None` if it diverged before there were any.
fn weights(record: &Record, experiment: &Experiment, status: Option<Status>) -> Result<Option<Weights>, LabError> {
    let (present, scored) = (record.checkpoints()?, experiment.plan().scored_checkpoint());
    if present.is_empty() && status == Some(Status::Diverged) {
        return Ok(None);
    }
    let last = record.load(CheckpointName::Last, &experiment.layout())?;
    let state = if status == Some(Status::Finished) && scored != CheckpointName::Last && present.contains(&scored) {
        record.load(scored, &experiment.layout())?
    } else {
        last.clone()
    };
    Ok(Some(Weights { point: state.point, step: state.step, last: last.step }))
}

/// How a run ended that has this status, or none, and did fewer steps than its plan has, or not.
fn end(status: Option<Status>, is_short: bool) -> End {
    match status {
        Some(Status::Diverged) => End::Diverged,
        Some(Status::Finished) if is_short => End::Patience,
        Some(Status::Interrupted) | None if is_short => End::Unfinished,
        _ => End::Done,
    }
}
