//! What is written is read; damage, doubles and overlaps are named.

use super::*;

const CONTENT: [(&str, &str); 3] = [("a/b", "hello"), ("a/é", ""), ("c", "world!")];

fn archive() -> Vec<u8> {
    let mut file = Vec::new();
    let entries = CONTENT.iter().map(|(name, data)| (name.to_string(), data.as_bytes().to_vec())).collect();
    write(&mut file, &entries).unwrap();
    file
}

fn parse(file: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let archive = Archive::parse(file, &mut Budget::new(file.len())).map_err(|fault| fault.0)?;
    Ok(archive.entries(file).map(|(name, place)| (name.to_string(), file[place].to_vec())).collect())
}

/// Replaces a piece that stands once.
fn replaced(file: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = file.windows(old.len()).position(|piece| piece == old).unwrap();
    [&file[..at], new, &file[at + old.len()..]].concat()
}

#[test]
fn what_is_written_is_read() {
    let file = archive();
    let expected: Vec<_> = CONTENT.iter().map(|(name, data)| (name.to_string(), data.as_bytes().to_vec())).collect();
    assert_eq!(parse(&file).unwrap(), expected);
    let archive = Archive::parse(&file, &mut Budget::new(file.len())).unwrap();
    assert_eq!(archive.find(&file, &["a", "/", "b"]).map(|place| &file[place]), Some(&b"hello"[..]));
    assert_eq!((archive.find(&file, &["a/"]), archive.find(&file, &["a/b", "c"])), (None, None));
}

#[test]
fn every_shortened_archive_is_refused() {
    let file = archive();
    (0..file.len()).for_each(|end| assert!(parse(&file[..end]).is_err(), "{end}"));
}

/// One entry is named like another, in both places where names stand.
#[test]
fn names_that_stand_twice_are_refused() {
    let file = archive();
    let at = file.windows(2).position(|piece| piece == b"cw").unwrap();
    let mut file = replaced(&file, b"cw", b"dw");
    file[at] = b'c';
    assert!(parse(&file).is_ok());
    let entries = [("aa", "x"), ("ab", "y")].map(|(name, data)| (name.to_string(), data.as_bytes().to_vec()));
    let mut file = Vec::new();
    write(&mut file, &entries.into()).unwrap();
    let file: Vec<u8> = file.iter().map(|byte| if *byte == b'b' { b'a' } else { *byte }).collect();
    assert!(parse(&file).unwrap_err().contains("two entries called `aa`"));
}

#[test]
fn what_is_wrong_is_named() {
    let file = archive();
    let directory = file.windows(4).position(|piece| piece == CENTRAL.to_le_bytes()).unwrap();
    let changed = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        file
    };
    let mut fewer = changed(file.len() - 12, 2);
    fewer[file.len() - 14] = 2;
    for (file, problem) in [
        (replaced(&file, b"hello", b"hallo"), "checksum"),
        (changed(directory + 10, 8), "is compressed or encrypted (method 8)"),
        (changed(directory + 8, 1), "is compressed or encrypted"),
        (changed(directory + 20, 4), "is damaged"),
        (changed(directory + 24, 255), "is not at byte 0"),
        (changed(directory + 42, 3), "is not at byte 3"),
        (changed(directory + 46, b'x'), "is not at byte 0"),
        (changed(directory, 0), "has no entry at byte"),
        (changed(file.len() - 12, 4), "several files"),
        (fewer, "ends at byte"),
        (changed(file.len() - 18, 1), "several files"),
        (changed(file.len() - 3, 9), "does not fit"),
        (b"PK\x03\x04".to_vec(), "cut off, or no zip"),
        (vec![0; 100_000], "cut off, or no zip"),
    ] {
        let found = parse(&file).unwrap_err();
        assert!(found.contains(problem), "{problem}: {found}");
    }
}

/// Entries of one header: each is whole, but they share their bytes.
#[test]
fn entries_that_overlap_are_refused() {
    let mut file = Vec::new();
    let inner = archive();
    write(&mut file, &[("x".to_string(), inner.clone())].into()).unwrap();
    let (outer, start) = (file.windows(2).rposition(|piece| piece == b"PK").unwrap(), 31);
    // The directory lists the entry that lies inside the first one, too.
    let line_at = inner.windows(4).position(|piece| piece == CENTRAL.to_le_bytes()).unwrap();
    let mut line = inner[line_at..line_at + 46 + 3].to_vec();
    line[42..46].copy_from_slice(&(start as u32).to_le_bytes());
    let mut end = file[outer..].to_vec();
    (end[8], end[10], end[12]) = (2, 2, end[12] + line.len() as u8);
    let file = [&file[..outer], &line, &end].concat();
    let found = parse(&file).unwrap_err();
    assert!(found.contains("`x` at bytes 0..") && found.contains("overlaps what begins at byte 31"), "{found}");
}

/// Fields of 64 bits, as PyTorch writes the end of its archives.
#[test]
fn wide_fields_are_read() {
    let file = archive();
    let end = file.len() - 22;
    let number = |at: usize| u64::from(u32::from_le_bytes(*file[end + at..].first_chunk().unwrap()));
    let record: Vec<u8> = [
        &END_64.to_le_bytes()[..],
        &[0; 28],
        &3u64.to_le_bytes(),
        &number(12).to_le_bytes(),
        &number(16).to_le_bytes(),
    ]
    .concat();
    let locator = [&LOCATOR_64.to_le_bytes()[..], &[0; 4], &(end as u64).to_le_bytes(), &[0; 4]].concat();
    let wide = [&file[..end], &record, &locator, &file[end..]].concat();
    assert_eq!(parse(&wide), parse(&file));
    let elsewhere = [&1u16.to_le_bytes()[..], &16u16.to_le_bytes(), &7u64.to_le_bytes(), &9u64.to_le_bytes()].concat();
    assert_eq!(whole_fields([ELSEWHERE, 5, ELSEWHERE], &elsewhere).unwrap(), [7, 5, 9]);
    assert!(whole_fields([ELSEWHERE; 3], &elsewhere).is_err());
}
