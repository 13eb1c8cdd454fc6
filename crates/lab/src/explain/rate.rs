//! A learning rate that is too high or too low: a few dozen steps from the recipe's start at several rates.

use super::patient::End;
use super::{Cause, Found, Needs, Patient};
use crate::{LabError, Trainer};

pub(super) const TOO_HIGH: Cause = Cause {
    name: "rate_too_high",
    about: "whether a lower learning rate learns more",
    needs: Needs::Nothing,
    find: too_high,
};
pub(super) const TOO_LOW: Cause = Cause {
    name: "rate_too_low",
    about: "whether a higher learning rate learns more",
    needs: Needs::Nothing,
    find: too_low,
};

/// Steps from the start, the first of them warm-up, and rates as multiples of the recipe's.
const STEPS: u64 = 60;
const WARMUP: u64 = 10;
const FACTORS: [f64; 5] = [0.01, 0.1, 1.0, 10.0, 100.0];
/// Of a run that diverged.
const LOWER: [f64; 6] = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0];
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
    if patient.end == End::Diverged { stays_a_number(patient) } else { better(patient, |factor| factor < 1.0) }
}

/// In as few steps as a trial has, a higher rate nearly always learns more: that is no fault of the rate.
fn too_low(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let is_short = patient.done < 2 * STEPS;
    if patient.end == End::Diverged || is_short { Ok(None) } else { better(patient, |factor| factor > 1.0) }
}

/// Of a run that diverged: the best of the lower rates at which the loss stays a number and below that of the start.
fn stays_a_number(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let trials = trials(patient)?;
    let at_start = if patient.loss_at_start.is_finite() { patient.loss_at_start } else { f64::INFINITY };
    let is_sound = |trial: &&Trial| trial.factor < 1.0 && trial.loss.is_finite() && trial.loss <= at_start;
    let Some(best) = trials.iter().filter(is_sound).min_by(|a, b| a.loss.total_cmp(&b.loss)) else { return Ok(None) };
    let training = patient.experiment.plan().training();
    let clip = if training.clip > 0.0 { "" } else { ", and training.clip = 1.0" };
    Ok(Some(Found {
        evidence: format!(
            "after step {} at training.rate = {} the loss was no number; {STEPS} steps from the start, where it is {:.4}, reach {}",
            patient.done,
            training.rate,
            patient.loss_at_start,
            told(patient, &trials)
        ),
        change: format!("set training.rate = {}{clip}", rate(patient, best)),
    }))
}

/// The best of the rates that are looked at, if it beats the recipe's and the whole run.
fn better(patient: &mut Patient<'_>, looked_at: fn(f64) -> bool) -> Result<Option<Found>, LabError> {
    let trials = trials(patient)?;
    let own = trials.iter().find(|trial| trial.factor == 1.0).expect("it is tried").loss;
    let best = trials.iter().min_by(|a, b| a.loss.total_cmp(&b.loss)).expect("several are tried");
    let run = if patient.loss.is_nan() { f64::INFINITY } else { patient.loss };
    if !looked_at(best.factor) || best.loss + BETTER * patient.way() >= own.min(run) {
        return Ok(None);
    }
    let evidence = format!(
        "{STEPS} steps from the start reach a loss of {}, and the whole run at training.rate = {} came to {run:.4}",
        told(patient, &trials),
        patient.experiment.plan().training().rate
    );
    Ok(Some(Found { evidence, change: format!("set training.rate = {}", rate(patient, best)) }))
}

/// What each rate comes to.
fn told(patient: &Patient<'_>, trials: &[Trial]) -> String {
    let one = |trial: &Trial| match trial.loss.is_finite() {
        true => format!("{:.4} at {}", trial.loss, rate(patient, trial)),
        false => format!("no number at {}", rate(patient, trial)),
    };
    trials.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn rate(patient: &Patient<'_>, trial: &Trial) -> f64 {
    round(trial.factor * patient.experiment.plan().training().rate)
}

/// To three digits.
fn round(rate: f64) -> f64 {
    format!("{rate:.2e}").parse().expect("it is a number")
}

fn trials(patient: &mut Patient<'_>) -> Result<Vec<Trial>, LabError> {
    if patient.trials.is_none() {
        let factors = if patient.end == End::Diverged { &LOWER[..] } else { &FACTORS };
        let trials = factors.iter().map(|factor| trial(patient, *factor)).collect::<Result<_, _>>()?;
        patient.trials = Some(trials);
    }
    Ok(patient.trials.clone().expect("they were tried"))
}

fn trial(patient: &mut Patient<'_>, factor: f64) -> Result<Trial, LabError> {
    let training = patient.experiment.plan().training();
    let mut trainer =
        Trainer::start(patient.experiment, patient.machine)?.at_constant_rate(factor * training.rate, WARMUP);
    for _ in 0..STEPS {
        match trainer.advance(patient.machine) {
            Err(LabError::NotFinite { .. }) => return Ok(Trial { factor, loss: f64::INFINITY }),
            step => step?,
        };
    }
    let loss = patient.loss_of(trainer.point());
    Ok(Trial { factor, loss: if loss.is_nan() { f64::INFINITY } else { loss } })
}
