use infimum_kernels::{Scalar, View};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// Each row of another weight `[I, O]` times its number in a gain `[1, I]`: `diag(gain) of`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gained {
    /// One number for each row.
    pub gain: Weight,
    /// The weight whose rows are multiplied.
    pub of: Weight,
}

impl Express for Gained {
    const NAME: &'static str = "gained";

    fn operands(&self) -> Vec<Weight> {
        vec![self.gain, self.of]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let (gain, of) = (operands[0], operands[1]);
        require(gain.rows == 1 && gain.channels == of.rows, || format!("a gain {gain} for the rows of {of}"))?;
        Ok(of)
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut [S]) {
        let (gain, of) = (operands[0], operands[1]);
        for r in 0..of.row_count() {
            for c in 0..of.column_count() {
                out[r * of.column_count() + c] = gain.get(0, r) * of.get(r, c);
            }
        }
    }

    // W = diag(g) V; dg_r += sum_c V_rc dW_rc, dV = diag(g) dW
    fn pull_back<S: Scalar>(&self, operands: &[View<'_, S>], gradient: View<'_, S>, into: &mut [Vec<S>]) {
        let (gain, of) = (operands[0], operands[1]);
        for r in 0..of.row_count() {
            for c in 0..of.column_count() {
                let (dw, at) = (gradient.get(r, c), r * of.column_count() + c);
                into[0][r] = into[0][r] + of.get(r, c) * dw;
                into[1][at] = into[1][at] + gain.get(0, r) * dw;
            }
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let gained = Gained { gain: Weight(0), of: Weight(1) };
        vec![(gained.into(), vec![shape(1, 3), shape(3, 5)]), (gained.into(), vec![shape(1, 1), shape(1, 1)])]
    }
}
