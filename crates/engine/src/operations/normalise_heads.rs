#[cfg(test)]
use infimum_kernels::NormKind;
use infimum_kernels::{self as kernels, Norm, Scalar, ViewMut, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
use crate::shape::{Shape, require, shape};

/// LayerNorm or RMSNorm of each head of each row, times a gain `[1, W]` that all heads share; `[T, H W]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NormaliseHeads {
    /// Which norm, and its epsilon.
    pub(crate) norm: Norm,
    /// Number of heads.
    pub(crate) heads: usize,
}

impl Operate for NormaliseHeads {
    const NAME: &'static str = "normalise_heads";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["x"], vec!["gain"])
    }

    fn shape(&self, x: &[Shape], w: &[Shape]) -> Result<Shape, String> {
        let heads = self.heads;
        require(heads > 0 && x[0].channels.is_multiple_of(heads), || {
            format!("{heads} heads must divide the channels")
        })?;
        let expected = shape(1, x[0].channels / heads);
        require(w[0] == expected, || format!("the gain must be {expected}"))?;
        Ok(x[0])
    }

    fn saved(&self) -> usize {
        2 * self.heads
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, saved: &mut ViewMut<'_, S>) {
        plain::head_norm(y, o.x[0], self.norm, o.w[0], saved);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        dw: &mut [ViewMut<'_, S>],
    ) {
        let (dx, dgain) = (Some(&mut dx[0]), Some(&mut dw[0]));
        plain::head_norm_gradient(dx, dgain, o.x[0], r.dy, self.norm, o.w[0], r.saved);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let (y, x, saved, gain) = (e.output(), e.input(0), e.saved(), e.weight(0));
        e.push(kernels::HeadNorm { y, x, saved, norm: self.norm, gain });
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let (x, dy, saved, gain, norm) = (e.input(0), e.output_gradient(), e.saved(), e.weight(0), self.norm);
        if let Some(dgain) = e.weight_gradient(0) {
            e.push(kernels::HeadNormGradient { dx: None, dgain: Some(dgain), x, dy, saved, norm, gain });
        }
        e.gradient(0, |e, dx, rows, write| {
            let (x, dy, saved) = (x.rows(rows.clone()), dy.rows(rows.clone()), saved.rows(rows));
            e.push(kernels::HeadNormGradient { dx: Some((dx, write)), dgain: None, x, dy, saved, norm, gain });
        });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case = |t, heads, width, kind, rows| {
            let operation = NormaliseHeads { norm: Norm { kind, epsilon: 1e-5 }, heads };
            Case::new(operation, &[shape(t, heads * width)], &[shape(1, width)], rows)
        };
        let shapes = [(1, 1, 3, 0..1), (5, 3, 4, 2..5), (9, 2, 17, 0..9)];
        let both = shapes.into_iter().flat_map(|s| [NormKind::Layer, NormKind::Rms].map(|kind| (s.clone(), kind)));
        both.map(|((t, heads, width, rows), kind)| case(t, heads, width, kind, rows)).collect()
    }
}
