use infimum_kernels::{Scalar, View, ViewMut};

use crate::circle::cosine_and_sine;
#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::{Shape, require, shape};

/// Points on a circle, `[count, 2]`: row i is `radius (cos, sin)(start + i stride)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arc {
    /// Number of points.
    pub count: usize,
    /// The circle's radius, `[1, 1]`.
    pub radius: Weight,
    /// The angle of the first point in radians, `[1, 1]`.
    pub start: Weight,
    /// From one point to the next in radians, `[1, 1]`.
    pub stride: Weight,
}

impl Express for Arc {
    const NAME: &'static str = "arc";

    fn form() -> Option<Form> {
        const ARGUMENTS: &[Argument] = &[
            Argument::Count("count"),
            Argument::Scalar("radius"),
            Argument::Scalar("start"),
            Argument::Scalar("stride"),
        ];
        Some(Form {
            name: "arc",
            arguments: ARGUMENTS,
            make: |w, n| Arc { count: n[0] as usize, radius: w[0], start: w[1], stride: w[2] }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.radius, self.start, self.stride]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        require(self.count > 0, || "an arc of no point".into())?;
        let other = operands.iter().find(|s| s.len() != 1);
        require(other.is_none(), || "radius, start and stride of an arc are one number each".into())?;
        Ok(shape(self.count, 2))
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let [radius, start, stride] = scalars(operands);
        for i in 0..self.count {
            let (cos, sin) = cosine_and_sine(start + S::of(i as f64) * stride);
            out.set(i, 0, radius * cos);
            out.set(i, 1, radius * sin);
        }
    }

    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        let [radius, start, stride] = scalars(operands);
        for i in 0..self.count {
            let step = S::of(i as f64);
            let (cos, sin) = cosine_and_sine(start + step * stride);
            let (dx, dy) = (gradient.get(i, 0), gradient.get(i, 1));
            let by_angle = radius * (dy * cos - dx * sin);
            into.add(0, 0, [dx * cos + dy * sin, by_angle, step * by_angle][operand]);
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let arc = |count| Arc { count, radius: Weight(0), start: Weight(1), stride: Weight(2) }.into();
        vec![(arc(10), vec![shape(1, 1); 3]), (arc(1), vec![shape(1, 1); 3])]
    }
}

fn scalars<S: Scalar, const N: usize>(operands: &[View<'_, S>]) -> [S; N] {
    std::array::from_fn(|k| operands[k].get(0, 0))
}
