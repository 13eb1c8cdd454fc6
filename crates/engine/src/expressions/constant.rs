use std::sync::Arc;

use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::shape::{Shape, require, shape};

/// Fixed scalars, row by row, that are no parameters and receive no gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Rows of the array.
    pub rows: usize,
    /// Columns of the array.
    pub columns: usize,
    /// The scalars, row by row.
    pub scalars: Arc<Vec<f32>>,
    /// Whether they were drawn at random, so that whoever ships the model has to ship them, too; otherwise a formula says them.
    pub frozen: bool,
}

impl Express for Constant {
    const NAME: &'static str = "constant";

    fn operands(&self) -> Vec<Weight> {
        vec![]
    }

    fn shape(&self, _: &[Shape]) -> Result<Shape, String> {
        let (expected, given) = (self.rows as u128 * self.columns as u128, self.scalars.len() as u128);
        require(expected == given && given > 0, || {
            format!("{} x {} needs {expected} scalars, {given} are given", self.rows, self.columns)
        })?;
        Ok(shape(self.rows, self.columns))
    }

    fn evaluate<S: Scalar>(&self, _: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        for (r, row) in self.scalars.chunks_exact(self.columns).enumerate() {
            row.iter().enumerate().for_each(|(c, &x)| out.set(r, c, S::of_f32(x)));
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let scalars = Arc::new(vec![0.5, -1.0, 2.0, 0.25, 3.0, -0.125]);
        vec![(Constant { rows: 2, columns: 3, scalars, frozen: false }.into(), vec![])]
    }
}
