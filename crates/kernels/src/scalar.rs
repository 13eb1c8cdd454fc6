//! The numbers that the plain twins compute with.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::view::{View, ViewMut, Write};
use crate::{math, product};

/// A number: `f64` for the definition (`libm`), `f32` with the same formulas, and so the same bits, as the lanes.
pub trait Scalar:
    Copy
    + PartialOrd
    + Debug
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The nearest number to `x`.
    fn of(x: f64) -> Self;
    /// This number, exactly.
    fn to_f64(self) -> f64;
    /// `x`, exactly.
    fn of_f32(x: f32) -> Self;
    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// `e^self`.
    fn exp(self) -> Self;
    /// `2^self`, for at most 128.
    fn exp2(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// `y = x w` or `y += x w`, as the plain twin of `Linear` without bias and to the same bits.
    fn linear(y: &mut ViewMut<Self>, x: View<Self>, w: View<Self>, write: Write) {
        crate::linear::linear(y, x, w, None, write);
    }
    /// `dw += x' dy`, as the plain twin of `Outer` and to the same bits.
    fn outer(dw: &mut ViewMut<Self>, x: View<Self>, dy: View<Self>) {
        crate::outer::outer(dw, x, dy);
    }
    /// `self` where `self > other`, else `other`; so `other` if either is NaN.
    fn maximum(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
}

impl Scalar for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn of(x: f64) -> Self {
        x as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn of_f32(x: f32) -> Self {
        x
    }
    fn mul_add(self, factor: Self, term: Self) -> Self {
        f32::mul_add(self, factor, term)
    }
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    fn exp(self) -> Self {
        math::exp(self)
    }
    fn exp2(self) -> Self {
        math::exp2(self)
    }
    fn ln(self) -> Self {
        math::ln(self)
    }
    fn erf(self) -> Self {
        math::erf(self)
    }
    fn tanh(self) -> Self {
        math::tanh(self)
    }
    fn linear(y: &mut ViewMut<Self>, x: View<Self>, w: View<Self>, write: Write) {
        product::linear(y, x, w, write);
    }
    fn outer(dw: &mut ViewMut<Self>, x: View<Self>, dy: View<Self>) {
        product::outer(dw, x, dy);
    }
}

impl Scalar for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn of(x: f64) -> Self {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn of_f32(x: f32) -> Self {
        f64::from(x)
    }
    fn mul_add(self, factor: Self, term: Self) -> Self {
        f64::mul_add(self, factor, term)
    }
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    fn exp(self) -> Self {
        libm::exp(self)
    }
    fn exp2(self) -> Self {
        libm::exp2(self)
    }
    fn ln(self) -> Self {
        libm::log(self)
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn tanh(self) -> Self {
        libm::tanh(self)
    }
}
