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

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut [S]) {
        let (a, b) = (operands[0], operands[1]);
        S::linear(&mut ViewMut::new(out, a.row_count(), b.column_count()), a, b, Write::Store);
    }

    // W = A B; dA += dW B', dB += A' dW
    fn pull_back<S: Scalar>(&self, operands: &[View<'_, S>], gradient: View<'_, S>, into: &mut [Vec<S>]) {
        let (a, b) = (operands[0], operands[1]);
        let (da, db) = into.split_at_mut(1);
        let da = &mut ViewMut::new(&mut da[0], a.row_count(), a.column_count());
        S::linear(da, gradient, b.transposed(), Write::Add);
        S::outer(&mut ViewMut::new(&mut db[0], b.row_count(), b.column_count()), a, gradient);
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Product { left: Weight(0), right: Weight(1) }.into(), vec![shape(4, 2), shape(2, 5)])]
    }
}
