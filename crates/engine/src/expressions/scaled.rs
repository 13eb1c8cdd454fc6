use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::shape::Shape;
#[cfg(test)]
use crate::shape::shape;

/// Another weight times a fixed factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled {
    /// The weight that is scaled.
    pub of: Weight,
    /// The factor; -1 negates.
    pub factor: f32,
}

impl Express for Scaled {
    const NAME: &'static str = "scaled";

    fn operands(&self) -> Vec<Weight> {
        vec![self.of]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        Ok(operands[0])
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let (x, factor) = (operands[0], S::of_f32(self.factor));
        for r in 0..x.row_count() {
            for c in 0..x.column_count() {
                out.set(r, c, factor * x.get(r, c));
            }
        }
    }

    fn pull_back<S: Scalar>(&self, _: usize, _: &[View<'_, S>], gradient: View<'_, S>, into: &mut ViewMut<'_, S>) {
        let factor = S::of_f32(self.factor);
        for r in 0..gradient.row_count() {
            for c in 0..gradient.column_count() {
                into.add(r, c, factor * gradient.get(r, c));
            }
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![
            (Scaled { of: Weight(0), factor: -1.0 }.into(), vec![shape(2, 5)]),
            (Scaled { of: Weight(0), factor: 0.75 }.into(), vec![shape(1, 3)]),
        ]
    }
}
