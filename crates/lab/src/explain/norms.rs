//! Weights and gradients of a length at which nothing can be learnt.

use super::{Cause, Found, Needs, Patient};
use crate::{LabError, is_vector};

pub(super) const OUT_OF_RANGE: Cause = Cause {
    name: "norms_out_of_range",
    about: "whether weights or gradients are too long or too short",
    needs: Needs::Nothing,
    find,
};

/// A matrix makes numbers so many times longer at the start: beyond that attention and activations are saturated.
const LONGEST_START: f64 = 30.0;
/// Decay pulls weights of this size back by as much as a step can move them: beyond `1 / training.decay` none can grow.
const STRONGEST_DECAY: f64 = 1.0;
/// Gradients between these lengths can be learnt by.
const GRADIENTS: [f64; 2] = [1e-7, 1e4];

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    Ok(start(patient).or_else(|| decay(patient)).or_else(|| gradient(patient)))
}

/// Weights that were too large before the first step.
pub(super) fn start(patient: &Patient<'_>) -> Option<Found> {
    let matrices = patient.experiment.program().parameters().into_iter().filter(|array| !is_vector(&array.name));
    let factor = |array: &infimum_engine::Parameter| {
        let numbers = &patient.start[array.range.clone()];
        let square = numbers.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() / numbers.len() as f64;
        (square * array.shape.channels as f64).sqrt()
    };
    let factors = matrices.map(|array| (factor(&array), array.name));
    let (factor, name) = factors.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (factor > LONGEST_START).then(|| Found {
        evidence: format!(
            "{name} began so large that it makes vectors about {factor:.0} times longer (0.1 to 10 is usual), and the loss began at {:.3} nats",
            patient.loss_at_start
        ),
        change: "lower model.start_deviation and model.embedding_deviation; 0.02 is GPT-2's".into(),
    })
}

/// Weights that decay holds near 0.
fn decay(patient: &Patient<'_>) -> Option<Found> {
    let training = patient.experiment.plan().training();
    let norms: Vec<f64> = patient.lines.iter().filter_map(|line| line.parameter_norm).collect();
    let last = *norms.last()?;
    let largest = matrices(patient).fold(0.0_f64, |most, x| most.max(x.abs().into()));
    (patient.is_trained && training.decay >= STRONGEST_DECAY && largest < 2.0 / training.decay).then(|| Found {
        evidence: format!(
            "training.decay = {} lets no weight grow beyond about {:.3}; the largest is {largest:.3}, and all parameters together have length {last:.3}",
            training.decay,
            1.0 / training.decay
        ),
        change: "lower training.decay; 0.01 to 0.1 is usual".into(),
    })
}

fn matrices<'p>(patient: &'p Patient<'_>) -> impl Iterator<Item = f32> + use<'p> {
    let arrays = patient.experiment.program().parameters().into_iter().filter(|array| !is_vector(&array.name));
    arrays.flat_map(|array| patient.point[array.range].iter().copied())
}

/// A gradient that vanished or exploded.
fn gradient(patient: &Patient<'_>) -> Option<Found> {
    let last = &patient.lines[patient.lines.len() - patient.lines.len().div_ceil(10)..];
    let mut norms: Vec<f64> = last.iter().map(|line| line.gradient_norm).collect();
    norms.sort_by(f64::total_cmp);
    let middle = *norms.get(norms.len() / 2)?;
    let (what, change) = match middle {
        x if x < GRADIENTS[0] => (
            "too short to learn by",
            "raise model.start_deviation, or lower training.rate if the loss rose first: a network whose units are all off has no gradient",
        ),
        x if x > GRADIENTS[1] => {
            ("too long to learn by", "set training.clip = 1.0, lower training.rate, or give model.norm")
        }
        _ => return None,
    };
    let evidence = format!("in the last tenth of the run the gradient has length {middle:.1e}, {what}");
    Some(Found { evidence, change: change.into() })
}
