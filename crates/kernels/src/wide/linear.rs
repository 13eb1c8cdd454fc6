//! [`Linear`] in the wide layout: panels of weights outside, rows inside, so that a panel is read from far away once.

use super::tile::{Factors, Tile, Vectors, by_size, multiply_add, row_tiles};
use super::{filled, vectors};
use crate::bf16::round_rows;
use crate::lanes::{LANES, Lanes, Vector};
use crate::linear::Linear;
use crate::memory::Raw;
use crate::tiles::tiles;

impl Linear {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide); the panels of `w` are those of this instruction.
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        let k = match self.rounded {
            None => *self,
            Some(rounded) => {
                // SAFETY: the two places have the same shape and lie inside the values memory.
                unsafe { round_rows::<L>(memory, rounded, self.x) };
                Linear { x: rounded, ..*self }
            }
        };
        for (v, size) in tiles(vectors(k.y.channels as usize) as u32, L::WIDE_VECTORS) {
            // SAFETY: the panels have so many vectors for each input, tiles lie within the shape of `y`.
            unsafe {
                let panel = memory.panels().add(v as usize * k.w.rows as usize);
                for (t, rows) in row_tiles::<L>(k.y.rows) {
                    by_size::<L>(LinearTile { k: &k, memory, panel, t, v }, rows, size);
                }
            }
        }
    }
}

/// Rows from `t` on by vectors of `y` from `v` on.
struct LinearTile<'a> {
    k: &'a Linear,
    memory: Raw,
    /// The vectors from `v` on at input 0, `J` of them; those at the next input follow.
    panel: *const Vector,
    t: u32,
    v: u32,
}

impl Tile for LinearTile<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self) {
        let LinearTile { k, memory, panel, t, v } = self;
        let sums = [[L::splat(0.0); J]; R];
        // SAFETY: `x` has the rows of `y` and as many channels as the panels have inputs.
        unsafe {
            let (x, y) = (memory.wide(k.x), memory.wide(k.y));
            let factors = Factors { start: x.number(t, 0), row: x.stride(), step: 1 };
            let weights = Vectors { start: panel.cast(), step: J * LANES };
            let sums = multiply_add(sums, factors, weights, 0..k.x.channels as usize);
            for (r, row) in sums.into_iter().enumerate() {
                for (j, sum) in row.into_iter().enumerate() {
                    let v = v + j as u32;
                    let bias = |bias| memory.weights(bias).vector::<L>(0, v * LANES as u32, filled(k.y.channels, v));
                    let value = k.bias.map_or(sum, |b| sum.add(bias(b)));
                    y.write(t + r as u32, v, value, k.write);
                }
            }
        }
    }
}
