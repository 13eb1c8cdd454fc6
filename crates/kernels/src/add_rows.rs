//! A weight for each position and channel, such as a position embedding: `y[t][c] = x[t][c] + rows[t][c]`.
//!
//! Shapes: `x, rows, y: [T, C]`, where `rows` is a weight, the same for every sequence.

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::place::{Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::tiles::tiles;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `AddRows`: `y = x + rows`.
pub fn add_rows<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, rows: View<S>) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.set(t, c, x.get(t, c) + rows.get(t, c));
        }
    }
}

/// The plain twin of `AddRowsGradient`: `drows += dy` (in the lanes: the tree over the lanes is added).
pub fn add_rows_gradient<S: Scalar>(drows: &mut ViewMut<S>, dy: View<S>) {
    for t in 0..dy.row_count() {
        for c in 0..dy.column_count() {
            drows.add(t, c, dy.get(t, c));
        }
    }
}

/// Arguments of [`add_rows`]. `y` may be the same place as `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddRows {
    /// `[T, C]`, written.
    pub y: Place,
    /// `[T, C]`
    pub x: Place,
    /// `[T, C]`
    pub rows: Matrix,
}

/// Arguments of [`add_rows_gradient`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddRowsGradient {
    /// `[T, C]`, added to.
    pub drows: Matrix,
    /// `[T, C]`
    pub dy: Place,
}

impl Kernel for AddRows {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.weight("rows", self.rows);
        fields.write("y", self.y, Write::Store);
        fields.may_equal("x", "y");
        fields.same_shape(("y", self.y), ("x", self.x));
        fields.equal(("y.rows", self.y.rows), ("rows.rows", self.rows.rows));
        fields.equal(("y.channels", self.y.channels), ("rows.columns", self.rows.columns));
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (y, x, rows) = (memory.rows(self.y), memory.rows(self.x), memory.weights(self.rows));
            for t in 0..self.y.rows {
                for c in 0..self.y.channels {
                    y.store(t, c, x.load::<L>(t, c).add(L::splat(rows.get(t, c))));
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

impl Kernel for AddRowsGradient {
    fn fields(&self, fields: &mut Fields) {
        fields.read("dy", self.dy);
        fields.gradient("drows", self.drows);
        fields.equal(("dy.rows", self.dy.rows), ("drows.rows", self.drows.rows));
        fields.equal(("dy.channels", self.dy.channels), ("drows.columns", self.drows.columns));
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (drows, dy) = (memory.gradients(self.drows), memory.rows(self.dy));
            if self.drows.is_dense() {
                return self.flat::<L>(memory);
            }
            for t in 0..self.dy.rows {
                for (c, count) in tiles(self.dy.channels, LANES) {
                    let mut vectors = [L::splat(0.0); LANES];
                    for (k, vector) in vectors[..count].iter_mut().enumerate() {
                        *vector = dy.load(t, c + k as u32);
                    }
                    drows.add_lane_sums(t, c, vectors, count);
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

impl AddRowsGradient {
    /// For numbers that follow each other: sixteen at a time, whatever row they are in.
    ///
    /// # Safety
    /// As [`Kernel::run`], and `drows` is dense.
    #[inline(always)]
    unsafe fn flat<L: Lanes>(&self, memory: Raw) {
        let (rows, channels) = (self.dy.rows, self.dy.channels);
        let (mut t, mut c) = (0, 0);
        for first in (0..rows * channels).step_by(LANES) {
            let count = ((rows * channels - first) as usize).min(LANES);
            let mut vectors = [L::splat(0.0); LANES];
            let (t_first, c_first) = (t, c);
            // SAFETY: `count` numbers from row `t` and channel `c` on lie within the shape.
            unsafe {
                let (drows, dy) = (memory.gradients(self.drows), memory.rows(self.dy));
                for vector in &mut vectors[..count] {
                    *vector = dy.load(t, c);
                    (t, c) = if c + 1 == channels { (t + 1, 0) } else { (t, c + 1) };
                }
                drows.add_dense_lane_sums(t_first, c_first, vectors, count);
            }
        }
    }
}
