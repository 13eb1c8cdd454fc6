use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::{Shape, require, shape};

/// Weights with as many rows, one beside the other. A weight may come several times.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// The parts, from the first columns on.
    pub parts: Vec<Weight>,
}

impl Express for Beside {
    const NAME: &'static str = "beside";

    fn form() -> Option<Form> {
        Some(Form {
            name: "beside",
            arguments: &[Argument::Weights("parts")],
            make: |weights, _| Beside { parts: weights.to_vec() }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        self.parts.clone()
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let first = operands.first().ok_or("at least one part is needed")?;
        let other = operands.iter().find(|part| part.rows != first.rows);
        require(other.is_none(), || format!("{first} and {} have not as many rows", other.unwrap_or(first)))?;
        let columns = operands.iter().try_fold(0_usize, |columns, part| columns.checked_add(part.channels));
        Ok(shape(first.rows, columns.ok_or("there are too many columns")?))
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let mut first = 0;
        for part in operands {
            for r in 0..part.row_count() {
                (0..part.column_count()).for_each(|c| out.set(r, first + c, part.get(r, c)));
            }
            first += part.column_count();
        }
    }

    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        let first: usize = operands[..operand].iter().map(View::column_count).sum();
        for r in 0..gradient.row_count() {
            (0..operands[operand].column_count()).for_each(|c| into.add(r, c, gradient.get(r, first + c)));
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let beside = |parts: &[usize]| Beside { parts: parts.iter().map(|p| Weight(*p)).collect() }.into();
        vec![(beside(&[0, 1, 0]), vec![shape(3, 2), shape(3, 1)]), (beside(&[0]), vec![shape(1, 1)])]
    }
}
