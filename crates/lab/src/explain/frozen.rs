//! A part that does not learn: its weights are those of the start, or those made smaller by decay, while others moved.

use super::{Cause, Found, Needs, Patient};
use crate::moved::moved;
use crate::{LabError, is_vector};

pub(super) const FROZEN: Cause = Cause {
    name: "part_frozen",
    about: "whether a part kept the weights that it began with",
    needs: Needs::Weights,
    find,
};

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
