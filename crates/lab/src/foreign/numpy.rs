//! NumPy's arrays: in pickles, and in `.npy` and `.npz` files, which are written, too.
//!
//! Written here and not with the `npyz` crate: its archives bring a `zip` of 2022 with four compressors, its headers a
//! parser generator, and neither bounds memory.

mod npy;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use super::budget::Budget;
use super::pickle::{Node, Object, Value};
use super::scalar::Scalar;
use super::strided::{View, contiguous};
use super::zip::{self, Archive};
use super::{Fault, bytes};
use crate::LabError;
use crate::whole_file;

const REMEDY: &str =
    "give a file of little-endian numbers that numpy.save or numpy.savez wrote, not numpy.savez_compressed";
/// More axes than any array that is read has.
const DIMENSIONS: usize = 64;
/// Bytes at the beginning of an archive that hold the name of its first entry.
const MOST_OF_A_NAME: u64 = 30 + 65_535;

/// The numbers of an array to write, in the kind in which they are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numbers<'a> {
    /// `float64`.
    F64(&'a [f64]),
    /// `float32`.
    F32(&'a [f32]),
    /// `uint8`.
    U8(&'a [u8]),
}

/// An array to write: its shape, and its numbers, the last index fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayView<'a> {
    /// Its shape; `[]` is one scalar.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub numbers: Numbers<'a>,
}

/// An array of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its shape; `[]` is one scalar.
    pub shape: Vec<usize>,
    /// Its numbers, the last index fastest.
    pub data: Vec<f64>,
}

impl Array {
    /// The text whose bytes its numbers are; `None` where they are no text's.
    pub(crate) fn text(&self) -> Option<String> {
        let byte = |x: &f64| (x.fract() == 0.0 && (0.0..256.0).contains(x)).then_some(*x as u8);
        let bytes: Option<Vec<u8>> = self.data.iter().map(byte).collect();
        String::from_utf8(bytes?).ok()
    }

    fn view(&self) -> ArrayView<'_> {
        ArrayView { shape: self.shape.clone(), numbers: Numbers::F64(&self.data) }
    }
}

/// Reads the array that a node of a pickle is, in C or Fortran order.
///
/// # Errors
/// When it is no array, or one of big-endian numbers, of texts or of objects, or does not fit its bytes or memory.
pub fn array(node: Node) -> Result<Array, LabError> {
    pickled(node, &mut node.pickle().budget.clone()).map_err(|fault| node.error(fault))
}

/// Reads a `.npy` file.
///
/// # Errors
/// When it cannot be read, or is no array of little-endian numbers.
pub fn read_npy(path: &Path) -> Result<Array, LabError> {
    let file = bytes(path, "read the array", REMEDY)?;
    npy::decode(&file, &mut Budget::new(file.len())).map_err(|fault| fault.at(path, REMEDY))
}

/// Reads a `.npz` file: its arrays by name, without the ending `.npy`.
///
/// # Errors
/// When it cannot be read, is compressed, or holds something else than arrays of little-endian numbers.
pub fn read_npz(path: &Path) -> Result<BTreeMap<String, Array>, LabError> {
    decode_npz(path, &bytes(path, "read the arrays", REMEDY)?)
}

/// Reads the bytes of a `.npz` file; `path` is for the text of errors.
///
/// # Errors
/// As [`read_npz`].
pub fn decode_npz(path: &Path, file: &[u8]) -> Result<BTreeMap<String, Array>, LabError> {
    archived(file).map_err(|fault| fault.at(path, REMEDY))
}

/// Writes a `.npy` file of f64, whole or not at all.
///
/// # Errors
/// Whatever the system refuses; `action` says in the error what was attempted.
pub fn write_npy(path: &Path, action: &'static str, array: &Array) -> Result<(), LabError> {
    whole_file::write(path, action, |file| file.write_all(&npy::encode(&array.view())))
}

