//! Every row brought to mean 0 and variance 1 (`Layer`) or to mean square 1 (`Rms`), then scaled and shifted.
//!
//! Shapes: `x, y: [T, C]`, `gain, bias: [1, C]`, `saved: [T, 2]`. For each row:
//! `mean = (1 / C) sum_c x` (0 for `Rms`); `variance = (1 / C) sum_c (x - mean)^2`; `inverse = 1 / sqrt(variance + epsilon)`;
//! `hat = (x - mean) inverse`; `y = hat gain + bias`. `saved` keeps `mean, inverse`.
//! With `g = dy gain`: `dx = inverse (g - (1 / C) sum_c g - hat (1 / C) sum_c (g hat))`, without the middle term for `Rms`
//! (Ba, Kiros and Hinton 2016; Zhang and Sennrich 2019). Sums over channels ascend from 0; `dgain` and `dbias` sum over
//! rows ascending from 0 (in the lanes: each lane its own, then the tree over the lanes) and are then added.

mod narrow;

use narrow::by_channels;

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes, array_of};
use crate::memory::Raw;
use crate::place::{Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::tiles::tiles;
use crate::view::{View, ViewMut, Write};

/// Whether a norm subtracts the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// Mean 0, variance 1.
    Layer,
    /// Mean square 1; the mean stays.
    Rms,
}

/// What a norm does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Whether it subtracts the mean.
    pub kind: NormKind,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The plain twin of `Norm`.
pub fn norm<S: Scalar>(
    y: &mut ViewMut<S>,
    x: View<S>,
    norm: Norm,
    gain: Option<View<S>>,
    bias: Option<View<S>>,
    saved: &mut ViewMut<S>,
) {
    for t in 0..x.row_count() {
        let (mean, inverse) = moments(x.rows(t..t + 1), norm);
        saved.set(t, 0, mean);
        saved.set(t, 1, inverse);
        for c in 0..x.column_count() {
            let hat = (x.get(t, c) - mean) * inverse;
            let value = match (gain, bias) {
                (Some(gain), Some(bias)) => hat.mul_add(gain.get(0, c), bias.get(0, c)),
                (Some(gain), None) => hat * gain.get(0, c),
                (None, Some(bias)) => hat + bias.get(0, c),
                (None, None) => hat,
            };
            y.set(t, c, value);
        }
    }
}

/// Mean (0 for `Rms`) and inverse deviation of one row.
fn moments<S: Scalar>(row: View<S>, norm: Norm) -> (S, S) {
    let part = S::of(1.0 / row.column_count() as f64);
    let mut mean = S::ZERO;
    if norm.kind == NormKind::Layer {
        for c in 0..row.column_count() {
            mean = mean + row.get(0, c);
        }
        mean = mean * part;
    }
    let mut squares = S::ZERO;
    for c in 0..row.column_count() {
        let centred = row.get(0, c) - mean;
        squares = centred.mul_add(centred, squares);
    }
    (mean, S::ONE / (squares * part + S::of(norm.epsilon)).sqrt())
}

/// The plain twin of `NormGradient`: adds to each gradient that is asked for.
#[allow(clippy::too_many_arguments, reason = "as many as the formula has arrays")]
pub fn norm_gradient<S: Scalar>(
    dx: Option<&mut ViewMut<S>>,
    dgain: Option<&mut ViewMut<S>>,
    dbias: Option<&mut ViewMut<S>>,
    x: View<S>,
    dy: View<S>,
    norm: Norm,
    gain: Option<View<S>>,
    saved: View<S>,
) {
    let hat = |t, c| (x.get(t, c) - saved.get(t, 0)) * saved.get(t, 1);
    if let Some(dgain) = dgain {
        for c in 0..x.column_count() {
            let sum = (0..x.row_count()).fold(S::ZERO, |sum, t| dy.get(t, c).mul_add(hat(t, c), sum));
            dgain.add(0, c, sum);
        }
    }
    if let Some(dbias) = dbias {
        for c in 0..x.column_count() {
            let sum = (0..x.row_count()).fold(S::ZERO, |sum, t| sum + dy.get(t, c));
            dbias.add(0, c, sum);
        }
    }
    let Some(dx) = dx else { return };
    let part = S::of(1.0 / x.column_count() as f64);
    let g = |t, c| gain.map_or(dy.get(t, c), |gain| dy.get(t, c) * gain.get(0, c));
    for t in 0..x.row_count() {
        let (mut along_one, mut along_hat) = (S::ZERO, S::ZERO);
        for c in 0..x.column_count() {
            along_one = along_one + g(t, c);
            along_hat = g(t, c).mul_add(hat(t, c), along_hat);
        }
        let along_one = if norm.kind == NormKind::Layer { along_one * part } else { S::ZERO };
        let along_hat = along_hat * part;
        for c in 0..x.column_count() {
            dx.add(t, c, (-hat(t, c)).mul_add(along_hat, g(t, c) - along_one) * saved.get(t, 1));
        }
    }
}

