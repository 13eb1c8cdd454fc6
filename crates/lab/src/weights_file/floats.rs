//! Numbers of other widths as f32.

use safetensors::tensor::Dtype;

/// Bytes of one scalar, or `None` where it is not one of the four kinds of real numbers that are read.
pub(super) fn width(dtype: Dtype) -> Option<usize> {
    match dtype {
        Dtype::F16 | Dtype::BF16 => Some(2),
        Dtype::F32 => Some(4),
        Dtype::F64 => Some(8),
        _ => None,
    }
}

/// The scalars of `raw`, little-endian, rounded to nearest. Every bit of an F32 is kept.
pub(super) fn to_f32(dtype: Dtype, raw: &[u8]) -> Vec<f32> {
    match dtype {
        Dtype::F16 => convert(raw, |bytes| half(u16::from_le_bytes(bytes))),
        Dtype::BF16 => convert(raw, |bytes| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)),
        Dtype::F32 => convert(raw, f32::from_le_bytes),
        Dtype::F64 => convert(raw, |bytes| f64::from_le_bytes(bytes) as f32),
        other => unreachable!("{other} was refused with the header"),
    }
}

fn convert<const N: usize>(raw: &[u8], from: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    let (scalars, rest) = raw.as_chunks::<N>();
    assert!(rest.is_empty(), "the header was checked");
    scalars.iter().map(|bytes| from(*bytes)).collect()
}

/// IEEE 754 binary16: a sign, 5 bits of exponent (bias 15), 10 bits of mantissa. Every value is exact in f32.
pub(crate) fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, mantissa) = (u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    let magnitude = match exponent {
        0 => (mantissa as f32 / 16_777_216.0).to_bits(), // subnormal: mantissa / 2^24
        31 => 0x7f80_0000 | mantissa << 13,              // infinity, or not a number
        _ => (exponent + 112) << 23 | mantissa << 13,    // the bias rises from 15 to 127
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: (-1)^s 2^(e-15) (1 + m/1024), in f64.
    fn definition(bits: u16) -> f64 {
        let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
        let magnitude = match exponent {
            0 => libm::ldexp(mantissa, -14),
            31 if mantissa == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => libm::ldexp(1.0 + mantissa, exponent - 15),
        };
        if bits >> 15 == 1 { -magnitude } else { magnitude }
    }

    #[test]
    fn every_half_is_its_definition() {
        for bits in 0..=u16::MAX {
            let (found, wanted) = (half(bits), definition(bits));
            assert!(
                found.is_nan() && wanted.is_nan() || f64::from(found).to_bits() == wanted.to_bits(),
                "{bits:#x}: {found}"
            );
        }
    }

    #[test]
    fn each_kind_of_number_is_read() {
        assert_eq!(to_f32(Dtype::F32, &[0.1f32.to_le_bytes(), f32::MAX.to_le_bytes()].concat()), [0.1, f32::MAX]);
        assert_eq!(to_f32(Dtype::F64, &[0.1f64.to_le_bytes(), 1e300f64.to_le_bytes()].concat()), [0.1, f32::INFINITY]);
        assert_eq!(to_f32(Dtype::BF16, &[0xc0, 0x3f, 0x80, 0xff]), [1.5, f32::NEG_INFINITY]);
        assert_eq!(to_f32(Dtype::F16, &[0x00, 0x3e]), [1.5]);
    }
}
