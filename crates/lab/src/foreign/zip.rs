//! Zip archives whose entries are stored as they are: what `torch.save` and `numpy.savez` write.
//!
//! Written here and not with the `zip` crate, which takes the last of two entries of one name in silence, accepts entries
//! that overlap, and bounds no memory. Format: PKWARE's APPNOTE.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use super::Fault;
use super::budget::Budget;
use crate::checksum::crc32;
use crate::weights_file::shown;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
/// In a field of 32 bits: the value stands in the field of 64 bits.
const ELSEWHERE: u64 = 0xffff_ffff;

/// Where an entry is in the file.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    name: Range<usize>,
    header: usize,
    data: Range<usize>,
}

/// The entries of an archive, by name.
#[derive(Debug)]
pub(super) struct Archive(Vec<Entry>);

/// Whether a file begins as an archive does.
pub(super) fn is_archive(file: &[u8]) -> bool {
    file.starts_with(&LOCAL.to_le_bytes())
}

/// The name of the first entry of what begins as an archive.
pub(super) fn first_name(file: &[u8]) -> Option<&[u8]> {
    let length = number::<2>(file, 26).ok()? as usize;
    file.get(30..30 + length)
}

impl Archive {
    /// Names are unique texts, entries lie apart inside the file, are stored as they are, and have their checksum.
    pub(super) fn parse(file: &[u8], budget: &mut Budget) -> Result<Archive, Fault> {
        let directory = directory(file)?;
        let end = directory.place.end;
        budget.take(directory.entries, size_of::<Entry>())?;
        let mut entries = Vec::with_capacity(directory.entries);
        let mut at = directory.place.start;
        for _ in 0..directory.entries {
            let (entry, next) = entry(&file[..end], at)?;
            entries.push(entry);
            at = next;
        }
        if at != end {
            return Err(Fault(format!("its directory of {} entries ends at byte {at}, not {end}", directory.entries)));
        }
        check_places(file, &mut entries, directory.place.start)?;
        check_names(file, &mut entries)?;
        Ok(Archive(entries))
    }

    /// Names, and where the data are, in the order of names.
    pub(super) fn entries<'a>(&'a self, file: &'a [u8]) -> impl Iterator<Item = (&'a str, Range<usize>)> {
        self.0.iter().map(|entry| (name(file, entry), entry.data.clone()))
    }

    /// Where the data of the entry are whose name is these parts, one after another.
    pub(super) fn find(&self, file: &[u8], parts: &[&str]) -> Option<Range<usize>> {
        let wanted = || parts.iter().flat_map(|part| part.bytes());
        let at = self.0.binary_search_by(|entry| file[entry.name.clone()].iter().copied().cmp(wanted()));
        at.ok().map(|at| self.0[at].data.clone())
    }
}

fn name<'a>(file: &'a [u8], entry: &Entry) -> &'a str {
    str::from_utf8(&file[entry.name.clone()]).expect("names were checked")
}

/// Leaves the entries in the order of names.
fn check_names(file: &[u8], entries: &mut [Entry]) -> Result<(), Fault> {
    if entries.iter().any(|entry| str::from_utf8(&file[entry.name.clone()]).is_err()) {
        return Err("has an entry whose name is not UTF-8".into());
    }
    entries.sort_unstable_by(|a, b| name(file, a).cmp(name(file, b)));
    match entries.windows(2).find(|pair| name(file, &pair[0]) == name(file, &pair[1])) {
        Some(pair) => Err(Fault(format!("has two entries called `{}`", shown(name(file, &pair[0]), 100)))),
        None => Ok(()),
    }
}

fn check_places(file: &[u8], entries: &mut [Entry], directory: usize) -> Result<(), Fault> {
    entries.sort_unstable_by_key(|entry| (entry.header, entry.data.start));
    let ends = entries.iter().skip(1).map(|entry| entry.header).chain([directory]);
    for (entry, limit) in entries.iter().zip(ends) {
        if entry.data.end > limit {
            return Err(Fault(format!(
                "its entry `{}` at bytes {}..{} overlaps what begins at byte {limit}",
                shown(&String::from_utf8_lossy(&file[entry.name.clone()]), 100),
                entry.header,
                entry.data.end
            )));
        }
    }
    Ok(())
}

