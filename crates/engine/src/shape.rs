//! Shapes of arrays, and the error that names the arrays when shapes disagree.

use std::fmt;

/// Rows (positions) by channels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Positions of a sequence array, or rows of a weight.
    pub rows: usize,
    /// Channels of a sequence array, or columns of a weight.
    pub channels: usize,
}

impl Shape {
    /// Number of scalars.
    pub fn len(self) -> usize {
        self.rows * self.channels
    }

    /// Whether there is no scalar at all.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Shape of `rows` by `channels`.
pub(crate) fn shape(rows: usize, channels: usize) -> Shape {
    Shape { rows, channels }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}]", self.rows, self.channels)
    }
}

/// A program that cannot be built: which array of which operation has which shape, and what was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShapeError {
    /// Operands disagree; `arrays` names each with its shape.
    #[error("{operation} `{site}`: {reason} (its operands: {arrays})")]
    Operation {
        /// Name of the operation.
        operation: &'static str,
        /// Site of its output.
        site: String,
        /// What was expected.
        reason: String,
        /// Operands by name, with shapes.
        arrays: String,
    },
    /// A weight expression over arrays that do not fit.
    #[error("weight `{name}`: {reason}")]
    Weight {
        /// Name of the weight.
        name: String,
        /// What was expected.
        reason: String,
    },
    /// Two arrays of one kind with one name.
    #[error("the name `{0}` is given twice; every site, input and weight needs its own")]
    Name(String),
    /// A site that the program does not have.
    #[error("there is no site `{site}`; the sites are {known}")]
    Site {
        /// The name asked for.
        site: String,
        /// All that exist.
        known: String,
    },
    /// A loss that cannot be one.
    #[error("loss: {0}")]
    Loss(String),
}

/// `Ok` when `holds`, else the reason.
pub(crate) fn require(holds: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(reason()) }
}
