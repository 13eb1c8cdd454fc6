use infimum_kernels::{self as kernels, Scalar, ViewMut, Write, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// `y = a b` elementwise, all `[T, C]`; dropout is a product with a mask that is an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Multiply;

impl Operate for Multiply {
    const NAME: &'static str = "multiply";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["a", "b"], vec![])
    }

    fn shape(&self, x: &[Shape], _: &[Shape]) -> Result<Shape, String> {
        require(x[0] == x[1], || "both must have one shape".into())?;
        Ok(x[0])
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::multiply(y, o.x[0], o.x[1], Write::Store);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        _: &mut [ViewMut<'_, S>],
    ) {
        plain::multiply(&mut dx[0], r.dy, o.x[1], Write::Add);
        plain::multiply(&mut dx[1], r.dy, o.x[0], Write::Add);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let instruction = kernels::Multiply { y: e.output(), a: e.input(0), b: e.input(1), write: Write::Store };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let dy = e.output_gradient();
        for (of, other) in [(0, 1), (1, 0)] {
            let factor = e.input(other);
            e.gradient(of, |e, dx, rows, write| {
                e.push(kernels::Multiply { y: dx, a: dy.rows(rows.clone()), b: factor.rows(rows), write });
            });
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case = |t, c, rows| Case::new(Multiply, &[shape(t, c), shape(t, c)], &[], rows);
        vec![case(1, 1, 0..1), case(7, 5, 2..7), case(3, 4, 0..3).with_same(1, 0)]
    }
}
