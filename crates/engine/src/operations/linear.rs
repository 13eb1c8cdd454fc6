use infimum_kernels::{self as kernels, Scalar, ViewMut, Write, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
use crate::shape::{Shape, require, shape};

/// `y = x w (+ bias)`: x `[T, I]`, w `[I, O]`, bias `[1, O]`, result `[T, O]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Linear {
    /// Whether there is a bias.
    pub(crate) bias: bool,
}

impl Operate for Linear {
    const NAME: &'static str = "linear";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["x"], if self.bias { vec!["w", "bias"] } else { vec!["w"] })
    }

    fn shape(&self, x: &[Shape], w: &[Shape]) -> Result<Shape, String> {
        require(x[0].channels == w[0].rows, || format!("x has {} channels, w takes {}", x[0].channels, w[0].rows))?;
        if self.bias {
            require(w[1] == shape(1, w[0].channels), || format!("the bias must be {}", shape(1, w[0].channels)))?;
        }
        Ok(shape(x[0].rows, w[0].channels))
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::linear(y, o.x[0], o.w[0], o.w.get(1).copied(), Write::Store);
    }

    // y = x w + b; dx += dy w', dw += x' dy, db += the sum of dy over rows
    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        dw: &mut [ViewMut<'_, S>],
    ) {
        plain::linear(&mut dx[0], r.dy, o.w[0].transposed(), None, Write::Add);
        plain::outer(&mut dw[0], o.x[0], r.dy);
        if let Some(db) = dw.get_mut(1) {
            plain::column_sums(db, r.dy);
        }
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let bias = self.bias.then(|| e.weight(1));
        let (y, x, w) = (e.output(), e.input(0), e.weight(0));
        let rounded = e.rounded(x);
        e.push(kernels::Linear { y, x, w, bias, write: Write::Store, rounded });
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let (x, w, dy) = (e.input(0), e.weight(0), e.output_gradient());
        if let Some(dw) = e.weight_gradient(0) {
            let rounded = e.rounded(x).zip(e.rounded(dy)).map(|(x, dy)| [x, dy]);
            e.push(kernels::Outer { dw, x, dy, rounded });
        }
        if let Some(db) = self.bias.then(|| e.weight_gradient(1)).flatten() {
            e.push(kernels::ColumnSums { db, dy });
        }
        e.gradient(0, |e, dx, rows, write| {
            let dy = dy.rows(rows);
            let rounded = e.rounded(dy);
            e.push(kernels::Linear { y: dx, x: dy, w: w.transposed(), bias: None, write, rounded });
        });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let plain = |t, i, o, rows| Case::new(Linear { bias: false }, &[shape(t, i)], &[shape(i, o)], rows);
        let biased =
            |t, i, o, rows| Case::new(Linear { bias: true }, &[shape(t, i)], &[shape(i, o), shape(1, o)], rows);
        vec![plain(1, 1, 1, 0..1), plain(5, 7, 3, 0..5), biased(9, 8, 17, 2..9), biased(4, 33, 6, 0..4)]
    }
}
