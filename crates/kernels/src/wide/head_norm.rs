//! [`HeadNorm`] and [`HeadNormGradient`] in the wide layout: sixteen heads at a time, of whatever rows, whose sums go through
//! one tree. A head need not begin at the beginning of a vector; its channel `c` is added to lane `c % 16`.

use super::{TOGETHER, filled, first, vectors};
use crate::head_norm::{HeadNorm, HeadNormGradient};
use crate::lanes::{LANES, Lanes};
use crate::memory::{Raw, WideRows};
use crate::norm::NormKind;
use crate::place::{Matrix, Place};
use crate::tiles::tiles;
use crate::view::Write;

/// The heads of all rows, one after another.
#[derive(Clone, Copy)]
struct Heads {
    in_a_row: u32,
    width: u32,
}

impl Heads {
    fn of(x: Place, gain: Matrix) -> Heads {
        Heads { in_a_row: x.channels / gain.columns, width: gain.columns }
    }

    /// Row and number of head `n`.
    fn place(self, n: u32) -> (u32, u32) {
        (n / self.in_a_row, n % self.in_a_row)
    }

    /// Vectors of a head, if each began at the beginning of one.
    fn vectors(self) -> u32 {
        vectors(self.width as usize) as u32
    }

    /// Vector `v` of head `n`; zeros behind its last channel.
    ///
    /// # Safety
    /// The place has these heads, and they that vector.
    #[inline(always)]
    unsafe fn load<L: Lanes>(self, rows: WideRows, n: u32, v: u32) -> L {
        let (t, h) = self.place(n);
        // SAFETY: the caller's promise.
        unsafe { rows.some(t, h * self.width + v * LANES as u32, 1, filled(self.width, v)) }
    }

    /// Writes vector `v` of head `n`.
    ///
    /// # Safety
    /// As [`Heads::load`].
    #[inline(always)]
    unsafe fn write<L: Lanes>(self, rows: WideRows, n: u32, v: u32, x: L, write: Write) {
        let (t, h) = self.place(n);
        let at = (t, h * self.width + v * LANES as u32, 1);
        // SAFETY: the caller's promise.
        unsafe { rows.write_some(at, x, filled(self.width, v), write) }
    }

    /// Mean and inverse deviation of head `n`.
    ///
    /// # Safety
    /// `saved` has two channels for each of these heads.
    #[inline(always)]
    unsafe fn moments<L: Lanes>(self, saved: WideRows, n: u32) -> (L, L) {
        let (t, h) = self.place(n);
        // SAFETY: the caller's promise.
        unsafe { (L::splat(saved.get(t, 2 * h)), L::splat(saved.get(t, 2 * h + 1))) }
    }
}

impl HeadNorm {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        let heads = Heads::of(self.x, self.gain);
        for (from, count) in tiles(self.x.rows * heads.in_a_row, TOGETHER) {
            // SAFETY: the fields have these heads and channels.
            unsafe {
                let (mean, inverse) = self.wide_moments::<L>(memory, from, count);
                let (x, y, saved) = (memory.wide(self.x), memory.wide(self.y), memory.wide(self.saved));
                let gain = memory.weights(self.gain);
                for (k, n) in (from..).take(count).enumerate() {
                    let (t, h) = heads.place(n);
                    saved.set(t, 2 * h, mean[k]);
                    saved.set(t, 2 * h + 1, inverse[k]);
                    for v in 0..heads.vectors() {
                        let gain: L = gain.vector(0, v * LANES as u32, filled(heads.width, v));
                        let x: L = heads.load(x, n, v);
                        let hat = x.sub(L::splat(mean[k])).mul(L::splat(inverse[k]));
                        heads.write(y, n, v, hat.mul(gain), Write::Store);
                    }
                }
            }
        }
    }

    /// Means and inverse deviations of the `count` heads from `from` on.
    ///
    /// # Safety
    /// As [`HeadNorm::wide`], and there are those heads.
    #[inline(always)]
    unsafe fn wide_moments<L: Lanes>(&self, memory: Raw, from: u32, count: usize) -> ([f32; LANES], [f32; LANES]) {
        let heads = Heads::of(self.x, self.gain);
        let (zero, divisor) = (L::splat(0.0), L::splat(heads.width as f32));
        let mut sums = [zero; LANES];
        // SAFETY: `x` has these heads and channels.
        unsafe {
            let x = memory.wide(self.x);
            if self.norm.kind == NormKind::Layer {
                for (sum, n) in sums[..count].iter_mut().zip(from..) {
                    for v in 0..heads.vectors() {
                        *sum = sum.add(heads.load(x, n, v));
                    }
                }
            }
            let mean = L::lane_sums(sums).div(divisor).to_array();
            sums = [zero; LANES];
            for (k, (sum, n)) in sums[..count].iter_mut().zip(from..).enumerate() {
                for v in 0..heads.vectors() {
                    let centred = heads.load::<L>(x, n, v).sub(L::splat(mean[k]));
                    let centred = first(filled(heads.width, v), centred, zero);
                    *sum = centred.mul_add(centred, *sum);
                }
            }
            let deviation = L::lane_sums(sums).div(divisor).add(L::splat(self.norm.epsilon as f32)).sqrt();
            (mean, L::splat(1.0).div(deviation).to_array())
        }
    }
}

