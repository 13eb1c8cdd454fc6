//! Pickles, read without running them.
//!
//! A pickle is a program for a stack machine. This one has the instructions of protocols 0 to 5 and makes inert values:
//! what Python would call or import becomes an [`Object`] that says so. Global names are those of a fixed list. Values are
//! cells of one flat graph: what a file shares stays shared, nothing is dropped or compared by recursion, and a value is
//! nested at most [`DEPTH`] deep, in no cycle, and unfolds to at most [`UNFOLDED`] values for each byte of the file, so that
//! plain recursion over it is safe.
//!
//! The instructions are those of Python's `pickletools`.

mod globals;
mod graph;
mod machine;
mod value;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::budget::Budget;
use super::{Fault, bytes};
use crate::LabError;
use graph::Graph;
pub use graph::{DEPTH, UNFOLDED};
pub use value::{Entries, Items, Node, Object, Value};

const REMEDY: &str = "give the file as NumPy, hmmlearn or PyTorch wrote it; anything else can be read when its arrays alone \
                      are saved, with numpy.savez or as a state_dict";

/// A pickle that has been read.
pub struct Pickle {
    path: PathBuf,
    /// The file, and where in it the pickle is.
    file: Arc<Vec<u8>>,
    within: Range<usize>,
    graph: Graph,
    root: u32,
    pub(super) budget: Budget,
}

/// Reads a file that holds one pickle.
///
/// # Errors
/// When the file cannot be read, or is no pickle of known names within the bounds above.
pub fn read(path: &Path) -> Result<Pickle, LabError> {
    parse(path, bytes(path, "read the pickle", REMEDY)?)
}

/// Reads a pickle from the bytes of a file; `path` is for the text of errors.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Pickle, LabError> {
    let (within, budget) = (0..bytes.len(), Budget::new(bytes.len()));
    Pickle::new(path, Arc::new(bytes), within, budget).map_err(|fault| fault.at(path, REMEDY))
}

impl Pickle {
    pub(super) fn new(path: &Path, file: Arc<Vec<u8>>, within: Range<usize>, budget: Budget) -> Result<Pickle, Fault> {
        let (graph, root, budget) = machine::run(&file[within.clone()], budget)?;
        Ok(Pickle { path: path.into(), file, within, graph, root, budget })
    }

    /// The value that the pickle holds.
    pub fn root(&self) -> Node<'_> {
        Node::new(self, self.root)
    }

    /// The file that it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn source(&self) -> &[u8] {
        &self.file[self.within.clone()]
    }
}

#[cfg(test)]
mod tests;
