//! Pictures of few colours as PNG inside a page: every cell of a matrix is one point of it.

use crate::checksum::crc32;

/// A picture of `width` points a row; `points` are places in `palette` (red, green, blue), and place 0 is transparent. As an
/// address that holds all of it.
///
/// Format: W3C, Portable Network Graphics, second edition; colour type 3 and stored (uncompressed) blocks of RFC 1950 and 1951.
pub(super) fn data_address(width: usize, points: &[u8], palette: &[[u8; 3]]) -> String {
    let height = points.len() / width;
    assert!(width * height == points.len() && (1..=256).contains(&palette.len()), "whole rows and at most 256 colours");
    let mut header = Vec::new();
    [width, height].iter().for_each(|&n| header.extend((n as u32).to_be_bytes()));
    header.extend([8, 3, 0, 0, 0]);
    let rows: Vec<u8> = points.chunks(width).flat_map(|row| [0].into_iter().chain(row.iter().copied())).collect();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let data = stored(&rows);
    for (name, content) in
        [(b"IHDR", &header[..]), (b"PLTE", palette.as_flattened()), (b"tRNS", &[0]), (b"IDAT", &data), (b"IEND", &[])]
    {
        file.extend((content.len() as u32).to_be_bytes());
        let start = file.len();
        file.extend(name);
        file.extend(content);
        file.extend(crc32(&file[start..]).to_be_bytes());
    }
    format!("data:image/png;base64,{}", base64(&file))
}

fn stored(bytes: &[u8]) -> Vec<u8> {
    const MOST: usize = 65_535;
    let mut out = vec![0x78, 0x01];
    let blocks = bytes.len().div_ceil(MOST);
    for (number, block) in bytes.chunks(MOST).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(number + 1 == blocks));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler32(bytes).to_be_bytes());
    out
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | u32::from(group.get(i).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
            text.push(if place <= group.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10; the check value of Adler-32.
    #[test]
    fn published_vectors_come_out() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn long_pictures_are_cut_into_blocks() {
        let bytes = vec![7; 70_000];
        let out = stored(&bytes);
        assert_eq!((out.len(), out[2], out[2 + 5 + 65_535]), (2 + 2 * 5 + 70_000 + 4, 0, 1));
    }
}
