//! The matrix product of a layer: `y[t][o] = bias[o] + sum_i x[t][i] w[i][o]`.
//!
//! Shapes: `x: [T, I]`, `w: [I, O]`, `bias: [1, O]`, `y: [T, O]`.
//! Order of the sum: from 0, one chain of fused multiply-adds over `i` ascending; then the bias; then what stood in `y`.
//! In the wide layout `x` and `w` may be rounded first, as [`bf16`](crate::plain::bf16) says.

use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::memory::Raw;
use crate::place::{Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::tiles::tiles;
use crate::view::{View, ViewMut, Write};
use crate::wide::Packed;

/// The plain twin of `Linear`: `y = x w + bias`, or `y += x w + bias`.
pub fn linear<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, w: View<S>, bias: Option<View<S>>, write: Write) {
    for t in 0..y.row_count() {
        for o in 0..y.column_count() {
            let mut sum = S::ZERO;
            for i in 0..w.row_count() {
                sum = x.get(t, i).mul_add(w.get(i, o), sum);
            }
            let value = bias.map_or(sum, |bias| sum + bias.get(0, o));
            y.write(t, o, value, write);
        }
    }
}

/// Arguments of the product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// `[T, O]`, written.
    pub y: Place,
    /// `[T, I]`
    pub x: Place,
    /// `[I, O]`, any strides.
    pub w: Matrix,
    /// `[1, O]`
    pub bias: Option<Matrix>,
    /// Stored or added.
    pub write: Write,
    /// `[T, I]`, scratch: where `x` is laid out rounded to bfloat16, if `x` and `w` are to be.
    pub rounded: Option<Place>,
}

impl Kernel for Linear {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.weight("w", self.w);
        fields.write("y", self.y, self.write);
        fields.equal(("y.rows", self.y.rows), ("x.rows", self.x.rows));
        fields.equal(("x.channels", self.x.channels), ("w.rows", self.w.rows));
        fields.equal(("y.channels", self.y.channels), ("w.columns", self.w.columns));
        if let Some(bias) = self.bias {
            fields.weight("bias", bias);
            fields.rule(bias.rows == 1, "`bias` has one row");
            fields.equal(("bias.columns", bias.columns), ("w.columns", self.w.columns));
        }
        if let Some(rounded) = self.rounded {
            fields.rounded(("rounded", rounded), ("x", self.x));
        }
    }

    /// Rows outside, outputs inside: the tile's rows of `x` stay in the nearest cache while the weights pass by.
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        for (t, rows) in tiles(self.y.rows, L::LINEAR_ROWS) {
            // SAFETY: tiles lie within the shape of `y`, and the fields inside the memories.
            unsafe {
                match rows {
                    4 if L::LINEAR_ROWS >= 4 => self.rows::<L, 4>(memory, t),
                    3 if L::LINEAR_ROWS >= 3 => self.rows::<L, 3>(memory, t),
                    2 if L::LINEAR_ROWS >= 2 => self.rows::<L, 2>(memory, t),
                    _ => self.rows::<L, 1>(memory, t),
                }
            }
        }
    }

    fn panels(&self) -> Option<Packed> {
        Some(Packed { matrix: self.w, rounded: self.rounded.is_some() })
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

impl Linear {
    /// All outputs of the `R` rows from `t` on.
    ///
    /// # Safety
    /// As [`Kernel::run`], and `y` has those rows.
    #[inline(always)]
    unsafe fn rows<L: Lanes, const R: usize>(&self, memory: Raw, t: u32) {
        for (o, outputs) in tiles(self.y.channels, L::LINEAR_OUTPUTS) {
            // SAFETY: tiles lie within the shape of `y`.
            unsafe {
                match outputs {
                    6 if L::LINEAR_OUTPUTS >= 6 => self.tile::<L, R, 6>(memory, t, o),
                    5 if L::LINEAR_OUTPUTS >= 5 => self.tile::<L, R, 5>(memory, t, o),
                    4 if L::LINEAR_OUTPUTS >= 4 => self.tile::<L, R, 4>(memory, t, o),
                    3 if L::LINEAR_OUTPUTS >= 3 => self.tile::<L, R, 3>(memory, t, o),
                    2 if L::LINEAR_OUTPUTS >= 2 => self.tile::<L, R, 2>(memory, t, o),
                    _ => self.tile::<L, R, 1>(memory, t, o),
                }
            }
        }
    }

    /// `R` rows from `t` on by `J` outputs from `o` on, in registers over all inputs.
    ///
    /// # Safety
    /// As [`Kernel::run`], and `y` has those rows and channels.
    #[inline(always)]
    unsafe fn tile<L: Lanes, const R: usize, const J: usize>(&self, memory: Raw, t: u32, o: u32) {
        let mut sums = [[L::splat(0.0); J]; R];
        // SAFETY: `x` has the rows of `y`, `w` its columns, and `x` as many channels as `w` rows.
        unsafe {
            let (x, w) = (memory.rows(self.x), memory.weights(self.w));
            let (x_start, x_stride) = (x.at(t, 0), x.stride());
            let (mut w_row, w_stride) = (w.at(0, o), w.column_stride());
            for i in 0..self.x.channels as usize {
                let mut column = [L::splat(0.0); R];
                for (r, x) in column.iter_mut().enumerate() {
                    *x = L::load(x_start.add(r * x_stride + i));
                }
                for j in 0..J {
                    let weight = L::splat(*w_row.add(j * w_stride));
                    for r in 0..R {
                        sums[r][j] = column[r].mul_add(weight, sums[r][j]);
                    }
                }
                w_row = w_row.wrapping_add(w.row_stride());
            }
            self.finish(memory, t, o, sums);
        }
    }

    /// Adds the bias and writes a tile.
    ///
    /// # Safety
    /// As [`Kernel::run`], and `y` has the rows and channels of the tile.
    #[inline(always)]
    unsafe fn finish<L: Lanes, const R: usize, const J: usize>(&self, memory: Raw, t: u32, o: u32, sums: [[L; J]; R]) {
        // SAFETY: `bias` has the columns of `y`.
        unsafe {
            let mut sums = sums;
            if let Some(bias) = self.bias {
                let bias = memory.weights(bias);
                for j in 0..J {
                    let bias = L::splat(bias.get(0, o + j as u32));
                    for row in &mut sums {
                        row[j] = row[j].add(bias);
                    }
                }
            }
            let y = memory.rows(self.y);
            for (r, row) in sums.into_iter().enumerate() {
                for (j, sum) in row.into_iter().enumerate() {
                    y.write(t + r as u32, o + j as u32, sum, self.write);
                }
            }
        }
    }
}
