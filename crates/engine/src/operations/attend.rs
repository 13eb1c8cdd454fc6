use std::ops::Range;

use infimum_kernels::{self as kernels, Executor, Scalar, ViewMut, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
#[cfg(test)]
use crate::shape::shape;
use crate::shape::{Shape, require};

/// Causal attention: q and k `[T, C]`, v `[T, D]`, result `[T, D]`; head h owns the h-th slice of the channels of each.
///
/// `y[t] = sum over u <= t of softmax_u(scale q[t].k[u]) v[u]`, head by head.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attend {
    /// Number of heads.
    pub(crate) heads: usize,
    /// Factor of the scores.
    pub(crate) scale: f64,
}

impl Attend {
    fn from(&self, first: usize) -> kernels::Attention {
        kernels::Attention { heads: self.heads, scale: self.scale, first }
    }

    /// Rows are sequences, each at its position.
    fn emit_cached(&self, e: &mut Emit<'_>, positions: kernels::Ids) {
        let &Attend { heads, scale } = self;
        let (q, k, v, y, saved) = (e.input(0), e.input(1), e.input(2), e.output(), e.saved());
        let (keys, values) = (e.cache(0), e.cache(1));
        let (most, width) = (positions.alphabet as usize, v.channels as usize);
        let scratch = e.scratch(kernels::AttendCached::scratch_vectors(e.executor(), most, heads, width));
        e.push(kernels::AttendCached { y, q, k, v, positions, keys, values, saved, heads, scale, scratch });
    }
}

impl Operate for Attend {
    const NAME: &'static str = "attend";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["q", "k", "v"], vec![])
    }

    fn shape(&self, x: &[Shape], _: &[Shape]) -> Result<Shape, String> {
        let heads = self.heads;
        require(heads > 0 && x[0].channels.is_multiple_of(heads) && x[2].channels.is_multiple_of(heads), || {
            format!("{heads} heads must divide the channels")
        })?;
        require(x[0] == x[1], || "q and k must have one shape".into())?;
        require(x[0].rows == x[2].rows, || "q, k and v must have as many positions".into())?;
        Ok(x[2])
    }

    fn saved(&self) -> usize {
        2 * self.heads
    }

    fn kept(&self, executor: Executor, x: &[Shape]) -> usize {
        if kernels::Attend::keeps(executor, x[1].rows) { self.heads * x[1].rows } else { 0 }
    }

    fn scratch(&self, executor: Executor, x: &[Shape]) -> usize {
        let [q, k, v] = [x[0], x[1], x[2]].map(|x| kernels::Place::dense(0, x.rows as u32, x.channels as u32));
        let forward = kernels::Attend::scratch_vectors(executor, self.from(0), q, k, v);
        let cached = kernels::AttendCached::scratch_vectors(executor, x[1].rows, self.heads, x[2].channels);
        forward.max(cached).max(kernels::AttendGradient::scratch_vectors(executor, self.from(0), q, k, v))
    }

    fn cache(&self, executor: Executor, sequences: usize, positions: usize, x: &[Shape]) -> Vec<Shape> {
        let channels = [x[1].channels, x[2].channels];
        let kept = kernels::AttendCached::kept(executor, sequences, positions, self.heads, channels);
        kept.into_iter().map(|(rows, channels)| Shape { rows, channels }).collect()
    }

    fn needs(&self, out: Range<usize>, input: usize) -> Range<usize> {
        if input == 0 { out } else { 0..out.end }
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, saved: &mut ViewMut<'_, S>) {
        plain::attention(y, o.x[0], o.x[1], o.x[2], self.from(o.rows.start), saved, None);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        _: &mut [ViewMut<'_, S>],
    ) {
        let [dq, dk, dv] = dx else { unreachable!("attention has three operands") };
        let at = self.from(o.rows.start);
        plain::attention_gradient(dq, dk, dv, o.x[0], o.x[1], o.x[2], r.y, r.dy, at, r.saved);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        if let Some(positions) = e.positions() {
            return self.emit_cached(e, positions);
        }
        let attention = self.from(e.rows().start);
        let (q, k, v) = (e.input(0), e.input(1), e.input(2));
        let scratch = e.scratch(kernels::Attend::scratch_vectors(e.executor(), attention, q, k, v));
        let (y, saved, kept) = (e.output(), e.saved(), e.kept());
        let instruction = kernels::Attend { y, q, k, v, saved, attention, scratch, kept };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let attention = self.from(e.rows().start);
        let (q, k, v) = (e.input(0), e.input(1), e.input(2));
        let (y, dy, saved, kept) = (e.output(), e.output_gradient(), e.saved(), e.kept());
        let scratch = e.scratch(kernels::AttendGradient::scratch_vectors(e.executor(), attention, q, k, v));
        let (dq, dk, dv) = (e.whole_gradient(0), e.whole_gradient(1), e.whole_gradient(2));
        e.push(kernels::AttendGradient { dq, dk, dv, q, k, v, y, dy, saved, attention, scratch, kept });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case = |t, c, d, heads, rows| {
            Case::new(Attend { heads, scale: 0.7 }, &[shape(t, c), shape(t, c), shape(t, d)], &[], rows)
        };
        vec![
            case(1, 1, 1, 1, 0..1),
            case(5, 4, 6, 2, 0..5),
            case(11, 7, 7, 1, 6..11),
            case(9, 8, 8, 2, 3..7),
            case(6, 3, 3, 1, 2..6).with_same(2, 1),
        ]
    }
}
