//! Files that other programs wrote: pickles, NumPy's arrays, hmmlearn's chains, files of tokens, PyTorch's checkpoints.
//!
//! Reading takes any file as it comes: it never panics, it runs no code, and at its peak it holds at most [`MEMORY_FACTOR`]
//! times the file's size plus [`MEMORY_SLACK`] bytes. What does not fit is refused. Every error names the file, the fault and
//! the way out, and is the user's to mend.

pub mod pickle;
pub mod numpy;
pub mod hmmlearn;
pub mod chain_file;
pub mod tokens;
pub mod torch;
pub mod nanogpt;

mod arena;
mod budget;
mod scalar;
mod strided;
mod zip;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::LabError;

/// Reading a file of `n` bytes holds at most `MEMORY_FACTOR * n + MEMORY_SLACK` bytes at any time, the file's own included. What the
/// allocator adds is not in it, nor the program itself: with them, a process that reads a file of 4 MB or more stays below 16
/// times its size.
pub const MEMORY_FACTOR: usize = 14;
/// See [`MEMORY_FACTOR`]: what short files take, and the text of an error, in bytes.
pub const MEMORY_SLACK: usize = 1 << 19;

/// What is wrong with a file whose path the caller knows.
#[derive(Debug)]
struct Fault(String);

impl Fault {
    fn at(self, path: &Path, remedy: &str) -> LabError {
        LabError::File { path: path.into(), problem: self.0, remedy: remedy.into() }
    }
}

impl From<String> for Fault {
    fn from(problem: String) -> Fault {
        Fault(problem)
    }
}

impl From<&str> for Fault {
    fn from(problem: &str) -> Fault {
        Fault(problem.into())
    }
}

/// The bytes of a file. Pipes and devices, which have no length, are refused before they could block.
pub(crate) fn bytes(path: &Path, action: &'static str, remedy: &str) -> Result<Vec<u8>, LabError> {
    let attempt = || LabError::io(action, path);
    let metadata = fs::metadata(path).map_err(attempt())?;
    if !metadata.is_file() {
        return Err(Fault::from("is a folder or a device, not a file").at(path, remedy));
    }
    let mut bytes = Vec::new();
    if usize::try_from(metadata.len()).ok().and_then(|length| bytes.try_reserve_exact(length).ok()).is_none() {
        let problem = format!("is {} bytes long, more than there is memory", metadata.len());
        return Err(Fault(problem).at(path, remedy));
    }
    File::open(path).map_err(attempt())?.take(metadata.len()).read_to_end(&mut bytes).map_err(attempt())?;
    Ok(bytes)
}
