//! A function of each element: `y = f(x)`, `dx += f'(x) dy`.
//!
//! Shapes: `x, y, dx, dy, slope: [T, C]`. The forward may write `slope = f'(x)` as well, which costs less than computing
//! it later, since `f` and `f'` share their parts; the gradient is then a product.

use std::f64::consts::{FRAC_1_PI, FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

use crate::arithmetic::Arithmetic;
use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::math;
use crate::memory::Raw;
use crate::place::Place;
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// The function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x (1 + erf(x / sqrt 2)) / 2` (Hendrycks and Gimpel 2016).
    GeluErf,
    /// `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`, its approximation from the same paper.
    GeluTanh,
    /// `x / (1 + e^-x)` (Elfwing, Uchibe and Doya 2018).
    Silu,
    /// `x` where `x` is not negative, else 0; its slope at 0 is 0.
    Relu,
    /// The square of `Relu`.
    Relu2,
    /// The cube of `Relu`.
    Relu3,
}

/// `sqrt(2 / pi)`, the factor within the tanh.
const GELU_TANH_FACTOR: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
/// The coefficient of the cube within the tanh.
const GELU_TANH_CUBE: f64 = 0.044715;
/// `1 / sqrt(2 pi)`, the height of the normal density.
const NORMAL_HEIGHT: f64 = FRAC_2_SQRT_PI * SQRT_2 / 4.0;
const _: () = assert!(NORMAL_HEIGHT * NORMAL_HEIGHT * 2.0 - FRAC_1_PI < 1e-15);

/// The plain twin of `Activate`.
pub fn activation<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, kind: Activation, slopes: Option<&mut ViewMut<S>>) {
    if let Some(slopes) = slopes {
        for (t, c) in (0..x.row_count()).flat_map(|t| (0..x.column_count()).map(move |c| (t, c))) {
            slopes.set(t, c, slope(x.get(t, c), kind));
        }
    }
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
        Activation::Silu => x * sigmoid(x),
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
        Activation::Silu => {
            let sigmoid = sigmoid(x);
            sigmoid * x.mul_add(S::ONE - sigmoid, S::ONE)
        }
        Activation::Relu if S::ZERO < x => S::ONE,
        Activation::Relu => S::ZERO,
        Activation::Relu2 => r + r,
        Activation::Relu3 => S::of(3.0) * r * r,
    }
}

/// `1 / (1 + e^-x)`; 0 where `e^-x` has no finite number.
fn sigmoid<S: Scalar>(x: S) -> S {
    S::ONE / (S::ONE + (-x).exp())
}

/// `sqrt(2 / pi) (x + 0.044715 x^3)`.
fn inner<S: Scalar>(x: S) -> S {
    S::of(GELU_TANH_FACTOR) * x * (S::of(GELU_TANH_CUBE) * x).mul_add(x, S::ONE)
}

/// Arguments of [`activation`]. `y` may be the same place as `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activate {
    /// `[T, C]`, written.
    pub y: Place,
    /// `[T, C]`
    pub x: Place,
    /// The function.
    pub kind: Activation,
    /// `[T, C]`, written.
    pub slope: Option<Place>,
}

/// Arguments of [`activation_gradient`]. `dx` may be the same place as `dy` or `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivateGradient {
    /// `[T, C]`, written.
    pub dx: Place,
    /// `[T, C]`
    pub x: Place,
    /// `[T, C]`
    pub dy: Place,
    /// The function.
    pub kind: Activation,
    /// Stored or added.
    pub write: Write,
}

impl Kernel for Activate {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.write("y", self.y, Write::Store);
        fields.may_equal("x", "y");
        fields.same_shape(("y", self.y), ("x", self.x));
        if let Some(slope) = self.slope {
            fields.write("slope", slope, Write::Store);
            fields.same_shape(("slope", slope), ("x", self.x));
        }
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // Once for each function, so that value and slope share what they have in common.
        // SAFETY: the caller's promise.
        unsafe {
            match self.kind {
                Activation::GeluErf => self.all::<L>(memory, Activation::GeluErf),
                Activation::GeluTanh => self.all::<L>(memory, Activation::GeluTanh),
                Activation::Silu => self.all::<L>(memory, Activation::Silu),
                Activation::Relu => self.all::<L>(memory, Activation::Relu),
                Activation::Relu2 => self.all::<L>(memory, Activation::Relu2),
                Activation::Relu3 => self.all::<L>(memory, Activation::Relu3),
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let slope = self.slope.map(Place::in_vectors);
        let vectors = Activate { y: self.y.in_vectors(), x: self.x.in_vectors(), slope, ..*self };
        // SAFETY: the same vectors, each number of them on its own.
        unsafe { vectors.run::<L>(memory) }
    }
}

impl Activate {
    /// Every element, with `kind` known when this is compiled.
    ///
    /// # Safety
    /// As [`Kernel::run`].
    #[inline(always)]
    unsafe fn all<L: Lanes>(&self, memory: Raw, kind: Activation) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (y, x) = (memory.rows(self.y), memory.rows(self.x));
            let slopes = self.slope.map(|slope| memory.rows(slope));
            for t in 0..self.y.rows {
                for c in 0..self.y.channels {
                    let x = x.load::<L>(t, c);
                    if let Some(slopes) = slopes {
                        slopes.store(t, c, lanes_slope::<L>(x, kind));
                    }
                    y.store(t, c, lanes_value::<L>(x, kind));
                }
            }
        }
    }
}

