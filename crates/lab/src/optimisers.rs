//! The optimiser that a plan names: a line for each.

use infimum_engine::{Adam, AdamW, Grokfast, Group, Lbfgs, Moments, Momentum, Optimiser, Sgd, SlowGradient};

use crate::{TrainingPlan, TrainingState, average, recipe};

/// The optimiser of a stage, at `point`.
pub(crate) fn optimiser(training: &TrainingPlan, point: Vec<f32>, groups: Vec<Group>) -> Box<dyn Optimiser> {
    let t = training;
    let moments = Moments { beta1: t.beta1, beta2: t.beta2, epsilon: t.epsilon };
    match t.optimiser {
        recipe::Optimiser::Adamw => Box::new(AdamW::new(point, groups, moments)),
        recipe::Optimiser::Adam => Box::new(Adam::new(point, groups, moments)),
        recipe::Optimiser::Sgd => {
            let recipe::Sgd { momentum, nesterov } = t.sgd.unwrap_or_default();
            Box::new(Sgd::new(point, groups, Momentum { kept: momentum, nesterov }))
        }
        recipe::Optimiser::Grokfast => {
            let recipe::Grokfast { alpha, lambda } = t.grokfast.unwrap_or_default();
            Box::new(Grokfast::new(point, groups, moments, SlowGradient { alpha, lambda }))
        }
        recipe::Optimiser::Lbfgs => Box::new(Lbfgs::new(point, t.lbfgs.unwrap_or_default().history)),
    }
}

/// Whether a state has the arrays that the optimiser of its stage keeps.
///
/// # Errors
/// Others, by name.
pub(crate) fn check(training: &TrainingPlan, state: &TrainingState) -> Result<(), String> {
    let group = Group { range: 0..1, decay: 0.0, rate_factor: 1.0 };
    let names: Vec<&str> = state.optimiser.iter().map(|(name, _)| name.as_str()).collect();
    let own = if training.average.is_some() { average::without(&names) } else { Some(names.clone()) };
    let optimiser = optimiser(training, vec![0.0], vec![group]);
    if own.is_some_and(|own| optimiser.keeps(&own)) {
        return Ok(());
    }
    let averaged = if training.average.is_some() { " with training.average" } else { "" };
    let named = if names.is_empty() { "nothing".into() } else { names.join(", ") };
    Err(format!(
        "keeps {named} of the optimiser, which is not what training.optimiser = {:?}{averaged} keeps",
        training.optimiser.name()
    ))
}

/// Arrays as long as the point that an optimiser holds, the point itself included.
pub(crate) fn arrays(training: &TrainingPlan) -> usize {
    match training.optimiser {
        recipe::Optimiser::Adamw => 3,
        recipe::Optimiser::Adam => 4,
        recipe::Optimiser::Sgd => 2,
        recipe::Optimiser::Grokfast => 5,
        // Point, gradient and move before, and while it looks, the place where it began, the direction in f64, and a gradient.
        recipe::Optimiser::Lbfgs => 8 + 2 * training.lbfgs.unwrap_or_default().history,
    }
}

/// How many gradients a step takes, about: a line search most often takes the first place that it looks at.
pub(crate) fn looks(training: &TrainingPlan) -> f64 {
    if training.optimiser == recipe::Optimiser::Lbfgs { 2.0 } else { 1.0 }
}
