//! The two products that attention is made of, both of lanes by lanes, in register tiles: scores (`a b'`, a sum over
//! channels) and mixtures (`y += w x`, a sum over keys or queries).

use std::ops::Range;

use crate::lanes::{Lanes, Vector, array_of};
use crate::memory::Rows;
use crate::tiles::tiles;

/// Vectors in rows and columns with any strides. Every access is checked in builds with debug assertions.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    start: *mut Vector,
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl Grid {
    /// Channels of a place with `rows` rows.
    ///
    /// # Safety
    /// The place has these rows and channels, at least one of each.
    #[inline(always)]
    pub(super) unsafe fn new(place: Rows, rows: u32, channels: Range<u32>) -> Grid {
        // SAFETY: the caller's promise.
        let start = unsafe { place.at(0, channels.start) };
        let columns = (channels.end - channels.start) as usize;
        Grid { start, rows: rows as usize, columns, row_stride: place.stride(), column_stride: 1 }
    }

    /// Vectors without gaps, from column `first` of the one row of a place on.
    ///
    /// # Safety
    /// The place has `rows * columns` vectors in its first row from `first` on.
    #[inline(always)]
    pub(super) unsafe fn dense(place: Rows, first: usize, rows: usize, columns: usize) -> Grid {
        // SAFETY: the caller's promise.
        let start = unsafe { place.at(0, first as u32) };
        Grid { start, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same vectors from a row and a column on.
    ///
    /// # Safety
    /// Row and column lie within the grid.
    #[inline(always)]
    pub(super) unsafe fn from(self, row: usize, column: usize) -> Grid {
        // SAFETY: the caller's promise.
        Grid { start: unsafe { self.at(row, column) }, rows: self.rows - row, columns: self.columns - column, ..self }
    }

    /// The rows of a range.
    ///
    /// # Safety
    /// They lie within the grid.
    #[inline(always)]
    pub(super) unsafe fn rows(self, range: Range<usize>) -> Grid {
        // SAFETY: the caller's promise.
        Grid { rows: range.end - range.start, ..unsafe { self.from(range.start, 0) } }
    }

    /// Rows and columns exchanged.
    #[inline(always)]
    pub(super) fn transposed(self) -> Grid {
        let Grid { start, rows, columns, row_stride, column_stride } = self;
        Grid { start, rows: columns, columns: rows, row_stride: column_stride, column_stride: row_stride }
    }

    /// The number of columns.
    #[inline(always)]
    pub(super) fn columns(self) -> usize {
        self.columns
    }

    /// The number of rows.
    #[inline(always)]
    pub(super) fn row_count(self) -> usize {
        self.rows
    }

    /// The vector at a row and a column.
    ///
    /// # Safety
    /// Row and column lie within the grid.
    #[inline(always)]
    unsafe fn at(self, row: usize, column: usize) -> *mut Vector {
        debug_assert!(row < self.rows && column < self.columns, "({row}, {column}) of {}x{}", self.rows, self.columns);
        // SAFETY: the caller's promise.
        unsafe { self.start.add(row * self.row_stride + column * self.column_stride) }
    }

    /// Reads the lanes at a row and a column.
    ///
    /// # Safety
    /// Row and column lie within the grid.
    #[inline(always)]
    pub(super) unsafe fn load<L: Lanes>(self, row: usize, column: usize) -> L {
        // SAFETY: the caller's promise.
        unsafe { L::load(self.at(row, column)) }
    }

    /// Writes the lanes at a row and a column.
    ///
    /// # Safety
    /// Row and column lie within the grid.
    #[inline(always)]
    pub(super) unsafe fn store<L: Lanes>(self, row: usize, column: usize, lanes: L) {
        // SAFETY: the caller's promise.
        unsafe { lanes.store(self.at(row, column)) }
    }

    /// Reads `N` consecutive columns of a row, from the first on.
    ///
    /// # Safety
    /// The row and the columns lie within the grid, whose columns are consecutive.
    #[inline(always)]
    pub(super) unsafe fn row<L: Lanes, const N: usize>(self, row: usize) -> [L; N] {
        debug_assert!(self.column_stride == 1 && N <= self.columns);
        // SAFETY: the caller's promise.
        unsafe {
            let start = self.at(row, 0);
            array_of(|c| L::load(start.add(c)))
        }
    }

    /// Writes `N` consecutive columns of a row, from the first on.
    ///
    /// # Safety
    /// As [`Grid::row`].
    #[inline(always)]
    pub(super) unsafe fn store_row<L: Lanes, const N: usize>(self, row: usize, lanes: [L; N]) {
        debug_assert!(self.column_stride == 1 && N <= self.columns);
        // SAFETY: the caller's promise.
        unsafe {
            let start = self.at(row, 0);
            for c in 0..N {
                lanes[c].store(start.add(c));
            }
        }
    }

    /// Every vector becomes 0.
    ///
    /// # Safety
    /// The grid lies within the values memory.
    #[inline(always)]
    pub(super) unsafe fn clear<L: Lanes>(self) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                // SAFETY: within the grid.
                unsafe { self.store(row, column, L::splat(0.0)) };
            }
        }
    }
}