/// Where the directory is, and how many entries it has.
struct Directory {
    place: Range<usize>,
    entries: usize,
}

fn directory(file: &[u8]) -> Result<Directory, Fault> {
    let end = end_of_archive(file)?;
    let (disk, entries) = (number::<2>(file, end + 4)?, number::<2>(file, end + 10)?);
    let (length, start) = (number::<4>(file, end + 12)?, number::<4>(file, end + 16)?);
    if disk != 0 || entries != number::<2>(file, end + 8)? {
        return Err("is one part of an archive in several files".into());
    }
    let locator =
        end.checked_sub(20).filter(|at| number::<4>(file, *at).is_ok_and(|found| found == u64::from(LOCATOR_64)));
    let (entries, length, start, limit) = match locator {
        None => (entries, length, start, end),
        Some(locator) => {
            let at = size(number::<8>(file, locator + 8)?)?;
            if at >= locator || number::<4>(file, at)? != u64::from(END_64) {
                return Err(Fault(format!("its directory is not at byte {at}, where it is said to end")));
            }
            (number::<8>(file, at + 32)?, number::<8>(file, at + 40)?, number::<8>(file, at + 48)?, at)
        }
    };
    let (entries, length, start) = (size(entries)?, size(length)?, size(start)?);
    match start.checked_add(length) {
        Some(end) if end <= limit && entries <= length / 46 => Ok(Directory { place: start..end, entries }),
        _ => Err(Fault(format!(
            "its directory of {entries} entries and {length} bytes at byte {start} does not fit before byte {limit}"
        ))),
    }
}

/// The record at the end, before a comment of at most 65,535 bytes.
fn end_of_archive(file: &[u8]) -> Result<usize, Fault> {
    let first = file.len().saturating_sub(22 + 65_535);
    let is_end = |at: &usize| {
        file[*at..].starts_with(&END.to_le_bytes())
            && number::<2>(file, at + 20).is_ok_and(|comment| at + 22 + comment as usize == file.len())
    };
    let last = file.len().checked_sub(22).ok_or("is cut off, or no zip archive: it has no directory")?;
    (first..=last).rev().find(is_end).ok_or_else(|| "is cut off, or no zip archive: it has no directory".into())
}

/// The entry whose line of the directory is at `at`, and where the next line is.
fn entry(file: &[u8], at: usize) -> Result<(Entry, usize), Fault> {
    if number::<4>(file, at)? != u64::from(CENTRAL) {
        return Err(Fault(format!("its directory has no entry at byte {at}")));
    }
    let [flags, method] = [number::<2>(file, at + 8)?, number::<2>(file, at + 10)?];
    let [name, extra, comment] = [28, 30, 32].map(|field| number::<2>(file, at + field).map(|n| n as usize));
    let (name, extra, comment) = (at + 46..at + 46 + name?, extra?, comment?);
    let next = name.end + extra + comment;
    let (Some(text), Some(extra)) = (file.get(name.clone()), file.get(name.end..name.end + extra)) else {
        return Err(Fault(format!("its directory is cut off at byte {at}")));
    };
    let shown = shown(&String::from_utf8_lossy(text.get(..100).unwrap_or(text)), 100);
    if method != 0 || flags & 1 != 0 {
        return Err(Fault(format!(
            "its entry `{shown}` is compressed or encrypted (method {method}); only stored ones are read"
        )));
    }
    let fields = [number::<4>(file, at + 24)?, number::<4>(file, at + 20)?, number::<4>(file, at + 42)?];
    let [length, packed, header] = whole_fields(fields, extra)?;
    let data = data(file, size(header)?, text, size(length)?).ok_or_else(|| {
        Fault(format!("its entry `{shown}` of {length} bytes is not at byte {header}, where it is said to be"))
    })?;
    if packed != length || u64::from(crc32(&file[data.clone()])) != number::<4>(file, at + 16)? {
        return Err(Fault(format!("its entry `{shown}` is damaged: its checksum is not that of its {length} bytes")));
    }
    Ok((Entry { name, header: header as usize, data }, next))
}

