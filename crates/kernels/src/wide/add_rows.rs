//! [`AddRows`] and its gradient in the wide layout.

use super::{filled, vectors};
use crate::add_rows::{AddRows, AddRowsGradient};
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;

impl AddRows {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (y, x, rows) = (memory.wide(self.y), memory.wide(self.x), memory.weights(self.rows));
            for t in 0..self.y.rows {
                for v in 0..vectors(self.y.channels as usize) as u32 {
                    let row = rows.vector(t, v * LANES as u32, filled(self.y.channels, v));
                    y.store(t, v, x.load::<L>(t, v).add(row));
                }
            }
        }
    }
}

impl AddRowsGradient {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (drows, dy) = (memory.gradients(self.drows), memory.wide(self.dy));
            for t in 0..self.dy.rows {
                for v in 0..vectors(self.dy.channels as usize) as u32 {
                    drows.add_vector(t, v * LANES as u32, dy.load::<L>(t, v), filled(self.dy.channels, v));
                }
            }
        }
    }
}
