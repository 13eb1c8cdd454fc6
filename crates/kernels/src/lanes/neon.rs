//! Sixteen lanes in four NEON registers.

use std::arch::aarch64::*;

use super::{LANES, Lanes, Vector};
use crate::arithmetic::{Arithmetic, SPLIT};
use crate::isa::Task;

/// Runs a task compiled for NEON. The only place that names [`Neon`].
///
/// # Safety
/// The processor has the enabled feature.
#[target_feature(enable = "neon")]
pub(crate) unsafe fn enter<T: Task>(task: T) -> T::Output {
    task.run::<Neon>()
}

/// Lanes 0 to 3, 4 to 7, 8 to 11 and 12 to 15.
#[derive(Clone, Copy)]
pub(crate) struct Neon([float32x4_t; 4]);

/// Calls of intrinsics that work on registers alone.
macro_rules! registers {
    ($e:expr) => {
        // SAFETY: values of `Neon` are made only inside `enter`, whose caller has the proof of NEON.
        unsafe { $e }
    };
}

/// The same intrinsic on all quarters.
macro_rules! all {
    ($f:ident($($x:expr),*)) => {
        registers!(Neon([$f($($x.0[0]),*), $f($($x.0[1]),*), $f($($x.0[2]),*), $f($($x.0[3]),*)]))
    };
}

/// The same function on all quarters.
macro_rules! each {
    ($f:ident($($x:expr),*)) => {
        Neon([$f($($x.0[0]),*), $f($($x.0[1]),*), $f($($x.0[2]),*), $f($($x.0[3]),*)])
    };
}

/// `a` where `a > b`, else `b`, also where either is NaN. (`vmaxq` differs: it gives NaN, and `+0` for zeros.)
#[inline(always)]
fn maximum(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    registers!(vbslq_f32(vcgtq_f32(a, b), a, b))
}

#[inline(always)]
fn minimum(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    registers!(vbslq_f32(vcltq_f32(a, b), a, b))
}

#[inline(always)]
fn select_less(a: float32x4_t, b: float32x4_t, then: float32x4_t, otherwise: float32x4_t) -> float32x4_t {
    registers!(vbslq_f32(vcltq_f32(a, b), then, otherwise))
}

#[inline(always)]
fn with_sign_of(a: float32x4_t, sign: float32x4_t) -> float32x4_t {
    registers!(vbslq_f32(vdupq_n_u32(0x8000_0000), sign, a))
}

/// `a * b + c`; the intrinsic takes the term first.
#[inline(always)]
fn mul_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
    registers!(vfmaq_f32(c, a, b))
}

#[inline(always)]
fn power_of_two(x: float32x4_t) -> float32x4_t {
    registers!({
        let exponent = vaddq_s32(vcvtnq_s32_f32(x), vdupq_n_s32(127));
        vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent))
    })
}

#[inline(always)]
fn exponent(x: float32x4_t) -> int32x4_t {
    registers!(vshrq_n_s32::<23>(vsubq_s32(vreinterpretq_s32_f32(x), vdupq_n_s32(SPLIT as i32))))
}

#[inline(always)]
fn exponent_number(x: float32x4_t) -> float32x4_t {
    registers!(vcvtq_f32_s32(exponent(x)))
}

#[inline(always)]
fn mantissa(x: float32x4_t) -> float32x4_t {
    registers!(vreinterpretq_f32_s32(vsubq_s32(vreinterpretq_s32_f32(x), vshlq_n_s32::<23>(exponent(x)))))
}

#[inline(always)]
fn round_to_upper_half(x: float32x4_t) -> float32x4_t {
    registers!({
        let bits = vreinterpretq_u32_f32(x);
        let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
        let rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
        vreinterpretq_f32_u32(vandq_u32(rounded, vdupq_n_u32(0xffff_0000)))
    })
}

