//! Which runs succeed by the criterion of their recipe, how often, and after how many steps.
//!
//! Whether a run succeeds is decided on its test sequences at its end. When it got there is read off its validations, which are on other,
//! fewer sequences; a run that got there may lose it again.

use crate::recipe::Success;
use crate::seeds::SeedRun;
use crate::statistics::{Ending, TimeToSuccess, Trials};
use crate::{Figure, LabError, Record, Status, StepLine, Summary};

/// A run that has ended, by its criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the criterion holds for its figure on the test sequences. It does not for a run whose loss was no number in the end.
    pub succeeded: bool,
    /// The first validation at which the criterion held, in steps.
    pub reached: Option<u64>,
    /// Steps done.
    pub steps: u64,
}

/// What several runs come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Successes {
    /// How many of the runs that have ended succeeded.
    pub trials: Trials,
    /// Steps to the first validation at which the criterion held.
    pub time: TimeToSuccess,
}

impl Outcome {
    /// Of a run with this record and summary; `None` where it has not ended, or was stopped by the alarm.
    ///
    /// # Errors
    /// Lines of metrics that cannot be read.
    pub fn of(success: &Success, record: &Record, summary: &Summary) -> Result<Option<Outcome>, LabError> {
        if !matches!(summary.status, Status::Finished | Status::Diverged) {
            return Ok(None);
        }
        let holds = summary.value(&success.figure).is_some_and(|value| success.holds(value));
        let succeeded = summary.status == Status::Finished && holds;
        Ok(Some(Outcome { succeeded, reached: reached(success, &record.metrics()?), steps: summary.steps }))
    }

    /// Of each seed, in their order.
    ///
    /// # Errors
    /// As [`Outcome::of`].
    pub fn of_seeds(success: &Success, seeds: &[SeedRun]) -> Result<Vec<Option<Outcome>>, LabError> {
        let outcome = |seed: &SeedRun| match (&seed.record, &seed.summary) {
            (Some(record), Some(summary)) => Outcome::of(success, record, summary),
            _ => Ok(None),
        };
        seeds.iter().map(outcome).collect()
    }
}

/// The first validation at which the criterion held, in steps.
pub(crate) fn reached(success: &Success, lines: &[StepLine]) -> Option<u64> {
    let holds = |line: &&StepLine| line.criterion.is_some_and(|value| success.holds(value));
    lines.iter().find(holds).map(|line| line.step)
}

impl Successes {
    /// Of the runs that have ended; `None` if none has.
    pub fn of(outcomes: &[Option<Outcome>]) -> Option<Successes> {
        let ended: Vec<Outcome> = outcomes.iter().copied().flatten().collect();
        let successes = ended.iter().filter(|outcome| outcome.succeeded).count() as u64;
        let ending = |outcome: &Outcome| Ending {
            step: outcome.reached.unwrap_or(outcome.steps),
            reached: outcome.reached.is_some(),
        };
        let endings: Vec<Ending> = ended.iter().map(ending).collect();
        let trials = Trials { successes, of: ended.len() as u64 };
        (trials.of > 0).then(|| Successes { trials, time: TimeToSuccess::of(&endings) })
    }

    /// The rate of success, with Wilson's interval.
    pub fn rate(&self) -> Figure {
        let (low, high) = self.trials.interval().expect("a run has ended");
        Figure {
            name: RATE.into(),
            value: self.trials.share(),
            unit: "share of seeds".into(),
            optimum: Some(1.0),
            baseline: None,
            low: Some(low),
            high: Some(high),
        }
    }
}

/// The name of the rate of success.
pub const RATE: &str = "success_rate";
