//! Stochastic gradient descent with momentum (Sutskever et al. 2013), in PyTorch's form.

use infimum_kernels::{Isa, Team};

use super::{Found, Group, Next, Optimiser, require_cover};

/// What gradients become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// How much of the sum of gradients is kept; 0 keeps none.
    pub kept: f64,
    /// Whether the step looks ahead, by Nesterov's rule.
    pub nesterov: bool,
}

/// The state of SGD.
#[derive(Clone, Debug)]
pub struct Sgd {
    groups: Vec<Group>,
    momentum: Momentum,
    point: Vec<f32>,
    /// The decaying sum of gradients.
    sum: Vec<f32>,
    steps: u64,
}

impl Sgd {
    /// Starts at `point`. The groups must cover it without overlap, in order.
    pub fn new(point: Vec<f32>, groups: Vec<Group>, momentum: Momentum) -> Self {
        require_cover(&groups, point.len());
        let sum = vec![0.0; point.len()];
        Sgd { groups, momentum, point, sum, steps: 0 }
    }
}

impl Optimiser for Sgd {
    fn point(&self) -> &[f32] {
        &self.point
    }

    /// `g = scale gradient + decay w; s = kept s + g; w = w - rate s`, or by Nesterov's rule `w = w - rate (g + kept s)`. The sum begins
    /// at 0, so that it is `g` after the first step.
    fn tell(&mut self, _isa: Isa, _team: &mut Team, found: Found<'_>, rate: f64) -> Next {
        let kept = self.momentum.kept as f32;
        for group in &self.groups {
            let (rate, decay) = ((rate * group.rate_factor) as f32, group.decay as f32);
            let range = group.range.clone();
            let arrays = self.point[range.clone()].iter_mut().zip(&mut self.sum[range.clone()]);
            for ((w, s), g) in arrays.zip(&found.gradient[range]) {
                let g = found.scale * g + decay * *w;
                *s = kept * *s + g;
                *w -= rate * if self.momentum.nesterov { g + kept * *s } else { *s };
            }
        }
        self.steps += 1;
        Next::Step
    }

    fn state(&self) -> (u64, Vec<(String, &[f32])>) {
        (self.steps, vec![("sum".into(), &self.sum)])
    }

    fn restore(&mut self, point: Vec<f32>, steps: u64, arrays: Vec<(String, Vec<f32>)>) {
        let [(_, sum)]: [(String, Vec<f32>); 1] = arrays.try_into().expect("SGD keeps one array");
        assert!(point.len() == self.point.len() && sum.len() == point.len());
        (self.point, self.sum, self.steps) = (point, sum, steps);
    }
}
