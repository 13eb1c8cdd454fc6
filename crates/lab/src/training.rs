//! A run from its first step, or its last checkpoint, to its summary.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use infimum_engine::NUMERICS;
use infimum_kernels::flat;
use infimum_worlds::Purpose;

use crate::data::Schedule;
use crate::evaluation::{self, Evaluator, Tested};
use crate::metrics::{self, Scored};
use crate::patience::Patience;
use crate::recipe::Track;
use crate::retrace::retrace;
use crate::trainer::{Step, Trainer};
use crate::unreported::Unreported;
use crate::unsaved::Unsaved;
use crate::{
    CheckpointName, Experiment, Figure, LabError, Machine, Mean, RecordWriter, RunStage, Status, StepLine, Summary,
    TrainingState, alarm, mined, optimisers,
};

/// What happens in a run, as it happens.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// Training begins, or goes on from `step`.
    Started {
        /// Steps done.
        step: u64,
        /// Steps in all.
        steps: u64,
        /// Tokens of a step.
        tokens_per_step: u64,
        /// The floor in nats per scored token, where it is known.
        floor: Option<f64>,
    },
    /// A stage of training begins, or goes on, where the plan has some.
    Stage {
        /// Its number, counted from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The stage.
        stage: &'a RunStage,
        /// Tokens of one of its steps.
        tokens_per_step: u64,
    },
    /// A step is done.
    Step {
        /// Steps done.
        step: u64,
        /// The loss of the step's sequences, in nats per scored token.
        loss: f64,
        /// Tokens a second over the time spent in steps since the run began or went on.
        tokens_per_second: f64,
        /// Seconds that the steps that are left will take at this speed.
        seconds_left: f64,
    },
    /// A line of `metrics.jsonl` is complete; every [`crate::EvaluationPlan::every`] steps it has a validation.
    Line(&'a StepLine),
    /// Test sequences are being scored.
    Testing {
        /// Sequences scored.
        done: usize,
        /// Sequences in all.
        of: usize,
    },
    /// The sequences that were trained on are gone through once more.
    Retracing {
        /// Sequences seen again.
        done: u64,
        /// Sequences in all.
        of: u64,
    },
    /// The run has ended.
    Ended(&'a Summary),
}

/// Who is told.
pub type Progress<'p> = &'p mut dyn FnMut(Event<'_>);

/// Trains `experiment` from the record's last checkpoint, or from the start, to the end; scores it; writes everything into
/// `record`. When `stop` becomes true, it stops after the current step and saves.
///
/// The summary's status says how it ended: finished or interrupted.
///
/// # Errors
/// The alarm; a loss that is not finite (the last checkpoint stays); a record that cannot be read or written.
pub fn run(
    experiment: &Experiment,
    machine: &mut Machine,
    record: &RecordWriter,
    progress: Progress<'_>,
    stop: &AtomicBool,
) -> Result<Summary, LabError> {
    let mut run = Run::new(experiment, machine, record)?;
    let result = run.finish(machine, progress, stop);
    let status = match &result {
        Ok((status, _)) => *status,
        Err(LabError::Impossible { .. }) => Status::Impossible,
        Err(LabError::NotFinite { .. }) => Status::Diverged,
        Err(_) => return Err(result.expect_err("it is an error")),
    };
    if result.is_err() {
        run.write()?;
    }
    let summary = run.summary(status, result.as_ref().map_or(vec![], |(_, figures)| figures.clone()));
    record.write_summary(&summary)?;
    progress(Event::Ended(&summary));
    result.map(|_| summary)
}

struct Run<'a> {
    experiment: &'a Experiment,
    record: &'a RecordWriter,
    trainer: Trainer<'a>,
    evaluator: Evaluator<'a>,
    lines: Vec<StepLine>,
    best: Option<(u64, f64)>,
    patience: Patience,
    /// The weights that were scored in the end, where they are not the last.
    scored: Option<Vec<f32>>,
    unreported: Unreported,
    unsaved: Unsaved,
    /// Where the stage began that was told of last.
    told: Option<u64>,
    clock: Clock,
}

/// What validation sequences say of a point.
struct Validation {
    /// Over heads the sum of weight times mean nats.
    loss: f64,
    /// Of each of the model's heads: its number, and the excess where it has a law.
    excess: Vec<(usize, Option<Mean>)>,
    /// Mean nats and accuracy of each of the model's heads.
    heads: Vec<(f64, f64)>,
    /// The figure that `[success]` names.
    criterion: Option<f64>,
    exact_match: Option<f64>,
    /// The same on training sequences, where some are scored.
    training_criterion: Option<f64>,
    /// The figure that `[training.stop]` names.
    stop: Option<f64>,
}

/// Seconds of the run; they stand in records and never decide a bit.
struct Clock {
    began: Instant,
    before: f64,
    /// Seconds and tokens spent in training steps since the run began or went on.
    stepping: (f64, u64),
}

impl<'a> Run<'a> {
    fn new(experiment: &'a Experiment, machine: &Machine, record: &'a RecordWriter) -> Result<Run<'a>, LabError> {
        let (mut lines, mut best, mut unreported) = (vec![], None, Unreported::none(&experiment.outputs()));
        let trainer = match record.record().newest_checkpoint()? {
            None => Trainer::start(experiment, machine)?,
            Some(name) => {
                let state = record.record().load(name, &experiment.layout())?;
                let stage = experiment.stage(state.step);
                optimisers::check(&stage.training, &state)
                    .and_then(|()| mined::check(stage, &state))
                    .map_err(|problem| record.record().refused(name, problem))?;
                lines = record.record().lines_of(name, &state)?;
                unreported = Unreported::of(&state, &experiment.outputs())
                    .map_err(|problem| record.record().refused(name, problem))?;
                best = state.best;
                Trainer::resume(experiment, machine, state)?
            }
        };
        record.remove_summary()?;
        let before = lines.last().map_or(0.0, |line| line.seconds);
        let clock = Clock { began: Instant::now(), before, stepping: (0.0, 0) };
        let evaluator = Evaluator::new(experiment, machine);
        let unsaved = Unsaved::new();
        Ok(Run {
            experiment,
            record,
            trainer,
            evaluator,
            lines,
            best,
            patience: Patience::of(experiment.plan().training()),
            scored: None,
            unreported,
            unsaved,
            told: None,
            clock,
        })
    }

    fn finish(
        &mut self,
        machine: &mut Machine,
        progress: Progress<'_>,
        stop: &AtomicBool,
    ) -> Result<(Status, Vec<Figure>), LabError> {
        self.tell_start(progress);
        while !self.is_over() {
            if stop.load(Ordering::Relaxed) {
                self.save();
                self.write()?;
                return Ok((Status::Interrupted, vec![]));
            }
            self.tell_stage(progress);
            let step = self.advance(machine, progress)?;
            self.after(step, machine, progress)?;
        }
        let figures = self.test(machine, progress, stop)?;
        Ok(figures.map_or((Status::Interrupted, vec![]), |figures| (Status::Finished, figures)))
    }

    /// Whether training is over: all steps are done, or no validation has been better for long enough.
    fn is_over(&self) -> bool {
        self.trainer.step() >= self.steps() || self.patience.is_over(&self.lines, self.best)
    }

    fn steps(&self) -> u64 {
        self.experiment.plan().training().steps
    }

    fn tell_start(&self, progress: Progress<'_>) {
        progress(Event::Started {
            step: self.trainer.step(),
            steps: self.steps(),
            tokens_per_step: self.experiment.tokens_of(self.trainer.stage()),
            floor: self.experiment.floor(),
        });
    }

    /// Tells of a stage before its first step, and before the first step of a run that goes on.
    fn tell_stage(&mut self, progress: Progress<'_>) {
        let (stage, stages) = (self.trainer.stage(), self.experiment.stages());
        let begins = self.told != Some(stage.begins);
        self.told = Some(stage.begins);
        if begins && stages.len() > 1 {
            let (number, tokens_per_step) = (self.number_of(stage), self.experiment.tokens_of(stage));
            progress(Event::Stage { number, of: stages.len(), stage, tokens_per_step });
        }
    }

    /// The number of a stage, counted from 1.
    fn number_of(&self, stage: &RunStage) -> usize {
        self.experiment.stages().iter().filter(|other| other.begins <= stage.begins).count()
    }

    fn advance(&mut self, machine: &mut Machine, progress: Progress<'_>) -> Result<Step, LabError> {
        let (began, before) = (Instant::now(), self.trainer.tokens());
        let step = self.trainer.advance(machine)?;
        self.unreported.add(&step);
        let (seconds, tokens) = &mut self.clock.stepping;
        *seconds += began.elapsed().as_secs_f64();
        *tokens += self.trainer.tokens() - before;
        let per_token = *seconds / *tokens as f64;
        progress(Event::Step {
            step: self.trainer.step(),
            loss: step.loss,
            tokens_per_second: 1.0 / per_token,
            seconds_left: per_token * self.experiment.tokens().saturating_sub(self.trainer.tokens()) as f64,
        });
        Ok(step)
    }

    /// Lines, validation and checkpoints that are due after a step.
    fn after(&mut self, step: Step, machine: &mut Machine, progress: Progress<'_>) -> Result<(), LabError> {
        let (evaluation, done) = (self.experiment.plan().evaluation(), self.trainer.step());
        let end = done == self.steps();
        let validates = done.is_multiple_of(evaluation.every) || end;
        if validates || done.is_multiple_of(evaluation.line_every()) {
            let validation = validates.then(|| self.validate(machine));
            self.lines.push(self.line(&step, validation.as_ref(), machine));
            self.unreported = Unreported::none(&self.experiment.outputs());
            progress(Event::Line(self.lines.last().expect("one was pushed")));
            let excesses = validation.iter().flat_map(|validation| &validation.excess);
            excesses.filter_map(|(_, excess)| *excess).try_for_each(|excess| alarm::check(excess, "validation"))?;
        }
        if evaluation.keep_every > 0 && done.is_multiple_of(evaluation.keep_every) {
            // Also the best before it, which it names.
            self.write()?;
            self.record.save(CheckpointName::Step(done), &self.experiment.layout(), &self.state())?;
        }
        if validates {
            self.save();
        }
        if self.is_over() || self.unsaved.is_due() { self.write() } else { Ok(()) }
    }

    /// What validation sequences say. They have streams of their own, so this changes no bit of training.
    fn validate(&mut self, machine: &mut Machine) -> Validation {
        let plan = self.experiment.plan();
        let sequences = plan.evaluation().sequences;
        let scores = self.evaluator.score(machine, self.trainer.point(), Purpose::Validation, 0..sequences);
        let loss = evaluation::mean_loss(self.experiment, &scores).unwrap_or(f64::NAN);
        let figure = |name: &str| metrics::of_validation(self.experiment, name, &scores);
        let training_criterion = self.learnt(machine);
        let heads: Vec<usize> = self.experiment.outputs().iter().map(|output| output.head).collect();
        let of_head = |head: &usize| {
            let value = |mean: Option<Mean>| mean.map_or(f64::NAN, |mean| mean.value);
            (value(evaluation::mean_nats(&scores, *head)), value(evaluation::mean_hits(&scores, *head)))
        };
        Validation {
            loss,
            excess: heads.iter().map(|head| (*head, alarm::excess_of(&scores, *head))).collect(),
            heads: heads.iter().map(of_head).collect(),
            criterion: plan.success().and_then(|success| figure(&success.figure)),
            exact_match: figure(metrics::EXACT_MATCH),
            training_criterion,
            stop: plan.training().stop.as_ref().and_then(|stop| figure(stop.figure.as_ref()?)),
        }
    }

    /// The figure that `[success]` names, on sequences like those of the last step.
    fn learnt(&mut self, machine: &mut Machine) -> Option<f64> {
        let (plan, step) = (self.experiment.plan(), self.trainer.step() - 1);
        let success = plan.success().filter(|_| plan.evaluation().training_sequences > 0)?;
        let addresses = Schedule::new(self.experiment).alike(step, plan.evaluation().training_sequences);
        let scores = self.evaluator.score_training(machine, self.trainer.point(), &addresses);
        metrics::of_validation(self.experiment, &success.figure, &scores)
    }

    fn line(&self, step: &Step, validation: Option<&Validation>, machine: &Machine) -> StepLine {
        let excess = validation.and_then(|validation| validation.excess.iter().find(|(head, _)| *head == 0)?.1);
        StepLine {
            step: self.trainer.step(),
            tokens: self.trainer.tokens(),
            rate: step.rate,
            loss: self.unreported.loss(),
            gradient_norm: step.gradient_norm,
            parameter_norm: Some(libm::sqrt(flat::sum_squares(machine.isa, self.trainer.point()))),
            validation: validation.map(|validation| validation.loss),
            excess: excess.map(|mean| mean.value),
            criterion: validation.and_then(|validation| validation.criterion),
            exact_match: validation.and_then(|validation| validation.exact_match),
            training_criterion: validation.and_then(|validation| validation.training_criterion),
            stage: self.stage_of_line(),
            mined: step.mined,
            pull_distance: self.trainer.pull_distance(),
            stop: validation.and_then(|validation| validation.stop),
            heads: self
                .unreported
                .lines(&self.experiment.outputs(), validation.map(|validation| &validation.heads[..])),
            seconds: self.seconds(),
        }
    }

    /// The stage of the last step.
    fn stage_of_line(&self) -> Option<u64> {
        let stage = self.experiment.stage(self.trainer.step() - 1);
        (self.experiment.stages().len() > 1).then(|| self.number_of(stage) as u64)
    }

    fn state(&self) -> TrainingState {
        let lines = (self.lines.len() as u64, StepLine::hash(&self.lines));
        self.unreported.within(TrainingState { best: self.best, lines, ..self.trainer.state() })
    }

    /// The lines, for every program that reads them.
    fn write_lines(&self) -> Result<(), LabError> {
        self.record.write_metrics(&self.lines)?;
        match self.experiment.plan().track() {
            Track::None => Ok(()),
            Track::Tensorboard => self.record.write_events(&self.lines),
        }
    }

    /// Takes down the state for `last`, and for `best` if it is better.
    fn save(&mut self) {
        let step = self.trainer.step();
        let newest = self.lines.last().filter(|line| line.step == step).and_then(|line| self.patience.value(line));
        let best = self.best.map(|(_, best)| best);
        let better = newest.filter(|value| self.patience.is_better(*value, best));
        self.best = better.map(|value| (step, value)).or(self.best);
        let state = Rc::new(self.state());
        if better.is_some() {
            self.unsaved.best = Some(Rc::clone(&state));
        }
        self.unsaved.last = Some(state);
    }

    /// Writes the lines first, then `best`, then `last`: so no checkpoint is ahead of the lines, and `last` never names a best
    /// that is not there.
    fn write(&mut self) -> Result<(), LabError> {
        let began = Instant::now();
        self.write_lines()?;
        let (layout, Unsaved { best, last, .. }) = (self.experiment.layout(), &mut self.unsaved);
        for (name, state) in [(CheckpointName::Best, best.take()), (CheckpointName::Last, last.take())] {
            state.map_or(Ok(()), |state| self.record.save(name, &layout, &state))?;
        }
        self.unsaved.written(began);
        Ok(())
    }

    /// `None` if it was stopped. The last checkpoint has been saved by then, so that `resume` has only this left to do.
    fn test(
        &mut self,
        machine: &mut Machine,
        progress: Progress<'_>,
        stop: &AtomicBool,
    ) -> Result<Option<Vec<Figure>>, LabError> {
        let steps = Some(self.trainer.step());
        let point = match self.experiment.plan().scored_checkpoint() {
            CheckpointName::Last => self.trainer.point().to_vec(),
            other => self.record.record().load(other, &self.experiment.layout())?.point,
        };
        self.scored = Some(point.clone());
        score(self.experiment, machine, &mut self.evaluator, Weights { point: &point, steps }, progress, stop)
    }

    fn summary(&self, status: Status, figures: Vec<Figure>) -> Summary {
        Summary {
            status,
            steps: self.trainer.step(),
            tokens: self.trainer.tokens(),
            weights_hash: self.experiment.layout().weights_hash(self.scored.as_deref().unwrap_or(self.trainer.point())),
            figures,
            seconds: self.seconds(),
            version: env!("CARGO_PKG_VERSION").into(),
            numerics: NUMERICS,
        }
    }

    fn seconds(&self) -> f64 {
        self.clock.before + self.clock.began.elapsed().as_secs_f64()
    }
}

