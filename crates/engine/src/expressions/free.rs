#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::shape::{Shape, require, shape};

/// Free scalars: the parameters. `rows` by `columns`, stored row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Free {
    /// Rows of the array.
    pub rows: usize,
    /// Columns of the array.
    pub columns: usize,
}

impl Express for Free {
    const NAME: &'static str = "free";

    fn operands(&self) -> Vec<Weight> {
        vec![]
    }

    fn shape(&self, _: &[Shape]) -> Result<Shape, String> {
        require(self.rows > 0 && self.columns > 0, || {
            format!("a weight of {} x {} has no scalar", self.rows, self.columns)
        })?;
        Ok(shape(self.rows, self.columns))
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Free { rows: 3, columns: 2 }.into(), vec![])]
    }
}