/// Arguments of [`norm`]. `y` may be the same place as `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormForward {
    /// `[T, C]`, written.
    pub y: Place,
    /// `[T, C]`
    pub x: Place,
    /// `[T, 2]`, written: mean and inverse deviation.
    pub saved: Place,
    /// What the norm does.
    pub norm: Norm,
    /// `[1, C]`
    pub gain: Option<Matrix>,
    /// `[1, C]`
    pub bias: Option<Matrix>,
}

/// Arguments of [`norm_gradient`]. `dx` may be the same place as `dy`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormGradient {
    /// `[T, C]`, written.
    pub dx: Option<(Place, Write)>,
    /// `[1, C]`, added to.
    pub dgain: Option<Matrix>,
    /// `[1, C]`, added to.
    pub dbias: Option<Matrix>,
    /// `[T, C]`
    pub x: Place,
    /// `[T, C]`
    pub dy: Place,
    /// `[T, 2]`, as [`NormForward`] wrote it.
    pub saved: Place,
    /// What the norm does.
    pub norm: Norm,
    /// `[1, C]`
    pub gain: Option<Matrix>,
}

/// A row of weights for the channels of `x`.
fn row_of_weights(fields: &mut Fields, name: &'static str, columns: &'static str, row: Matrix, x: Place) {
    fields.rule(row.rows == 1, "gain, bias and their gradients have one row");
    fields.equal((columns, row.columns), ("x.channels", x.channels));
    match name.starts_with('d') {
        true => fields.gradient(name, row),
        false => fields.weight(name, row),
    }
}

fn shape_of_saved(fields: &mut Fields, saved: Place, x: Place) {
    fields.rule(saved.channels == 2, "`saved` has two channels");
    fields.equal(("saved.rows", saved.rows), ("x.rows", x.rows));
}

impl Kernel for NormForward {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.write("y", self.y, Write::Store);
        fields.write("saved", self.saved, Write::Store);
        fields.may_equal("x", "y");
        fields.same_shape(("y", self.y), ("x", self.x));
        shape_of_saved(fields, self.saved, self.x);
        self.gain.iter().for_each(|&gain| row_of_weights(fields, "gain", "gain.columns", gain, self.x));
        self.bias.iter().for_each(|&bias| row_of_weights(fields, "bias", "bias.columns", bias, self.x));
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: as this function's.
        unsafe { by_channels!(self.x.channels, self.narrow(memory), self.general::<L>(memory)) }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

impl NormForward {
    /// All rows, of any number of channels.
    ///
    /// # Safety
    /// As [`Kernel::run`].
    #[inline(always)]
    unsafe fn general<L: Lanes>(&self, memory: Raw) {
        for (t, rows) in tiles(self.x.rows, 4) {
            // SAFETY: tiles lie within the rows, and the fields inside the memories.
            unsafe {
                match rows {
                    4 => self.rows::<L, 4>(memory, t),
                    3 => self.rows::<L, 3>(memory, t),
                    2 => self.rows::<L, 2>(memory, t),
                    _ => self.rows::<L, 1>(memory, t),
                }
            }
        }
    }

