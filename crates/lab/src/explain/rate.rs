//! A learning rate that is too high or too low: a few dozen steps from the recipe's start at several rates.

use super::{Cause, Found, Patient};
use crate::{LabError, Trainer};

pub(super) const TOO_HIGH: Cause =
    Cause { name: "rate_too_high", about: "whether a lower learning rate learns more", find: too_high };
pub(super) const TOO_LOW: Cause =
    Cause { name: "rate_too_low", about: "whether a higher learning rate learns more", find: too_low };

/// Steps from the start, the first of them warm-up, and rates as multiples of the recipe's.
const STEPS: u64 = 60;
const WARMUP: u64 = 10;
const FACTORS: [f64; 5] = [0.01, 0.1, 1.0, 10.0, 100.0];
/// Another rate has to be better by so much of the way, than the recipe's in as many steps and than the whole run.
const BETTER: f64 = 0.03;

/// Training from the start at some rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trial {
    factor: f64,
    /// On validation sequences, after the last step; without end where it was no number.
    loss: f64,
}

fn too_high(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    better(patient, |factor| factor < 1.0)
}

fn too_low(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    better(patient, |factor| factor > 1.0)
}

/// The best of the rates that are looked at, if it beats the recipe's and the whole run.
fn better(patient: &mut Patient<'_>, looked_at: fn(f64) -> bool) -> Result<Option<Found>, LabError> {
    let (trials, steps) = (trials(patient)?, STEPS.min(patient.experiment.plan().training().steps));
    let own = trials.iter().find(|trial| trial.factor == 1.0).expect("it is tried").loss;
    let best = trials.iter().min_by(|a, b| a.loss.total_cmp(&b.loss)).expect("several are tried");
    let run = if patient.diverged || patient.loss.is_nan() { f64::INFINITY } else { patient.loss };
    if !looked_at(best.factor) || best.loss + BETTER * patient.way() >= own.min(run) {
        return Ok(None);
    }
    let rate = |trial: &Trial| round(trial.factor * patient.experiment.plan().training().rate);
    let told: Vec<String> = trials.iter().map(|trial| format!("{:.4} at {}", trial.loss, rate(trial))).collect();
    let evidence = format!(
        "{steps} steps from the start reach a loss of {}, and the whole run at training.rate = {} came to {run:.4}",
        told.join(", "),
        patient.experiment.plan().training().rate
    );
    Ok(Some(Found { evidence, change: format!("set training.rate = {}", rate(best)) }))
}

/// To three digits.
fn round(rate: f64) -> f64 {
    format!("{rate:.2e}").parse().expect("it is a number")
}

fn trials(patient: &mut Patient<'_>) -> Result<Vec<Trial>, LabError> {
    if patient.trials.is_none() {
        let trials = FACTORS.iter().map(|factor| trial(patient, *factor)).collect::<Result<_, _>>()?;
        patient.trials = Some(trials);
    }
    Ok(patient.trials.clone().expect("they were tried"))
}

fn trial(patient: &mut Patient<'_>, factor: f64) -> Result<Trial, LabError> {
    let training = patient.experiment.plan().training();
    let mut trainer =
        Trainer::start(patient.experiment, patient.machine)?.at_constant_rate(factor * training.rate, WARMUP);
    for _ in 0..STEPS.min(training.steps) {
        match trainer.advance(patient.machine) {
            Err(LabError::NotFinite { .. }) => return Ok(Trial { factor, loss: f64::INFINITY }),
            step => step?,
        };
    }
    let loss = patient.loss_of(trainer.point());
    Ok(Trial { factor, loss: if loss.is_nan() { f64::INFINITY } else { loss } })
}
