//! Norms of few channels, a row in registers. Operation by operation the same as the general kernels, so the same bits.

use super::{NormForward, NormGradient, NormKind};
use crate::lanes::{Lanes, array_of};
use crate::memory::Raw;
use crate::place::{Matrix, Place};
use crate::view::Write;

/// Runs `$call` with the constant `$C` equal to `$channels` if there is a kernel for so many, else `$general`.
macro_rules! by_channels {
    ($channels:expr, $self:ident.$run:ident($($argument:expr),*), $general:expr) => {
        match $channels {
            1 => $self.$run::<L, 1>($($argument),*),
            2 => $self.$run::<L, 2>($($argument),*),
            3 => $self.$run::<L, 3>($($argument),*),
            4 => $self.$run::<L, 4>($($argument),*),
            5 => $self.$run::<L, 5>($($argument),*),
            6 => $self.$run::<L, 6>($($argument),*),
            7 => $self.$run::<L, 7>($($argument),*),
            8 => $self.$run::<L, 8>($($argument),*),
            16 => $self.$run::<L, 16>($($argument),*),
            _ => $general,
        }
    };
}
pub(super) use by_channels;

/// The numbers of a row of weights, each in every lane.
///
/// # Safety
/// The row has `C` columns and lies inside the memory.
#[inline(always)]
unsafe fn splats<L: Lanes, const C: usize>(memory: Raw, row: Matrix) -> [L; C] {
    // SAFETY: the caller's promise.
    array_of(|c| unsafe { L::splat(memory.weights(row).get(0, c as u32)) })
}

impl NormForward {
    /// All rows of `C` channels.
    ///
    /// # Safety
    /// As [`Kernel::run`](crate::script::Kernel::run), and there are `C` channels.
    #[inline(always)]
    pub(super) unsafe fn narrow<L: Lanes, const C: usize>(&self, memory: Raw) {
        let part = L::splat((1.0 / C as f64) as f32);
        let (zero, epsilon) = (L::splat(0.0), L::splat(self.norm.epsilon as f32));
        // SAFETY: the fields have these rows and channels.
        unsafe {
            let (x, y, saved) = (memory.rows(self.x), memory.rows(self.y), memory.rows(self.saved));
            for t in 0..self.x.rows {
                let row: [L; C] = x.row(t);
                let mean = match self.norm.kind {
                    NormKind::Layer => row.iter().fold(zero, |sum, x| sum.add(*x)).mul(part),
                    NormKind::Rms => zero,
                };
                let centred: [L; C] = array_of(|c| row[c].sub(mean));
                let squares = centred.iter().fold(zero, |sum, x| x.mul_add(*x, sum));
                let inverse = L::splat(1.0).div(squares.mul(part).add(epsilon).sqrt());
                saved.store(t, 0, mean);
                saved.store(t, 1, inverse);
                y.store_row(t, self.scaled::<L, C>(memory, array_of(|c| centred[c].mul(inverse))));
            }
        }
    }

    /// `hat gain + bias`.
    ///
    /// # Safety
    /// As [`NormForward::narrow`].
    #[inline(always)]
    unsafe fn scaled<L: Lanes, const C: usize>(&self, memory: Raw, hat: [L; C]) -> [L; C] {
        let mut y = hat;
        // SAFETY: gain and bias have a column for each channel.
        unsafe {
            match (self.gain, self.bias) {
                (Some(gain), Some(bias)) => {
                    let (gain, bias): ([L; C], [L; C]) = (splats(memory, gain), splats(memory, bias));
                    (0..C).for_each(|c| y[c] = hat[c].mul_add(gain[c], bias[c]));
                }
                (Some(weights), None) | (None, Some(weights)) => {
                    let weights: [L; C] = splats(memory, weights);
                    let is_gain = self.gain.is_some();
                    (0..C).for_each(|c| y[c] = if is_gain { hat[c].mul(weights[c]) } else { hat[c].add(weights[c]) });
                }
                (None, None) => {}
            }
        }
        y
    }
}

impl NormGradient {
    /// `dx` of all rows of `C` channels.
    ///
    /// # Safety
    /// As [`Kernel::run`](crate::script::Kernel::run), and there are `C` channels.
    #[inline(always)]
    pub(super) unsafe fn narrow<L: Lanes, const C: usize>(&self, memory: Raw, dx: (Place, Write)) {
        let (zero, part) = (L::splat(0.0), L::splat((1.0 / C as f64) as f32));
        // SAFETY: the fields have these rows and channels.
        unsafe {
            let (x, dy, saved, to) =
                (memory.rows(self.x), memory.rows(self.dy), memory.rows(self.saved), memory.rows(dx.0));
            for t in 0..self.x.rows {
                let (mean, inverse): (L, L) = (saved.load(t, 0), saved.load(t, 1));
                let row: [L; C] = x.row(t);
                let hat: [L; C] = array_of(|c| row[c].sub(mean).mul(inverse));
                let mut g: [L; C] = dy.row(t);
                if let Some(gain) = self.gain {
                    let gain: [L; C] = splats(memory, gain);
                    g = array_of(|c| g[c].mul(gain[c]));
                }
                let along_one = match self.norm.kind {
                    NormKind::Layer => g.iter().fold(zero, |sum, g| sum.add(*g)).mul(part),
                    NormKind::Rms => zero,
                };
                let along_hat = (0..C).fold(zero, |sum, c| g[c].mul_add(hat[c], sum)).mul(part);
                for c in 0..C {
                    let value = hat[c].neg().mul_add(along_hat, g[c].sub(along_one)).mul(inverse);
                    to.write(t, c as u32, value, dx.1);
                }
            }
        }
    }
}
