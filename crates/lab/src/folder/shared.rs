//! Blocks of `val.bin` that are also in `train.bin`: few of them where the data were drawn apart, unless the world is so
//! small that blocks come again.

use std::path::Path;

use super::{TRAIN, VALIDATION};
use crate::LabError;

/// Shared blocks are more than chance from here on, where they are also more than one in a hundred.
const NOTED: usize = 16;

/// How many blocks of `val.bin` are blocks of `train.bin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedBlocks {
    /// Blocks of `val.bin` that are also in `train.bin`.
    pub shared: usize,
    /// Blocks of `val.bin`.
    pub of: usize,
}

/// Counts the blocks that two files share.
///
/// # Errors
/// When they are more than the data themselves lead one to expect: all of them, or more than 16 and than 1 %, and more than
/// twice as many as the blocks that come again inside either file let one expect.
pub(super) fn count(folder: &Path, train: &[u16], validation: &[u16], length: usize) -> Result<SharedBlocks, LabError> {
    let [train, validation] = [train, validation].map(|tokens| {
        let mut blocks: Vec<&[u16]> = tokens.chunks_exact(length).collect();
        blocks.sort_unstable();
        blocks
    });
    let (shared, of) = (validation.iter().filter(|block| train.binary_search(block).is_ok()).count(), validation.len());
    // A block of `validation` meets as many of `train`, for their number, as blocks of either file meet their own.
    let of_each = (again(&train) / train.len() as f64, again(&validation) * train.len() as f64 / (of * of) as f64);
    let expected = of as f64 * of_each.0.max(of_each.1).min(1.0);
    let many = shared == of || (shared > NOTED && 100 * shared > of);
    if !many || shared as f64 <= 2.0 * expected {
        return Ok(SharedBlocks { shared, of });
    }
    let problem = format!(
        "{shared} of its {of} blocks are also in {TRAIN}, where {expected:.0} would be by chance: a score on them would be one on \
         training data"
    );
    let remedy = format!("give a {VALIDATION} that was drawn apart from {TRAIN}, or take these blocks out of {TRAIN}");
    Err(LabError::File { path: folder.join(VALIDATION), problem, remedy })
}

/// How many of these sorted blocks come more than once.
fn again(blocks: &[&[u16]]) -> f64 {
    blocks.chunk_by(|one, other| one == other).map(<[_]>::len).filter(|times| *times > 1).sum::<usize>() as f64
}
