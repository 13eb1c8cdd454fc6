use infimum_kernels::{self as kernels, Scalar, ViewMut, Write, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// `y[t] = x[t] + w[t]`: x `[T, C]`, w `[T or more, C]`, one row for each position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AddRows;

impl Operate for AddRows {
    const NAME: &'static str = "add_rows";
    const HANDS_ON: bool = true;

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["x"], vec!["rows"])
    }

    fn shape(&self, x: &[Shape], w: &[Shape]) -> Result<Shape, String> {
        require(w[0].rows >= x[0].rows && w[0].channels == x[0].channels, || {
            "the weight needs a row for each position and as many channels".into()
        })?;
        Ok(x[0])
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::add_rows(y, o.x[0], o.w[0].rows(o.rows.clone()));
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        dw: &mut [ViewMut<'_, S>],
    ) {
        plain::accumulate(&mut dx[0], r.dy, Write::Add);
        plain::add_rows_gradient(&mut dw[0].rows(o.rows.clone()), r.dy);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        if let Some(ids) = e.positions() {
            let (y, x, table) = (e.output(), e.input(0), e.weight(0));
            e.push(kernels::Accumulate { y, x, write: Write::Store });
            return e.push(kernels::Embed { y, ids, table, write: Write::Add });
        }
        let instruction = kernels::AddRows { y: e.output(), x: e.input(0), rows: e.weight_rows(0) };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let dy = e.output_gradient();
        if let Some(drows) = e.weight_gradient_rows(0) {
            e.push(kernels::AddRowsGradient { drows, dy });
        }
        e.pass_gradient(0);
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case = |t, c, rows| Case::new(AddRows, &[shape(t, c)], &[shape(t + 1, c)], rows);
        vec![case(1, 1, 0..1), case(6, 5, 0..6), case(9, 17, 4..9)]
    }
}
