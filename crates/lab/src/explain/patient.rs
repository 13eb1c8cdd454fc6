//! What is known of a run that is to be explained.

use infimum_worlds::Purpose;

use crate::evaluation::{self, Evaluator};
use crate::floors::simple_predictors;
use crate::metrics;
use crate::{CheckpointName, Experiment, LabError, Machine, Record, Status, StepLine, Trainer};

/// A run has learned if so much of the way from the worst simple predictor to the floor is left, or less.
const LEARNED: f64 = 0.05;

/// Validation sequences that other weights than the last are scored on.
const LOOK: usize = 256;

/// A run.
pub(super) struct Patient<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) machine: &'a mut Machine,
    pub(super) lines: Vec<StepLine>,
    /// Whether its loss was no number in the end.
    pub(super) diverged: bool,
    /// Its last weights, and those that it began with.
    pub(super) point: Vec<f32>,
    pub(super) start: Vec<f32>,
    /// The loss of the last weights, and of those it began with, on the plan's validation sequences, nats.
    pub(super) loss: f64,
    pub(super) loss_at_start: f64,
    /// Of each of the model's heads: mean nats of the last weights.
    pub(super) of_heads: Vec<f64>,
    criterion: Option<f64>,
    /// From the start at several rates, once somebody asked.
    pub(super) trials: Option<Vec<super::rate::Trial>>,
}

impl<'a> Patient<'a> {
    pub(super) fn of(
        record: &Record,
        experiment: &'a Experiment,
        machine: &'a mut Machine,
    ) -> Result<Patient<'a>, LabError> {
        let point = record.load(CheckpointName::Last, &experiment.layout())?.point;
        let start = Trainer::start(experiment, machine)?.point().to_vec();
        let mut evaluator = Evaluator::new(experiment, machine);
        let sequences = experiment.plan().evaluation().sequences;
        let scores = evaluator.score(machine, &point, Purpose::Validation, 0..sequences);
        let success = experiment.plan().success();
        let criterion = success.and_then(|success| metrics::of_validation(experiment, &success.figure, &scores));
        let of_head = |head| evaluation::mean_nats(&scores, head).map_or(f64::NAN, |mean| mean.value);
        let mut patient = Patient {
            of_heads: experiment.outputs().iter().map(|output| of_head(output.head)).collect(),
            loss: evaluation::mean_loss(experiment, &scores).unwrap_or(f64::NAN),
            loss_at_start: f64::NAN,
            diverged: record.summary()?.is_some_and(|summary| summary.status == Status::Diverged),
            lines: record.metrics()?,
            experiment,
            machine,
            point,
            start,
            criterion,
            trials: None,
        };
        patient.loss_at_start = patient.loss_of(&patient.start.clone());
        Ok(patient)
    }

    /// Whether it does what was wanted: by the recipe's criterion, or without one by how near it is to the floor.
    pub(super) fn has_learned(&self) -> bool {
        let success = self.experiment.plan().success();
        let by_criterion = success.zip(self.criterion).map(|(success, value)| success.holds(value));
        let near = self.experiment.floor().map(|floor| self.loss - floor <= LEARNED * self.way());
        !self.diverged && (by_criterion == Some(true) || by_criterion.is_none() && near == Some(true))
    }

    /// The loss of other weights, on the first validation sequences.
    pub(super) fn loss_of(&mut self, point: &[f32]) -> f64 {
        let sequences = self.experiment.plan().evaluation().sequences.min(LOOK);
        let mut evaluator = Evaluator::new(self.experiment, self.machine);
        let scores = evaluator.score(self.machine, point, Purpose::Validation, 0..sequences);
        evaluation::mean_loss(self.experiment, &scores).unwrap_or(f64::NAN)
    }

    /// The loss of the worst simple predictor, less the floor where that is known: what differences are measured by. Nats.
    pub(super) fn way(&self) -> f64 {
        let world = self.experiment.world();
        let worst = |head| {
            let nats = simple_predictors(world, head).into_iter().filter_map(|simple| simple.nats.value());
            nats.fold(0.0, f64::max)
        };
        let all: f64 = self.experiment.outputs().iter().map(|output| output.weight * worst(output.head)).sum();
        all - self.experiment.floor().unwrap_or(0.0)
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
