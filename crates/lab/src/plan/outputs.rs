//! Which of the world's heads a model has, and what each counts in the loss.

use infimum_worlds::Shape;

use super::require;
use crate::LabError;
use crate::error::CHANGE_IT;
use crate::outputs::outputs;
use crate::recipe::{Model, check::nearest};

/// The smallest weight of a head but 0, and the largest.
const LEAST_WEIGHT: f64 = 1e-6;
const MOST_WEIGHT: f64 = 1e6;

const KEY: &str = "model.loss_weights";

/// Checks that every weight is of a head of the world and in range, that a head is left, and that it is the one that is tied.
pub(super) fn check(m: &Model, shape: &Shape) -> Result<(), LabError> {
    let names: Vec<String> = shape.heads.iter().map(|head| head.name.to_string()).collect();
    for (name, weight) in &m.loss_weights {
        let key = format!("{KEY}.{name}");
        if !names.contains(name) {
            let near = nearest(name, &names).map_or(CHANGE_IT.into(), |near| format!("did you mean \"{near}\"?"));
            let allowed = format!("the world has no head of that name; its heads are {}", names.join(", "));
            return Err(LabError::value(&key, weight, allowed, near));
        }
        let allowed = format!("0, or {LEAST_WEIGHT} to {MOST_WEIGHT}");
        require(*weight == 0.0 || (LEAST_WEIGHT..=MOST_WEIGHT).contains(weight), &key, weight, allowed)?;
    }
    let outputs = outputs(m, shape);
    let allowed = "more than 0 for at least one of the world's heads, or there is nothing to learn".into();
    require(!outputs.is_empty(), KEY, "0 for every head", allowed)?;
    let has_first = outputs.first().is_some_and(|output| output.head == 0);
    let allowed = format!("false with {KEY}.{} = 0, since there is no head to tie", names[0]);
    require(!m.tied || has_first, "model.tied", m.tied, allowed)
}
