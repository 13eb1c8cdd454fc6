//! Optimisers, each a file: a trainer asks one for the point and tells it the gradient there.

mod adam;
mod average;
mod grokfast;
mod lbfgs;
mod sgd;

use std::ops::Range;

use infimum_kernels::{Isa, Team};

pub use adam::Adam;
pub use average::{Average, Weighing};
pub use grokfast::{Grokfast, SlowGradient};
pub use lbfgs::Lbfgs;
pub use sgd::{Momentum, Sgd};

/// An optimiser is asked where it wants the gradient and told what it is there.
pub trait Optimiser: Send {
    /// The point at which the next gradient is wanted: one scalar for each parameter.
    fn point(&self) -> &[f32];

    /// Takes what was found at [`Optimiser::point`], with learning rate `rate`.
    fn tell(&mut self, isa: Isa, team: &mut Team, found: Found<'_>, rate: f64) -> Next;

    /// Everything needed to go on to the same bits between two steps: arrays, each as long as the point, sorted by name, and the number
    /// of steps done.
    fn state(&self) -> (u64, Vec<(String, &[f32])>);

    /// Whether arrays of these names, sorted, are what [`Optimiser::state`] may give.
    fn keeps(&self, names: &[&str]) -> bool {
        self.state().1.iter().map(|(name, _)| name.as_str()).eq(names.iter().copied())
    }

    /// Restores what [`Optimiser::state`] gave.
    ///
    /// # Panics
    /// With arrays that it does not keep.
    fn restore(&mut self, point: Vec<f32>, steps: u64, arrays: Vec<(String, Vec<f32>)>);
}

/// What there is at a point, on the sequences of a step.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The mean loss.
    pub loss: f64,
    /// The gradient of the summed loss.
    pub gradient: &'a [f32],
    /// What the gradient is multiplied by: normaliser and clipping.
    pub scale: f32,
}

/// What an optimiser wants after it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The step is done.
    Step,
    /// It goes on with the same sequences at another point.
    Look,
}

/// Parameters that are treated alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Which parameters; groups must not overlap.
    pub range: Range<usize>,
    /// Weight decay per unit of learning rate.
    pub decay: f64,
    /// Factor of the learning rate.
    pub rate_factor: f64,
}

/// The groups' parameters, which have to be all up to `parameters`.
///
/// # Panics
/// If there is a gap or an overlap.
pub(crate) fn require_cover(groups: &[Group], parameters: usize) {
    let end = groups.iter().fold(0, |end, g| if g.range.start == end { g.range.end } else { usize::MAX });
    assert_eq!(end, parameters, "the groups cover all parameters, in order and without gaps");
}

/// Factor that brings a gradient of Euclidean length `norm` down to at most `limit`: `min(1, limit / (norm + 1e-6))`, as PyTorch.
pub fn clip_factor(norm: f64, limit: f64) -> f64 {
    (limit / (norm + 1e-6)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_only_shortens() {
        assert_eq!(clip_factor(0.5, 1.0), 1.0);
        assert!((clip_factor(4.0, 1.0) - 0.25).abs() <= 1e-6);
    }
}
