//! Grokfast-EMA (Lee et al. 2024): the slow part of the gradient, which is what generalises late, is amplified before AdamW.

use infimum_kernels::{Isa, Team};

use super::{Found, Group, Next, Optimiser};
use crate::{AdamW, Moments};

/// The filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowGradient {
    /// How much of the mean of gradients is kept.
    pub alpha: f64,
    /// How often the mean is added to the gradient.
    pub lambda: f64,
}

/// AdamW on gradients whose slow part is amplified.
#[derive(Clone, Debug)]
pub struct Grokfast {
    inner: AdamW,
    filter: SlowGradient,
    /// The mean of gradients.
    slow: Vec<f32>,
    /// The gradient with its slow part.
    amplified: Vec<f32>,
}

impl Grokfast {
    /// Starts at `point`. The groups must cover it without overlap, in order.
    pub fn new(point: Vec<f32>, groups: Vec<Group>, moments: Moments, filter: SlowGradient) -> Self {
        let zeros = vec![0.0; point.len()];
        Grokfast { inner: AdamW::new(point, groups, moments), filter, slow: zeros.clone(), amplified: zeros }
    }
}

impl Optimiser for Grokfast {
    fn point(&self) -> &[f32] {
        self.inner.point()
    }

    /// `g = scale gradient; m = alpha m + (1 - alpha) g`, `m = g` in the first step; then AdamW with `g + lambda m`.
    fn tell(&mut self, isa: Isa, team: &mut Team, found: Found<'_>, rate: f64) -> Next {
        let first = self.inner.state().0 == 0;
        let kept = if first { 0.0 } else { self.filter.alpha };
        let (kept, new, lambda) = (kept as f32, (1.0 - kept) as f32, self.filter.lambda as f32);
        let arrays = self.slow.iter_mut().zip(&mut self.amplified);
        for ((slow, amplified), g) in arrays.zip(found.gradient) {
            let g = found.scale * g;
            *slow = *slow * kept + g * new;
            *amplified = g + lambda * *slow;
        }
        self.inner.tell(isa, team, Found { gradient: &self.amplified, scale: 1.0, ..found }, rate)
    }

    fn state(&self) -> (u64, Vec<(String, &[f32])>) {
        let (steps, mut arrays) = self.inner.state();
        arrays.push(("slow".into(), &self.slow));
        (steps, arrays)
    }

    fn restore(&mut self, point: Vec<f32>, steps: u64, mut arrays: Vec<(String, Vec<f32>)>) {
        let (_, slow) = arrays.pop().expect("Grokfast keeps three arrays");
        assert_eq!(slow.len(), self.slow.len());
        self.slow = slow;
        self.inner.restore(point, steps, arrays);
    }
}