/// Fields that say [`ELSEWHERE`] stand in the extra field of kind 1, in their order.
fn whole_fields(mut fields: [u64; 3], mut extra: &[u8]) -> Result<[u64; 3], Fault> {
    let mut wide: &[u8] = &[];
    while let (Ok(kind), Ok(length)) = (number::<2>(extra, 0), number::<2>(extra, 2)) {
        let end = 4 + length as usize;
        let body = extra.get(4..end).ok_or("has an entry whose extra field is cut off")?;
        if kind == 1 {
            wide = body;
        }
        extra = &extra[end..];
    }
    for field in fields.iter_mut().filter(|field| **field == ELSEWHERE) {
        *field = number::<8>(wide, 0)?;
        wide = &wide[8..];
    }
    Ok(fields)
}

/// Where the data of an entry is, if its own header is there and says its name.
fn data(file: &[u8], header: usize, name: &[u8], length: usize) -> Option<Range<usize>> {
    let local = file.get(header..)?;
    let field = |at| number::<2>(local, at).ok().map(|n| n as usize);
    let start = 30 + field(26)?;
    if !local.starts_with(&LOCAL.to_le_bytes()) || local.get(30..start)? != name {
        return None;
    }
    let start = header + start + field(28)?;
    let end = start.checked_add(length)?;
    (end <= file.len()).then_some(start..end)
}

/// The little-endian number of `N` bytes at a place.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64, Fault> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    let found = found.ok_or_else(|| Fault(format!("its directory is cut off at byte {at}")))?;
    Ok(found.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn size(number: u64) -> Result<usize, Fault> {
    usize::try_from(number).map_err(|_| Fault(format!("its directory speaks of byte {number}")))
}

/// Writes an archive of stored entries, in the order of their names. The same entries give the same bytes.
///
/// # Errors
/// Whatever the system refuses, and an archive of more than 4 GB or 65,535 entries.
pub(super) fn write(out: &mut dyn Write, entries: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let too_large =
        |_| io::Error::new(io::ErrorKind::InvalidInput, "more than a zip archive of 4 GB and 65,535 entries holds");
    let (mut at, mut directory) = (0_usize, Vec::new());
    for (name, data) in entries {
        let [length, header] = [data.len(), at].map(|n| u32::try_from(n).map_err(too_large));
        let (length, header) = (length?.to_le_bytes(), header?.to_le_bytes());
        let name_length = u16::try_from(name.len()).map_err(too_large)?.to_le_bytes();
        // Version 2.0, names in UTF-8, stored, midnight of the first day that the format knows (1980-01-01).
        let fields: [&[u8]; 6] =
            [&[20, 0, 0, 8, 0, 0, 0, 0, 33, 0], &crc32(data).to_le_bytes(), &length, &length, &name_length, &[0; 2]];
        let fields = fields.concat();
        out.write_all(&[&LOCAL.to_le_bytes(), &fields[..], name.as_bytes()].concat())?;
        out.write_all(data)?;
        at += 30 + name.len() + data.len();
        directory.extend([&CENTRAL.to_le_bytes(), &[20, 0][..], &fields, &[0; 10], &header, name.as_bytes()].concat());
    }
    let count = u16::try_from(entries.len()).map_err(too_large)?.to_le_bytes();
    let [length, start] = [directory.len(), at].map(|n| u32::try_from(n).map_err(too_large));
    out.write_all(&directory)?;
    let end: [&[u8]; 7] =
        [&END.to_le_bytes(), &[0; 4], &count, &count, &length?.to_le_bytes(), &start?.to_le_bytes(), &[0; 2]];
    out.write_all(&end.concat())
}

#[cfg(test)]
mod tests;
