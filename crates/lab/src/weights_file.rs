//! Weights on disk: safetensors files, ours and other people's.
//!
//! Reading takes any file as it comes: it never panics, and at its peak it holds at most [`MEMORY_FACTOR`] times the file's
//! size plus [`MEMORY_SLACK`] bytes. Tensors may be F32, F16, BF16 or F64 and become f32, rounded to nearest; whether
//! their values make sense is for the reader of the tensors to say. A file that we wrote carries a hash of its content, and is
//! refused when it has changed since.

mod floats;
mod header;
mod seal;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use safetensors::tensor::{Dtype, TensorInfo};

use crate::{LabError, export, whole_file};
pub(crate) use floats::half;
use header::Header;
pub(crate) use header::shown;
pub(crate) use seal::SEAL;
use seal::Seal;

/// Reading a file of `n` bytes holds at most `MEMORY_FACTOR * n + MEMORY_SLACK` bytes at any time. The factor comes from
/// headers, where a few characters become a name, a shape and their places in lists; data at most triples.
pub const MEMORY_FACTOR: usize = 20;
/// See [`MEMORY_FACTOR`]: buffers and the text of an error, in bytes.
pub const MEMORY_SLACK: usize = 1 << 16;

/// Scalars that are hashed at once.
const PORTION: usize = 1 << 14;

const REMEDY: &str = "give a safetensors file with tensors of F32, F16, BF16 or F64, or write this one again";

/// One named array of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its shape; `[]` is one scalar.
    pub shape: Vec<usize>,
    /// Its scalars, the last index fastest.
    pub data: Vec<f32>,
}

/// One named array to write.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorView<'a> {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its scalars, the last index fastest.
    pub data: &'a [f32],
}

/// The content of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors {
    /// All arrays, in the order of their data; no name stands twice.
    pub tensors: Vec<Tensor>,
    /// The texts that the file carries besides.
    pub metadata: BTreeMap<String, String>,
}

/// Reads a safetensors file.
///
/// # Errors
/// When the file cannot be read or is not a valid safetensors file of real numbers. The text names file, fault and way out.
pub fn read(path: &Path) -> Result<Tensors, LabError> {
    let (file, length) = open(path)?;
    decode(&mut BufReader::new(file), length).map_err(|fault| fault.at(path))
}

/// Writes a safetensors file whole or not at all. The same arguments give the same bytes.
///
/// # Errors
/// Whatever the system refuses; `action` says in the error what was attempted.
pub fn write(
    path: &Path,
    action: &'static str,
    tensors: &[TensorView],
    metadata: &BTreeMap<String, String>,
) -> Result<(), LabError> {
    whole_file::write(path, action, |file| encode(file, tensors, metadata))
}

/// Writes a file of weights that no training left, with `texts` beside them, whole or not at all. A file that is there and differs
/// is replaced only if `force`.
///
/// # Errors
/// [`LabError::Replaces`]; whatever the system refuses.
pub(crate) fn write_beside(
    path: &Path,
    tensors: &[TensorView],
    texts: &[(&str, String)],
    force: bool,
) -> Result<(), LabError> {
    let ours = [("infimum", env!("CARGO_PKG_VERSION").to_string())];
    let metadata = ours.iter().chain(texts).map(|(key, text)| (key.to_string(), text.clone())).collect();
    let mut fill = |file: &mut dyn Write| encode(file, tensors, &metadata);
    if !force {
        export::compare(path, &mut fill)?;
    }
    whole_file::write(path, "write the weights", fill)
}

/// A fault of a file whose path the caller knows.
enum Fault {
    Read(io::Error),
    Content(String),
}

