//! Attention in the wide layout: a head at a time, a block of queries at a time.
//!
//! Scores are products of queries with keys laid out channel by channel, so that a vector is sixteen keys; results and
//! gradients are products with rows of values, keys or queries of one head without gaps. What is laid out anew lies in
//! scratch, for one head; scores are there for one block of queries, never for all.
//!
//! The sum of a row's exponentials adds key `u` to lane `u % 16`, then the lanes by their tree. All other sums are the
//! chains of the plain twins; where `dk` and `dv` are one place, a block's terms of `dk` come before its terms of `dv`.

mod backward;
mod cached;
mod forward;

use std::ops::Range;

use super::tile::{Factors, MOST_ROWS, Tile, Vectors, by_size, multiply_add};
use super::vectors;
use crate::interleave::four_positions;
use crate::lanes::{LANES, Lanes, Vector};
use crate::memory::WideRows;
use crate::tiles::tiles;

/// Queries of a block of the backward. What a block adds to stands in memory between blocks, so its size changes no bit.
const QUERIES: usize = 4 * MOST_ROWS;

/// An array of numbers in scratch: rows of whole vectors.
#[derive(Clone, Copy)]
struct Sheet {
    start: *mut Vector,
    rows: usize,
    /// Vectors of a row.
    width: usize,
}

impl Sheet {
    /// The number at a row and a column.
    ///
    /// # Safety
    /// Row and column lie inside.
    #[inline(always)]
    unsafe fn number(self, row: usize, column: usize) -> *mut f32 {
        debug_assert!(
            row < self.rows && column < self.width * LANES,
            "({row}, {column}) of {}x{}",
            self.rows,
            self.width
        );
        // SAFETY: the caller's promise.
        unsafe { self.start.cast::<f32>().add(row * self.stride() + column) }
    }

    /// The vector at a row and a place in it.
    ///
    /// # Safety
    /// They lie inside.
    #[inline(always)]
    unsafe fn vector(self, row: usize, v: usize) -> *mut Vector {
        // SAFETY: the caller's promise.
        unsafe { self.number(row, v * LANES).cast() }
    }

    /// Numbers from a row to the next.
    #[inline(always)]
    fn stride(self) -> usize {
        self.width * LANES
    }

    /// Some rows as factors: a tile's rows are rows of the sheet, its steps columns.
    ///
    /// # Safety
    /// The row lies inside.
    #[inline(always)]
    unsafe fn rows(self, row: usize) -> Factors {
        // SAFETY: the caller's promise.
        Factors { start: unsafe { self.number(row, 0) }, row: self.stride(), step: 1 }
    }

    /// Some columns as factors: a tile's rows are columns of the sheet, its steps rows.
    ///
    /// # Safety
    /// The column lies inside.
    #[inline(always)]
    unsafe fn columns(self, column: usize) -> Factors {
        // SAFETY: the caller's promise.
        Factors { start: unsafe { self.number(0, column) }, row: 1, step: self.stride() }
    }

    /// The vectors from `v` on, whose steps are rows.
    ///
    /// # Safety
    /// The vector lies inside.
    #[inline(always)]
    unsafe fn vectors(self, v: usize) -> Vectors {
        // SAFETY: the caller's promise.
        Vectors { start: unsafe { self.number(0, v * LANES) }, step: self.stride() }
    }
}

/// Hands out scratch.
struct Desk {
    next: *mut Vector,
}

impl Desk {
    /// # Safety
    /// So many vectors are left.
    #[inline(always)]
    unsafe fn sheet(&mut self, rows: usize, width: usize) -> Sheet {
        let sheet = Sheet { start: self.next, rows, width };
        // SAFETY: the caller's promise.
        self.next = unsafe { self.next.add(rows * width) };
        sheet
    }
}

/// The channels of a head in a place: numbers from `first` on in each row.
#[derive(Clone, Copy)]
struct Slice {
    rows: WideRows,
    first: u32,
    width: usize,
}

impl Slice {
    fn new(rows: WideRows, channels: Range<u32>) -> Slice {
        Slice { rows, first: channels.start, width: (channels.end - channels.start) as usize }
    }