impl Activation {
    /// Whether its slope is worth keeping: reading it back costs less than computing it.
    pub const fn keeps_slope(self) -> bool {
        matches!(self, Activation::GeluErf | Activation::GeluTanh | Activation::Silu)
    }
}

impl Kernel for ActivateGradient {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.read("dy", self.dy);
        fields.write("dx", self.dx, self.write);
        fields.may_equal("x", "dx");
        fields.may_equal("dy", "dx");
        fields.same_shape(("dx", self.dx), ("x", self.x));
        fields.same_shape(("dx", self.dx), ("dy", self.dy));
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (dx, x, dy) = (memory.rows(self.dx), memory.rows(self.x), memory.rows(self.dy));
            for t in 0..self.dx.rows {
                for c in 0..self.dx.channels {
                    let slope = lanes_slope::<L>(x.load(t, c), self.kind);
                    dx.write(t, c, slope.mul(dy.load(t, c)), self.write);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let vectors =
            ActivateGradient { dx: self.dx.in_vectors(), x: self.x.in_vectors(), dy: self.dy.in_vectors(), ..*self };
        // SAFETY: the same vectors, each number of them on its own.
        unsafe { vectors.run::<L>(memory) }
    }
}

/// [`value`] on lanes, operation by operation.
#[inline(always)]
fn lanes_value<A: Arithmetic>(x: A, kind: Activation) -> A {
    let (zero, one) = (A::splat(0.0), A::splat(1.0));
    let half = A::splat(0.5).mul(x);
    let r = x.select_less(zero, zero, x);
    match kind {
        Activation::GeluErf => half.mul(one.add(math::erf(x.mul(A::splat(FRAC_1_SQRT_2 as f32))))),
        Activation::GeluTanh => half.mul(one.add(math::tanh(lanes_inner(x)))),
        Activation::Silu => x.mul(lanes_sigmoid(x)),
        Activation::Relu => r,
        Activation::Relu2 => r.mul(r),
        Activation::Relu3 => r.mul(r).mul(r),
    }
}

/// [`slope`] on lanes, operation by operation.
#[inline(always)]
fn lanes_slope<A: Arithmetic>(x: A, kind: Activation) -> A {
    let (zero, half, one) = (A::splat(0.0), A::splat(0.5), A::splat(1.0));
    let r = x.select_less(zero, zero, x);
    match kind {
        Activation::GeluErf => {
            let share = half.mul(one.add(math::erf(x.mul(A::splat(FRAC_1_SQRT_2 as f32)))));
            let density = A::splat(NORMAL_HEIGHT as f32).mul(math::exp(half.mul(x).neg().mul(x)));
            x.mul_add(density, share)
        }
        Activation::GeluTanh => {
            let tanh = math::tanh(lanes_inner(x));
            let growth = A::splat((3.0 * GELU_TANH_CUBE) as f32).mul(x).mul_add(x, one);
            let steepness = A::splat(GELU_TANH_FACTOR as f32).mul(growth);
            let bend = tanh.neg().mul_add(tanh, one).mul(steepness);
            half.mul(x).mul_add(bend, half.mul(one.add(tanh)))
        }
        Activation::Silu => {
            let sigmoid = lanes_sigmoid(x);
            sigmoid.mul(x.mul_add(one.sub(sigmoid), one))
        }
        Activation::Relu => zero.select_less(x, one, zero),
        Activation::Relu2 => r.add(r),
        Activation::Relu3 => A::splat(3.0).mul(r).mul(r),
    }
}

/// [`sigmoid`] on lanes.
#[inline(always)]
fn lanes_sigmoid<A: Arithmetic>(x: A) -> A {
    A::splat(1.0).div(A::splat(1.0).add(math::exp(x.neg())))
}

/// [`inner`] on lanes.
#[inline(always)]
fn lanes_inner<A: Arithmetic>(x: A) -> A {
    let growth = A::splat(GELU_TANH_CUBE as f32).mul(x).mul_add(x, A::splat(1.0));
    A::splat(GELU_TANH_FACTOR as f32).mul(x).mul(growth)
}
