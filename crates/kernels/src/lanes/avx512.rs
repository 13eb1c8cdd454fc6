//! Sixteen lanes in one AVX-512 register.

use std::arch::x86_64::*;

use super::{LANES, Lanes, Vector};
use crate::arithmetic::{Arithmetic, SPLIT};
use crate::isa::Task;

/// Runs a task compiled for AVX-512. The only place that names [`Avx512`].
///
/// # Safety
/// The processor has the enabled features.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
pub(crate) unsafe fn enter<T: Task>(task: T) -> T::Output {
    task.run::<Avx512>()
}

/// One register of sixteen numbers.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512);

/// Calls of intrinsics that work on registers alone.
macro_rules! registers {
    ($e:expr) => {
        // SAFETY: values of `Avx512` are made only inside `enter`, whose caller has the proof of AVX-512.
        unsafe { $e }
    };
}

impl Arithmetic for Avx512 {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        registers!(Avx512(_mm512_set1_ps(x)))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        registers!(Avx512(_mm512_add_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        registers!(Avx512(_mm512_sub_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        registers!(Avx512(_mm512_mul_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        registers!(Avx512(_mm512_div_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn neg(self) -> Self {
        registers!(Avx512(_mm512_xor_ps(self.0, _mm512_set1_ps(-0.0))))
    }
    #[inline(always)]
    fn absolute(self) -> Self {
        registers!(Avx512(_mm512_andnot_ps(_mm512_set1_ps(-0.0), self.0)))
    }
    #[inline(always)]
    fn with_sign_of(self, sign: Self) -> Self {
        registers!({
            let bit = _mm512_set1_ps(-0.0);
            Avx512(_mm512_or_ps(_mm512_andnot_ps(bit, self.0), _mm512_and_ps(bit, sign.0)))
        })
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        registers!(Avx512(_mm512_fmadd_ps(self.0, factor.0, term.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        registers!(Avx512(_mm512_sqrt_ps(self.0)))
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        registers!(Avx512(_mm512_max_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        registers!(Avx512(_mm512_min_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn select_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        registers!({
            let less = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0);
            Avx512(_mm512_mask_blend_ps(less, otherwise.0, then.0))
        })
    }
    #[inline(always)]
    fn round_even(self) -> Self {
        registers!(Avx512(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)))
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        registers!({
            let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(self.0), _mm512_set1_epi32(127));
            Avx512(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent)))
        })
    }
    /// The instruction rounds once, as the two factors do.
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        registers!(Avx512(_mm512_scalef_ps(self.0, n.0)))
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        registers!({
            let bits = _mm512_castps_si512(self.0);
            let k = _mm512_srai_epi32::<23>(_mm512_sub_epi32(bits, _mm512_set1_epi32(SPLIT as i32)));
            let mantissa = _mm512_sub_epi32(bits, _mm512_slli_epi32::<23>(k));
            (Avx512(_mm512_cvtepi32_ps(k)), Avx512(_mm512_castsi512_ps(mantissa)))
        })
    }
    #[inline(always)]
    fn round_to_upper_half(self) -> Self {
        registers!({
            let bits = _mm512_castps_si512(self.0);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
            Avx512(_mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32(-0x1_0000))))
        })
    }
}

/// The vector of `a`'s and `b`'s halves `[a0 b0] + [a1 b1]`.
#[inline(always)]
fn add_halves(a: __m512, b: __m512) -> __m512 {
    registers!(_mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xEE>(a, b)))
}

/// The vector of `a`'s and `b`'s quarters `[a0 a2 b0 b2] + [a1 a3 b1 b3]`.
#[inline(always)]
fn add_quarters(a: __m512, b: __m512) -> __m512 {
    registers!(_mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xDD>(a, b)))
}

impl Lanes for Avx512 {
    const LINEAR_ROWS: usize = 4;
    const LINEAR_OUTPUTS: usize = 6;
    const OUTER_INPUTS: usize = 4;
    const OUTER_OUTPUTS: usize = 4;
    const WIDE_ROWS: usize = 14;
    const WIDE_VECTORS: usize = 2;

    #[inline(always)]
    unsafe fn apart<T: Task>(task: T) -> T::Output {
        // SAFETY: the caller runs inside `enter`, whose caller has the proof of these features.
        unsafe { enter(task) }
    }

    #[inline(always)]
    fn from_array(lanes: [f32; LANES]) -> Self {
        registers!(Avx512(_mm512_loadu_ps(lanes.as_ptr())))
    }
    #[inline(always)]
    fn to_array(self) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        registers!(_mm512_storeu_ps(lanes.as_mut_ptr(), self.0));
        lanes
    }
    #[inline(always)]
    unsafe fn load(from: *const Vector) -> Self {
        // SAFETY: the caller's promise; a `Vector` is aligned to 64 bytes.
        unsafe { Avx512(_mm512_load_ps(from.cast())) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut Vector) {
        // SAFETY: the caller's promise; a `Vector` is aligned to 64 bytes.
        unsafe { _mm512_store_ps(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn load_array(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Avx512(_mm512_loadu_ps(from)) }
    }
    #[inline(always)]
    unsafe fn store_array(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    fn select_equal(ids: &[u32; LANES], id: u32, then: Self, otherwise: Self) -> Self {
        registers!({
            let ids = _mm512_loadu_si512(ids.as_ptr().cast());
            let equal = _mm512_cmpeq_epi32_mask(ids, _mm512_set1_epi32(id as i32));
            Avx512(_mm512_mask_blend_ps(equal, otherwise.0, then.0))
        })
    }

    #[inline(always)]
    unsafe fn load_quarters(from: [*const f32; 4]) -> Self {
        // SAFETY: the caller's promise; loads of any alignment.
        unsafe {
            let [a, b, c, d] = from;
            let (a, b, c, d) = (_mm_loadu_ps(a), _mm_loadu_ps(b), _mm_loadu_ps(c), _mm_loadu_ps(d));
            let low = _mm512_insertf32x4::<1>(_mm512_castps128_ps512(a), b);
            Avx512(_mm512_insertf32x4::<3>(_mm512_insertf32x4::<2>(low, c), d))
        }
    }
    #[inline(always)]
    unsafe fn load_id_quarters([a, b, c, d]: [*const u16; 4]) -> Self {
        // SAFETY: the caller's promise; loads of any alignment.
        unsafe {
            let four = |from: *const u16| _mm_cvtepu16_epi32(_mm_loadl_epi64(from.cast()));
            let low = _mm512_inserti32x4::<1>(_mm512_castsi128_si512(four(a)), four(b));
            let all = _mm512_inserti32x4::<3>(_mm512_inserti32x4::<2>(low, four(c)), four(d));
            Avx512(_mm512_castsi512_ps(all))
        }
    }
    #[inline(always)]
    fn quads([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        registers!({
            let (ab_low, ab_high) = (_mm512_unpacklo_ps(a.0, b.0), _mm512_unpackhi_ps(a.0, b.0));
            let (cd_low, cd_high) = (_mm512_unpacklo_ps(c.0, d.0), _mm512_unpackhi_ps(c.0, d.0));
            [
                Avx512(_mm512_shuffle_ps::<0x44>(ab_low, cd_low)),
                Avx512(_mm512_shuffle_ps::<0xEE>(ab_low, cd_low)),
                Avx512(_mm512_shuffle_ps::<0x44>(ab_high, cd_high)),
                Avx512(_mm512_shuffle_ps::<0xEE>(ab_high, cd_high)),
            ]
        })
    }
    #[inline(always)]
    unsafe fn look_up(table: Self, index: &[u32; LANES]) -> Self {
        registers!(Avx512(_mm512_permutexvar_ps(_mm512_loadu_si512(index.as_ptr().cast()), table.0)))
    }

    /// The first step halves two vectors into one, the second four into one; each later step folds within quarters.
    /// Quarter `j` of the vector for `m` ends as the sums of vectors `4j + m`.
    #[inline(always)]
    fn lane_sums(v: [Self; LANES]) -> Self {
        let mut quarters = [v[0].0; 4];
        for (m, quarter) in quarters.iter_mut().enumerate() {
            *quarter = add_quarters(add_halves(v[m].0, v[m + 4].0), add_halves(v[m + 8].0, v[m + 12].0));
        }
        let [a, b, c, d] = quarters;
        registers!({
            let p = _mm512_add_ps(_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xEE>(a, b));
            let q = _mm512_add_ps(_mm512_shuffle_ps::<0x44>(c, d), _mm512_shuffle_ps::<0xEE>(c, d));
            Avx512(_mm512_add_ps(_mm512_shuffle_ps::<0x88>(p, q), _mm512_shuffle_ps::<0xDD>(p, q)))
        })
    }
}
