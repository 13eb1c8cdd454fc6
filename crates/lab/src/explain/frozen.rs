//! A part that does not learn: its weights are those of the start, or those made smaller by decay, while others moved.

use super::{Cause, Found, Patient};
use crate::{LabError, is_vector};

pub(super) const FROZEN: Cause =
    Cause { name: "part_frozen", about: "whether a part kept the weights that it began with", find };

/// An array moved less than this share of its length, beside a multiple of itself, did not learn; others moved more than that.
const FROZEN_SHARE: f64 = 1e-4;
const MOVED_SHARE: f64 = 1e-2;

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let arrays = patient.experiment.program().parameters();
    let moved = |array: &infimum_engine::Parameter| {
        let range = array.range.clone();
        moved(&patient.start[range.clone()], &patient.point[range])
    };
    let arrays = arrays.into_iter().filter(|array| !is_vector(&array.name));
    let moved: Vec<(String, f64)> = arrays.filter_map(|array| Some((array.name.clone(), moved(&array)?))).collect();
    let frozen: Vec<&str> =
        moved.iter().filter(|(_, share)| *share < FROZEN_SHARE).map(|(name, _)| name.as_str()).collect();
    let others = moved.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    if frozen.is_empty() || others < MOVED_SHARE {
        return Ok(None);
    }
    Ok(Some(Found {
        evidence: format!(
            "after {} steps {} {} what the start had, but for decay, while another array moved by {:.0} % of its length",
            patient.lines.last().map_or(0, |line| line.step),
            frozen.join(", "),
            if frozen.len() == 1 { "is" } else { "are" },
            100.0 * others
        ),
        change: "let the part learn: nothing in a plan holds weights still, so look at what trained them, or in model.weights for a formula \
                 that multiplies them by 0"
            .into(),
    }))
}

/// By how much of its length an array moved, beside the multiple of its start that is nearest; `None` if it started at 0.
fn moved(start: &[f32], end: &[f32]) -> Option<f64> {
    let inner = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let length = inner(start, start);
    let factor = inner(start, end) / length;
    let rest = start.iter().zip(end).map(|(a, b)| f64::from(*b) - factor * f64::from(*a));
    (length > 0.0 && start.len() > 1).then(|| (rest.map(|x| x * x).sum::<f64>() / length).sqrt())
}
