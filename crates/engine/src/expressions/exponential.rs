use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::Shape;
#[cfg(test)]
use crate::shape::shape;

/// `e` to the power of each number of another weight, such as a factor that stays above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    /// The exponents.
    pub of: Weight,
}

impl Express for Exponential {
    const NAME: &'static str = "exponential";

    fn form() -> Option<Form> {
        Some(Form {
            name: "exp",
            arguments: &[Argument::Weight("of")],
            make: |weights, _| Exponential { of: weights[0] }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.of]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        Ok(operands[0])
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let x = operands[0];
        for r in 0..x.row_count() {
            (0..x.column_count()).for_each(|c| out.set(r, c, x.get(r, c).exp()));
        }
    }

    fn pull_back<S: Scalar>(
        &self,
        _: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        let x = operands[0];
        for r in 0..x.row_count() {
            (0..x.column_count()).for_each(|c| into.add(r, c, x.get(r, c).exp() * gradient.get(r, c)));
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Exponential { of: Weight(0) }.into(), vec![shape(2, 3)])]
    }
}
