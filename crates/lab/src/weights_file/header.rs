//! The header of a safetensors file: for each tensor its type, shape and place, and texts under `__metadata__`.
//!
//! Written here and not with the `safetensors` crate, whose reader takes the last of two equal names in silence and whose
//! writer orders metadata by hash, so that equal content gives unequal files. The tests hold this reader to accept nothing
//! that the crate refuses.

use std::collections::BTreeMap;
use std::fmt;

use safetensors::tensor::TensorInfo;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::floats;

/// The largest header that the format allows, in bytes.
const LONGEST: u64 = 100_000_000;
/// The most dimensions of a tensor; PyTorch stops at 64, and no weight of a transformer has more than 4.
const DIMENSIONS: usize = 8;
const METADATA: &str = "__metadata__";

#[derive(Debug)]
pub(super) struct Header {
    /// Name and place; after parsing in the order of the data.
    pub(super) tensors: Vec<(String, TensorInfo)>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// The length of the header, from the first 8 bytes of a file of `file` bytes.
pub(super) fn length(first: [u8; 8], file: u64) -> Result<usize, String> {
    let length = u64::from_le_bytes(first);
    if first.starts_with(b"PK\x03\x04") {
        return Err("is a zip archive, as torch.save writes them, not a safetensors file".into());
    }
    if length > file - 8 || length > LONGEST {
        return Err(format!(
            "is no safetensors file, or cut off: its first 8 bytes ask for a header of {length} bytes, where {} are left \
             and the format allows {LONGEST}",
            file - 8
        ));
    }
    Ok(length as usize)
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Result<Header, String> {
        let mut header: Header = serde_json::from_slice(bytes).map_err(|error| {
            format!("its header is not what safetensors asks for: {}", shown(&error.to_string(), 200))
        })?;
        header.tensors.sort_by_key(|(_, info)| info.data_offsets);
        Ok(header)
    }

    /// JSON, filled up with spaces so that the data starts at a multiple of 8 bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("strings and numbers are JSON");
        bytes.resize(bytes.len().next_multiple_of(8), b' ');
        bytes
    }

    /// Names are unique, every tensor fills its place, and the places cover the `data` bytes without gap or overlap.
    pub(super) fn check(&self, data: u64) -> Result<(), String> {
        self.check_names()?;
        let mut end = 0;
        for (name, info) in &self.tensors {
            let name = shown(name, 100);
            let (start, stop) = info.data_offsets;
            if start != end || stop < start {
                return Err(format!(
                    "its tensor `{name}` lies at bytes {start}..{stop}, where the one before ends at {end}"
                ));
            }
            let size = size(info).map_err(|problem| format!("its tensor `{name}` {problem}"))?;
            if stop - start != size {
                let (dtype, shape) = (info.dtype, &info.shape);
                return Err(format!(
                    "its tensor `{name}` of {dtype} {shape:?} takes {size} bytes and has {}",
                    stop - start
                ));
            }
            end = stop;
        }
        if end as u64 == data { Ok(()) } else { Err(format!("its tensors end at byte {end} of {data} bytes of data")) }
    }

    fn check_names(&self) -> Result<(), String> {
        let mut names: Vec<&str> = self.tensors.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("it has two tensors called `{}`", shown(pair[0], 100))),
            None => Ok(()),
        }
    }
}

/// Bytes that a tensor takes.
fn size(info: &TensorInfo) -> Result<usize, String> {
    let width = floats::width(info.dtype).ok_or_else(|| format!("is of {}", info.dtype))?;
    if info.shape.len() > DIMENSIONS {
        return Err(format!("has {} dimensions, of at most {DIMENSIONS}", info.shape.len()));
    }
    let size = info.shape.iter().try_fold(width, |size, length| size.checked_mul(*length));
    size.ok_or_else(|| format!("has shape {:?}, more than any memory", info.shape))
}

/// The first `limit` characters of a text that somebody else wrote, with control characters escaped.
pub(crate) fn shown(text: &str, limit: usize) -> String {
    let mut shown: String = text.chars().take(limit).flat_map(|c| c.escape_debug()).collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry(METADATA, &self.metadata)?;
        }
        self.tensors.iter().try_for_each(|(name, info)| map.serialize_entry(name, info))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut tensors = Vec::new();
        let mut metadata: Option<Texts> = None;
        while let Some(name) = map.next_key::<String>()? {
            if name != METADATA {
                tensors.push((name, map.next_value()?));
            } else if metadata.replace(map.next_value()?).is_some() {
                return Err(A::Error::custom("`__metadata__` stands twice"));
            }
        }
        Ok(Header { tensors, metadata: metadata.map(|texts| texts.0).unwrap_or_default() })
    }
}

/// An object of texts, no key twice.
struct Texts(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Texts, D::Error> {
        deserializer.deserialize_map(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some((key, text)) = map.next_entry::<String, String>()? {
            if let Some(text) = texts.insert(key, text) {
                return Err(A::Error::custom(format!(
                    "a key of `__metadata__` stands twice, once with `{}`",
                    shown(&text, 50)
                )));
            }
        }
        Ok(Texts(texts))
    }
}