impl Fault {
    fn at(self, path: &Path) -> LabError {
        match self {
            Fault::Read(source) => LabError::io("read the weights", path)(source),
            Fault::Content(problem) => LabError::File { path: path.into(), problem, remedy: REMEDY.into() },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Read(error)
    }
}

impl From<String> for Fault {
    fn from(problem: String) -> Fault {
        Fault::Content(problem)
    }
}

/// Opens a file and tells its length. Pipes and devices, which have none, are refused before they could block.
fn open(path: &Path) -> Result<(File, u64), LabError> {
    let attempt = || LabError::io("read the weights", path);
    if !fs::metadata(path).map_err(attempt())?.is_file() {
        return Err(Fault::Content("is a folder or a device, not a file".into()).at(path));
    }
    let file = File::open(path).map_err(attempt())?;
    let length = file.metadata().map_err(attempt())?.len();
    Ok((file, length))
}

/// The layout of a file: 8 bytes with the length of the header, the header (JSON), the data without gaps.
fn decode(reader: &mut impl Read, length: u64) -> Result<Tensors, Fault> {
    if length < 8 {
        return Err(Fault::Content(format!("is {length} bytes long; the length of the header alone takes 8")));
    }
    let mut first = [0; 8];
    reader.read_exact(&mut first)?;
    let header_length = header::length(first, length)?;
    let header = Header::parse(&bytes(reader, header_length)?)?;
    header.check(length - 8 - header_length as u64)?;
    let Header { tensors, metadata } = header;
    let mut seal = Seal::new(&metadata);
    let tensors = tensors.into_iter().map(|(name, info)| tensor(reader, &mut seal, name, info));
    let tensors = tensors.collect::<Result<_, _>>()?;
    check_seal(seal, &metadata)?;
    Ok(Tensors { tensors, metadata })
}

fn tensor(reader: &mut impl Read, seal: &mut Seal, name: String, info: TensorInfo) -> Result<Tensor, Fault> {
    let raw = bytes(reader, info.data_offsets.1 - info.data_offsets.0)?;
    seal.tensor(&name, &info.shape);
    seal.data(&raw);
    Ok(Tensor { name, data: floats::to_f32(info.dtype, &raw), shape: info.shape })
}

/// Files of others carry no hash.
fn check_seal(seal: Seal, metadata: &BTreeMap<String, String>) -> Result<(), String> {
    match metadata.get(SEAL) {
        Some(written) if *written != seal.finish() => Err(format!(
            "is damaged: its content is not that of its hash, `{SEAL}` in its metadata (if the weights were changed on purpose, take that entry out, and give the file as training.init or to eval with --recipe)"
        )),
        _ => Ok(()),
    }
}

/// The next `count` bytes, which were checked to lie inside the file.
fn bytes(reader: &mut impl Read, count: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(count)
        .map_err(|_| format!("wants {count} bytes of memory at once, which are not there"))?;
    bytes.resize(count, 0);
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Writes the bytes of a safetensors file.
pub(crate) fn encode(
    file: &mut dyn Write,
    tensors: &[TensorView],
    metadata: &BTreeMap<String, String>,
) -> io::Result<()> {
    let mut end = 0;
    let infos = tensors.iter().map(|tensor| {
        let start = end;
        end += size_of_val(tensor.data);
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.data.len(), "`{}` fills its shape", tensor.name);
        (tensor.name.clone(), TensorInfo { dtype: Dtype::F32, shape: tensor.shape.clone(), data_offsets: (start, end) })
    });
    let tensor_infos = infos.collect();
    let sealed =
        metadata.iter().map(|(key, text)| (key.clone(), text.clone())).chain([(SEAL.into(), hash(tensors, metadata))]);
    let header = Header { tensors: tensor_infos, metadata: sealed.collect() }.to_bytes();
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    tensors.iter().flat_map(|tensor| tensor.data).try_for_each(|x| file.write_all(&x.to_le_bytes()))
}

fn hash(tensors: &[TensorView], metadata: &BTreeMap<String, String>) -> String {
    let mut seal = Seal::new(metadata);
    for TensorView { name, shape, data } in tensors {
        seal.tensor(name, shape);
        data.chunks(PORTION)
            .for_each(|part| seal.data(&part.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()));
    }
    seal.finish()
}

#[cfg(test)]
mod tests;