    /// The `R` rows from `first` on; several at once hide the latency of their sums.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those rows.
    #[inline(always)]
    unsafe fn rows<L: Lanes, const R: usize>(&self, memory: Raw, first: u32) {
        // SAFETY: the fields have these rows and channels.
        unsafe {
            let (mean, inverse) = self.moments::<L, R>(memory, first);
            let (x, y, saved) = (memory.rows(self.x), memory.rows(self.y), memory.rows(self.saved));
            for r in 0..R {
                saved.store(first + r as u32, 0, mean[r]);
                saved.store(first + r as u32, 1, inverse[r]);
            }
            for c in 0..self.x.channels {
                let weight = |row: Matrix| L::splat(memory.weights(row).get(0, c));
                for r in 0..R {
                    let t = first + r as u32;
                    let hat = x.load::<L>(t, c).sub(mean[r]).mul(inverse[r]);
                    let value = match (self.gain, self.bias) {
                        (Some(gain), Some(bias)) => hat.mul_add(weight(gain), weight(bias)),
                        (Some(gain), None) => hat.mul(weight(gain)),
                        (None, Some(bias)) => hat.add(weight(bias)),
                        (None, None) => hat,
                    };
                    y.store(t, c, value);
                }
            }
        }
    }

    /// Means and inverse deviations of `R` rows.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those rows.
    #[inline(always)]
    unsafe fn moments<L: Lanes, const R: usize>(&self, memory: Raw, first: u32) -> ([L; R], [L; R]) {
        let part = L::splat((1.0 / f64::from(self.x.channels)) as f32);
        let (mut mean, mut squares) = ([L::splat(0.0); R], [L::splat(0.0); R]);
        // SAFETY: `x` has these rows and channels.
        unsafe {
            let x = memory.rows(self.x);
            if self.norm.kind == NormKind::Layer {
                for c in 0..self.x.channels {
                    for (r, mean) in mean.iter_mut().enumerate() {
                        *mean = mean.add(x.load(first + r as u32, c));
                    }
                }
                mean = array_of(|r| mean[r].mul(part));
            }
            for c in 0..self.x.channels {
                for r in 0..R {
                    let centred = x.load::<L>(first + r as u32, c).sub(mean[r]);
                    squares[r] = centred.mul_add(centred, squares[r]);
                }
            }
        }
        let epsilon = L::splat(self.norm.epsilon as f32);
        (mean, array_of(|r| L::splat(1.0).div(squares[r].mul(part).add(epsilon).sqrt())))
    }
}

impl Kernel for NormGradient {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.read("dy", self.dy);
        fields.read("saved", self.saved);
        fields.same_shape(("dy", self.dy), ("x", self.x));
        shape_of_saved(fields, self.saved, self.x);
        if let Some((dx, write)) = self.dx {
            fields.write("dx", dx, write);
            fields.may_equal("dy", "dx");
            fields.same_shape(("dx", dx), ("x", self.x));
        }
        self.gain.iter().for_each(|&gain| row_of_weights(fields, "gain", "gain.columns", gain, self.x));
        self.dgain.iter().for_each(|&dgain| row_of_weights(fields, "dgain", "dgain.columns", dgain, self.x));
        self.dbias.iter().for_each(|&dbias| row_of_weights(fields, "dbias", "dbias.columns", dbias, self.x));
    }

