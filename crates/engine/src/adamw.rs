//! AdamW (Loshchilov & Hutter 2019, algorithm 2, in PyTorch's form) with parameter groups.

use std::ops::Range;

use infimum_kernels::{Isa, flat};

/// An optimiser is asked where it wants the gradient and told what it is there.
pub trait Optimiser {
    /// The point at which the next gradient is wanted: one scalar for each parameter.
    fn point(&self) -> &[f32];

    /// Takes the gradient at [`Optimiser::point`], times `scale` (normaliser and clipping), with learning rate `rate`.
    fn tell(&mut self, isa: Isa, gradient: &[f32], scale: f32, rate: f64);

    /// Everything needed to go on to the same bits: named arrays, each as long as the point, and the number of steps told.
    fn state(&self) -> (u64, Vec<(&'static str, &[f32])>);

    /// Restores what [`Optimiser::state`] gave.
    fn restore(&mut self, point: Vec<f32>, steps: u64, arrays: Vec<Vec<f32>>);
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

/// Settings of AdamW that all groups share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
}

/// The state of AdamW.
#[derive(Clone, Debug)]
pub struct AdamW {
    groups: Vec<Group>,
    moments: Moments,
    point: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u64,
}

impl AdamW {
    /// Starts at `point`. The groups must cover it without overlap, in order.
    pub fn new(point: Vec<f32>, groups: Vec<Group>, moments: Moments) -> Self {
        let end = groups.iter().fold(0, |end, g| if g.range.start == end { g.range.end } else { usize::MAX });
        assert_eq!(end, point.len(), "the groups cover all parameters, in order and without gaps");
        let zeros = vec![0.0; point.len()];
        AdamW { groups, moments, point, first: zeros.clone(), second: zeros, steps: 0 }
    }
}

impl Optimiser for AdamW {
    fn point(&self) -> &[f32] {
        &self.point
    }

    fn tell(&mut self, isa: Isa, gradient: &[f32], scale: f32, rate: f64) {
        self.steps += 1;
        let Moments { beta1, beta2, epsilon } = self.moments;
        let step = self.steps as f64;
        let (correction1, correction2) = (1.0 - libm::pow(beta1, step), 1.0 - libm::pow(beta2, step));
        for Group { range, decay, rate_factor } in self.groups.clone() {
            let rate = rate * rate_factor;
            let settings =
                flat::AdamW { rate, beta1, beta2, epsilon, decay, scale: f64::from(scale), correction1, correction2 };
            let (w, g) = (&mut self.point[range.clone()], &gradient[range.clone()]);
            flat::adamw(isa, w, g, &mut self.first[range.clone()], &mut self.second[range], settings);
        }
    }

    fn state(&self) -> (u64, Vec<(&'static str, &[f32])>) {
        (self.steps, vec![("first", &self.first), ("second", &self.second)])
    }

    fn restore(&mut self, point: Vec<f32>, steps: u64, arrays: Vec<Vec<f32>>) {
        let [first, second]: [Vec<f32>; 2] = arrays.try_into().expect("AdamW keeps two arrays");
        assert!(point.len() == self.point.len() && first.len() == point.len() && second.len() == point.len());
        (self.point, self.first, self.second, self.steps) = (point, first, second, steps);
    }
}

/// Factor that brings a gradient of Euclidean length `norm` down to at most `limit`: `min(1, limit / (norm + 1e-6))`, as PyTorch.
pub fn clip_factor(norm: f64, limit: f64) -> f64 {
    (limit / (norm + 1e-6)).min(1.0)
}
