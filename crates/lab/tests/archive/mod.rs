//! Zip archives of stored entries.

fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// An archive that is whole, whatever its entries hold.
pub(crate) fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let header = (file.len() as u32).to_le_bytes();
        let [length, name_length] = [data.len() as u32, name.len() as u32].map(u32::to_le_bytes);
        let fields =
            [&[0; 10], &checksum(data).to_le_bytes()[..], &length, &length, &name_length[..2], &[0; 2]].concat();
        file.extend([b"PK\x03\x04", &fields[..], name.as_bytes(), data].concat());
        directory.extend([b"PK\x01\x02\0\0", &fields[..], &[0; 10], &header, name.as_bytes()].concat());
    }
    let [count, length, start] = [entries.len(), directory.len(), file.len()].map(|n| (n as u32).to_le_bytes());
    [file, directory, [b"PK\x05\x06\0\0\0\0", &count[..2], &count[..2], &length, &start, &[0; 2]].concat()].concat()
}
