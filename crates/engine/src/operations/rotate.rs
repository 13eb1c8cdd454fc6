use infimum_kernels::{self as kernels, Pairs, Scalar, Turn, ViewMut, Write, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// Pairs of channels of each head turned by an angle of the position: x `[T, H W]`, waves `[T or more, W]`, result `[T, H W]`.
///
/// `waves` has the cosines of the pairs of a head, then their sines; no parameter stands behind it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rotate {
    /// Which channels of a head make a pair.
    pub(crate) pairs: Pairs,
}

impl Rotate {
    fn turn(&self, back: bool) -> Turn {
        Turn { pairs: self.pairs, back }
    }
}

impl Operate for Rotate {
    const NAME: &'static str = "rotate";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["x"], vec!["waves"])
    }

    fn shape(&self, x: &[Shape], w: &[Shape]) -> Result<Shape, String> {
        let width = w[0].channels;
        require(width > 0 && width.is_multiple_of(2), || format!("heads of {width} channels are no pairs"))?;
        require(x[0].channels.is_multiple_of(width), || format!("x must have heads of {width} channels"))?;
        require(w[0].rows >= x[0].rows, || "there must be a row of waves for each position".into())?;
        Ok(x[0])
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::rotate(y, o.x[0], o.w[0].rows(o.rows.clone()), self.turn(false), Write::Store);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        _: &mut [ViewMut<'_, S>],
    ) {
        plain::rotate(&mut dx[0], r.dy, o.w[0].rows(o.rows.clone()), self.turn(true), Write::Add);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let positions = e.positions();
        let waves = if positions.is_some() { e.weight(0) } else { e.weight_rows(0) };
        let (y, x, turn) = (e.output(), e.input(0), self.turn(false));
        e.push(kernels::Rotate { y, x, waves, positions, turn, write: Write::Store });
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let (dy, waves, turn) = (e.output_gradient(), e.weight_rows(0), self.turn(true));
        e.gradient(0, |e, y, rows, write| {
            let (x, waves) = (dy.rows(rows.clone()), waves.rows(rows));
            e.push(kernels::Rotate { y, x, waves, positions: None, turn, write });
        });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case = |t, heads, width, pairs, rows| {
            Case::new(Rotate { pairs }, &[shape(t, heads * width)], &[shape(t + 1, width)], rows).with_fixed_weights()
        };
        let shapes = [(1, 1, 2, 0..1), (6, 1, 4, 0..6), (7, 3, 6, 3..7), (5, 2, 34, 2..5)];
        let both = shapes.into_iter().flat_map(|s| [Pairs::Interleaved, Pairs::Half].map(|pairs| (s.clone(), pairs)));
        both.map(|((t, heads, width, rows), pairs)| case(t, heads, width, pairs, rows)).collect()
    }
}
