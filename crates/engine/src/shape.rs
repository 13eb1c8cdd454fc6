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
    /// An input that cannot be one.
    #[error("input `{name}`: {reason}")]
    Input {
        /// Name of the input.
        name: String,
        /// What was given and what is possible.
        reason: String,
    },
    /// Rows that an array does not have.
    #[error("rows {start}..{end} of `{site}`: it has rows 0..{have}, and at least one of them must be asked for")]
    Rows {
        /// First row asked for.
        start: usize,
        /// One past the last row asked for.
        end: usize,
        /// The array.
        site: String,
        /// Its rows.
        have: usize,
    },
    /// Something that 32-bit numbers cannot address.
    #[error("{what} would need {size}, and at most {} can be addressed; make it smaller", LARGEST)]
    TooLarge {
        /// What it is, by name.
        what: String,
        /// How large it would be, with its unit.
        size: String,
    },
    /// A loss that cannot be one.
    #[error("loss: {0}")]
    Loss(String),
}

/// Instructions count memory in 32-bit numbers.
pub(crate) const LARGEST: u32 = u32::MAX;

/// `Ok` when `size`, counted in `unit`, can be addressed.
pub(crate) fn addressable(what: impl FnOnce() -> String, size: u128, unit: &str) -> Result<(), ShapeError> {
    let holds = size <= u128::from(LARGEST);
    if holds { Ok(()) } else { Err(ShapeError::TooLarge { what: what(), size: format!("{size} {unit}") }) }
}

/// `Ok` when `holds`, else the reason.
pub(crate) fn require(holds: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(reason()) }
}
