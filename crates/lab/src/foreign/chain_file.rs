//! The Markov chains that `data export` writes: a `.npz` file of `start`, `[n]`, and `transitions`, `[n, n]`.

use std::path::Path;

use super::hmmlearn::Chain;
use super::numpy::{self, Array};
use super::{Fault, bytes};
use crate::LabError;

const REMEDY: &str = "give the chain.npz that infimum data export writes: start, [n], and transitions, [n, n]";

/// Reads a `chain.npz`. Its numbers are not yet known to be probabilities.
///
/// # Errors
/// When the file cannot be read, or lacks one of the two arrays, or they are of other shapes.
pub fn read(path: &Path) -> Result<Chain, LabError> {
    decode(path, &bytes(path, "read the chain", REMEDY)?)
}

/// Reads the bytes of a `chain.npz`; `path` is for the text of errors.
///
/// # Errors
/// As [`read`].
pub fn decode(path: &Path, file: &[u8]) -> Result<Chain, LabError> {
    let mut arrays = numpy::decode_npz(path, file)?;
    let mut named = |name: &str| arrays.remove(name).ok_or_else(|| Fault(format!("has no array `{name}`")));
    let mut chain = || {
        let (start, transitions) = (named("start")?, named("transitions")?);
        shaped(start, transitions)
    };
    chain().map_err(|fault: Fault| fault.at(path, REMEDY))
}

fn shaped(start: Array, transitions: Array) -> Result<Chain, Fault> {
    let states = start.data.len();
    if start.shape != [states] || states == 0 {
        return Err(Fault(format!("its `start` has shape {:?}, not one number a state", start.shape)));
    }
    if transitions.shape != [states, states] {
        return Err(Fault(format!("its `transitions` has shape {:?} for {states} states", transitions.shape)));
    }
    Ok(Chain { start: start.data, transitions: transitions.data })
}
