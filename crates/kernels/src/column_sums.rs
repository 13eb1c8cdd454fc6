//! The gradient of a bias: `db[o] += sum_t dy[t][o]`.
//!
//! Shapes: `dy: [T, O]`, `db: [1, O]`.
//! Order of the sum: from 0 over `t` ascending (in the lanes: each lane its own, then the tree over the lanes); then it
//! is added to `db`.

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes};
use crate::memory::{Raw, Rows};
use crate::place::{Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::tiles::tiles;
use crate::view::{View, ViewMut};

/// The plain twin of `ColumnSums`.
pub fn column_sums<S: Scalar>(db: &mut ViewMut<S>, dy: View<S>) {
    for o in 0..db.column_count() {
        let mut sum = S::ZERO;
        for t in 0..dy.row_count() {
            sum = sum + dy.get(t, o);
        }
        db.add(0, o, sum);
    }
}

/// Arguments of the sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnSums {
    /// `[1, O]`, added to.
    pub db: Matrix,
    /// `[T, O]`
    pub dy: Place,
}

impl Kernel for ColumnSums {
    fn fields(&self, fields: &mut Fields) {
        fields.read("dy", self.dy);
        fields.gradient("db", self.db);
        fields.rule(self.db.rows == 1, "`db` has one row");
        fields.equal(("db.columns", self.db.columns), ("dy.channels", self.dy.channels));
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories, and tiles within their shape.
        unsafe {
            let (db, dy) = (memory.gradients(self.db), memory.rows(self.dy));
            for (o, count) in tiles(self.dy.channels, LANES) {
                let mut sums = [L::splat(0.0); LANES];
                for (k, size) in tiles(count as u32, 4) {
                    let four: [L; 4] = column_sums_of_four(dy, self.dy.rows, o + k, size);
                    sums[k as usize..k as usize + size].copy_from_slice(&four[..size]);
                }
                db.add_lane_sums(0, o, sums, count);
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

/// Sums over rows of `size` (at most four) channels from `first` on: four chains hide the latency of an addition.
///
/// # Safety
/// The channels lie inside the place, which has `rows` rows.
#[inline(always)]
unsafe fn column_sums_of_four<L: Lanes>(dy: Rows, rows: u32, first: u32, size: usize) -> [L; 4] {
    let mut sums = [L::splat(0.0); 4];
    for t in 0..rows {
        for (k, sum) in sums.iter_mut().enumerate() {
            // Past the last channel, the last one again: no branch, and the caller drops it.
            let channel = first + k.min(size - 1) as u32;
            // SAFETY: the caller's promise.
            *sum = sum.add(unsafe { dy.load(t, channel) });
        }
    }
    sums
}
