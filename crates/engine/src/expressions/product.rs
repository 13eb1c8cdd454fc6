use infimum_kernels::{Scalar, View, ViewMut, Write};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::shape::{Shape, require, shape};

/// `left` `[m, r]` times `right` `[r, n]`: a weight of rank at most r with `r (m + n)` parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Product {
    /// The factor with the rows of the result.
    pub left: Weight,
    /// The factor with the columns of the result.
    pub right: Weight,
}

impl Express for Product {
    const NAME: &'static str = "product";

    fn operands(&self) -> Vec<Weight> {
        vec![self.left, self.right]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let (a, b) = (operands[0], operands[1]);
        require(a.channels == b.rows, || format!("a product of {a} and {b} needs equal inner sizes"))?;
        Ok(shape(a.rows, b.channels))
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        S::linear(out, operands[0], operands[1], Write::Store);
    }

    // W = A B; dA += dW B', dB += A' dW
    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        match operand {
            0 => S::linear(into, gradient, operands[1].transposed(), Write::Add),
            _ => S::outer(into, operands[0], gradient),
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Product { left: Weight(0), right: Weight(1) }.into(), vec![shape(4, 2), shape(2, 5)])]
    }
}
