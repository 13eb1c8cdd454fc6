//! Sixteen lanes as a loop over numbers, on any processor.
//!
//! Nothing here needs an instruction set, so operations are functions and not part of every kernel: kernels of unrolled numbers
//! would be most of the code of this crate, and of the time to compile it.

use super::{LANES, Lanes, Vector, lane_sum};
use crate::arithmetic::Arithmetic;
use crate::isa::{Task, enter_scalar};

/// Sixteen numbers.
#[derive(Clone, Copy)]
pub(crate) struct Scalars([f32; LANES]);

impl Scalars {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Scalars(self.0.map(f))
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Scalars(std::array::from_fn(|l| f(self.0[l], other.0[l])))
    }
}

impl Arithmetic for Scalars {
    #[inline(never)]
    fn splat(x: f32) -> Self {
        Scalars([x; LANES])
    }
    #[inline(never)]
    fn add(self, other: Self) -> Self {
        self.zip(other, f32::add)
    }
    #[inline(never)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, f32::sub)
    }
    #[inline(never)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, f32::mul)
    }
    #[inline(never)]
    fn div(self, other: Self) -> Self {
        self.zip(other, f32::div)
    }
    #[inline(never)]
    fn neg(self) -> Self {
        self.map(f32::neg)
    }
    #[inline(never)]
    fn absolute(self) -> Self {
        self.map(f32::absolute)
    }
    #[inline(never)]
    fn with_sign_of(self, sign: Self) -> Self {
        self.zip(sign, f32::with_sign_of)
    }
    #[inline(never)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Scalars(std::array::from_fn(|l| f32::mul_add(self.0[l], factor.0[l], term.0[l])))
    }
    #[inline(never)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }
    #[inline(never)]
    fn maximum(self, other: Self) -> Self {
        self.zip(other, <f32 as Arithmetic>::maximum)
    }
    #[inline(never)]
    fn minimum(self, other: Self) -> Self {
        self.zip(other, <f32 as Arithmetic>::minimum)
    }
    #[inline(never)]
    fn select_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        Scalars(std::array::from_fn(|l| self.0[l].select_less(other.0[l], then.0[l], otherwise.0[l])))
    }
    #[inline(never)]
    fn round_even(self) -> Self {
        self.map(f32::round_even)
    }
    #[inline(never)]
    fn power_of_two(self) -> Self {
        self.map(f32::power_of_two)
    }
    #[inline(never)]
    fn split(self) -> (Self, Self) {
        (self.map(|x| x.split().0), self.map(|x| x.split().1))
    }
    #[inline(never)]
    fn round_to_upper_half(self) -> Self {
        self.map(f32::round_to_upper_half)
    }
}

impl Lanes for Scalars {
    const LINEAR_ROWS: usize = 1;
    const LINEAR_OUTPUTS: usize = 2;
    const OUTER_INPUTS: usize = 1;
    const OUTER_OUTPUTS: usize = 2;
    const WIDE_ROWS: usize = 2;
    const WIDE_VECTORS: usize = 1;

    #[inline(always)]
    unsafe fn apart<T: Task>(task: T) -> T::Output {
        enter_scalar(task)
    }

    #[inline(always)]
    fn from_array(lanes: [f32; LANES]) -> Self {
        Scalars(lanes)
    }
    #[inline(always)]
    fn to_array(self) -> [f32; LANES] {
        self.0
    }
    #[inline(always)]
    unsafe fn load(from: *const Vector) -> Self {
        // SAFETY: the caller's promise.
        Scalars(unsafe { (*from).0 })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut Vector) {
        // SAFETY: the caller's promise.
        unsafe { *to = Vector(self.0) }
    }
    #[inline(always)]
    unsafe fn load_array(from: *const f32) -> Self {
        // SAFETY: the caller's promise; an array of numbers has their alignment.
        Scalars(unsafe { *from.cast::<[f32; LANES]>() })
    }
    #[inline(always)]
    unsafe fn store_array(self, to: *mut f32) {
        // SAFETY: the caller's promise; an array of numbers has their alignment.
        unsafe { *to.cast::<[f32; LANES]>() = self.0 }
    }
    #[inline(always)]
    fn select_equal(ids: &[u32; LANES], id: u32, then: Self, otherwise: Self) -> Self {
        Scalars(std::array::from_fn(|l| if ids[l] == id { then.0[l] } else { otherwise.0[l] }))
    }
    #[inline(always)]
    fn lane_sums(vectors: [Self; LANES]) -> Self {
        Scalars(vectors.map(|x| lane_sum(x.0)))
    }
}