impl Arithmetic for Neon {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        registers!(Neon([vdupq_n_f32(x); 4]))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        all!(vaddq_f32(self, other))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        all!(vsubq_f32(self, other))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        all!(vmulq_f32(self, other))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        all!(vdivq_f32(self, other))
    }
    #[inline(always)]
    fn neg(self) -> Self {
        all!(vnegq_f32(self))
    }
    #[inline(always)]
    fn absolute(self) -> Self {
        all!(vabsq_f32(self))
    }
    #[inline(always)]
    fn with_sign_of(self, sign: Self) -> Self {
        each!(with_sign_of(self, sign))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        each!(mul_add(self, factor, term))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        all!(vsqrtq_f32(self))
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        each!(maximum(self, other))
    }
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        each!(minimum(self, other))
    }
    #[inline(always)]
    fn select_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        each!(select_less(self, other, then, otherwise))
    }
    #[inline(always)]
    fn round_even(self) -> Self {
        all!(vrndnq_f32(self))
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        each!(power_of_two(self))
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        (each!(exponent_number(self)), each!(mantissa(self)))
    }
    #[inline(always)]
    fn round_to_upper_half(self) -> Self {
        each!(round_to_upper_half(self))
    }
}

/// The sums of four vectors whose quarters were added already: `+2`, then `+1`.
#[inline(always)]
fn sums_of_four(v: [float32x4_t; 4]) -> float32x4_t {
    /// `[a0+a2, a1+a3, b0+b2, b1+b3]`
    #[inline(always)]
    fn fold(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        registers!({
            let (a, b) = (vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b));
            vaddq_f32(vreinterpretq_f32_f64(vzip1q_f64(a, b)), vreinterpretq_f32_f64(vzip2q_f64(a, b)))
        })
    }
    registers!(vpaddq_f32(fold(v[0], v[1]), fold(v[2], v[3])))
}

impl Lanes for Neon {
    const LINEAR_ROWS: usize = 2;
    const LINEAR_OUTPUTS: usize = 3;
    const OUTER_INPUTS: usize = 2;
    const OUTER_OUTPUTS: usize = 2;
    const WIDE_ROWS: usize = 6;
    const WIDE_VECTORS: usize = 1;

    #[inline(always)]
    unsafe fn apart<T: Task>(task: T) -> T::Output {
        // SAFETY: the caller runs inside `enter`, whose caller has the proof of these features.
        unsafe { enter(task) }
    }

    #[inline(always)]
    fn from_array(lanes: [f32; LANES]) -> Self {
        // SAFETY: an array of sixteen numbers.
        unsafe { Self::load_array(lanes.as_ptr()) }
    }
    #[inline(always)]
    fn to_array(self) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        // SAFETY: an array of sixteen numbers.
        unsafe { self.store_array(lanes.as_mut_ptr()) };
        lanes
    }
    #[inline(always)]
    unsafe fn load(from: *const Vector) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::load_array(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut Vector) {
        // SAFETY: the caller's promise.
        unsafe { self.store_array(to.cast()) }
    }
    #[inline(always)]
    unsafe fn load_array(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Neon([vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))]) }
    }
    #[inline(always)]
    unsafe fn store_array(self, to: *mut f32) {
        for (quarter, lanes) in self.0.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { vst1q_f32(to.add(4 * quarter), lanes) };
        }
    }
    #[inline(always)]
    fn select_equal(ids: &[u32; LANES], id: u32, then: Self, otherwise: Self) -> Self {
        let mut lanes = otherwise;
        for (quarter, lanes) in lanes.0.iter_mut().enumerate() {
            registers!({
                let equal = vceqq_u32(vld1q_u32(ids.as_ptr().add(4 * quarter)), vdupq_n_u32(id));
                *lanes = vbslq_f32(equal, then.0[quarter], *lanes);
            });
        }
        lanes
    }
    #[inline(always)]
    fn lane_sums(v: [Self; LANES]) -> Self {
        let mut folded = [v[0].0[0]; LANES];
        for (sum, Neon([a, b, c, d])) in folded.iter_mut().zip(v) {
            *sum = registers!(vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d)));
        }
        let mut sums = [folded[0]; 4];
        for (quarter, sum) in sums.iter_mut().enumerate() {
            let k = 4 * quarter;
            *sum = sums_of_four([folded[k], folded[k + 1], folded[k + 2], folded[k + 3]]);
        }
        Neon(sums)
    }
}
