//! [`Outer`] in the wide layout: the operand along whose channels the gradient is contiguous gives the vectors.

use super::tile::{Factors, Tile, Vectors, by_size, multiply_add, row_tiles};
use super::{filled, vectors};
use crate::bf16::round_rows;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::outer::Outer;
use crate::tiles::tiles;

/// Tiles of inputs that are gone through before the next vectors of outputs: their columns of `x` stay near.
const BLOCK_TILES: usize = 8;

impl Outer {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        let k = match self.rounded {
            None => *self,
            Some([x, dy]) => {
                // SAFETY: each pair of places has the same shape and lies inside the values memory.
                unsafe {
                    round_rows::<L>(memory, x, self.x);
                    round_rows::<L>(memory, dy, self.dy);
                }
                Outer { x, dy, ..*self }
            }
        };
        let along_columns = k.dw.column_stride == 1 || k.dw.row_stride != 1;
        let k = if along_columns { k } else { Outer { dw: k.dw.transposed(), x: k.dy, dy: k.x, ..k } };
        let (inputs, block) = (k.x.channels, (BLOCK_TILES * L::WIDE_ROWS) as u32);
        for first in (0..inputs).step_by(block as usize) {
            for (v, size) in tiles(vectors(k.dy.channels as usize) as u32, L::WIDE_VECTORS) {
                for (i, rows) in row_tiles::<L>(block.min(inputs - first)) {
                    let i = first + i;
                    // SAFETY: tiles lie within the shape of `dw`, and the fields inside the memories.
                    unsafe { by_size::<L>(OuterTile { k, memory, i, v }, rows, size) };
                }
            }
        }
    }
}

/// Inputs from `i` on by vectors of outputs from `v` on.
struct OuterTile {
    k: Outer,
    memory: Raw,
    i: u32,
    v: u32,
}

impl Tile for OuterTile {
    #[inline(always)]
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self) {
        let OuterTile { k, memory, i, v } = self;
        let sums = [[L::splat(0.0); J]; R];
        // SAFETY: `x` and `dy` have the same rows, and the rows and columns of `dw` as channels.
        unsafe {
            let (x, dy, dw) = (memory.wide(k.x), memory.wide(k.dy), memory.gradients(k.dw));
            let factors = Factors { start: x.number(0, i), row: 1, step: x.stride() };
            let outputs = Vectors { start: dy.vector(0, v).cast(), step: dy.stride() };
            let at = |r: usize, j: usize| {
                let column = v + j as u32;
                (i + r as u32, column * LANES as u32, filled(k.dy.channels, column))
            };
            for (r, j) in (0..R).flat_map(|r| (0..J).map(move |j| (r, j))) {
                let (row, column, count) = at(r, j);
                dw.prefetch(row, column, count);
            }
            let sums = multiply_add(sums, factors, outputs, 0..k.x.rows as usize);
            for (r, sums) in sums.into_iter().enumerate() {
                for (j, sum) in sums.into_iter().enumerate() {
                    let (row, column, count) = at(r, j);
                    dw.add_vector(row, column, sum, count);
                }
            }
        }
    }
}