    /// Vectors of the head's channels.
    #[inline(always)]
    fn vectors(self) -> usize {
        vectors(self.width)
    }

    /// How many of the channels of vector `v` there are.
    #[inline(always)]
    fn filled(self, v: usize) -> usize {
        (self.width - v * LANES).min(LANES)
    }

    /// The numbers of the head in rows from `row` on, as factors whose steps are channels.
    ///
    /// # Safety
    /// The row lies inside.
    #[inline(always)]
    unsafe fn factors(self, row: usize) -> Factors {
        // SAFETY: the caller's promise.
        Factors { start: unsafe { self.rows.number(row as u32, self.first) }, row: self.rows.stride(), step: 1 }
    }

    /// Sixteen channels of a row; zeros behind the last.
    ///
    /// # Safety
    /// The row lies inside.
    #[inline(always)]
    unsafe fn load<L: Lanes>(self, row: usize, v: usize) -> L {
        // SAFETY: the caller's promise.
        unsafe {
            let from = self.rows.number(row as u32, self.first + (v * LANES) as u32);
            crate::memory::read(from, 1, self.filled(v))
        }
    }

    /// Writes sixteen channels of a row, as many as there are.
    ///
    /// # Safety
    /// The row lies inside.
    #[inline(always)]
    unsafe fn store<L: Lanes>(self, row: usize, v: usize, lanes: L) {
        // SAFETY: the caller's promise.
        unsafe {
            let to = self.rows.number(row as u32, self.first + (v * LANES) as u32);
            match self.filled(v) {
                LANES => lanes.store_array(to),
                count => std::ptr::copy_nonoverlapping(lanes.to_array().as_ptr(), to, count),
            }
        }
    }

    /// All channels of all rows become 0.
    ///
    /// # Safety
    /// The place has so many rows.
    #[inline(always)]
    unsafe fn clear<L: Lanes>(self, rows: usize) {
        for row in 0..rows {
            for v in 0..self.vectors() {
                // SAFETY: the caller's promise.
                unsafe { self.store(row, v, L::splat(0.0)) };
            }
        }
    }

    /// Copies the head's rows without gaps; zeros behind the last channel.
    ///
    /// # Safety
    /// The sheet is as large.
    #[inline(always)]
    unsafe fn copy_to<L: Lanes>(self, sheet: Sheet) {
        for row in 0..sheet.rows {
            for v in 0..sheet.width {
                // SAFETY: the caller's promise.
                unsafe { self.load::<L>(row, v).store(sheet.vector(row, v)) };
            }
        }
    }

    /// Copies `count` rows so that each channel is a row of the sheet; zeros behind the last of the rows.
    ///
    /// # Safety
    /// The sheet has a row for each channel and a column for each row.
    #[inline(always)]
    unsafe fn transpose_to<L: Lanes>(self, sheet: Sheet, count: usize) {
        for first in (0..count).step_by(LANES) {
            let filled = LANES.min(count - first);
            let fours = if filled == LANES { self.width / 4 * 4 } else { 0 };
            // SAFETY: the caller's promise; four channels of sixteen rows, then single ones.
            unsafe {
                for channel in (0..fours).step_by(4) {
                    let from = self.sixteen_rows(first, channel);
                    let across: [L; 4] = four_positions(&from);
                    for (k, across) in across.into_iter().enumerate() {
                        across.store(sheet.vector(channel + k, first / LANES));
                    }
                }
                for channel in fours..self.width {
                    let mut across = [0.0; LANES];
                    for (k, number) in across[..filled].iter_mut().enumerate() {
                        *number = self.rows.get((first + k) as u32, self.first + channel as u32);
                    }
                    L::from_array(across).store(sheet.vector(channel, first / LANES));
                }
            }
        }
    }

    /// Where a channel of the head stands in each of the sixteen rows from `row` on.
    ///
    /// # Safety
    /// The rows lie inside, and have that channel.
    #[inline(always)]
    unsafe fn sixteen_rows(self, row: usize, channel: usize) -> [*const f32; LANES] {
        let mut from = [std::ptr::null(); LANES];
        for (k, from) in from.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *from = unsafe { self.rows.number((row + k) as u32, self.first + channel as u32) };
        }
        from
    }
}

