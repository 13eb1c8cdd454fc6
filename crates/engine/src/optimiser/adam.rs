//! Adam (Kingma and Ba 2015) with L2 regularisation: decay is part of the gradient and goes through the moments, unlike AdamW's.

use infimum_kernels::{Isa, Team};

use super::{Found, Group, Next, Optimiser};
use crate::{AdamW, Moments};

/// AdamW without decay, on gradients that have it.
#[derive(Clone, Debug)]
pub struct Adam {
    groups: Vec<Group>,
    inner: AdamW,
    /// The gradient with its decay.
    coupled: Vec<f32>,
}

impl Adam {
    /// Starts at `point`. The groups must cover it without overlap, in order.
    pub fn new(point: Vec<f32>, groups: Vec<Group>, moments: Moments) -> Self {
        let without = groups.iter().map(|group| Group { decay: 0.0, ..group.clone() }).collect();
        let coupled = vec![0.0; point.len()];
        Adam { groups, inner: AdamW::new(point, without, moments), coupled }
    }
}

impl Optimiser for Adam {
    fn point(&self) -> &[f32] {
        self.inner.point()
    }

    /// As AdamW's, with `scale gradient + decay w` in place of the gradient.
    fn tell(&mut self, isa: Isa, team: &mut Team, found: Found<'_>, rate: f64) -> Next {
        for Group { range, decay, .. } in &self.groups {
            let decay = *decay as f32;
            let arrays = self.coupled[range.clone()].iter_mut().zip(&found.gradient[range.clone()]);
            for ((coupled, g), w) in arrays.zip(&self.inner.point()[range.clone()]) {
                *coupled = found.scale * g + decay * w;
            }
        }
        self.inner.tell(isa, team, Found { gradient: &self.coupled, scale: 1.0, ..found }, rate)
    }

    fn state(&self) -> (u64, Vec<(String, &[f32])>) {
        self.inner.state()
    }

    fn restore(&mut self, point: Vec<f32>, steps: u64, arrays: Vec<(String, Vec<f32>)>) {
        self.inner.restore(point, steps, arrays);
    }
}
