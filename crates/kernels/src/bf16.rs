//! Numbers of eight significant bits: what products multiply that take their operands rounded.
//!
//! A product of two such numbers has at most sixteen bits, so each multiply-add of a chain rounds once, like any other,
//! whether it multiplies or takes the product as given. What is smaller than `2^-56` becomes 0. So every operand is a
//! multiple of `2^-63`, every product and every partial sum a multiple of `2^-126`, the least normal number, and nothing in
//! a chain is ever subnormal: an instruction that takes subnormal numbers for 0, as `vdpbf16ps` does, has no occasion to.
//! By its published definition that instruction is two links of the chain (the upper numbers of its pairs, then the lower
//! ones, each rounded to nearest), so it can have the bits that are defined here. It is not used: whether each processor
//! keeps that definition has to be seen on the processor.

use crate::arithmetic::Arithmetic;
use crate::isa::Task;
use crate::lanes::{Lanes, Vector};
use crate::memory::Raw;
use crate::place::Place;
use crate::scalar::Scalar;
use crate::wide::vectors;

/// Smaller numbers become 0: `2^-56`.
const LEAST: f32 = f32::from_bits((127 - 56) << 23);

/// The plain twin: the nearest number of type bfloat16 (the upper half of an `f32`), ties to the even one; 0 for what is
/// smaller than `2^-56`. NaN and infinities stay.
pub fn bf16<S: Scalar>(x: S) -> S {
    S::of_f32(rounded(x.to_f64() as f32))
}

#[inline(always)]
fn rounded<A: Arithmetic>(x: A) -> A {
    let size = x.absolute();
    let nearest = size.select_less(A::splat(LEAST), A::splat(0.0), x.round_to_upper_half());
    size.select_less(A::splat(f32::INFINITY), nearest, x)
}

/// Rounds vectors where they stand.
pub(crate) struct RoundVectors<'a>(pub(crate) &'a mut [Vector]);

impl Task for RoundVectors<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for vector in self.0 {
            // SAFETY: a vector to read and write.
            unsafe { rounded(L::load(vector)).store(vector) };
        }
    }
}

/// Writes the numbers of `x` rounded to `to`, in the wide layout.
///
/// # Safety
/// The places lie inside the values memory and have the same shape.
#[inline(always)]
pub(crate) unsafe fn round_rows<L: Lanes>(memory: Raw, to: Place, x: Place) {
    // SAFETY: the caller's promise.
    unsafe {
        let (to, from) = (memory.wide(to), memory.wide(x));
        for t in 0..x.rows {
            for v in 0..vectors(x.channels as usize) as u32 {
                to.store(t, v, rounded(from.load::<L>(t, v)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::lanes::LANES;

    /// The nearest of the two numbers with sixteen bits around `x`, by their distances, which are exact in `f64`.
    fn nearest(x: f32) -> f32 {
        if x.is_nan() || x.is_infinite() {
            return x;
        }
        if x.abs() < 1.0 / (1_u64 << 56) as f32 {
            return 0.0;
        }
        let low = x.to_bits() & 0xffff_0000;
        // Beyond the greatest number stands what would be next, not infinity.
        let value = |bits: u32| match f64::from(f32::from_bits(bits)) {
            infinite if infinite.is_infinite() => infinite.signum() * 2.0 * f64::from(f32::from_bits(254 << 23)),
            value => value,
        };
        let distance = |bits: u32| (f64::from(x) - value(bits)).abs();
        let (below, above) = (distance(low), distance(low + 0x1_0000));
        let up = above < below || above == below && low & 0x1_0000 != 0;
        f32::from_bits(if up { low + 0x1_0000 } else { low })
    }

    struct Round([f32; LANES]);
    impl Task for Round {
        type Output = [f32; LANES];
        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            rounded(L::from_array(self.0)).to_array()
        }
    }

    /// Every sign, exponent and upper half, with lower halves around the tie and the ends, on every instruction set.
    #[test]
    fn rounding_gives_the_nearest_number_on_every_instruction_set() {
        const LOWER: [u32; LANES] = [
            0, 1, 2, 0x3fff, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0x8002, 0x9abc, 0xbfff, 0xc000, 0xfffd, 0xfffe, 0xffff, 5,
        ];
        for upper in 0..=0xffff_u32 {
            let numbers = LOWER.map(|lower| f32::from_bits(upper << 16 | lower));
            let expected = numbers.map(nearest);
            for isa in Isa::available() {
                let found = isa.enter(Round(numbers));
                for (x, (found, expected)) in numbers.iter().zip(found.iter().zip(&expected)) {
                    let same = found == expected || found.is_nan() && expected.is_nan();
                    assert!(same, "{isa}: {x:e} ({:#010x}) became {found:e}, not {expected:e}", x.to_bits());
                }
            }
            numbers.iter().zip(expected).for_each(|(x, y)| assert!(bf16(*x) == y || y.is_nan() && bf16(*x).is_nan()));
        }
    }

    /// Operands as small as they get: no product and no partial sum of two is subnormal, so nothing can be flushed.
    #[test]
    fn no_sum_of_products_is_subnormal() {
        let least = |mantissa: u32| f32::from_bits(LEAST.to_bits() | mantissa << 16);
        for (a, b) in (0..128).flat_map(|a| (0..128).map(move |b| (least(a), least(b)))) {
            assert_eq!((bf16(a), bf16(b)), (a, b));
            assert!((a * b).is_normal() && f64::from(a * b) == f64::from(a) * f64::from(b));
            for (c, d) in [(LEAST, LEAST), (least(1), LEAST), (least(127), least(126)), (b, least(1))] {
                let difference = a.mul_add(b, -(c * d));
                assert!(difference == 0.0 || difference.is_normal(), "{a:e} {b:e} - {c:e} {d:e} = {difference:e}");
            }
        }
        assert_eq!(bf16(LEAST * (1.0 - f32::EPSILON)), 0.0);
    }
}
