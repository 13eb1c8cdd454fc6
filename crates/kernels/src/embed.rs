//! A row of a table for each token: `y[t] = table[ids[t]]`.
//!
//! Shapes: `ids: T` tokens, `table: [V, C]`, `y: [T, C]`.

use std::ops::Range;

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes, Vector};
use crate::memory::Raw;
use crate::place::{Ids, Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Embed`: `y[t] = table[ids[t]]`, or `+=`.
pub fn embed<S: Scalar>(y: &mut ViewMut<S>, ids: &[u16], table: View<S>, write: Write) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.write(t, c, table.get(usize::from(ids[t]), c), write);
        }
    }
}

/// The plain twin of `EmbedGradient`: `dtable[ids[t]] += dy[t]`, `t` ascending (in the lanes: for each `t`, the lanes
/// ascending).
pub fn embed_gradient<S: Scalar>(dtable: &mut ViewMut<S>, ids: &[u16], dy: View<S>) {
    for t in 0..dy.row_count() {
        for c in 0..dy.column_count() {
            dtable.add(usize::from(ids[t]), c, dy.get(t, c));
        }
    }
}

/// Arguments of [`embed`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embed {
    /// `[T, C]`, written.
    pub y: Place,
    /// `T` rows.
    pub ids: Ids,
    /// `[V, C]`, with at least as many rows as the alphabet of `ids`.
    pub table: Matrix,
    /// Stored or added.
    pub write: Write,
}

/// Arguments of [`embed_gradient`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbedGradient {
    /// `[V, C]`, added to; with at least as many rows as the alphabet of `ids`.
    pub dtable: Matrix,
    /// `T` rows.
    pub ids: Ids,
    /// `[T, C]`
    pub dy: Place,
}

impl Kernel for Embed {
    fn fields(&self, fields: &mut Fields) {
        fields.ids("ids", self.ids);
        fields.weight("table", self.table);
        fields.write("y", self.y, self.write);
        fields.equal(("y.rows", self.y.rows), ("ids.rows", self.ids.rows));
        fields.equal(("y.channels", self.y.channels), ("table.columns", self.table.columns));
        fields.rule(self.ids.alphabet <= self.table.rows, "`table` has a row for every id of the alphabet");
        let last = self.ids.alphabet.saturating_sub(1);
        fields.rule(last.checked_mul(self.table.row_stride).is_some(), "rows of `table` start within 32 bits");
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        if self.ids.alphabet as usize <= LANES && self.y.channels <= CHANNELS {
            // SAFETY: as this function's.
            return unsafe { self.look_up::<L>(memory) };
        }
        // SAFETY: the fields lie inside the memories, every id is a row of the table, and where it starts is a u32.
        unsafe {
            let (y, table) = (memory.rows(self.y), memory.weights(self.table));
            for t in 0..self.y.rows {
                let ids = memory.id_row(self.ids, t);
                let mut starts = [0; LANES];
                for (start, &id) in starts.iter_mut().zip(ids) {
                    // `fields` has the rule that this does not wrap.
                    *start = id * self.table.row_stride;
                }
                for c in 0..self.y.channels {
                    y.write(t, c, L::gather(table.at(0, c), &starts), self.write);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

/// Up to so many channels, the columns of a small table are held in registers and the nearest cache.
const CHANNELS: u32 = 32;

impl Embed {
    /// For an alphabet of at most sixteen: a column of the table is one register, and a look-up one permutation.
    ///
    /// # Safety
    /// As [`Kernel::run`], and the alphabet has at most sixteen tokens.
    #[inline(always)]
    unsafe fn look_up<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories, and every id is below sixteen.
        unsafe {
            let (y, table) = (memory.rows(self.y), memory.weights(self.table));
            for c in 0..self.y.channels {
                let mut column = [0.0; LANES];
                for id in 0..self.ids.alphabet {
                    column[id as usize] = table.get(id, c);
                }
                let column = L::from_array(column);
                for t in 0..self.y.rows {
                    y.write(t, c, L::look_up(column, memory.id_row(self.ids, t)), self.write);
                }
            }
        }
    }
}

/// Eight channels of one sequence.
type Eight = [[f32; 4]; 2];

impl EmbedGradient {
    /// `dtable` for the eight channels from `first` on (fewer at the end), which are made to follow each other in each
    /// lane: then a row of the table is two sums of four.
    ///
    /// # Safety
    /// As [`Kernel::run`], there is the first channel, and the alphabet has at most `TOKENS` tokens.
    #[inline(always)]
    unsafe fn eight_channels<L: Lanes>(&self, memory: Raw, first: u32) {
        // SAFETY: the fields lie inside the memories, and every id is below the alphabet.
        unsafe {
            let dtable = memory.gradients(self.dtable);
            let count = (self.dy.channels - first).min(8);
            let mut rows: [Eight; TOKENS] = [[[0.0; 4]; 2]; TOKENS];
            let at = |c: u32| ((c - first) as usize / 4, (c - first) as usize % 4);
            self.each_number(first, count, |id, c| rows[id as usize][at(c).0][at(c).1] = dtable.get(id, c));
            let mut by_lane = [[Vector::splat(0.0); 4]; 2];
            for t in 0..self.dy.rows {
                self.bring_lanes_together::<L>(memory, t, first..first + count, &mut by_lane);
                let ids = memory.id_row(self.ids, t);
                for j in 0..4 {
                    for m in 0..4 {
                        let row = &mut rows[ids[4 * j + m] as usize % TOKENS];
                        for half in 0..2 {
                            let (dy, sum) = (by_lane[half][m].0.as_chunks::<4>().0[j], row[half]);
                            row[half] = [sum[0] + dy[0], sum[1] + dy[1], sum[2] + dy[2], sum[3] + dy[3]];
                        }
                    }
                }
            }
            self.each_number(first, count, |id, c| *dtable.at(id, c) = rows[id as usize][at(c).0][at(c).1]);
        }
    }

    /// Lane `4 j + m` of channels `4 half ..` of row `t` follow each other in quarter `j` of vector `m` of `half`.
    ///
    /// # Safety
    /// As [`EmbedGradient::eight_channels`], there are this row and these channels, at most eight.
    #[inline(always)]
    unsafe fn bring_lanes_together<L: Lanes>(
        &self,
        memory: Raw,
        t: u32,
        channels: Range<u32>,
        by_lane: &mut [[Vector; 4]; 2],
    ) {
        for (half, to) in by_lane.iter_mut().enumerate() {
            let mut four = [L::splat(0.0); 4];
            for (k, lanes) in four.iter_mut().enumerate() {
                let c = channels.start + (4 * half + k) as u32;
                if c < channels.end {
                    // SAFETY: the caller's promise.
                    *lanes = unsafe { memory.rows(self.dy).load(t, c) };
                }
            }
            for (to, lanes) in to.iter_mut().zip(L::quads(four)) {
                // SAFETY: a vector of the array.
                unsafe { lanes.store(to) };
            }
        }
    }

    fn each_number(&self, first: u32, count: u32, mut f: impl FnMut(u32, u32)) {
        (0..self.ids.alphabet).for_each(|id| (first..first + count).for_each(|c| f(id, c)));
    }
}

/// Up to so many tokens, eight columns of the gradient of a table are summed in the nearest cache.
const TOKENS: usize = 64;

impl Kernel for EmbedGradient {
    fn fields(&self, fields: &mut Fields) {
        fields.ids("ids", self.ids);
        fields.read("dy", self.dy);
        fields.gradient("dtable", self.dtable);
        fields.equal(("dy.rows", self.dy.rows), ("ids.rows", self.ids.rows));
        fields.equal(("dy.channels", self.dy.channels), ("dtable.columns", self.dtable.columns));
        fields.rule(self.ids.alphabet <= self.dtable.rows, "`dtable` has a row for every id of the alphabet");
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        if self.ids.alphabet as usize <= TOKENS {
            for first in (0..self.dy.channels).step_by(8) {
                // SAFETY: as this function's, and there is this channel.
                unsafe { self.eight_channels::<L>(memory, first) };
            }
            return;
        }
        // SAFETY: the fields lie inside the memories, and every id is a row of the table.
        unsafe {
            let (dtable, dy) = (memory.gradients(self.dtable), memory.rows(self.dy));
            for t in 0..self.dy.rows {
                let ids = memory.id_row(self.ids, t);
                for c in 0..self.dy.channels {
                    for (&id, dy) in ids.iter().zip(dy.load::<L>(t, c).to_array()) {
                        dtable.add(id, c, dy);
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}
