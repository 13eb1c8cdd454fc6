//! The kernels in the wide layout: one sequence, sixteen channels of a row to a vector.
//!
//! Sums over rows (of a product, of a weight's gradient) are the chains that the plain twins have. A sum over the
//! channels of a row (norm, softmax, cross-entropy) adds channel `c` to lane `c % 16`, ascending, and then the sixteen
//! lanes by the tree `l + (l+8)`, then `+4`, `+2`, `+1`. Lanes behind the last channel of a row mean nothing: they are
//! written as it comes and never enter a sum.

mod add_rows;
pub(crate) mod attention;
mod column_sums;
mod cross_entropy;
mod embed;
mod head_norm;
mod linear;
mod norm;
mod outer;
mod panels;
mod tile;

pub(crate) use panels::{Packed, Panels};

use crate::lanes::{LANES, Lanes};
use crate::memory::WideRows;

/// Vectors that hold so many channels.
pub(crate) const fn vectors(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// How many of the channels of vector `v` there are.
#[inline(always)]
fn filled(channels: u32, v: u32) -> usize {
    (channels as usize - v as usize * LANES).min(LANES)
}

/// The first `count` lanes of `x`, and `otherwise` behind them.
#[inline(always)]
fn first<L: Lanes>(count: usize, x: L, otherwise: L) -> L {
    if count == LANES {
        return x;
    }
    let lane = L::from_array(std::array::from_fn(|l| l as f32));
    lane.select_less(L::splat(count as f32), x, otherwise)
}

/// Rows whose sums over channels are taken together, one tree for all.
const TOGETHER: usize = LANES;

/// For each of `count` rows, at most sixteen, the sum over its channels of `term(row, vector)`, in lane `row`. Lanes of a
/// term that belong to no channel do not count.
///
/// # Safety
/// As `term`, for these rows and the vectors of `channels`.
#[inline(always)]
unsafe fn row_sums<L: Lanes>(count: usize, channels: u32, term: impl Fn(usize, u32) -> L) -> L {
    let mut sums = [L::splat(0.0); LANES];
    for (row, sum) in sums[..count].iter_mut().enumerate() {
        for v in 0..vectors(channels as usize) as u32 {
            *sum = sum.add(first(filled(channels, v), term(row, v), L::splat(0.0)));
        }
    }
    L::lane_sums(sums)
}

/// The greatest number of a row, as a chain of `maximum` over its channels would find it (zeros of either sign are equal).
///
/// # Safety
/// The row lies inside.
#[inline(always)]
unsafe fn greatest<L: Lanes>(rows: WideRows, row: u32, channels: u32) -> f32 {
    let low = L::splat(f32::NEG_INFINITY);
    let mut greatest = low;
    for v in 0..vectors(channels as usize) as u32 {
        // SAFETY: the caller's promise.
        let x = unsafe { rows.load(row, v) };
        greatest = greatest.maximum(first(filled(channels, v), x, low));
    }
    greatest.to_array().into_iter().fold(f32::NEG_INFINITY, |a, b| if a > b { a } else { b })
}
