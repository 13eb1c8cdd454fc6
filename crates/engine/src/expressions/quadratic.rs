use infimum_kernels::{Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::{Shape, require, shape};

/// Values of a polynomial of degree two, `[count, 1]`: row i is `constant + linear i + square i^2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quadratic {
    /// Number of values.
    pub count: usize,
    /// The value at 0, `[1, 1]`.
    pub constant: Weight,
    /// What multiplies i, `[1, 1]`.
    pub linear: Weight,
    /// What multiplies i squared, `[1, 1]`.
    pub square: Weight,
}

impl Express for Quadratic {
    const NAME: &'static str = "quadratic";

    fn form() -> Option<Form> {
        const ARGUMENTS: &[Argument] = &[
            Argument::Count("count"),
            Argument::Scalar("constant"),
            Argument::Scalar("linear"),
            Argument::Scalar("square"),
        ];
        Some(Form {
            name: "quadratic",
            arguments: ARGUMENTS,
            make: |w, n| Quadratic { count: n[0] as usize, constant: w[0], linear: w[1], square: w[2] }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.constant, self.linear, self.square]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        require(self.count > 0, || "a quadratic of no value".into())?;
        let other = operands.iter().find(|s| s.len() != 1);
        require(other.is_none(), || "constant, linear and square of a quadratic are one number each".into())?;
        Ok(shape(self.count, 1))
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let [constant, linear, square] = std::array::from_fn(|k| operands[k].get(0, 0));
        for i in 0..self.count {
            let x = S::of(i as f64);
            out.set(i, 0, constant + x * (linear + x * square));
        }
    }

    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        _: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        for i in 0..self.count {
            let x = S::of(i as f64);
            into.add(0, 0, gradient.get(i, 0) * [S::ONE, x, x * x][operand]);
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let [constant, linear, square] = std::array::from_fn(Weight);
        let quadratic = |count| Quadratic { count, constant, linear, square }.into();
        vec![(quadratic(10), vec![shape(1, 1); 3]), (quadratic(1), vec![shape(1, 1); 3])]
    }
}
