//! [`NormForward`] and [`NormGradient`] in the wide layout: sixteen rows at a time, whose sums go through one tree.

use super::{TOGETHER, filled, row_sums, vectors};
use crate::lanes::{LANES, Lanes};
use crate::memory::{Raw, WideRows};
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
        let divisor = L::splat(channels as f32);
        let (mut hats, mut ones) = ([L::splat(0.0); LANES], [L::splat(0.0); LANES]);
        // SAFETY: the fields have these rows and channels.
        unsafe {
            for (r, (hats, ones)) in hats.iter_mut().zip(&mut ones).take(count).enumerate() {
                let row = self.wide_row::<L>(memory, from + r as u32);
                for v in 0..vectors(channels as usize) as u32 {
                    let ((g, hat), filled) = (row.load(v), filled(channels, v));
                    *hats = super::first(filled, g.mul_add(hat, *hats), *hats);
                    *ones = ones.add(super::first(filled, g, L::splat(0.0)));
                }
            }
            let along_hat = L::lane_sums(hats).div(divisor).to_array();
            let along_one = match self.norm.kind {
                NormKind::Layer => L::lane_sums(ones).div(divisor).to_array(),
                NormKind::Rms => [0.0; LANES],
            };
            let to = memory.wide(dx.0);
            for r in 0..count {
                let row = self.wide_row::<L>(memory, from + r as u32);
                let (one, along) = (L::splat(along_one[r]), L::splat(along_hat[r]));
                for v in 0..vectors(channels as usize) as u32 {
                    let (g, hat) = row.load(v);
                    let value = hat.neg().mul_add(along, g.sub(one)).mul(row.inverse);
                    to.write(from + r as u32, v, value, dx.1);
                }
            }
        }
    }

    /// # Safety
    /// As [`NormGradient::wide`], and there is that row.
    #[inline(always)]
    unsafe fn wide_row<L: Lanes>(&self, memory: Raw, t: u32) -> GradientRow<L> {
        // SAFETY: the fields have this row.
        unsafe {
            let (x, dy, saved) = (memory.wide(self.x), memory.wide(self.dy), memory.wide(self.saved));
            let (mean, inverse) = (L::splat(saved.get(t, 0)), L::splat(saved.get(t, 1)));
            GradientRow { memory, x, dy, gain: self.gain, channels: self.x.channels, t, mean, inverse }
        }
    }
}

/// A row of what [`NormGradient`] reads.
struct GradientRow<L> {
    memory: Raw,
    x: WideRows,
    dy: WideRows,
    gain: Option<Matrix>,
    channels: u32,
    t: u32,
    mean: L,
    inverse: L,
}

impl<L: Lanes> GradientRow<L> {
    /// Sixteen channels of `dy gain` and of the normed `x`.
    ///
    /// # Safety
    /// The row has vector `v`.
    #[inline(always)]
    unsafe fn load(&self, v: u32) -> (L, L) {
        // SAFETY: the caller's promise.
        unsafe {
            let dy: L = self.dy.load(self.t, v);
            let g = match self.gain {
                Some(gain) => dy.mul(weights(self.memory, gain, self.channels, v)),
                None => dy,
            };
            (g, self.x.load::<L>(self.t, v).sub(self.mean).mul(self.inverse))
        }
    }
}
