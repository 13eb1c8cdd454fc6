//! Cyclic redundancy checks that file formats ask for.

/// CRC-32 of ISO 3309, as PNG and zip have it.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table(0xedb8_8320);
    reflected(bytes, &TABLE)
}

/// CRC-32C (Castagnoli), as RFC 3720 has it.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table(0x82f6_3b78);
    reflected(bytes, &TABLE)
}

fn reflected(bytes: &[u8], table: &[u32; 256]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| table[(crc as u8 ^ byte) as usize] ^ crc >> 8)
}

/// The remainder of each byte by this polynomial, lowest bit first.
const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let (mut crc, mut bit) = (i as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { polynomial ^ crc >> 1 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32; RFC 3720, appendix B.4, and the check value of CRC-32C.
    #[test]
    fn published_vectors_come_out() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let (upwards, downwards): (Vec<u8>, Vec<u8>) = ((0..32).collect(), (0..32).rev().collect());
        for (bytes, expected) in [
            (&[0; 32][..], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&upwards, 0x46dd_794e),
            (&downwards, 0x113f_db5c),
            (b"123456789", 0xe306_9283),
            (b"", 0),
        ] {
            assert_eq!(crc32c(bytes), expected, "{bytes:?}");
        }
    }
}