/// Writes a `.npz` file of f64, whole or not at all. The same arrays give the same bytes.
///
/// # Errors
/// Whatever the system refuses; `action` says in the error what was attempted.
pub fn write_npz(path: &Path, action: &'static str, arrays: &BTreeMap<String, Array>) -> Result<(), LabError> {
    whole_file::write(path, action, |file| encode_npz(file, arrays))
}

/// Writes the bytes of a `.npz` file of f64.
///
/// # Errors
/// Whatever `file` refuses.
pub fn encode_npz(file: &mut dyn Write, arrays: &BTreeMap<String, Array>) -> io::Result<()> {
    encode_views(file, arrays.iter().map(|(name, array)| (name.clone(), array.view())))
}

/// Writes the bytes of a `.npz` file of these arrays by name, of which none stands twice.
///
/// # Errors
/// Whatever `file` refuses, and more than 4 GB.
pub fn encode_views<'a>(file: &mut dyn Write, arrays: impl Iterator<Item = (String, ArrayView<'a>)>) -> io::Result<()> {
    zip::write(file, &arrays.map(|(name, array)| (format!("{name}.npy"), npy::encode(&array))).collect())
}

/// Whether a file begins as numpy.savez writes it: a zip archive whose first entry is an array.
///
/// # Errors
/// When it cannot be opened or read.
pub fn wrote_npz(path: &Path) -> Result<bool, LabError> {
    let attempt = || LabError::io("read the arrays", path);
    if !fs::metadata(path).map_err(attempt())?.is_file() {
        return Ok(false);
    }
    let mut first = Vec::new();
    File::open(path).map_err(attempt())?.take(MOST_OF_A_NAME).read_to_end(&mut first).map_err(attempt())?;
    Ok(zip::is_archive(&first) && zip::first_name(&first).is_some_and(|name| name.ends_with(b".npy")))
}

fn archived(file: &[u8]) -> Result<BTreeMap<String, Array>, Fault> {
    let mut budget = Budget::new(file.len());
    let archive = Archive::parse(file, &mut budget)?;
    let mut arrays = BTreeMap::new();
    for (entry, place) in archive.entries(file) {
        let name = entry.strip_suffix(".npy").unwrap_or(entry);
        let about = |Fault(problem)| Fault(format!("its array `{}` {problem}", crate::weights_file::shown(name, 100)));
        // A place in a map of arrays, with the space that its tree leaves free, and the list of lengths.
        budget.take(3, size_of::<(String, Array)>())?;
        budget.take(name.len(), 1)?;
        let array = npy::decode(&file[place], &mut budget).map_err(about)?;
        if arrays.insert(name.to_string(), array).is_some() {
            return Err(about("stands twice".into()));
        }
    }
    Ok(arrays)
}

/// How the numbers of an array lie in its bytes.
struct Form {
    scalar: Scalar,
    shape: Vec<usize>,
    first_fastest: bool,
}

impl Form {
    fn read(self, raw: &[u8], budget: &mut Budget) -> Result<Array, Fault> {
        let Form { scalar, shape, first_fastest } = self;
        let strides = contiguous(&shape, first_fastest);
        let view = View::new(scalar, raw, 0, &shape, &strides)?;
        if view.len() * scalar.width() != raw.len() {
            return Err(Fault(format!("has {} bytes for {} numbers of {scalar:?}", raw.len(), view.len())));
        }
        budget.take(view.len(), size_of::<f64>())?;
        let data = view.collect(|number| number)?;
        Ok(Array { shape, data })
    }
}

pub(super) fn pickled(node: Node, budget: &mut Budget) -> Result<Array, Fault> {
    let about = |Fault(problem)| Fault(format!("at byte {}: an array {problem}", node.offset()));
    let Value::Object(object) = node.value() else {
        return Err(about("was wanted, where there is none".into()));
    };
    match object.function {
        "numpy._core.multiarray._reconstruct" => reconstructed(object, budget),
        "numpy._core.numeric._frombuffer" => from_buffer(object, budget),
        "numpy._core.multiarray.scalar" => scalar(object, budget),
        other => Err(Fault(format!("was wanted, where there is a `{other}`"))),
    }
    .map_err(about)
}

