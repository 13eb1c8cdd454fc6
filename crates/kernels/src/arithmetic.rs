//! What a formula may do with a number, be it one `f32` or a vector of lanes.

/// The operations that [`math`](crate::math) and the kernels are written in. Each is exact or rounded once, as IEEE 754
/// says, so a formula gives the same bits for `f32` and for every lane of every vector type (payloads of NaN excepted).
pub(crate) trait Arithmetic: Copy {
    /// Every lane is `x`.
    fn splat(x: f32) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`, correctly rounded.
    fn div(self, other: Self) -> Self;
    /// `-self`: flips the sign bit.
    fn neg(self) -> Self;
    /// `|self|`: clears the sign bit.
    fn absolute(self) -> Self;
    /// The magnitude of `self` with the sign bit of `sign`.
    fn with_sign_of(self, sign: Self) -> Self;
    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// `self` where `self > other`, else `other`: if either is NaN, or both are zeros, `other` (as x86 `maxps` does).
    fn maximum(self, other: Self) -> Self;
    /// `self` where `self < other`, else `other`: if either is NaN, or both are zeros, `other` (as x86 `minps` does).
    fn minimum(self, other: Self) -> Self;
    /// `then` where `self < other`, else `otherwise`, also where either is NaN.
    fn select_less(self, other: Self, then: Self, otherwise: Self) -> Self;
    /// The nearest integer, ties to the even one.
    fn round_even(self) -> Self;
    /// `2^self` for an integral `self` in `-126..=127`; anything else gives bits without meaning.
    fn power_of_two(self) -> Self;
    /// `(e, m)` with `self = m * 2^e`, `e` integral and `m` in about `[0.7071, 1.4142)`, for a normal positive `self`:
    /// with `k = (bits - 0x3f3504f3) >> 23` (signed), `e = k` and `m` has the bits `bits - (k << 23)`.
    fn split(self) -> (Self, Self);
    /// The bits rounded to the upper sixteen, ties to even, and zeros below them: of a finite number the nearest one with
    /// eight significant bits, or an infinity. Anything else gives bits without meaning.
    fn round_to_upper_half(self) -> Self;

    /// `self * 2^n`, rounded once, for `self` in `[0.5, 2)` and an integral `n` in `-252..=252`. Two factors, of which
    /// the first is exact; an instruction that rounds once gives the same bits.
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        let half = n.mul(Self::splat(0.5)).round_even();
        self.mul(half.power_of_two()).mul(n.sub(half).power_of_two())
    }
}

/// The bits of the smallest `m` that [`Arithmetic::split`] gives: the `f32` next to the square root of one half.
pub(crate) const SPLIT: u32 = 0x3f35_04f3;

impl Arithmetic for f32 {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        x
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self / other
    }
    #[inline(always)]
    fn neg(self) -> Self {
        -self
    }
    #[inline(always)]
    fn absolute(self) -> Self {
        self.abs()
    }
    #[inline(always)]
    fn with_sign_of(self, sign: Self) -> Self {
        self.copysign(sign)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        f32::mul_add(self, factor, term)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        if self < other { self } else { other }
    }
    #[inline(always)]
    fn select_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        if self < other { then } else { otherwise }
    }
    #[inline(always)]
    fn round_even(self) -> Self {
        self.round_ties_even()
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        f32::from_bits(((self as i32).wrapping_add(127) as u32) << 23)
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let k = (self.to_bits().wrapping_sub(SPLIT) as i32) >> 23;
        (k as f32, f32::from_bits(self.to_bits().wrapping_sub((k as u32) << 23)))
    }
    #[inline(always)]
    fn round_to_upper_half(self) -> Self {
        let bits = self.to_bits();
        let odd = bits >> 16 & 1;
        f32::from_bits(bits.wrapping_add(0x7fff + odd) & 0xffff_0000)
    }
}
