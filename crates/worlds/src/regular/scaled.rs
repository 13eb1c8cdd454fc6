//! Numbers from 0 up whose exponents have no bounds: probabilities of words of a thousand symbols.

use super::Natural;

/// `mantissa * 2^exponent`, with a mantissa of 0 or in `[0.5, 1)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scaled {
    mantissa: f64,
    exponent: i64,
}

impl Scaled {
    pub(super) const ZERO: Scaled = Scaled { mantissa: 0.0, exponent: 0 };

    fn new(value: f64, exponent: i64) -> Scaled {
        let (mantissa, shift) = libm::frexp(value);
        Scaled { mantissa, exponent: if mantissa == 0.0 { 0 } else { exponent + i64::from(shift) } }
    }

    /// A probability, shared by as many as there are.
    pub(super) fn share(probability: f64, of: &Natural) -> Scaled {
        let (leading, shift) = of.leading();
        Scaled::new(probability / leading as f64, -shift)
    }

    pub(super) fn plus(self, other: Scaled) -> Scaled {
        let (large, small) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        if small.mantissa == 0.0 || large.mantissa == 0.0 {
            return if large.mantissa == 0.0 { small } else { large };
        }
        let shift = (small.exponent - large.exponent).max(-200) as i32;
        Scaled::new(large.mantissa + libm::ldexp(small.mantissa, shift), large.exponent)
    }

    pub(super) fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }

    /// `self / other`, where `other` is not 0.
    pub(super) fn ratio(self, other: Scaled) -> f64 {
        let shift = (self.exponent - other.exponent).clamp(-2000, 2000) as i32;
        libm::ldexp(self.mantissa / other.mantissa, shift)
    }
}
