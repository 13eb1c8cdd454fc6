//! `exp`, `exp2`, `ln`, `erf` and `tanh` as polynomials, written once for one `f32` and for lanes, so with the same bits.
//!
//! The coefficients are minimax fits of ours: least squares on Chebyshev nodes, reweighted by the error until it is
//! level (Lawson's method; for quotients on the linearised problem), against 40-digit values; then rounded to `f32` one
//! after another, lowest degree first, each time fitting the rest anew. The errors stated are measured over every 97th
//! bit pattern by the tests below, in units of the last place of the exact result.
#![allow(clippy::excessive_precision, reason = "nine digits are the f32 and can be compared with the fit")]

use crate::arithmetic::Arithmetic;

/// `factors[0] + x (factors[1] + x (...))`, fused.
#[inline(always)]
fn polynomial<A: Arithmetic, const N: usize>(x: A, factors: [f32; N]) -> A {
    let mut sum = A::splat(factors[N - 1]);
    for &factor in factors[..N - 1].iter().rev() {
        sum = sum.mul_add(x, A::splat(factor));
    }
    sum
}

/// `ln 2` to 9 bits, so that its product with an exponent is exact.
const LN_2_HIGH: f32 = 0.693359375;
/// What is missing.
const LN_2_LOW: f32 = -2.12194440e-4;

/// `e^x`, within 1.1 units of the last place; subnormal results too. `exp(NaN)` is NaN, `exp(inf)` is `inf`, `exp(-inf)`
/// is 0, and so is everything below half the least subnormal.
///
/// `x = n ln 2 + r` with `|r| <= ln 2 / 2`, `e^r = 1 + r + r^2 P(r)`; `P` is off by 3.1e-9 of `e^r`.
#[inline(always)]
pub(crate) fn exp<A: Arithmetic>(x: A) -> A {
    // In this order NaN passes. Beyond these bounds the result is 0 or inf all the same.
    let x = A::splat(-104.0).maximum(A::splat(89.0).minimum(x));
    let n = x.mul(A::splat(std::f32::consts::LOG2_E)).round_even();
    let r = n.mul_add(A::splat(-LN_2_HIGH), x);
    let r = n.mul_add(A::splat(-LN_2_LOW), r);
    let p = polynomial(r, [4.999999404e-1, 1.666652113e-1, 4.166826233e-2, 8.368674666e-3, 1.382105402e-3]);
    r.mul(r).mul_add(p, r).add(A::splat(1.0)).scale(n)
}

/// `2^x` for `x` at most 128, within 2.1 units of the last place; subnormal results too. NaN for NaN, 0 for `-inf` and
/// everything below half the least subnormal; anything above 128 gives bits without meaning.
///
/// `x = n + r` with `|r| <= 1 / 2`, `2^r = 1 + r P(r)`; `P` is off by 9.4e-8 of `2^r`.
#[inline(always)]
pub(crate) fn exp2<A: Arithmetic>(x: A) -> A {
    // In this order NaN passes. Below this bound the result is 0 all the same.
    let x = A::splat(-151.0).maximum(x);
    let n = x.round_even();
    let r = x.sub(n);
    let p = polynomial(r, [6.931470037e-1, 2.402224690e-1, 5.550711229e-2, 9.671294130e-3, 1.326940721e-3]);
    r.mul_add(p, A::splat(1.0)).scale(n)
}

