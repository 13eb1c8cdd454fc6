//! Sixteen lanes in two AVX2 registers.

use std::arch::x86_64::*;

use super::{LANES, Lanes, Vector};
use crate::arithmetic::{Arithmetic, SPLIT};
use crate::isa::Task;

/// Runs a task compiled for AVX2. The only place that names [`Avx2`].
///
/// # Safety
/// The processor has the enabled features.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn enter<T: Task>(task: T) -> T::Output {
    task.run::<Avx2>()
}

/// Lanes 0 to 7 and lanes 8 to 15.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256, __m256);

/// Calls of intrinsics that work on registers alone.
macro_rules! registers {
    ($e:expr) => {
        // SAFETY: values of `Avx2` are made only inside `enter`, whose caller has the proof of AVX2 and FMA.
        unsafe { $e }
    };
}

/// The same intrinsic on both halves.
macro_rules! both {
    ($f:ident($($x:expr),*)) => { registers!(Avx2($f($($x.0),*), $f($($x.1),*))) };
}

#[inline(always)]
fn power_of_two(x: __m256) -> __m256 {
    registers!({
        let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(127));
        _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
    })
}

#[inline(always)]
fn split(x: __m256) -> (__m256, __m256) {
    registers!({
        let bits = _mm256_castps_si256(x);
        let k = _mm256_srai_epi32::<23>(_mm256_sub_epi32(bits, _mm256_set1_epi32(SPLIT as i32)));
        let mantissa = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(k));
        (_mm256_cvtepi32_ps(k), _mm256_castsi256_ps(mantissa))
    })
}

#[inline(always)]
fn round_to_upper_half(x: __m256) -> __m256 {
    registers!({
        let bits = _mm256_castps_si256(x);
        let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
        let rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
        _mm256_castsi256_ps(_mm256_and_si256(rounded, _mm256_set1_epi32(-0x1_0000)))
    })
}

impl Arithmetic for Avx2 {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        registers!(Avx2(_mm256_set1_ps(x), _mm256_set1_ps(x)))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        both!(_mm256_add_ps(self, other))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        both!(_mm256_sub_ps(self, other))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        both!(_mm256_mul_ps(self, other))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        both!(_mm256_div_ps(self, other))
    }
    #[inline(always)]
    fn neg(self) -> Self {
        both!(_mm256_xor_ps(self, Self::splat(-0.0)))
    }
    #[inline(always)]
    fn absolute(self) -> Self {
        both!(_mm256_andnot_ps(Self::splat(-0.0), self))
    }
    #[inline(always)]
    fn with_sign_of(self, sign: Self) -> Self {
        let bit = Self::splat(-0.0);
        let (magnitude, sign) = (both!(_mm256_andnot_ps(bit, self)), both!(_mm256_and_ps(bit, sign)));
        both!(_mm256_or_ps(magnitude, sign))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        both!(_mm256_fmadd_ps(self, factor, term))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        both!(_mm256_sqrt_ps(self))
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        both!(_mm256_max_ps(self, other))
    }
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        both!(_mm256_min_ps(self, other))
    }
    #[inline(always)]
    fn select_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        registers!({
            let low = _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0);
            let high = _mm256_cmp_ps::<_CMP_LT_OQ>(self.1, other.1);
            Avx2(_mm256_blendv_ps(otherwise.0, then.0, low), _mm256_blendv_ps(otherwise.1, then.1, high))
        })
    }
    #[inline(always)]
    fn round_even(self) -> Self {
        const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        registers!(Avx2(_mm256_round_ps::<NEAREST>(self.0), _mm256_round_ps::<NEAREST>(self.1)))
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Avx2(power_of_two(self.0), power_of_two(self.1))
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let ((low, low_mantissa), (high, high_mantissa)) = (split(self.0), split(self.1));
        (Avx2(low, high), Avx2(low_mantissa, high_mantissa))
    }
    #[inline(always)]
    fn round_to_upper_half(self) -> Self {
        Avx2(round_to_upper_half(self.0), round_to_upper_half(self.1))
    }
}

/// The vector of `a`'s and `b`'s halves `[a0 b0] + [a1 b1]`.
#[inline(always)]
fn add_halves(a: __m256, b: __m256) -> __m256 {
    registers!(_mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b)))
}