/// Work on `R` rows by `J` columns in registers.
trait Tile {
    /// # Safety
    /// The tile lies within the grids it works on.
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self);
}

/// Runs a tile of `rows` by `columns`, at most the register tile of `L`.
///
/// # Safety
/// As [`Tile::run`].
#[inline(always)]
unsafe fn by_size<L: Lanes>(tile: impl Tile, rows: usize, columns: usize) {
    let (most_rows, most_columns) = (L::OUTER_INPUTS, L::OUTER_OUTPUTS);
    debug_assert!(rows <= most_rows && columns <= most_columns && most_rows <= 4 && most_columns <= 4);
    macro_rules! columns {
        ($R:literal) => {
            match columns {
                4 if most_columns >= 4 => tile.run::<L, $R, 4>(),
                3 if most_columns >= 3 => tile.run::<L, $R, 3>(),
                2 if most_columns >= 2 => tile.run::<L, $R, 2>(),
                _ => tile.run::<L, $R, 1>(),
            }
        };
    }
    // SAFETY: the caller's promise.
    unsafe {
        match rows {
            4 if most_rows >= 4 => columns!(4),
            3 if most_rows >= 3 => columns!(3),
            2 if most_rows >= 2 => columns!(2),
            _ => columns!(1),
        }
    }
}

/// `out[r][j] = factor sum_c a[r][c] b[j][c]`, channels ascending from 0.
struct Scores {
    a: Grid,
    b: Grid,
    out: Grid,
    factor: f32,
}

impl Tile for Scores {
    #[inline(always)]
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self) {
        let mut sums = [[L::splat(0.0); J]; R];
        // SAFETY: the caller's promise.
        unsafe {
            for c in 0..self.a.columns {
                let mut column = [L::splat(0.0); J];
                for (j, b) in column.iter_mut().enumerate() {
                    *b = self.b.load(j, c);
                }
                for (r, row) in sums.iter_mut().enumerate() {
                    let a: L = self.a.load(r, c);
                    for j in 0..J {
                        row[j] = a.mul_add(column[j], row[j]);
                    }
                }
            }
            for (r, row) in sums.into_iter().enumerate() {
                for (j, sum) in row.into_iter().enumerate() {
                    self.out.store(r, j, sum.mul(L::splat(self.factor)));
                }
            }
        }
    }
}

/// `out[r][u] = factor sum_c a[r][c] b[u][c]` for all rows of `a` and the first `keys` of `b`; of each tile that has
/// nothing with `u < sees + r`, nothing is written.
///
/// # Safety
/// `out` has these rows and columns, `b` these rows, and `a` and `b` the same columns.
#[inline(always)]
pub(super) unsafe fn scores<L: Lanes>(out: Grid, a: Grid, b: Grid, keys: usize, sees: isize, factor: f32) {
    for (u, columns) in tiles(keys as u32, L::OUTER_OUTPUTS) {
        for (r, rows) in tiles(a.rows as u32, L::OUTER_INPUTS) {
            let (u, r) = (u as usize, r as usize);
            if (u as isize) < sees + (r + rows) as isize - 1 {
                // SAFETY: tiles lie within the rows and keys.
                unsafe {
                    let tile = Scores { a: a.from(r, 0), b: b.from(u, 0), out: out.from(r, u), factor };
                    by_size::<L>(tile, rows, columns);
                }
            }
        }
    }
}

