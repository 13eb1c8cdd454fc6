//! The alarm: on fresh data nobody beats the floor.

use crate::evaluation::SequenceScore;
use crate::{LabError, Mean};

/// Rounding of f32 losses may look like an excess of this many nats below zero.
pub const ROUNDING_NATS: f64 = 1e-6;

/// Standard errors below zero that chance does not explain.
pub const STANDARD_ERRORS: f64 = 4.0;

/// The excess of the model over the truth on the same sequences, in nats per scored token; `None` where no law is known.
pub fn excess(scores: &[SequenceScore]) -> Option<Mean> {
    Mean::of(scores.iter().map(|s| (s.known.weight, s.known.nats - s.known.truth_nats)))
}

/// The same of the world's head of this number; `None` where it has no law, or the model has it not.
pub fn excess_of(scores: &[SequenceScore], head: usize) -> Option<Mean> {
    let known = scores.iter().filter_map(|score| score.of(head)).map(|score| score.known);
    Mean::of(known.map(|known| (known.weight, known.nats - known.truth_nats)))
}

/// Refuses an excess below `-4 standard errors - 1e-6` nats. `set` names the sequences (`test`, `validation`).
///
/// # Errors
/// [`LabError::Impossible`], which names the likely causes.
pub fn check(excess: Mean, set: &'static str) -> Result<(), LabError> {
    let Mean { value, standard_error, sequences } = excess;
    if value < -STANDARD_ERRORS * standard_error - ROUNDING_NATS {
        return Err(LabError::Impossible { excess: value, standard_error, sequences, set });
    }
    Ok(())
}
