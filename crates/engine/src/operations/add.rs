use infimum_kernels::{self as kernels, Scalar, ViewMut, Write, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// `y = a + b`, all `[T, C]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Add;

impl Operate for Add {
    const NAME: &'static str = "add";
    const HANDS_ON: bool = true;

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["a", "b"], vec![])
    }

    fn shape(&self, x: &[Shape], _: &[Shape]) -> Result<Shape, String> {
        require(x[0] == x[1], || "both must have one shape".into())?;
        Ok(x[0])
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::add(y, o.x[0], o.x[1]);
    }

    fn backward<S: Scalar>(
        &self,
        _: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        _: &mut [ViewMut<'_, S>],
    ) {
        plain::accumulate(&mut dx[0], r.dy, Write::Add);
        plain::accumulate(&mut dx[1], r.dy, Write::Add);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let instruction = kernels::Add { y: e.output(), a: e.input(0), b: e.input(1) };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        e.pass_gradient(0);
        e.pass_gradient(1);
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case = |t, c, rows| Case::new(Add, &[shape(t, c), shape(t, c)], &[], rows);
        vec![case(1, 1, 0..1), case(7, 5, 2..7), case(3, 4, 0..3).with_same(1, 0)]
    }
}
