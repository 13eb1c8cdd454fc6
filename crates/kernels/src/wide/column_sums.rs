//! [`ColumnSums`] in the wide layout.

use super::{filled, vectors};
use crate::column_sums::ColumnSums;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;

impl ColumnSums {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same columns.
        unsafe {
            let (db, dy) = (memory.gradients(self.db), memory.wide(self.dy));
            for v in 0..vectors(self.dy.channels as usize) as u32 {
                let mut sum = L::splat(0.0);
                for t in 0..self.dy.rows {
                    sum = sum.add(dy.load(t, v));
                }
                db.add_vector(0, v * LANES as u32, sum, filled(self.dy.channels, v));
            }
        }
    }
}
