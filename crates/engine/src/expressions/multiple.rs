use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// Another weight times a weight of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multiple {
    /// The factor, `[1, 1]`.
    pub factor: Weight,
    /// The weight that is multiplied.
    pub of: Weight,
}

impl Express for Multiple {
    const NAME: &'static str = "multiple";

    fn operands(&self) -> Vec<Weight> {
        vec![self.factor, self.of]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        require(operands[0].len() == 1, || format!("a factor {} is not one number", operands[0]))?;
        Ok(operands[1])
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let (factor, of) = (operands[0].get(0, 0), operands[1]);
        for r in 0..of.row_count() {
            (0..of.column_count()).for_each(|c| out.set(r, c, factor * of.get(r, c)));
        }
    }

    // W = s V; ds += sum V dW, dV += s dW
    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        let (factor, of) = (operands[0].get(0, 0), operands[1]);
        for r in 0..of.row_count() {
            for c in 0..of.column_count() {
                match operand {
                    0 => into.add(0, 0, of.get(r, c) * gradient.get(r, c)),
                    _ => into.add(r, c, factor * gradient.get(r, c)),
                }
            }
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let multiple = Multiple { factor: Weight(0), of: Weight(1) };
        vec![(multiple.into(), vec![shape(1, 1), shape(2, 3)]), (multiple.into(), vec![shape(1, 1), shape(1, 1)])]
    }
}
