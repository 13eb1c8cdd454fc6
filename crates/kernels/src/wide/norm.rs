//! [`NormForward`] and [`NormGradient`] in the wide layout: sixteen rows at a time, whose sums go through one tree.

use super::{TOGETHER, filled, row_sums, vectors};
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::norm::{NormForward, NormGradient, NormKind};
use crate::place::{Matrix, Place};
use crate::tiles::tiles;
use crate::view::Write;

/// Sixteen channels of a row of weights.
///
/// # Safety
/// The row lies inside the weights and has vector `v` of `channels`.
#[inline(always)]
unsafe fn weights<L: Lanes>(memory: Raw, row: Matrix, channels: u32, v: u32) -> L {
    // SAFETY: the caller's promise.
    unsafe { memory.weights(row).vector(0, v * LANES as u32, filled(channels, v)) }
}

impl NormForward {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        for (from, count) in tiles(self.x.rows, TOGETHER) {
            // SAFETY: the fields have these rows and channels.
            unsafe {
                let (mean, inverse) = self.wide_moments::<L>(memory, from, count);
                let (x, y, saved) = (memory.wide(self.x), memory.wide(self.y), memory.wide(self.saved));
                for r in 0..count {
                    let t = from + r as u32;
                    saved.set(t, 0, mean[r]);
                    saved.set(t, 1, inverse[r]);
                    let (mean, inverse) = (L::splat(mean[r]), L::splat(inverse[r]));
                    for v in 0..vectors(self.x.channels as usize) as u32 {
                        let weight = |row: Matrix| weights::<L>(memory, row, self.x.channels, v);
                        let hat = x.load::<L>(t, v).sub(mean).mul(inverse);
                        let value = match (self.gain, self.bias) {
                            (Some(gain), Some(bias)) => hat.mul_add(weight(gain), weight(bias)),
                            (Some(gain), None) => hat.mul(weight(gain)),
                            (None, Some(bias)) => hat.add(weight(bias)),
                            (None, None) => hat,
                        };
                        y.store(t, v, value);
                    }
                }
            }
        }
    }

    /// Means and inverse deviations of the `count` rows from `from` on.
    ///
    /// # Safety
    /// As [`NormForward::wide`], and there are those rows.
    #[inline(always)]
    unsafe fn wide_moments<L: Lanes>(&self, memory: Raw, from: u32, count: usize) -> ([f32; LANES], [f32; LANES]) {
        let channels = self.x.channels;
        let divisor = L::splat(channels as f32);
        // SAFETY: `x` has these rows and channels.
        unsafe {
            let x = memory.wide(self.x);
            let mean = match self.norm.kind {
                NormKind::Layer => row_sums::<L>(count, channels, |r, v| x.load(from + r as u32, v)).div(divisor),
                NormKind::Rms => L::splat(0.0),
            };
            let mean = mean.to_array();
            let mut sums = [L::splat(0.0); LANES];
            for (r, sum) in sums[..count].iter_mut().enumerate() {
                for v in 0..vectors(channels as usize) as u32 {
                    let centred = x.load::<L>(from + r as u32, v).sub(L::splat(mean[r]));
                    let centred = super::first(filled(channels, v), centred, L::splat(0.0));
                    *sum = centred.mul_add(centred, *sum);
                }
            }
            let epsilon = L::splat(self.norm.epsilon as f32);
            let deviation = L::lane_sums(sums).div(divisor).add(epsilon).sqrt();
            (mean, L::splat(1.0).div(deviation).to_array())
        }
    }
}

impl NormGradient {
    /// The weights' gradients first: `dx` may overwrite `dy`.
    ///
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: tiles lie within the rows and vectors, and the fields inside the memories.
        unsafe {
            if self.dgain.is_some() || self.dbias.is_some() {
                for v in 0..vectors(self.x.channels as usize) as u32 {
                    self.wide_weights::<L>(memory, v);
                }
            }
            let Some(dx) = self.dx else { return };
            for (from, count) in tiles(self.x.rows, TOGETHER) {
                self.wide_rows::<L>(memory, dx, from, count);
            }
        }
    }

    /// `dgain` and `dbias` of the channels of vector `v`.
    ///
    /// # Safety
    /// As [`NormGradient::wide`], and there is that vector.
    #[inline(always)]
    unsafe fn wide_weights<L: Lanes>(&self, memory: Raw, v: u32) {
        let (mut gains, mut biases) = (L::splat(0.0), L::splat(0.0));
        // SAFETY: the fields have these rows and channels.
        unsafe {
            let (x, dy, saved) = (memory.wide(self.x), memory.wide(self.dy), memory.wide(self.saved));
            for t in 0..self.x.rows {
                let (mean, inverse) = (L::splat(saved.get(t, 0)), L::splat(saved.get(t, 1)));
                let (x, dy): (L, L) = (x.load(t, v), dy.load(t, v));
                gains = dy.mul_add(x.sub(mean).mul(inverse), gains);
                biases = biases.add(dy);
            }
            let (column, count) = (v * LANES as u32, filled(self.x.channels, v));
            if let Some(dgain) = self.dgain {
                memory.gradients(dgain).add_vector(0, column, gains, count);
            }
            if let Some(dbias) = self.dbias {
                memory.gradients(dbias).add_vector(0, column, biases, count);
            }
        }
    }

    /// `dx` of the `count` rows from `from` on.
    ///
    /// # Safety
    /// As [`NormGradient::wide`], and there are those rows.
    #[inline(always)]
    unsafe fn wide_rows<L: Lanes>(&self, memory: Raw, dx: (Place, Write), from: u32, count: usize) {
        let channels = self.x.channels;
        // SAFETY: the fields have these rows and channels.
        unsafe {
            let (x, dy, saved, to) =
                (memory.wide(self.x), memory.wide(self.dy), memory.wide(self.saved), memory.wide(dx.0));
            let g = |t: u32, v: u32| {
                let dy: L = dy.load(t, v);
                self.gain.map_or(dy, |gain| dy.mul(weights(memory, gain, channels, v)))
            };
            let hat = |t: u32, v: u32| {
                let (mean, inverse) = (L::splat(saved.get(t, 0)), L::splat(saved.get(t, 1)));
                x.load::<L>(t, v).sub(mean).mul(inverse)
            };
            let divisor = L::splat(channels as f32);
            let mut sums = [L::splat(0.0); LANES];
            for (r, sum) in sums[..count].iter_mut().enumerate() {
                let t = from + r as u32;
                for v in 0..vectors(channels as usize) as u32 {
                    let product = g(t, v).mul_add(hat(t, v), *sum);
                    *sum = super::first(filled(channels, v), product, *sum);
                }
            }
            let along_hat = L::lane_sums(sums).div(divisor).to_array();
            let along_one = match self.norm.kind {
                NormKind::Layer => row_sums::<L>(count, channels, |r, v| g(from + r as u32, v)).div(divisor),
                NormKind::Rms => L::splat(0.0),
            };
            let along_one = along_one.to_array();
            for r in 0..count {
                let t = from + r as u32;
                let (one, along, inverse) = (L::splat(along_one[r]), L::splat(along_hat[r]), L::splat(saved.get(t, 1)));
                for v in 0..vectors(channels as usize) as u32 {
                    let value = hat(t, v).neg().mul_add(along, g(t, v).sub(one)).mul(inverse);
                    to.write(t, v, value, dx.1);
                }
            }
        }
    }
}