/// The natural logarithm, within 0.8 units of the last place; of subnormal numbers too. `ln(0)` is `-inf`, `ln(inf)` is
/// `inf`, and `ln` of NaN or a negative number is NaN.
///
/// `x = m 2^e` with `m` around 1, `f = m - 1`, `ln m = f - f^2 / 2 + f^3 P(f)`; `P` is off by 7.8e-10 of `ln m`.
#[inline(always)]
pub(crate) fn ln<A: Arithmetic>(x: A) -> A {
    let least = A::splat(f32::MIN_POSITIVE);
    let normal = x.select_less(least, x.mul(A::splat(8_388_608.0)), x);
    let (e, m) = normal.split();
    let e = e.add(x.select_less(least, A::splat(-23.0), A::splat(0.0)));
    let f = m.sub(A::splat(1.0));
    let p = polynomial(
        f,
        [
            3.333331347e-1,
            -2.500000894e-1,
            2.000208050e-1,
            -1.666800976e-1,
            1.422008574e-1,
            -1.240546852e-1,
            1.188525930e-1,
            -1.167664975e-1,
            6.753492355e-2,
        ],
    );
    let square = f.mul(f);
    let small = square.mul(f).mul(p);
    let small = e.mul_add(A::splat(LN_2_LOW), small);
    let small = square.mul_add(A::splat(-0.5), small);
    let value = e.mul_add(A::splat(LN_2_HIGH), f.add(small));
    let infinity = A::splat(f32::INFINITY);
    // Not positive: a negative number, zero, or NaN.
    let rest = x.select_less(A::splat(0.0), A::splat(f32::NAN), x.sub(infinity));
    A::splat(0.0).select_less(x, x.select_less(infinity, value, x), rest)
}

/// The error function, within 5.3 units of the last place (3.2e-7 of the value). Odd, at most 1 in magnitude; NaN for NaN.
///
/// `x (1 + z P(z)) / Q(z)` with `z = x^2`, off by 3.1e-8 of the value, up to 3.93, from where on it rounds to 1.
#[inline(always)]
pub(crate) fn erf<A: Arithmetic>(x: A) -> A {
    let bound = A::splat(3.93);
    let a = bound.minimum(x.absolute());
    let z = a.mul(a);
    let p = polynomial(z, [1.0, 1.686010510e-1, 4.672108218e-2, 3.328941762e-3, 2.518999390e-4, 1.813008339e-6]);
    let q =
        polynomial(z, [8.862269521e-1, 4.448273182e-1, 1.010608897e-1, 1.325011905e-2, 1.027539140e-3, 3.368781108e-5]);
    odd(x, bound, a.mul(p).div(q))
}

/// The hyperbolic tangent, within 5 units of the last place (3e-7 of the value). Odd, at most 1 in magnitude; NaN for NaN.
///
/// `x (1 + z P(z)) / (1 + z Q(z))` with `z = x^2`, off by 2.5e-9 of the value, up to 9.02, from where on it rounds to 1.
#[inline(always)]
pub(crate) fn tanh<A: Arithmetic>(x: A) -> A {
    let bound = A::splat(9.02);
    let a = bound.minimum(x.absolute());
    let z = a.mul(a);
    let p = polynomial(
        z,
        [1.0, 1.385616809e-1, 4.094593227e-3, 3.301041215e-5, 4.575219137e-8, -3.174328161e-11, 2.570714671e-14],
    );
    let q = polynomial(z, [1.0, 4.718950093e-1, 2.805959992e-2, 4.351278767e-4, 1.670466645e-6]);
    odd(x, bound, a.mul(p).div(q))
}