/// Weights to score.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// The parameters.
    pub point: &'a [f32],
    /// Steps of the experiment's plan that led to them; `None` for weights that come from elsewhere.
    pub steps: Option<u64>,
}

/// Every figure of the model at `weights` on the plan's test sequences. What the training sequences tell is left out where
/// nobody knows which these were.
///
/// # Errors
/// The alarm.
pub fn evaluate(
    experiment: &Experiment,
    machine: &mut Machine,
    weights: Weights<'_>,
    progress: Progress<'_>,
) -> Result<Vec<Figure>, LabError> {
    let (mut evaluator, never) = (Evaluator::new(experiment, machine), AtomicBool::new(false));
    let figures = score(experiment, machine, &mut evaluator, weights, progress, &never)?;
    Ok(figures.expect("nobody stops it"))
}

/// `None` if it was stopped.
fn score(
    experiment: &Experiment,
    machine: &mut Machine,
    evaluator: &mut Evaluator<'_>,
    weights: Weights<'_>,
    progress: Progress<'_>,
    stop: &AtomicBool,
) -> Result<Option<Vec<Figure>>, LabError> {
    let of = experiment.plan().evaluation().test_sequences;
    let mut tell = |done| {
        progress(Event::Testing { done, of });
        !stop.load(Ordering::Relaxed)
    };
    let network = &mut evaluator.at(weights.point);
    let Some(tested) = evaluation::test(experiment, network, machine, &mut tell) else { return Ok(None) };
    let heads = experiment.outputs();
    let mut excesses = heads.iter().filter_map(|output| alarm::excess_of(&tested.scores, output.head));
    excesses.try_for_each(|excess| alarm::check(excess, "test"))?;
    let mut watch = |done, of| {
        progress(Event::Retracing { done, of });
        !stop.load(Ordering::Relaxed)
    };
    let retraced = match weights.steps {
        None => None,
        Some(steps) => match retrace(experiment, steps, machine, &mut watch) {
            None => return Ok(None),
            retraced => retraced,
        },
    };
    let Tested { scores, transitions, recital, completions } = &tested;
    let (transitions, retraced) = (transitions.as_ref(), retraced.as_ref());
    let (recital, completions) = (*recital, *completions);
    Ok(Some(metrics::figures(Scored { experiment, scores, transitions, recital, completions, retraced })))
}
