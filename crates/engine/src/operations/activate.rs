use infimum_kernels::{self as kernels, Activation, Executor, Scalar, ViewMut, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
use crate::shape::Shape;
#[cfg(test)]
use crate::shape::shape;

/// `y = f(x)` elementwise, `[T, C]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Activate {
    /// The function f.
    pub(crate) kind: Activation,
}

impl Operate for Activate {
    const NAME: &'static str = "activate";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["x"], vec![])
    }

    fn shape(&self, x: &[Shape], _: &[Shape]) -> Result<Shape, String> {
        Ok(x[0])
    }

    fn kept(&self, _: Executor, x: &[Shape]) -> usize {
        if self.kind.keeps_slope() { x[0].channels } else { 0 }
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::activation(y, o.x[0], self.kind, None);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        _: &mut [ViewMut<'_, S>],
    ) {
        plain::activation_gradient(&mut dx[0], o.x[0], r.dy, self.kind);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let instruction = kernels::Activate { y: e.output(), x: e.input(0), kind: self.kind, slope: e.kept() };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let (x, dy, kind) = (e.input(0), e.output_gradient(), self.kind);
        if let Some(slope) = e.kept() {
            return e.gradient(0, |e, y, rows, write| {
                e.push(kernels::Multiply { y, a: slope.rows(rows.clone()), b: dy.rows(rows), write });
            });
        }
        e.gradient(0, |e, dx, rows, write| {
            e.push(kernels::ActivateGradient { dx, x: x.rows(rows.clone()), dy: dy.rows(rows), kind, write });
        });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        use Activation::*;
        [GeluErf, GeluTanh, Silu, Relu, Relu2, Relu3]
            .into_iter()
            .flat_map(|kind| {
                let case = |t, c, rows| Case::new(Activate { kind }, &[shape(t, c)], &[], rows);
                [case(1, 1, 0..1), case(6, 17, 1..6)]
            })
            .collect()
    }
}
