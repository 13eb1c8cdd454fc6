//! The gradient of a weight matrix: `dw[i][o] += sum_t x[t][i] dy[t][o]`.
//!
//! Shapes: `x: [T, I]`, `dy: [T, O]`, `dw: [I, O]`.
//! Order of the sum: from 0, one chain of fused multiply-adds over `t` ascending (in the lanes: each lane its own, then
//! the tree over the lanes); then it is added to `dw`. In the wide layout `x` and `dy` may be rounded first, as
//! [`bf16`](crate::plain::bf16) says.

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::place::{Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::tiles::tiles;
use crate::view::{View, ViewMut};

/// The plain twin of `Outer`: `dw += x' dy`.
pub fn outer<S: Scalar>(dw: &mut ViewMut<S>, x: View<S>, dy: View<S>) {
    for i in 0..dw.row_count() {
        for o in 0..dw.column_count() {
            let mut sum = S::ZERO;
            for t in 0..x.row_count() {
                sum = x.get(t, i).mul_add(dy.get(t, o), sum);
            }
            dw.add(i, o, sum);
        }
    }
}

/// Arguments of the product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outer {
    /// `[I, O]`, added to, any strides.
    pub dw: Matrix,
    /// `[T, I]`
    pub x: Place,
    /// `[T, O]`
    pub dy: Place,
    /// `[T, I]` and `[T, O]`, scratch: where `x` and `dy` are laid out rounded to bfloat16, if they are to be.
    pub rounded: Option<[Place; 2]>,
}

impl Kernel for Outer {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.read("dy", self.dy);
        fields.gradient("dw", self.dw);
        fields.equal(("x.rows", self.x.rows), ("dy.rows", self.dy.rows));
        fields.equal(("x.channels", self.x.channels), ("dw.rows", self.dw.rows));
        fields.equal(("dy.channels", self.dy.channels), ("dw.columns", self.dw.columns));
        if let Some([x, dy]) = self.rounded {
            fields.rounded(("rounded x", x), ("x", self.x));
            fields.rounded(("rounded dy", dy), ("dy", self.dy));
        }
    }

    /// Blocks of inputs outside: at 256 positions a block of `x` is 256 KiB and stays in the second cache while the
    /// outputs pass by, so `dy` is read from memory once per block and not once per tile.
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        for (block, inputs) in tiles(self.x.channels, BLOCK) {
            for (o, outputs) in tiles(self.dy.channels, L::OUTER_OUTPUTS) {
                // SAFETY: tiles lie within the shape of `dw`, and the fields inside the memories.
                unsafe {
                    match outputs {
                        4 if L::OUTER_OUTPUTS >= 4 => self.outputs::<L, 4>(memory, block, inputs, o),
                        3 if L::OUTER_OUTPUTS >= 3 => self.outputs::<L, 3>(memory, block, inputs, o),
                        2 if L::OUTER_OUTPUTS >= 2 => self.outputs::<L, 2>(memory, block, inputs, o),
                        _ => self.outputs::<L, 1>(memory, block, inputs, o),
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

/// Inputs of a block.
const BLOCK: usize = 16;

impl Outer {
    /// `O` outputs from `o` on for the `inputs` inputs from `block` on.
    ///
    /// # Safety
    /// As [`Kernel::run`], and `dw` has those rows and columns.
    #[inline(always)]
    unsafe fn outputs<L: Lanes, const O: usize>(&self, memory: Raw, block: u32, inputs: usize, o: u32) {
        for (i, inputs) in tiles(inputs as u32, L::OUTER_INPUTS) {
            // SAFETY: tiles lie within the block.
            unsafe {
                match inputs {
                    4 if L::OUTER_INPUTS >= 4 => self.tile::<L, 4, O>(memory, block + i, o),
                    3 if L::OUTER_INPUTS >= 3 => self.tile::<L, 3, O>(memory, block + i, o),
                    2 if L::OUTER_INPUTS >= 2 => self.tile::<L, 2, O>(memory, block + i, o),
                    _ => self.tile::<L, 1, O>(memory, block + i, o),
                }
            }
        }
    }

    /// `I` inputs from `i` on by `O` outputs from `o` on, in registers over all rows. The lanes are summed at the end.
    ///
    /// # Safety
    /// As [`Kernel::run`], and `dw` has those rows and columns.
    #[inline(always)]
    unsafe fn tile<L: Lanes, const I: usize, const O: usize>(&self, memory: Raw, i: u32, o: u32) {
        let mut sums = [[L::splat(0.0); O]; I];
        // SAFETY: `x` and `dy` have the same rows, and the rows and columns of `dw` as channels.
        unsafe {
            let (x, dy) = (memory.rows(self.x), memory.rows(self.dy));
            let (mut x_row, mut dy_row) = (x.at(0, i), dy.at(0, o));
            for _ in 0..self.x.rows {
                let mut outputs = [L::splat(0.0); O];
                for (k, output) in outputs.iter_mut().enumerate() {
                    *output = L::load(dy_row.add(k));
                }
                for (k, row) in sums.iter_mut().enumerate() {
                    let input = L::load(x_row.add(k));
                    for (sum, output) in row.iter_mut().zip(outputs) {
                        *sum = input.mul_add(output, *sum);
                    }
                }
                (x_row, dy_row) = (x_row.wrapping_add(x.stride()), dy_row.wrapping_add(dy.stride()));
            }
            self.finish(memory, i, o, sums);
        }
    }

    /// Adds the lane sums of a tile of at most sixteen to `dw`.
    ///
    /// # Safety
    /// As [`Kernel::run`], and `dw` has the rows and columns of the tile.
    #[inline(always)]
    unsafe fn finish<L: Lanes, const I: usize, const O: usize>(&self, memory: Raw, i: u32, o: u32, sums: [[L; O]; I]) {
        let mut vectors = [L::splat(0.0); LANES];
        for k in 0..I * O {
            vectors[k] = sums[k / O][k % O];
        }
        let totals = L::lane_sums(vectors).to_array();
        // SAFETY: the caller's promise.
        unsafe {
            let dw = memory.gradients(self.dw);
            for k in 0..I * O {
                dw.add(i + (k / O) as u32, o + (k % O) as u32, totals[k]);
            }
        }
    }
}
