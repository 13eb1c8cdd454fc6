//! Every row brought to mean 0 and variance 1 (`Layer`) or to mean square 1 (`Rms`), then scaled and shifted.
//!
//! Shapes: `x, y: [T, C]`, `gain, bias: [1, C]`, `saved: [T, 2]`. For each row:
//! `mean = sum_c x / C` (0 for `Rms`); `variance = sum_c (x - mean)^2 / C`; `inverse = 1 / sqrt(variance + epsilon)`;
//! `hat = (x - mean) inverse`; `y = hat gain + bias`. `saved` keeps `mean, inverse`.
//! With `g = dy gain`: `dx = inverse (g - sum_c g / C - hat sum_c (g hat) / C)`, without the middle term for `Rms`
//! (Ba, Kiros and Hinton 2016; Zhang and Sennrich 2019). Sums over channels ascend from 0; `dgain` and `dbias` sum over
//! rows ascending from 0 (in the lanes: each lane its own, then the tree over the lanes) and are then added.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// Whether a norm subtracts the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// Mean 0, variance 1.
    Layer,
    /// Mean square 1; the mean stays.
    Rms,
}

/// What a norm does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Whether it subtracts the mean.
    pub kind: NormKind,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The plain twin of `Norm`.
pub fn norm<S: Scalar>(
    y: &mut ViewMut<S>,
    x: View<S>,
    norm: Norm,
    gain: Option<View<S>>,
    bias: Option<View<S>>,
    saved: &mut ViewMut<S>,
) {
    for t in 0..x.row_count() {
        let (mean, inverse) = moments(x.rows(t..t + 1), norm);
        saved.set(t, 0, mean);
        saved.set(t, 1, inverse);
        for c in 0..x.column_count() {
            let hat = (x.get(t, c) - mean) * inverse;
            let value = match (gain, bias) {
                (Some(gain), Some(bias)) => hat.mul_add(gain.get(0, c), bias.get(0, c)),
                (Some(gain), None) => hat * gain.get(0, c),
                (None, Some(bias)) => hat + bias.get(0, c),
                (None, None) => hat,
            };
            y.set(t, c, value);
        }
    }
}

/// Mean (0 for `Rms`) and inverse deviation of one row.
fn moments<S: Scalar>(row: View<S>, norm: Norm) -> (S, S) {
    let count = S::of(row.column_count() as f64);
    let mut mean = S::ZERO;
    if norm.kind == NormKind::Layer {
        for c in 0..row.column_count() {
            mean = mean + row.get(0, c);
        }
        mean = mean / count;
    }
    let mut squares = S::ZERO;
    for c in 0..row.column_count() {
        let centred = row.get(0, c) - mean;
        squares = centred.mul_add(centred, squares);
    }
    (mean, S::ONE / (squares / count + S::of(norm.epsilon)).sqrt())
}

/// The plain twin of `NormGradient`: adds to each gradient that is asked for.
#[allow(clippy::too_many_arguments, reason = "as many as the formula has arrays")]
pub fn norm_gradient<S: Scalar>(
    dx: Option<&mut ViewMut<S>>,
    dgain: Option<&mut ViewMut<S>>,
    dbias: Option<&mut ViewMut<S>>,
    x: View<S>,
    dy: View<S>,
    norm: Norm,
    gain: Option<View<S>>,
    saved: View<S>,
) {
    let hat = |t, c| (x.get(t, c) - saved.get(t, 0)) * saved.get(t, 1);
    if let Some(dgain) = dgain {
        for c in 0..x.column_count() {
            let sum = (0..x.row_count()).fold(S::ZERO, |sum, t| dy.get(t, c).mul_add(hat(t, c), sum));
            dgain.add(0, c, sum);
        }
    }
    if let Some(dbias) = dbias {
        for c in 0..x.column_count() {
            let sum = (0..x.row_count()).fold(S::ZERO, |sum, t| sum + dy.get(t, c));
            dbias.add(0, c, sum);
        }
    }
    let Some(dx) = dx else { return };
    let count = S::of(x.column_count() as f64);
    let g = |t, c| gain.map_or(dy.get(t, c), |gain| dy.get(t, c) * gain.get(0, c));
    for t in 0..x.row_count() {
        let (mut along_one, mut along_hat) = (S::ZERO, S::ZERO);
        for c in 0..x.column_count() {
            along_one = along_one + g(t, c);
            along_hat = g(t, c).mul_add(hat(t, c), along_hat);
        }
        let along_one = if norm.kind == NormKind::Layer { along_one / count } else { S::ZERO };
        let along_hat = along_hat / count;
        for c in 0..x.column_count() {
            dx.add(t, c, (-hat(t, c)).mul_add(along_hat, g(t, c) - along_one) * saved.get(t, 1));
        }
    }
}