    /// The weights' gradients first: `dx` may overwrite `dy`.
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: tiles lie within the rows and channels, and the fields inside the memories.
        unsafe {
            if self.dgain.is_some() || self.dbias.is_some() {
                for (c, count) in tiles(self.x.channels, LANES) {
                    self.weights::<L>(memory, c, count);
                }
            }
            let Some(dx) = self.dx else { return };
            by_channels!(self.x.channels, self.narrow(memory, dx), self.general::<L>(memory, dx))
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

impl NormGradient {
    /// `dx` of all rows, of any number of channels.
    ///
    /// # Safety
    /// As [`Kernel::run`].
    #[inline(always)]
    unsafe fn general<L: Lanes>(&self, memory: Raw, dx: (Place, Write)) {
        for (t, rows) in tiles(self.x.rows, 4) {
            // SAFETY: tiles lie within the rows, and the fields inside the memories.
            unsafe {
                match rows {
                    4 => self.rows::<L, 4>(memory, dx, t),
                    3 => self.rows::<L, 3>(memory, dx, t),
                    2 => self.rows::<L, 2>(memory, dx, t),
                    _ => self.rows::<L, 1>(memory, dx, t),
                }
            }
        }
    }

    /// `dgain` and `dbias` of `count` channels (at most sixteen) from `first` on.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those channels.
    #[inline(always)]
    unsafe fn weights<L: Lanes>(&self, memory: Raw, first: u32, count: usize) {
        let (mut gains, mut biases) = ([L::splat(0.0); LANES], [L::splat(0.0); LANES]);
        // SAFETY: the fields have these rows and channels.
        unsafe {
            let (x, dy, saved) = (memory.rows(self.x), memory.rows(self.dy), memory.rows(self.saved));
            for t in 0..self.x.rows {
                let (mean, inverse): (L, L) = (saved.load(t, 0), saved.load(t, 1));
                for k in 0..count {
                    let (x, dy): (L, L) = (x.load(t, first + k as u32), dy.load(t, first + k as u32));
                    gains[k] = dy.mul_add(x.sub(mean).mul(inverse), gains[k]);
                    biases[k] = biases[k].add(dy);
                }
            }
            if let Some(dgain) = self.dgain {
                memory.gradients(dgain).add_lane_sums(0, first, gains, count);
            }
            if let Some(dbias) = self.dbias {
                memory.gradients(dbias).add_lane_sums(0, first, biases, count);
            }
        }
    }

    /// `dx` of the `R` rows from `first` on.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those rows.
    #[inline(always)]
    unsafe fn rows<L: Lanes, const R: usize>(&self, memory: Raw, dx: (Place, Write), first: u32) {
        let (mut mean, mut inverse) = ([L::splat(0.0); R], [L::splat(0.0); R]);
        let (mut along_one, mut along_hat) = ([L::splat(0.0); R], [L::splat(0.0); R]);
        // SAFETY: the fields have these rows and channels.
        unsafe {
            let (x, saved) = (memory.rows(self.x), memory.rows(self.saved));
            for r in 0..R {
                mean[r] = saved.load(first + r as u32, 0);
                inverse[r] = saved.load(first + r as u32, 1);
            }
            for c in 0..self.x.channels {
                let g = self.scaled::<L, R>(memory, first, c);
                for r in 0..R {
                    let hat = x.load::<L>(first + r as u32, c).sub(mean[r]).mul(inverse[r]);
                    along_one[r] = along_one[r].add(g[r]);
                    along_hat[r] = g[r].mul_add(hat, along_hat[r]);
                }
            }
            let part = L::splat((1.0 / f64::from(self.x.channels)) as f32);
            let layer = self.norm.kind == NormKind::Layer;
            let along_one: [L; R] = array_of(|r| if layer { along_one[r].mul(part) } else { L::splat(0.0) });
            let along_hat: [L; R] = array_of(|r| along_hat[r].mul(part));
            let to = memory.rows(dx.0);
            for c in 0..self.x.channels {
                let g = self.scaled::<L, R>(memory, first, c);
                for r in 0..R {
                    let hat = x.load::<L>(first + r as u32, c).sub(mean[r]).mul(inverse[r]);
                    let value = hat.neg().mul_add(along_hat[r], g[r].sub(along_one[r])).mul(inverse[r]);
                    to.write(first + r as u32, c, value, dx.1);
                }
            }
        }
    }

    /// `dy gain` at channel `c` of `R` rows.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those rows and that channel.
    #[inline(always)]
    unsafe fn scaled<L: Lanes, const R: usize>(&self, memory: Raw, first: u32, c: u32) -> [L; R] {
        let mut g = [L::splat(0.0); R];
        // SAFETY: the fields have these rows and this channel.
        unsafe {
            let dy = memory.rows(self.dy);
            for (r, g) in g.iter_mut().enumerate() {
                *g = dy.load(first + r as u32, c);
            }
            if let Some(gain) = self.gain {
                let gain = L::splat(memory.weights(gain).get(0, c));
                g = array_of(|r| g[r].mul(gain));
            }
        }
        g
    }
}
