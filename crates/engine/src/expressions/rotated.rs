use infimum_kernels::{Scalar, View, ViewMut};

use crate::circle::cosine_and_sine;
#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// Another weight whose pairs of rows, 0 with 1, 2 with 3 and so on, are turned by one angle:
/// `(x, y)` becomes `(x cos - y sin, x sin + y cos)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotated {
    /// The weight whose rows are turned; it has an even number of them.
    pub of: Weight,
    /// The angle in radians, `[1, 1]`.
    pub angle: Weight,
}

impl Express for Rotated {
    const NAME: &'static str = "rotated";

    fn form() -> Option<Form> {
        Some(Form {
            name: "rotate",
            arguments: &[Argument::Weight("of"), Argument::Scalar("angle")],
            make: |weights, _| Rotated { of: weights[0], angle: weights[1] }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.of, self.angle]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let (of, angle) = (operands[0], operands[1]);
        require(angle.len() == 1, || format!("an angle {angle} is not one number"))?;
        require(of.rows.is_multiple_of(2), || format!("the rows of {of} do not come in pairs"))?;
        Ok(of)
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let (of, (cos, sin)) = (operands[0], cosine_and_sine(operands[1].get(0, 0)));
        for r in (0..of.row_count()).step_by(2) {
            for c in 0..of.column_count() {
                let (x, y) = (of.get(r, c), of.get(r + 1, c));
                out.set(r, c, x * cos - y * sin);
                out.set(r + 1, c, x * sin + y * cos);
            }
        }
    }

    // (dx, dy) = the gradient turned back; the angle's is the gradient times the pair turned a quarter further
    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        let (of, (cos, sin)) = (operands[0], cosine_and_sine(operands[1].get(0, 0)));
        for r in (0..of.row_count()).step_by(2) {
            for c in 0..of.column_count() {
                let (x, y) = (of.get(r, c), of.get(r + 1, c));
                let (du, dv) = (gradient.get(r, c), gradient.get(r + 1, c));
                if operand == 0 {
                    into.add(r, c, du * cos + dv * sin);
                    into.add(r + 1, c, dv * cos - du * sin);
                } else {
                    into.add(0, 0, dv * (x * cos - y * sin) - du * (x * sin + y * cos));
                }
            }
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let rotated = Rotated { of: Weight(0), angle: Weight(1) };
        vec![(rotated.into(), vec![shape(4, 3), shape(1, 1)]), (rotated.into(), vec![shape(2, 1), shape(1, 1)])]
    }
}