/// `out[r][u] = sum_c a[r][c] keys[c][u]` for the rows of a tile and some vectors of keys, one tile of vectors after another.
struct Scores {
    /// The head's channels of the rows.
    a: Factors,
    channels: usize,
    /// `[channel][key]`
    keys: Sheet,
    out: Sheet,
    /// Where the tile's first row stands in `out`.
    row: usize,
    /// Vectors of keys, whole tiles of them.
    vectors: Range<usize>,
}

impl Tile for Scores {
    #[inline(always)]
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self) {
        for v in self.vectors.step_by(J) {
            // SAFETY: the tile lies within the sheets.
            unsafe {
                let sums = [[L::splat(0.0); J]; R];
                let sums = multiply_add(sums, self.a, self.keys.vectors(v), 0..self.channels);
                for (r, row) in sums.into_iter().enumerate() {
                    for (j, sum) in row.into_iter().enumerate() {
                        sum.store(self.out.vector(self.row + r, v + j));
                    }
                }
            }
        }
    }
}

/// Scores of `rows` rows of `a` from row `t` on, in rows from `row` on of `out`, with the first `until` keys.
///
/// # Safety
/// Rows, keys and channels lie inside; `rows` is at most the register tile.
#[inline(always)]
unsafe fn scores<L: Lanes>(out: Sheet, row: usize, a: Slice, t: usize, rows: usize, keys: Sheet, until: usize) {
    let width = vectors(until);
    let whole = width / L::WIDE_VECTORS * L::WIDE_VECTORS;
    for (vectors, size) in [(0..whole, L::WIDE_VECTORS), (whole..width, 1)] {
        if !vectors.is_empty() {
            // SAFETY: the caller's promise.
            unsafe {
                let tile = Scores { a: a.factors(t), channels: a.width, keys, out, row, vectors };
                by_size::<L>(tile, rows, size);
            }
        }
    }
}

/// `y[t + r] += sum_k w[r][k] x[k]` over the head's channels. Row `r` takes `until + r` steps: those that all rows share
/// in the tile, what later rows have beyond them one by one.
struct Mixture {
    w: Sheet,
    row: usize,
    x: Sheet,
    y: Slice,
    t: usize,
    v: usize,
    until: usize,
    /// Whether `y` starts from 0, and is multiplied by `finish[r]` at the end.
    fresh: bool,
    finish: Option<[f32; LANES]>,
}

impl Tile for Mixture {
    #[inline(always)]
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self) {
        let Mixture { w, row, x, y, t, v, until, fresh, finish } = self;
        let mut sums = [[L::splat(0.0); J]; R];
        // SAFETY: the tile lies within the arrays.
        unsafe {
            if !fresh {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = y.load(t + r, v + j);
                    }
                }
            }
            sums = multiply_add(sums, w.rows(row), x.vectors(v), 0..until);
            for k in 0..R - 1 {
                for (r, sums) in sums.iter_mut().enumerate().skip(k + 1) {
                    let number = L::splat(*w.number(row + r, until + k));
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = number.mul_add(L::load(x.vector(until + k, v + j)), *sum);
                    }
                }
            }
            for (r, sums) in sums.into_iter().enumerate() {
                for (j, sum) in sums.into_iter().enumerate() {
                    let sum = finish.map_or(sum, |factors| sum.mul(L::splat(factors[r])));
                    y.store(t + r, v + j, sum);
                }
            }
        }
    }
}

/// Runs the tiles of a mixture over all vectors of the head's channels.
///
/// # Safety
/// Everything lies inside; `rows` is at most the register tile.
#[inline(always)]
unsafe fn mix<L: Lanes>(of: impl Fn(usize) -> Mixture, rows: usize, width: usize) {
    for (v, size) in tiles(width as u32, L::WIDE_VECTORS) {
        // SAFETY: the caller's promise.
        unsafe { by_size::<L>(of(v as usize), rows, size) };
    }
}
