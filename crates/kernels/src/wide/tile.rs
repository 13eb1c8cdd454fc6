//! The one loop that all products of the wide layout are made of: a register tile of sums of a number times a vector.

use std::ops::Range;

use crate::isa::Task;
use crate::lanes::{LANES, Lanes};

/// Numbers that multiply: that of row `r` at step `k` stands at `start + r * row + k * step`.
#[derive(Clone, Copy)]
pub(super) struct Factors {
    pub(super) start: *const f32,
    pub(super) row: usize,
    pub(super) step: usize,
}

/// Vectors that are multiplied: vector `j` of step `k` stands at `start + k * step + 16 j`.
#[derive(Clone, Copy)]
pub(super) struct Vectors {
    pub(super) start: *const f32,
    pub(super) step: usize,
}

/// `sums[r][j] + factor[r][k] vector[j][k]`, one chain of fused multiply-adds over the steps `k` ascending.
///
/// # Safety
/// All these numbers may be read.
#[inline(always)]
pub(super) unsafe fn multiply_add<L: Lanes, const R: usize, const J: usize>(
    mut sums: [[L; J]; R],
    factors: Factors,
    vectors: Vectors,
    steps: Range<usize>,
) -> [[L; J]; R] {
    // SAFETY: the caller's promise.
    unsafe {
        // A pointer for every four rows: as many as registers are left for, and none is computed anew at a step.
        let first = factors.start.add(steps.start * factors.step);
        let mut fours: [*const f32; MOST_ROWS.div_ceil(4)] =
            std::array::from_fn(|k| first.wrapping_add(4 * k * factors.row));
        let mut vector = vectors.start.add(steps.start * vectors.step);
        for _ in steps {
            let mut row = [L::splat(0.0); J];
            for (j, x) in row.iter_mut().enumerate() {
                *x = L::load_array(vector.add(j * LANES));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let number = L::splat(*fours[r / 4].add(r % 4 * factors.row));
                for (sum, x) in sums.iter_mut().zip(row) {
                    *sum = number.mul_add(x, *sum);
                }
            }
            fours = fours.map(|four| four.wrapping_add(factors.step));
            vector = vector.wrapping_add(vectors.step);
        }
    }
    sums
}

/// Work on `R` rows by `J` vectors in registers.
pub(super) trait Tile {
    /// # Safety
    /// The tile lies within the arrays it works on.
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self);
}

/// The numbers of rows that tiles have, greatest first.
const ROWS: [usize; 6] = [MOST_ROWS, 8, 6, 4, 2, 1];
/// The most rows of a tile on any instruction set.
pub(super) const MOST_ROWS: usize = 14;

/// Cuts `0..total` into tiles of rows, greatest first: start and size of each.
#[inline(always)]
pub(super) fn row_tiles<L: Lanes>(total: u32) -> impl Iterator<Item = (u32, usize)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let left = (total - start) as usize;
        let size = ROWS.into_iter().find(|size| *size <= L::WIDE_ROWS.min(left))?;
        start += size as u32;
        Some((start - size as u32, size))
    })
}

/// Runs a tile of `rows` by `vectors`, at most the register tile of `L`.
///
/// # Safety
/// As [`Tile::run`].
#[inline(always)]
pub(super) unsafe fn by_size<L: Lanes>(tile: impl Tile, rows: usize, vectors: usize) {
    // SAFETY: this runs on `L`.
    unsafe { L::apart(BySize { tile, rows, vectors }) }
}

/// A tile and its size, made in [`by_size`] alone. A function of its own, however often it is called: there are many sizes.
struct BySize<T> {
    tile: T,
    rows: usize,
    vectors: usize,
}

impl<T: Tile> Task for BySize<T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let BySize { tile, rows, vectors } = self;
        debug_assert!(ROWS.contains(&rows) && rows <= L::WIDE_ROWS && (1..=L::WIDE_VECTORS).contains(&vectors));
        macro_rules! sizes {
            ($($R:literal)*) => {
                match (rows, vectors) {
                    $(($R, 2) if L::WIDE_ROWS >= $R && L::WIDE_VECTORS >= 2 => tile.run::<L, $R, 2>(),)*
                    $(($R, _) if L::WIDE_ROWS >= $R => tile.run::<L, $R, 1>(),)*
                    _ => unreachable!("tiles have these sizes"),
                }
            };
        }
        // SAFETY: `by_size`, which made this, has the same condition.
        unsafe { sizes!(14 8 6 4 2 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;

    struct Cut(u32);
    impl Task for Cut {
        type Output = (Vec<(u32, usize)>, usize);
        fn run<L: Lanes>(self) -> Self::Output {
            (row_tiles::<L>(self.0).collect(), L::WIDE_ROWS)
        }
    }

    #[test]
    fn row_tiles_cover_the_range_in_order() {
        for (isa, total) in Isa::available().into_iter().flat_map(|isa| (0..60).map(move |total| (isa, total))) {
            let (tiles, most) = isa.enter(Cut(total));
            let mut end = 0;
            for (start, size) in tiles {
                assert_eq!(start, end);
                assert!(ROWS.contains(&size) && size <= most);
                end += size as u32;
            }
            assert_eq!(end, total, "{isa}");
        }
    }
}
