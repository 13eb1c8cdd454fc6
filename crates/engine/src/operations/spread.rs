use infimum_kernels::{self as kernels, Readers, Scalar, ViewMut, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// Heads given to those that read them, and widened with zeros: x `[T, G W]`, result `[T, H V]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spread {
    /// The heads of x, `G`.
    pub(crate) of: usize,
    /// The heads of the result, `H`; a multiple of `G`.
    pub(crate) heads: usize,
    /// Channels of a head of the result, `V`; at least `W`.
    pub(crate) width: usize,
}

impl Spread {
    fn readers(&self) -> Readers {
        Readers { of: self.of as u32, heads: self.heads as u32 }
    }
}

impl Operate for Spread {
    const NAME: &'static str = "spread";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["x"], vec![])
    }

    fn shape(&self, x: &[Shape], _: &[Shape]) -> Result<Shape, String> {
        let &Spread { of, heads, width } = self;
        require(of > 0 && x[0].channels.is_multiple_of(of), || format!("{of} heads must divide the channels"))?;
        require(heads > 0 && heads.is_multiple_of(of), || format!("{of} heads must divide their {heads} readers"))?;
        let own = x[0].channels / of;
        require(own <= width, || format!("heads of {own} channels do not fit into {width}"))?;
        let channels = heads.checked_mul(width).ok_or("so many channels cannot be addressed")?;
        Ok(Shape { channels, ..x[0] })
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::spread(y, o.x[0], self.readers());
    }

    fn backward<S: Scalar>(
        &self,
        _: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        _: &mut [ViewMut<'_, S>],
    ) {
        plain::spread_gradient(&mut dx[0], r.dy, self.readers());
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let instruction = kernels::Spread { y: e.output(), x: e.input(0), readers: self.readers() };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let (dy, readers) = (e.output_gradient(), self.readers());
        e.gradient(0, |e, dx, rows, write| {
            e.push(kernels::SpreadGradient { dx, dy: dy.rows(rows), readers, write });
        });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case = |t, (of, own), (heads, width), rows| {
            Case::new(Spread { of, heads, width }, &[shape(t, of * own)], &[], rows)
        };
        vec![
            case(1, (1, 1), (1, 1), 0..1),
            case(5, (1, 4), (3, 4), 0..5),
            case(7, (2, 3), (2, 5), 3..7),
            case(4, (2, 17), (4, 18), 1..4),
        ]
    }
}
