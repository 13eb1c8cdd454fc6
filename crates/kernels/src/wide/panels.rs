//! Weight matrices as the product reads them: panels as wide as its register tile, the rows of a panel one after another, so
//! that what a tile reads lies together. Packed once a step, read by every sequence.

use super::vectors;
use crate::bf16::RoundVectors;
use crate::interleave::four_positions;
use crate::isa::Task;
use crate::lanes::{LANES, Lanes, Vector};
use crate::memory::Numbers;
use crate::place::Matrix;
use crate::tiles::tiles;

/// A matrix that is read in panels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Packed {
    pub(crate) matrix: Matrix,
    /// Whether its numbers are rounded to bfloat16.
    pub(crate) rounded: bool,
}

impl Packed {
    /// The vectors that the panels take.
    pub(crate) fn vectors(self) -> usize {
        self.matrix.rows as usize * vectors(self.matrix.columns as usize)
    }
}

/// Packs a matrix of `weights` into `to`: vector `v` of row `i` stands at `first * rows + i * count + v - first`, where
/// `first..first + count` are the vectors of its panel. Behind the last column come zeros.
pub(crate) struct Panels<'a> {
    pub(crate) weights: &'a [f32],
    pub(crate) packed: Packed,
    pub(crate) to: &'a mut [Vector],
}

impl Task for Panels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Panels { weights, packed, to } = self;
        let matrix = packed.matrix;
        assert_eq!(to.len(), packed.vectors(), "a vector for every sixteen columns of every row");
        let weights = Numbers::of(weights, matrix);
        let rows = matrix.rows as usize;
        let width = vectors(matrix.columns as usize);
        for (start, count) in tiles(width as u32, L::WIDE_VECTORS) {
            let start = start as usize;
            let panel = &mut to[start * rows..(start + count) * rows];
            for v in 0..count {
                let column = ((start + v) * LANES) as u32;
                let filled = LANES.min((matrix.columns - column) as usize);
                let mut strip = Strip { weights, rows: matrix.rows, column, filled, panel, count, v };
                // SAFETY: rows and columns of the matrix, which lies inside the weights.
                unsafe {
                    if matrix.column_stride == 1 || matrix.row_stride != 1 {
                        strip.copy_rows::<L>();
                    } else {
                        strip.copy_columns::<L>();
                    }
                }
            }
            if packed.rounded {
                RoundVectors(panel).run::<L>();
            }
        }
    }
}

/// The columns of one vector of a panel.
struct Strip<'p> {
    weights: Numbers,
    rows: u32,
    /// The first column, and how many of sixteen there are.
    column: u32,
    filled: usize,
    panel: &'p mut [Vector],
    /// Vectors of a row of the panel, and which of them this is.
    count: usize,
    v: usize,
}

impl Strip<'_> {
    /// Row by row: the numbers of a row stand side by side, or anywhere.
    ///
    /// # Safety
    /// Rows and columns lie inside the matrix.
    #[inline(always)]
    unsafe fn copy_rows<L: Lanes>(&mut self) {
        for i in 0..self.rows {
            let to = &mut self.panel[i as usize * self.count + self.v];
            // SAFETY: the caller's promise.
            unsafe { self.weights.vector::<L>(i, self.column, self.filled).store(to) };
        }
    }

    /// Column by column, sixteen rows at a time: the numbers of a column stand side by side.
    ///
    /// # Safety
    /// As [`Strip::copy_rows`].
    #[inline(always)]
    unsafe fn copy_columns<L: Lanes>(&mut self) {
        let columns = self.weights.transposed();
        for (first, size) in tiles(self.rows, LANES) {
            if (self.filled, size) == (LANES, LANES) {
                // SAFETY: the caller's promise, and there are sixteen rows and columns.
                unsafe { self.copy_square::<L>(columns, first) };
                continue;
            }
            for lane in 0..LANES {
                let numbers = if lane < self.filled {
                    // SAFETY: the caller's promise.
                    unsafe { columns.vector::<L>(self.column + lane as u32, first, size).to_array() }
                } else {
                    [0.0; LANES]
                };
                for (k, number) in numbers[..size].iter().enumerate() {
                    self.panel[(first as usize + k) * self.count + self.v].0[lane] = *number;
                }
            }
        }
    }

    /// Sixteen rows from `first` on of sixteen columns, whose numbers stand side by side.
    ///
    /// # Safety
    /// As [`Strip::copy_rows`]; all of these rows and columns lie inside the matrix.
    #[inline(always)]
    unsafe fn copy_square<L: Lanes>(&mut self, columns: Numbers, first: u32) {
        for row in (first..first + LANES as u32).step_by(4) {
            let mut from = [std::ptr::null(); LANES];
            for (lane, from) in from.iter_mut().enumerate() {
                // SAFETY: the caller's promise.
                *from = unsafe { columns.at(self.column + lane as u32, row) }.cast_const();
            }
            // SAFETY: the numbers of a column are side by side, and there are four rows from `row` on.
            let across: [L; 4] = unsafe { four_positions(&from) };
            for (k, across) in across.into_iter().enumerate() {
                let to = &mut self.panel[(row as usize + k) * self.count + self.v];
                // SAFETY: it is a vector.
                unsafe { across.store(to) };
            }
        }
    }
}
