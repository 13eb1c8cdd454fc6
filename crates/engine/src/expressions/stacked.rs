use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::{Shape, require, shape};

/// Weights with as many columns, one below the other. A weight may come several times.
#[derive(Clone, Debug, PartialEq)]
pub struct Stacked {
    /// The parts, from the first rows on.
    pub parts: Vec<Weight>,
}

impl Express for Stacked {
    const NAME: &'static str = "stacked";

    fn form() -> Option<Form> {
        Some(Form {
            name: "stack",
            arguments: &[Argument::Weights("parts")],
            make: |weights, _| Stacked { parts: weights.to_vec() }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        self.parts.clone()
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let first = operands.first().ok_or("at least one part is needed")?;
        let other = operands.iter().find(|part| part.channels != first.channels);
        require(other.is_none(), || format!("{first} and {} have not as many columns", other.unwrap_or(first)))?;
        let rows = operands.iter().try_fold(0_usize, |rows, part| rows.checked_add(part.rows));
        Ok(shape(rows.ok_or("there are too many rows")?, first.channels))
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let mut first = 0;
        for part in operands {
            for r in 0..part.row_count() {
                (0..part.column_count()).for_each(|c| out.set(first + r, c, part.get(r, c)));
            }
            first += part.row_count();
        }
    }

    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        let first: usize = operands[..operand].iter().map(View::row_count).sum();
        for r in 0..operands[operand].row_count() {
            (0..gradient.column_count()).for_each(|c| into.add(r, c, gradient.get(first + r, c)));
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let stacked = |parts: &[usize]| Stacked { parts: parts.iter().map(|p| Weight(*p)).collect() }.into();
        vec![(stacked(&[0, 1, 0]), vec![shape(2, 3), shape(1, 3)]), (stacked(&[0]), vec![shape(1, 1)])]
    }
}