/// `y[r][c] += sum over terms of w[r][k] x[k][c]`, `k` ascending over a range, the terms in turn for each `k`.
struct Mixture<const N: usize> {
    y: Grid,
    terms: [Term; N],
    range: Range<usize>,
}

/// Weights `w` on rows `x`.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub(super) w: Grid,
    pub(super) x: Grid,
}

impl<const N: usize> Tile for Mixture<N> {
    #[inline(always)]
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self) {
        let mut sums = [[L::splat(0.0); J]; R];
        // SAFETY: the caller's promise.
        unsafe {
            for (r, row) in sums.iter_mut().enumerate() {
                for (j, sum) in row.iter_mut().enumerate() {
                    *sum = self.y.load(r, j);
                }
            }
            for k in self.range {
                for Term { w, x } in self.terms {
                    let mut values = [L::splat(0.0); J];
                    for (j, value) in values.iter_mut().enumerate() {
                        *value = x.load(k, j);
                    }
                    for (r, row) in sums.iter_mut().enumerate() {
                        let w: L = w.load(r, k);
                        for j in 0..J {
                            row[j] = w.mul_add(values[j], row[j]);
                        }
                    }
                }
            }
            for (r, row) in sums.into_iter().enumerate() {
                for (j, sum) in row.into_iter().enumerate() {
                    self.y.store(r, j, sum);
                }
            }
        }
    }
}

/// `y[r][c] += sum over terms of w[r][k] x[k][c]` for all rows and columns of `y`, `k` ascending over the range that
/// `extent` gives for the row. A tile takes the range that its rows share; what a row has before and after it, alone.
///
/// # Safety
/// `w` has the rows of `y` and `x` its columns, and every range lies within the columns of `w` and the rows of `x`.
#[inline(always)]
pub(super) unsafe fn mix<L: Lanes, const N: usize>(y: Grid, terms: [Term; N], extent: impl Fn(usize) -> Range<usize>) {
    for (c, columns) in tiles(y.columns as u32, L::OUTER_OUTPUTS) {
        for (r, rows) in tiles(y.rows as u32, L::OUTER_INPUTS) {
            let (c, r) = (c as usize, r as usize);
            let shared = shared(&extent, r..r + rows);
            for piece in 0..=2 * rows {
                let (row, rows, range) = match piece {
                    _ if piece == rows => (r, rows, shared.clone()),
                    _ if piece < rows => (r + piece, 1, before(extent(r + piece), &shared)),
                    _ => (r + piece - rows - 1, 1, after(extent(r + piece - rows - 1), &shared)),
                };
                if !range.is_empty() {
                    // SAFETY: tiles lie within the rows and columns of `y`.
                    unsafe {
                        let mut terms = terms;
                        for Term { w, x } in &mut terms {
                            (*w, *x) = (w.from(row, 0), x.from(0, c));
                        }
                        by_size::<L>(Mixture { y: y.from(row, c), terms, range }, rows, columns);
                    }
                }
            }
        }
    }
}

/// What the extents of rows have in common; if nothing, an empty range after all of them.
#[inline(always)]
fn shared(extent: &impl Fn(usize) -> Range<usize>, mut rows: Range<usize>) -> Range<usize> {
    let all = rows.clone().map(extent).fold(0..usize::MAX, |a, b| a.start.max(b.start)..a.end.min(b.end));
    if all.is_empty() {
        let end = rows.by_ref().map(extent).map(|range| range.end).max().unwrap_or(0);
        return end..end;
    }
    all
}

#[inline(always)]
fn before(extent: Range<usize>, shared: &Range<usize>) -> Range<usize> {
    extent.start..extent.end.min(shared.start)
}

#[inline(always)]
fn after(extent: Range<usize>, shared: &Range<usize>) -> Range<usize> {
    extent.start.max(shared.end)..extent.end
}
