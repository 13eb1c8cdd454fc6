//! [`Embed`] and its gradient in the wide layout.

use super::{filled, vectors};
use crate::embed::{Embed, EmbedGradient};
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;

impl Embed {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories, and every id is a row of the table.
        unsafe {
            let (y, table) = (memory.wide(self.y), memory.weights(self.table));
            for t in 0..self.y.rows {
                let id = memory.id(self.ids, t);
                for v in 0..vectors(self.y.channels as usize) as u32 {
                    let row = table.vector::<L>(id, v * LANES as u32, filled(self.y.channels, v));
                    y.write(t, v, row, self.write);
                }
            }
        }
    }
}

impl EmbedGradient {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories, and every id is a row of the table.
        unsafe {
            let (dtable, dy) = (memory.gradients(self.dtable), memory.wide(self.dy));
            for t in 0..self.dy.rows {
                let id = memory.id(self.ids, t);
                for v in 0..vectors(self.dy.channels as usize) as u32 {
                    dtable.add_vector(id, v * LANES as u32, dy.load::<L>(t, v), filled(self.dy.channels, v));
                }
            }
        }
    }
}
