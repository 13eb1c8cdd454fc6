use infimum_kernels::{Scalar, View, ViewMut};

use crate::circle::cosine_and_sine;
#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::{Shape, require, shape};

/// Points on a spiral, `[count, 3]`: row i is `(amplitude cos, amplitude sin, slope i + offset)`, the angle being
/// `2 pi i / period + phase`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spiral {
    /// Number of points.
    pub count: usize,
    /// Points to a full turn.
    pub period: usize,
    /// Radius, `[1, 1]`.
    pub amplitude: Weight,
    /// Angle of the first point in radians, `[1, 1]`.
    pub phase: Weight,
    /// Rise from one point to the next, `[1, 1]`.
    pub slope: Weight,
    /// Height of the first point, `[1, 1]`.
    pub offset: Weight,
}

impl Spiral {
    fn angle<S: Scalar>(&self, i: usize, phase: S) -> S {
        S::of(std::f64::consts::TAU * i as f64 / self.period as f64) + phase
    }
}

impl Express for Spiral {
    const NAME: &'static str = "spiral";

    fn form() -> Option<Form> {
        const ARGUMENTS: &[Argument] = &[
            Argument::Count("count"),
            Argument::Count("period"),
            Argument::Scalar("amplitude"),
            Argument::Scalar("phase"),
            Argument::Scalar("slope"),
            Argument::Scalar("offset"),
        ];
        Some(Form {
            name: "spiral",
            arguments: ARGUMENTS,
            make: |w, n| {
                let [amplitude, phase, slope, offset] = [w[0], w[1], w[2], w[3]];
                Spiral { count: n[0] as usize, period: n[1] as usize, amplitude, phase, slope, offset }.into()
            },
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.amplitude, self.phase, self.slope, self.offset]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        require(self.count > 0 && self.period > 0, || {
            "a spiral has at least one point, and a turn at least one".into()
        })?;
        let other = operands.iter().find(|s| s.len() != 1);
        require(other.is_none(), || "amplitude, phase, slope and offset of a spiral are one number each".into())?;
        Ok(shape(self.count, 3))
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let [amplitude, phase, slope, offset] = std::array::from_fn(|k| operands[k].get(0, 0));
        for i in 0..self.count {
            let (cos, sin) = cosine_and_sine(self.angle(i, phase));
            let point = [amplitude * cos, amplitude * sin, slope * S::of(i as f64) + offset];
            point.into_iter().enumerate().for_each(|(c, x)| out.set(i, c, x));
        }
    }

    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        let [amplitude, phase] = std::array::from_fn(|k| operands[k].get(0, 0));
        for i in 0..self.count {
            let (cos, sin) = cosine_and_sine(self.angle(i, phase));
            let [dx, dy, dz] = std::array::from_fn(|c| gradient.get(i, c));
            let by_angle = amplitude * (dy * cos - dx * sin);
            into.add(0, 0, [dx * cos + dy * sin, by_angle, S::of(i as f64) * dz, dz][operand]);
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let [amplitude, phase, slope, offset] = std::array::from_fn(Weight);
        let spiral = |count, period| Spiral { count, period, amplitude, phase, slope, offset }.into();
        vec![(spiral(11, 10), vec![shape(1, 1); 4]), (spiral(1, 1), vec![shape(1, 1); 4])]
    }
}