/// The sums of eight vectors whose two halves were added already. Each step folds two vectors into one: first half on
/// half, then within halves. Half `j` of the vector for `m` ends as the sums of vectors `4j + m`.
#[inline(always)]
fn sums_of_eight(v: [__m256; 8]) -> __m256 {
    let (a, b, c, d) = (add_halves(v[0], v[4]), add_halves(v[1], v[5]), add_halves(v[2], v[6]), add_halves(v[3], v[7]));
    registers!({
        let p = _mm256_add_ps(_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xEE>(a, b));
        let q = _mm256_add_ps(_mm256_shuffle_ps::<0x44>(c, d), _mm256_shuffle_ps::<0xEE>(c, d));
        _mm256_add_ps(_mm256_shuffle_ps::<0x88>(p, q), _mm256_shuffle_ps::<0xDD>(p, q))
    })
}

/// Every quarter of sixteen lanes, here half a register, transposed as a matrix of 4 by 4.
#[inline(always)]
fn quads([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
    registers!({
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0x44>(ab_low, cd_low),
            _mm256_shuffle_ps::<0xEE>(ab_low, cd_low),
            _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm256_shuffle_ps::<0xEE>(ab_high, cd_high),
        ]
    })
}

impl Lanes for Avx2 {
    const LINEAR_ROWS: usize = 2;
    const LINEAR_OUTPUTS: usize = 2;
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
        let from = from.cast::<f32>();
        // SAFETY: the caller's promise; a `Vector` is aligned to 64 bytes.
        unsafe { Avx2(_mm256_load_ps(from), _mm256_load_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut Vector) {
        let to = to.cast::<f32>();
        // SAFETY: the caller's promise; a `Vector` is aligned to 64 bytes.
        unsafe {
            _mm256_store_ps(to, self.0);
            _mm256_store_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn load_array(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Avx2(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store_array(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    fn select_equal(ids: &[u32; LANES], id: u32, then: Self, otherwise: Self) -> Self {
        registers!({
            let id = _mm256_set1_epi32(id as i32);
            let low = _mm256_cmpeq_epi32(_mm256_loadu_si256(ids.as_ptr().cast()), id);
            let high = _mm256_cmpeq_epi32(_mm256_loadu_si256(ids.as_ptr().add(8).cast()), id);
            Avx2(
                _mm256_blendv_ps(otherwise.0, then.0, _mm256_castsi256_ps(low)),
                _mm256_blendv_ps(otherwise.1, then.1, _mm256_castsi256_ps(high)),
            )
        })
    }
    #[inline(always)]
    unsafe fn load_quarters(from: [*const f32; 4]) -> Self {
        // SAFETY: the caller's promise; loads of any alignment.
        unsafe {
            let [a, b, c, d] = from;
            let (a, b, c, d) = (_mm_loadu_ps(a), _mm_loadu_ps(b), _mm_loadu_ps(c), _mm_loadu_ps(d));
            Avx2(_mm256_set_m128(b, a), _mm256_set_m128(d, c))
        }
    }
    #[inline(always)]
    unsafe fn load_id_quarters([a, b, c, d]: [*const u16; 4]) -> Self {
        // SAFETY: the caller's promise; loads of any alignment.
        unsafe {
            let four = |from: *const u16| _mm_castsi128_ps(_mm_cvtepu16_epi32(_mm_loadl_epi64(from.cast())));
            Avx2(_mm256_set_m128(four(b), four(a)), _mm256_set_m128(four(d), four(c)))
        }
    }
    #[inline(always)]
    fn quads([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let (low, high) = (quads([a.0, b.0, c.0, d.0]), quads([a.1, b.1, c.1, d.1]));
        [Avx2(low[0], high[0]), Avx2(low[1], high[1]), Avx2(low[2], high[2]), Avx2(low[3], high[3])]
    }
    #[inline(always)]
    unsafe fn look_up(table: Self, index: &[u32; LANES]) -> Self {
        let half = |index: *const u32| {
            // SAFETY: eight indices stand there.
            let index = unsafe { _mm256_loadu_si256(index.cast()) };
            registers!({
                let low = _mm256_permutevar8x32_ps(table.0, index);
                let high = _mm256_permutevar8x32_ps(table.1, index);
                // The bit of weight 8 chooses the half; as the sign it steers the blend.
                let choice = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(index));
                _mm256_blendv_ps(low, high, choice)
            })
        };
        Avx2(half(index.as_ptr()), half(index[8..].as_ptr()))
    }
    #[inline(always)]
    fn lane_sums(v: [Self; LANES]) -> Self {
        let (mut low, mut high) = ([v[0].0; 8], [v[0].0; 8]);
        for k in 0..8 {
            low[k] = registers!(_mm256_add_ps(v[k].0, v[k].1));
            high[k] = registers!(_mm256_add_ps(v[k + 8].0, v[k + 8].1));
        }
        Avx2(sums_of_eight(low), sums_of_eight(high))
    }
}
