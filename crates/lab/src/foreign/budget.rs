//! How much memory the reading of a file may still take.

use super::{Fault, MEMORY_FACTOR, MEMORY_SLACK};

/// Bytes held, of those allowed. What is large is counted here before it is allocated.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    limit: usize,
    held: usize,
}

impl Budget {
    /// For a file of `length` bytes, which are held already. Half of the slack is left for what is not counted.
    pub(super) fn new(length: usize) -> Budget {
        Budget { limit: length.saturating_mul(MEMORY_FACTOR).saturating_add(MEMORY_SLACK / 2), held: length }
    }

    /// Before `count` things of `size` bytes are allocated.
    pub(super) fn take(&mut self, count: usize, size: usize) -> Result<(), Fault> {
        let wanted = count.saturating_mul(size).saturating_add(self.held);
        if wanted > self.limit {
            return Err(Fault(format!(
                "what it describes takes at least {wanted} bytes, of {} allowed, which is {MEMORY_FACTOR} times the \
                 file's size and a little",
                self.limit
            )));
        }
        self.held = wanted;
        Ok(())
    }

    /// After what was taken has been freed.
    pub(super) fn give_back(&mut self, count: usize, size: usize) {
        self.held -= count * size;
    }
}
