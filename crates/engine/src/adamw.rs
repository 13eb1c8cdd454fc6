//! AdamW (Loshchilov & Hutter 2019, algorithm 2, in PyTorch's form) with parameter groups.

use std::ops::Range;

use infimum_kernels::{Isa, Team, flat, pages};

use crate::optimiser::{Found, Group, Next, Optimiser, require_cover};

/// The parameters that a thread updates at once; fewer are not worth a second thread.
const BLOCK: usize = 1 << 14;

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
        require_cover(&groups, point.len());
        let zeros = || pages::filled(point.len(), 0.0);
        let (first, second) = (zeros(), zeros());
        AdamW { groups, moments, point, first, second, steps: 0 }
    }
}

/// Parameters that a thread updates at once. Every one is on its own, so blocks change no bit.
struct Block<'a> {
    by: flat::AdamW,
    range: Range<usize>,
    point: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl<'a> Block<'a> {
    /// The next `range.len()` of what is left of point and means.
    fn cut(
        by: flat::AdamW,
        range: Range<usize>,
        (point, first, second): &mut (&'a mut [f32], &'a mut [f32], &'a mut [f32]),
    ) -> Block<'a> {
        let [point, first, second] = [point, first, second].map(|rest| {
            let (own, left) = std::mem::take(rest).split_at_mut(range.len());
            *rest = left;
            own
        });
        Block { by, range, point, first, second }
    }
}

impl Optimiser for AdamW {
    fn point(&self) -> &[f32] {
        &self.point
    }

    fn tell(&mut self, isa: Isa, team: &mut Team, found: Found<'_>, rate: f64) -> Next {
        let Found { gradient, scale, .. } = found;
        self.steps += 1;
        let Moments { beta1, beta2, epsilon } = self.moments;
        let step = self.steps as f64;
        let (correction1, correction2) = (1.0 - libm::pow(beta1, step), 1.0 - libm::pow(beta2, step));
        let scale = f64::from(scale);
        let mut rest = (&mut self.point[..], &mut self.first[..], &mut self.second[..]);
        let mut blocks = Vec::new();
        for Group { range, decay, rate_factor } in &self.groups {
            let (rate, decay) = (rate * rate_factor, *decay);
            let by = flat::AdamW { rate, beta1, beta2, epsilon, decay, scale, correction1, correction2 };
            for start in range.clone().step_by(BLOCK) {
                blocks.push(Block::cut(by, start..range.end.min(start + BLOCK), &mut rest));
            }
        }
        let update = |Block { by, range, point, first, second }: &mut Block<'_>| {
            flat::adamw(isa, point, &gradient[range.clone()], first, second, *by);
        };
        match gradient.len() {
            ..=BLOCK => blocks.iter_mut().for_each(update),
            _ => team.each(&mut blocks, &mut vec![(); team.threads()], |_, block, ()| update(block)),
        }
        Next::Step
    }

    fn state(&self) -> (u64, Vec<(String, &[f32])>) {
        (self.steps, vec![("first".into(), &self.first), ("second".into(), &self.second)])
    }

    fn restore(&mut self, point: Vec<f32>, steps: u64, arrays: Vec<(String, Vec<f32>)>) {
        let [(_, first), (_, second)]: [(String, Vec<f32>); 2] = arrays.try_into().expect("AdamW keeps two arrays");
        assert!(point.len() == self.point.len() && first.len() == point.len() && second.len() == point.len());
        (self.point, self.first, self.second, self.steps) = (point, first, second, steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adamw() -> AdamW {
        let groups = vec![
            Group { range: 0..2, decay: 0.5, rate_factor: 1.0 },
            Group { range: 2..3, decay: 0.0, rate_factor: 0.1 },
        ];
        AdamW::new(vec![1.0, -2.0, 3.0], groups, Moments { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 })
    }

    fn found(gradient: &[f32], scale: f32) -> Found<'_> {
        Found { loss: 0.0, gradient, scale }
    }

    /// The first step of AdamW moves every weight by its rate against the sign of its gradient, after decay.
    #[test]
    fn the_first_step_is_decay_and_the_sign_of_the_gradient() {
        let mut optimiser = adamw();
        optimiser.tell(Isa::best(), &mut Team::new(1), found(&[4.0, -0.01, 7.0], 2.0), 0.1);
        let expected = [1.0 * 0.95 - 0.1, -2.0 * 0.95 + 0.1, 3.0 - 0.01];
        for (got, want) in optimiser.point().iter().zip(expected) {
            assert!((f64::from(*got) - want).abs() <= 1e-6, "{got} for {want}");
        }
    }

    #[test]
    fn a_restored_optimiser_goes_on_to_the_same_bits() {
        let gradients = [[0.3, -1.0, 2.0], [0.1, 0.2, -0.7], [-0.5, 0.0, 0.25]];
        let mut whole = adamw();
        whole.tell(Isa::best(), &mut Team::new(1), found(&gradients[0], 1.0), 0.1);
        let (steps, arrays) = whole.state();
        let mut resumed = adamw();
        resumed.restore(
            whole.point().to_vec(),
            steps,
            arrays.into_iter().map(|(name, array)| (name, array.to_vec())).collect(),
        );
        for gradient in &gradients[1..] {
            whole.tell(Isa::best(), &mut Team::new(1), found(gradient, 0.5), 0.05);
            resumed.tell(Isa::best(), &mut Team::new(1), found(gradient, 0.5), 0.05);
        }
        assert_eq!(whole.point(), resumed.point());
    }

    #[test]
    fn threads_change_no_bit() {
        let length = 5 * BLOCK + 7;
        let number = |k: usize| ((k * 7919) % 2003) as f32 / 701.0 - 1.4;
        let run = |threads: usize| {
            let groups = [0..3 * BLOCK + 1, 3 * BLOCK + 1..length];
            let groups = groups.map(|range| Group { range, decay: 0.1, rate_factor: 1.0 }).to_vec();
            let mut optimiser = AdamW::new((0..length).map(number).collect(), groups, adamw().moments);
            let gradient: Vec<f32> = (0..length).map(|k| number(k + 1)).collect();
            optimiser.tell(Isa::best(), &mut Team::new(threads), found(&gradient, 0.5), 0.1);
            optimiser.point().to_vec()
        };
        let expected = run(1);
        assert!(expected.iter().enumerate().all(|(k, x)| *x != number(k)), "every parameter moves");
        [2, 3].into_iter().for_each(|threads| assert!(run(threads) == expected, "{threads} threads"));
    }

    #[test]
    #[should_panic(expected = "cover all parameters")]
    fn groups_that_leave_a_gap_are_refused() {
        AdamW::new(vec![0.0; 3], vec![Group { range: 0..2, decay: 0.0, rate_factor: 1.0 }], adamw().moments);
    }
}
