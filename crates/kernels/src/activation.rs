//! A function of each element: `y = f(x)`, `dx += f'(x) dy`.
//!
//! Shapes: `x, y, dx, dy: [T, C]`.

use std::f64::consts::{FRAC_1_PI, FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// The function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x (1 + erf(x / sqrt 2)) / 2` (Hendrycks and Gimpel 2016).
    GeluErf,
    /// `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`, its approximation from the same paper.
    GeluTanh,
    /// `x` where `x` is not negative, else 0; its slope at 0 is 0.
    Relu,
    /// The square of `Relu`.
    Relu2,
    /// The cube of `Relu`.
    Relu3,
}

/// `sqrt(2 / pi)`, the factor within the tanh.
pub(crate) const GELU_TANH_FACTOR: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
/// The coefficient of the cube within the tanh.
pub(crate) const GELU_TANH_CUBE: f64 = 0.044715;
/// `1 / sqrt(2 pi)`, the height of the normal density.
pub(crate) const NORMAL_HEIGHT: f64 = FRAC_2_SQRT_PI * SQRT_2 / 4.0;
const _: () = assert!(NORMAL_HEIGHT * NORMAL_HEIGHT * 2.0 - FRAC_1_PI < 1e-15);

/// The plain twin of `Activate`.
pub fn activation<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, kind: Activation) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.set(t, c, value(x.get(t, c), kind));
        }
    }
}

/// The plain twin of `ActivateGradient`: `dx += f'(x) dy`.
pub fn activation_gradient<S: Scalar>(dx: &mut ViewMut<S>, x: View<S>, dy: View<S>, kind: Activation) {
    for t in 0..dx.row_count() {
        for c in 0..dx.column_count() {
            dx.add(t, c, slope(x.get(t, c), kind) * dy.get(t, c));
        }
    }
}

fn value<S: Scalar>(x: S, kind: Activation) -> S {
    let half = S::of(0.5);
    let r = if x < S::ZERO { S::ZERO } else { x };
    match kind {
        Activation::GeluErf => (half * x) * (S::ONE + (x * S::of(FRAC_1_SQRT_2)).erf()),
        Activation::GeluTanh => (half * x) * (S::ONE + inner(x).tanh()),
        Activation::Relu => r,
        Activation::Relu2 => r * r,
        Activation::Relu3 => r * r * r,
    }
}

fn slope<S: Scalar>(x: S, kind: Activation) -> S {
    let half = S::of(0.5);
    let r = if x < S::ZERO { S::ZERO } else { x };
    match kind {
        Activation::GeluErf => {
            let share = half * (S::ONE + (x * S::of(FRAC_1_SQRT_2)).erf());
            let density = S::of(NORMAL_HEIGHT) * (-(half * x) * x).exp();
            x.mul_add(density, share)
        }
        Activation::GeluTanh => {
            let tanh = inner(x).tanh();
            let steepness = S::of(GELU_TANH_FACTOR) * (S::of(3.0 * GELU_TANH_CUBE) * x).mul_add(x, S::ONE);
            let bend = (-tanh).mul_add(tanh, S::ONE) * steepness;
            (half * x).mul_add(bend, half * (S::ONE + tanh))
        }
        Activation::Relu => {
            if S::ZERO < x {
                S::ONE
            } else {
                S::ZERO
            }
        }
        Activation::Relu2 => r + r,
        Activation::Relu3 => S::of(3.0) * r * r,
    }
}

/// `sqrt(2 / pi) (x + 0.044715 x^3)`.
fn inner<S: Scalar>(x: S) -> S {
    S::of(GELU_TANH_FACTOR) * x * (S::of(GELU_TANH_CUBE) * x).mul_add(x, S::ONE)
}
