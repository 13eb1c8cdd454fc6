use infimum_kernels::Matrix;

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::{Shape, require, shape};

/// Rows `first .. first + count` of another weight, such as the queries of a joint query-key-value array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows {
    /// The weight whose rows these are.
    pub of: Weight,
    /// First row.
    pub first: usize,
    /// Number of rows.
    pub count: usize,
}

impl Express for Rows {
    const NAME: &'static str = "rows";
    const VIEW: bool = true;

    fn form() -> Option<Form> {
        Some(Form {
            name: "rows",
            arguments: &[Argument::Weight("of"), Argument::Count("first"), Argument::Count("count")],
            make: |w, n| Rows { of: w[0], first: n[0] as usize, count: n[1] as usize }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.of]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let end = self.first.saturating_add(self.count);
        require(self.count > 0 && end <= operands[0].rows, || {
            format!("rows {}..{end} of a weight with {} rows", self.first, operands[0].rows)
        })?;
        Ok(shape(self.count, operands[0].channels))
    }

    fn view(&self, operands: &[Matrix]) -> Option<Matrix> {
        Some(operands[0].rows(self.first as u32..(self.first + self.count) as u32))
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Rows { of: Weight(0), first: 1, count: 2 }.into(), vec![shape(4, 3)])]
    }
}