/// `_reconstruct(ndarray, …)`, whose state is version, shape, kind, order and bytes.
fn reconstructed(object: Object, budget: &mut Budget) -> Result<Array, Fault> {
    let [_, shape, kind, order, raw] =
        object.state.tuple().ok_or("has no state of version, shape, kind, order and bytes")?;
    let Value::Bool(first_fastest) = order.value() else { return Err("has no order".into()) };
    let raw = raw_bytes(raw, budget).ok_or("consists of objects, or has no bytes")??;
    let shape = shape.sizes(DIMENSIONS).ok_or("has no shape")?;
    Form { scalar: kind_of(kind)?, shape, first_fastest }.read(&raw, budget)
}

/// `_frombuffer(bytes, kind, shape, "C" or "F")`.
fn from_buffer(object: Object, budget: &mut Budget) -> Result<Array, Fault> {
    let [raw, kind, shape, order] = object.arguments.tuple().ok_or("has no bytes, kind, shape and order")?;
    let raw = raw_bytes(raw, budget).ok_or("has no bytes")??;
    let first_fastest = match order.text() {
        Some("C") => false,
        Some("F") => true,
        _ => return Err("has no order".into()),
    };
    let shape = shape.sizes(DIMENSIONS).ok_or("has no shape")?;
    Form { scalar: kind_of(kind)?, shape, first_fastest }.read(&raw, budget)
}

/// `scalar(kind, bytes)`.
fn scalar(object: Object, budget: &mut Budget) -> Result<Array, Fault> {
    let [kind, raw] = object.arguments.tuple().ok_or("has no kind and bytes")?;
    let raw = raw_bytes(raw, budget).ok_or("has no bytes")??;
    Form { scalar: kind_of(kind)?, shape: vec![], first_fastest: false }.read(&raw, budget)
}

/// Bytes, which protocols before 3 write as a text of Latin-1: `_codecs.encode(text, "latin1")`, or `bytes()` if empty.
fn raw_bytes<'a>(node: Node<'a>, budget: &mut Budget) -> Option<Result<Cow<'a, [u8]>, Fault>> {
    let object = match node.value() {
        Value::Bytes(bytes) => return Some(Ok(bytes.into())),
        Value::Text(text) => return Some(Ok(text.as_bytes().into())),
        Value::Object(object) => object,
        _ => return None,
    };
    match object.function {
        "builtins.bytes" => object.arguments.tuple().map(|[]| Ok(Cow::default())),
        "_codecs.encode" => {
            let [text, encoding] = object.arguments.tuple()?;
            let text = text.text().filter(|_| encoding.text() == Some("latin1"))?;
            Some(latin_1(text, budget).map(Cow::Owned))
        }
        _ => None,
    }
}

fn latin_1(text: &str, budget: &mut Budget) -> Result<Vec<u8>, Fault> {
    budget.take(text.len(), 1)?;
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        bytes.push(u8::try_from(character).map_err(|_| "has bytes that are no Latin-1")?);
    }
    Ok(bytes)
}

/// `dtype("f8", …)`, whose state begins with a version and the order of bytes.
fn kind_of(node: Node) -> Result<Scalar, Fault> {
    let Value::Object(object) = node.value() else { return Err("has no kind of numbers".into()) };
    let code = object.arguments.items().and_then(|mut items| items.next()).and_then(Node::text);
    let order = object.state.items().and_then(|mut items| items.nth(1)).and_then(Node::text);
    let (Some(code), Some(order), "numpy.dtype") = (code, order, object.function) else {
        return Err("has no kind of numbers".into());
    };
    npy::kind(order, code)
}
