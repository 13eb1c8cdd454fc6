use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// The sum of two weights of one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// One of them.
    pub left: Weight,
    /// The other.
    pub right: Weight,
}

impl Express for Sum {
    const NAME: &'static str = "sum";

    fn operands(&self) -> Vec<Weight> {
        vec![self.left, self.right]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let (a, b) = (operands[0], operands[1]);
        require(a == b, || format!("a sum of {a} and {b} needs one shape"))?;
        Ok(a)
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let (a, b) = (operands[0], operands[1]);
        for r in 0..a.row_count() {
            for c in 0..a.column_count() {
                out.set(r, c, a.get(r, c) + b.get(r, c));
            }
        }
    }

    fn pull_back<S: Scalar>(&self, _: usize, _: &[View<'_, S>], gradient: View<'_, S>, into: &mut ViewMut<'_, S>) {
        for r in 0..gradient.row_count() {
            for c in 0..gradient.column_count() {
                into.add(r, c, gradient.get(r, c));
            }
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Sum { left: Weight(0), right: Weight(1) }.into(), vec![shape(2, 5), shape(2, 5)])]
    }
}
