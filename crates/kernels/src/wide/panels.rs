//! Weight matrices as the product reads them: panels of 32 columns, the rows of a panel one after another. Packed once a
//! step, read by every sequence.

use super::vectors;
use crate::isa::Task;
use crate::lanes::{LANES, Lanes, Vector};
use crate::memory::Numbers;
use crate::place::Matrix;
use crate::tiles::tiles;

/// Vectors of a row of a panel; the last panel of a matrix may have fewer.
pub(super) const PANEL: usize = 2;

/// The vectors that the panels of a matrix take.
pub(crate) fn panel_vectors(matrix: Matrix) -> usize {
    matrix.rows as usize * vectors(matrix.columns as usize)
}

/// Packs a matrix of `weights` into `to`: vector `v` of row `i` stands at `first * rows + i * count + v - first`, where
/// `first..first + count` are the vectors of its panel. Behind the last column come zeros.
pub(crate) struct Panels<'a> {
    pub(crate) weights: &'a [f32],
    pub(crate) matrix: Matrix,
    pub(crate) to: &'a mut [Vector],
}

impl Task for Panels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Panels { weights, matrix, to } = self;
        let weights = Numbers::of(weights, matrix);
        assert_eq!(to.len(), panel_vectors(matrix), "a vector for every sixteen columns of every row");
        let rows = matrix.rows as usize;
        let width = vectors(matrix.columns as usize);
        for start in (0..width).step_by(PANEL) {
            let count = PANEL.min(width - start);
            let panel = &mut to[start * rows..(start + count) * rows];
            for v in 0..count {
                let column = ((start + v) * LANES) as u32;
                let filled = LANES.min((matrix.columns - column) as usize);
                // SAFETY: rows and columns of the matrix, which lies inside the weights.
                unsafe {
                    if matrix.column_stride == 1 || matrix.row_stride != 1 {
                        copy_rows::<L>(weights, matrix.rows, column, filled, panel, (count, v));
                    } else {
                        copy_columns::<L>(weights, matrix.rows, column, filled, panel, (count, v));
                    }
                }
            }
        }
    }
}

/// Row by row: the numbers of a row stand side by side, or anywhere.
///
/// # Safety
/// `rows` rows and the columns `column..column + filled` lie inside the matrix.
#[inline(always)]
unsafe fn copy_rows<L: Lanes>(
    weights: Numbers,
    rows: u32,
    column: u32,
    filled: usize,
    panel: &mut [Vector],
    (count, v): (usize, usize),
) {
    for i in 0..rows {
        // SAFETY: the caller's promise.
        unsafe { weights.vector::<L>(i, column, filled).store(&mut panel[i as usize * count + v]) };
    }
}

/// Column by column, sixteen rows at a time: the numbers of a column stand side by side.
///
/// # Safety
/// `rows` rows and the columns `column..column + filled` lie inside the matrix.
#[inline(always)]
unsafe fn copy_columns<L: Lanes>(
    weights: Numbers,
    rows: u32,
    column: u32,
    filled: usize,
    panel: &mut [Vector],
    (count, v): (usize, usize),
) {
    let columns = weights.transposed();
    for (first, size) in tiles(rows, LANES) {
        for lane in 0..LANES {
            let numbers = if lane < filled {
                // SAFETY: the caller's promise.
                unsafe { columns.vector::<L>(column + lane as u32, first, size).to_array() }
            } else {
                [0.0; LANES]
            };
            for (k, number) in numbers[..size].iter().enumerate() {
                panel[(first as usize + k) * count + v].0[lane] = *number;
            }
        }
    }
}