/// `value` with the sign of `x`: at most 1, and 1 from `bound` on.
#[inline(always)]
fn odd<A: Arithmetic>(x: A, bound: A, value: A) -> A {
    let one = A::splat(1.0);
    bound.select_less(x.absolute(), one, one.minimum(value)).with_sign_of(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{Isa, Task};
    use crate::lanes::{LANES, Lanes};

    #[derive(Clone, Copy, Debug)]
    enum Function {
        Exp,
        Exp2,
        Ln,
        Erf,
        Tanh,
    }

    impl Function {
        const ALL: [Function; 5] = [Function::Exp, Function::Exp2, Function::Ln, Function::Erf, Function::Tanh];

        #[inline(always)]
        fn of<A: Arithmetic>(self, x: A) -> A {
            match self {
                Function::Exp => exp(x),
                // At most 128; NaN stays.
                Function::Exp2 => exp2(A::splat(128.0).minimum(x)),
                Function::Ln => ln(x),
                Function::Erf => erf(x),
                Function::Tanh => tanh(x),
            }
        }

        fn exact(self, x: f64) -> f64 {
            match self {
                Function::Exp => libm::exp(x),
                Function::Exp2 => libm::exp2(if x > 128.0 { 128.0 } else { x }),
                Function::Ln => libm::log(x),
                Function::Erf => libm::erf(x),
                Function::Tanh => libm::tanh(x),
            }
        }

        /// The stated error in units of the last place.
        fn stated(self) -> f64 {
            match self {
                Function::Exp => 1.1,
                Function::Exp2 => 2.1,
                Function::Ln => 0.8,
                Function::Erf => 5.3,
                Function::Tanh => 5.0,
            }
        }
    }

    struct Apply(Function, [f32; LANES]);
    impl Task for Apply {
        type Output = [f32; LANES];
        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            self.0.of(L::from_array(self.1)).to_array()
        }
    }

    /// Error of `found` in units of the last place of `exact`; 0 where both are NaN or the same infinity.
    fn units_off(found: f32, exact: f64) -> f64 {
        if found.is_nan() && exact.is_nan() || f64::from(found) == exact {
            return 0.0;
        }
        // Half a unit beyond the largest number rounds to infinity.
        if found.is_infinite() {
            return if exact.abs() >= f64::from(f32::MAX) * (1.0 + libm::ldexp(1.0, -25)) {
                0.0
            } else {
                f64::INFINITY
            };
        }
        let exponent = (exact.abs().to_bits() >> 52) as i32 - 1023;
        let unit = libm::ldexp(1.0, exponent.max(-126) - 23);
        (f64::from(found) - exact).abs() / unit
    }

    /// Every `step`th bit pattern, sixteen at a time.
    fn patterns(step: usize) -> impl Iterator<Item = [f32; LANES]> {
        (0..=u32::MAX)
            .step_by(step * LANES)
            .map(move |first| std::array::from_fn(|l| f32::from_bits(first.wrapping_add((l * step) as u32))))
    }

    #[test]
    fn errors_are_within_what_is_stated() {
        for function in Function::ALL {
            let mut worst = (0.0, 0.0);
            for x in patterns(97) {
                let y = Isa::best().enter(Apply(function, x));
                for (x, y) in x.into_iter().zip(y) {
                    let off = units_off(y, function.exact(f64::from(x)));
                    assert!(off <= function.stated(), "{function:?}({x:e}) = {y:e}, off by {off}");
                    worst = if off > worst.0 { (off, x) } else { worst };
                }
            }
            println!("{function:?}: at most {} units of the last place, at {:e}", worst.0, worst.1);
        }
    }

    #[test]
    fn one_number_and_lanes_of_every_instruction_set_have_the_same_bits() {
        for (function, x) in Function::ALL.into_iter().flat_map(|f| patterns(6007).map(move |x| (f, x))) {
            let expected = x.map(|x| function.of(x).to_bits());
            for isa in Isa::available() {
                let found = isa.enter(Apply(function, x)).map(f32::to_bits);
                for l in 0..LANES {
                    let both_nan = f32::from_bits(found[l]).is_nan() && f32::from_bits(expected[l]).is_nan();
                    assert!(both_nan || found[l] == expected[l], "{function:?}({:e}) on {isa}", x[l]);
                }
            }
        }
    }

    #[test]
    fn special_values() {
        let (infinity, nan) = (f32::INFINITY, f32::NAN);
        assert!(exp(nan).is_nan() && exp2(nan).is_nan() && ln(nan).is_nan() && erf(nan).is_nan() && tanh(nan).is_nan());
        assert!(ln(-1.0f32).is_nan() && ln(-infinity).is_nan());
        assert_eq!([exp(infinity), exp(-infinity), exp(0.0), exp(-0.0)], [infinity, 0.0, 1.0, 1.0]);
        assert_eq!([exp2(128.0), exp2(-infinity), exp2(0.0), exp2(-0.0)], [infinity, 0.0, 1.0, 1.0]);
        assert_eq!([ln(infinity), ln(0.0), ln(-0.0), ln(1.0)], [infinity, -infinity, -infinity, 0.0]);
        for odd in [erf::<f32>, tanh::<f32>] {
            assert_eq!([odd(infinity), odd(-infinity), odd(0.0)], [1.0, -1.0, 0.0]);
            assert!(odd(-0.0).is_sign_negative());
        }
    }
}
