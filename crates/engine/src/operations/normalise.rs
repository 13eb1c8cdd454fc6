#[cfg(test)]
use infimum_kernels::NormKind;
use infimum_kernels::{self as kernels, Norm, Scalar, ViewMut, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
use crate::shape::{Shape, require, shape};

/// LayerNorm or RMSNorm of each row, times gain `[1, C]`, plus bias `[1, C]`, both optional; `[T, C]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Normalise {
    /// Which norm, and its epsilon.
    pub(crate) norm: Norm,
    /// Whether there is a gain.
    pub(crate) gain: bool,
    /// Whether there is a bias.
    pub(crate) bias: bool,
}

impl Normalise {
    fn bias_index(&self) -> Option<usize> {
        self.bias.then_some(usize::from(self.gain))
    }
}

impl Operate for Normalise {
    const NAME: &'static str = "normalise";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let weights = [("gain", self.gain), ("bias", self.bias)];
        (vec!["x"], weights.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect())
    }

    fn shape(&self, x: &[Shape], w: &[Shape]) -> Result<Shape, String> {
        let expected = shape(1, x[0].channels);
        require(w.iter().all(|w| *w == expected), || format!("gain and bias must be {expected}"))?;
        Ok(x[0])
    }

    fn saved(&self) -> usize {
        2
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, saved: &mut ViewMut<'_, S>) {
        let gain = self.gain.then(|| o.w[0]);
        plain::norm(y, o.x[0], self.norm, gain, self.bias_index().map(|i| o.w[i]), saved);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        dw: &mut [ViewMut<'_, S>],
    ) {
        let gain = self.gain.then(|| o.w[0]);
        let (dgain, dbias) = dw.split_at_mut(usize::from(self.gain));
        plain::norm_gradient(
            Some(&mut dx[0]),
            dgain.first_mut(),
            dbias.first_mut(),
            o.x[0],
            r.dy,
            self.norm,
            gain,
            r.saved,
        );
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let gain = self.gain.then(|| e.weight(0));
        let bias = self.bias_index().map(|i| e.weight(i));
        let instruction =
            kernels::NormForward { y: e.output(), x: e.input(0), saved: e.saved(), norm: self.norm, gain, bias };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let gain = self.gain.then(|| e.weight(0));
        let dgain = self.gain.then(|| e.weight_gradient(0)).flatten();
        let dbias = self.bias_index().and_then(|i| e.weight_gradient(i));
        let (x, dy, saved, norm) = (e.input(0), e.output_gradient(), e.saved(), self.norm);
        if dgain.is_some() || dbias.is_some() {
            e.push(kernels::NormGradient { dx: None, dgain, dbias, x, dy, saved, norm, gain });
        }
        e.gradient(0, |e, dx, rows, write| {
            let (x, dy, saved) = (x.rows(rows.clone()), dy.rows(rows.clone()), saved.rows(rows));
            e.push(kernels::NormGradient { dx: Some((dx, write)), dgain: None, dbias: None, x, dy, saved, norm, gain });
        });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let mut cases = vec![];
        for kind in [NormKind::Layer, NormKind::Rms] {
            for (gain, bias) in [(false, false), (true, false), (true, true), (false, true)] {
                for (t, c, rows) in [(1, 3, 0..1), (5, 17, 2..5)] {
                    let operation = Normalise { norm: Norm { kind, epsilon: 1e-5 }, gain, bias };
                    let weights = vec![shape(1, c); usize::from(gain) + usize::from(bias)];
                    cases.push(Case::new(operation, &[shape(t, c)], &weights, rows));
                }
            }
        }
        cases
    }
}
