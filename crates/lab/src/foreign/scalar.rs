//! The kinds of numbers that arrays consist of, little-endian.

use crate::weights_file::half;

/// A kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

impl Scalar {
    /// Bytes of one.
    pub(super) fn width(self) -> usize {
        match self {
            Scalar::F64 | Scalar::I64 | Scalar::U64 => 8,
            Scalar::F32 | Scalar::I32 | Scalar::U32 => 4,
            Scalar::F16 | Scalar::BF16 | Scalar::I16 | Scalar::U16 => 2,
            Scalar::I8 | Scalar::U8 | Scalar::Bool => 1,
        }
    }

    /// The number whose bytes are the first of `raw`; `None` where f64 does not hold it exactly, or bytes lack.
    pub(super) fn read(self, raw: &[u8]) -> Option<f64> {
        Some(match self {
            Scalar::F64 => f64::from_le_bytes(*raw.first_chunk()?),
            Scalar::F32 => f64::from(f32::from_le_bytes(*raw.first_chunk()?)),
            Scalar::F16 => f64::from(half(u16::from_le_bytes(*raw.first_chunk()?))),
            Scalar::BF16 => f64::from(f32::from_bits(u32::from(u16::from_le_bytes(*raw.first_chunk()?)) << 16)),
            Scalar::I64 => return exact(i128::from(i64::from_le_bytes(*raw.first_chunk()?))),
            Scalar::U64 => return exact(i128::from(u64::from_le_bytes(*raw.first_chunk()?))),
            Scalar::I32 => f64::from(i32::from_le_bytes(*raw.first_chunk()?)),
            Scalar::U32 => f64::from(u32::from_le_bytes(*raw.first_chunk()?)),
            Scalar::I16 => f64::from(i16::from_le_bytes(*raw.first_chunk()?)),
            Scalar::U16 => f64::from(u16::from_le_bytes(*raw.first_chunk()?)),
            Scalar::I8 => f64::from(raw.first()?.cast_signed()),
            Scalar::U8 => f64::from(*raw.first()?),
            Scalar::Bool => f64::from(u8::from(*raw.first()? != 0)),
        })
    }
}

fn exact(integer: i128) -> Option<f64> {
    let number = integer as f64;
    (number as i128 == integer).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read() {
        let cases: [(Scalar, &[u8], Option<f64>); 19] = [
            (Scalar::F64, &0.1f64.to_le_bytes(), Some(0.1)),
            (Scalar::F32, &0.1f32.to_le_bytes(), Some(f64::from(0.1f32))),
            (Scalar::F16, &[0x00, 0x3e], Some(1.5)),
            (Scalar::BF16, &[0xc0, 0x3f], Some(1.5)),
            (Scalar::I64, &(-3i64).to_le_bytes(), Some(-3.0)),
            (Scalar::I64, &i64::MIN.to_le_bytes(), Some(-9_223_372_036_854_775_808.0)),
            (Scalar::I64, &((1i64 << 53) + 1).to_le_bytes(), None),
            (Scalar::U64, &(1u64 << 63).to_le_bytes(), Some(9_223_372_036_854_775_808.0)),
            (Scalar::U64, &u64::MAX.to_le_bytes(), None),
            (Scalar::I32, &(-3i32).to_le_bytes(), Some(-3.0)),
            (Scalar::U32, &u32::MAX.to_le_bytes(), Some(4_294_967_295.0)),
            (Scalar::I16, &[0xff, 0xff], Some(-1.0)),
            (Scalar::U16, &[0xff, 0xff], Some(65_535.0)),
            (Scalar::I8, &[0x80], Some(-128.0)),
            (Scalar::U8, &[0x80], Some(128.0)),
            (Scalar::Bool, &[1], Some(1.0)),
            (Scalar::Bool, &[0], Some(0.0)),
            (Scalar::F64, &[0; 7], None),
            (Scalar::U8, &[], None),
        ];
        for (scalar, raw, expected) in cases {
            assert_eq!(scalar.read(raw), expected, "{scalar:?}");
            assert!(expected.is_none() || raw.len() == scalar.width());
        }
    }
}
