use infimum_kernels::{Matrix, Scalar, View, ViewMut};

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
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

    fn form() -> Option<Form> {
        Some(Form {
            name: "gained",
            arguments: &[Argument::Weight("gain"), Argument::Weight("of")],
            make: |weights, _| Gained { gain: weights[0], of: weights[1] }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.gain, self.of]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        let (gain, of) = (operands[0], operands[1]);
        require(gain.rows == 1 && gain.channels == of.rows, || format!("a gain {gain} for the rows of {of}"))?;
        Ok(of)
    }

    /// As the numbers of `of` stand, so that both are gone through in one direction.
    fn by_columns(&self, operands: &[Matrix]) -> bool {
        operands[1].row_stride == 1
    }

    fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
        let (gain, of) = (numbers(operands[0]), operands[1]);
        let mut out = out.reborrow().transposed();
        for c in 0..of.column_count() {
            match (out.row_mut(c), of.transposed().row(c)) {
                (Some(out), Some(of)) => {
                    out.iter_mut().zip(of).zip(&gain).for_each(|((out, x), gain)| *out = *gain * *x);
                }
                _ => gain.iter().enumerate().for_each(|(r, gain)| out.set(c, r, *gain * of.get(r, c))),
            }
        }
    }

    // W = diag(g) V; dg_r += sum_c V_rc dW_rc, dV = diag(g) dW
    fn pull_back<S: Scalar>(
        &self,
        operand: usize,
        operands: &[View<'_, S>],
        gradient: View<'_, S>,
        into: &mut ViewMut<'_, S>,
    ) {
        match operand {
            0 => {
                let sums = row_products(operands[1], gradient);
                sums.into_iter().enumerate().for_each(|(r, sum)| into.add(0, r, sum));
            }
            _ => add_gained(&numbers(operands[0]), gradient.transposed(), &mut into.reborrow().transposed()),
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        let gained = Gained { gain: Weight(0), of: Weight(1) };
        vec![(gained.into(), vec![shape(1, 3), shape(3, 5)]), (gained.into(), vec![shape(1, 1), shape(1, 1)])]
    }
}

/// The numbers of a gain.
fn numbers<S: Scalar>(gain: View<'_, S>) -> Vec<S> {
    (0..gain.column_count()).map(|r| gain.get(0, r)).collect()
}

/// `sum_c a[r][c] b[r][c]` for every row, columns in order.
fn row_products<S: Scalar>(a: View<'_, S>, b: View<'_, S>) -> Vec<S> {
    let mut sums = vec![S::ZERO; a.row_count()];
    for c in 0..a.column_count() {
        match (a.transposed().row(c), b.transposed().row(c)) {
            (Some(a), Some(b)) => sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum = *sum + *a * *b),
            _ => sums.iter_mut().enumerate().for_each(|(r, sum)| *sum = *sum + a.get(r, c) * b.get(r, c)),
        }
    }
    sums
}

/// `into[c][r] += gain[r] d[c][r]`.
fn add_gained<S: Scalar>(gain: &[S], d: View<'_, S>, into: &mut ViewMut<'_, S>) {
    for c in 0..d.row_count() {
        match (into.row_mut(c), d.row(c)) {
            (Some(into), Some(d)) => {
                into.iter_mut().zip(d).zip(gain).for_each(|((into, d), gain)| *into = *into + *gain * *d);
            }
            _ => gain.iter().enumerate().for_each(|(r, gain)| into.add(c, r, *gain * d.get(c, r))),
        }
    }
}