impl HeadNormGradient {
    /// The gain's gradient first: `dx` may overwrite `dy`.
    ///
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        let heads = Heads::of(self.x, self.gain);
        // SAFETY: the fields have these heads and vectors.
        unsafe {
            if let Some(dgain) = self.dgain {
                for v in 0..heads.vectors() {
                    self.wide_gain::<L>(memory, dgain, v);
                }
            }
            let Some(dx) = self.dx else { return };
            for (from, count) in tiles(self.x.rows * heads.in_a_row, TOGETHER) {
                self.wide_heads::<L>(memory, dx, from, count);
            }
        }
    }

    /// `dgain` of the channels of vector `v`.
    ///
    /// # Safety
    /// As [`HeadNormGradient::wide`], and there is that vector.
    #[inline(always)]
    unsafe fn wide_gain<L: Lanes>(&self, memory: Raw, dgain: Matrix, v: u32) {
        let heads = Heads::of(self.x, self.gain);
        // SAFETY: the fields have these heads and channels.
        unsafe {
            let (x, dy, saved) = (memory.wide(self.x), memory.wide(self.dy), memory.wide(self.saved));
            for h in 0..heads.in_a_row {
                let mut sum = L::splat(0.0);
                for n in (h..self.x.rows * heads.in_a_row).step_by(heads.in_a_row as usize) {
                    let (mean, inverse): (L, L) = heads.moments(saved, n);
                    let (x, dy): (L, L) = (heads.load(x, n, v), heads.load(dy, n, v));
                    sum = dy.mul_add(x.sub(mean).mul(inverse), sum);
                }
                memory.gradients(dgain).add_vector(0, v * LANES as u32, sum, filled(heads.width, v));
            }
        }
    }

    /// `dx` of the `count` heads from `from` on.
    ///
    /// # Safety
    /// As [`HeadNormGradient::wide`], and there are those heads.
    #[inline(always)]
    unsafe fn wide_heads<L: Lanes>(&self, memory: Raw, dx: (Place, Write), from: u32, count: usize) {
        let heads = Heads::of(self.x, self.gain);
        let (zero, divisor) = (L::splat(0.0), L::splat(heads.width as f32));
        let (mut hats, mut ones) = ([zero; LANES], [zero; LANES]);
        // SAFETY: the fields have these heads and channels.
        unsafe {
            for (k, n) in (from..).take(count).enumerate() {
                for v in 0..heads.vectors() {
                    let (g, hat) = self.wide_head::<L>(memory, n, v);
                    // `g` is 0 behind the last channel.
                    hats[k] = g.mul_add(hat, hats[k]);
                    ones[k] = ones[k].add(g);
                }
            }
            let along_hat = L::lane_sums(hats).div(divisor).to_array();
            let along_one = match self.norm.kind {
                NormKind::Layer => L::lane_sums(ones).div(divisor).to_array(),
                NormKind::Rms => [0.0; LANES],
            };
            let (to, saved) = (memory.wide(dx.0), memory.wide(self.saved));
            for (k, n) in (from..).take(count).enumerate() {
                let (_, inverse) = heads.moments::<L>(saved, n);
                for v in 0..heads.vectors() {
                    let (g, hat) = self.wide_head::<L>(memory, n, v);
                    let value = hat.neg().mul_add(L::splat(along_hat[k]), g.sub(L::splat(along_one[k])));
                    heads.write(to, n, v, value.mul(inverse), dx.1);
                }
            }
        }
    }

    /// Vector `v` of head `n` of `dy gain` and of the normed `x`.
    ///
    /// # Safety
    /// As [`HeadNormGradient::wide`], and there is that vector.
    #[inline(always)]
    unsafe fn wide_head<L: Lanes>(&self, memory: Raw, n: u32, v: u32) -> (L, L) {
        let heads = Heads::of(self.x, self.gain);
        // SAFETY: the fields have this head and its channels.
        unsafe {
            let gain: L = memory.weights(self.gain).vector(0, v * LANES as u32, filled(heads.width, v));
            let (mean, inverse) = heads.moments::<L>(memory.wide(self.saved), n);
            let x: L = heads.load(memory.wide(self.x), n, v);
            (heads.load::<L>(memory.wide(self.dy), n, v).mul(gain), x.sub(mean).mul(inverse))
        }
    }
}
