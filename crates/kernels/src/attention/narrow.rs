//! Attention of heads of few channels over few keys, one query at a time: what belongs to the query stays in registers,
//! its row of weights in one small buffer. Operation by operation the same as the blocks of the general kernels, so the
//! same bits.

use super::backward::Head as Backward;
use super::forward::Head as Forward;
use super::tile::Grid;
use crate::lanes::{Lanes, array_of};
use crate::math;
use crate::view::Write;

/// The most channels of a head that have a kernel of their own.
const CHANNELS: usize = 8;
/// Up to so many keys: their rows and those of their gradients are read again for every query.
const KEYS: usize = 64;

/// Whether heads of `keys` by `channels` (of keys and of values) run here.
pub(super) fn is_narrow(keys: usize, channels: [usize; 2]) -> bool {
    keys <= KEYS && channels[0] == channels[1] && channels[0] <= CHANNELS
}

/// Runs `$head.$run::<L, C>($arguments)` with `C` the number `$channels`, which `is_narrow` let pass.
macro_rules! by_channels {
    ($channels:expr, $head:ident.$run:ident($($argument:expr),*)) => {
        match $channels {
            1 => $head.$run::<L, 1>($($argument),*),
            2 => $head.$run::<L, 2>($($argument),*),
            3 => $head.$run::<L, 3>($($argument),*),
            4 => $head.$run::<L, 4>($($argument),*),
            5 => $head.$run::<L, 5>($($argument),*),
            6 => $head.$run::<L, 6>($($argument),*),
            7 => $head.$run::<L, 7>($($argument),*),
            _ => $head.$run::<L, 8>($($argument),*),
        }
    };
}
pub(super) use by_channels;

/// `sum_c a_c b_c`, channels ascending from 0.
#[inline(always)]
fn dot<L: Lanes, const C: usize>(a: [L; C], b: [L; C]) -> L {
    let mut sum = L::splat(0.0);
    for c in 0..C {
        sum = a[c].mul_add(b[c], sum);
    }
    sum
}

/// `y_c + factor x_c`.
#[inline(always)]
fn add_scaled<L: Lanes, const C: usize>(y: [L; C], factor: L, x: [L; C]) -> [L; C] {
    array_of(|c| factor.mul_add(x[c], y[c]))
}

impl Forward {
    /// The results of all queries of a head of `C` channels.
    ///
    /// # Safety
    /// As [`Kernel::run`](crate::script::Kernel::run), and the head has `C` channels of keys and of values.
    #[inline(always)]
    pub(super) unsafe fn narrow<L: Lanes, const C: usize>(&self) {
        for t in 0..self.q.row_count() {
            // SAFETY: there is this query, and it sees keys `0..=first + t`, for which there are weights.
            unsafe {
                let e = self.weights(t..t + 1);
                let m = self.narrow_scores::<L, C>(e, t);
                let (mut z, mut y) = (L::splat(0.0), [L::splat(0.0); C]);
                for u in 0..self.first + t + 1 {
                    let power = math::exp2(e.load::<L>(0, u).sub(m));
                    e.store(0, u, power);
                    z = z.add(power);
                    y = add_scaled(y, power, self.v.row(u));
                }
                let inverse = L::splat(1.0).div(z);
                self.y.store_row::<L, C>(t, array_of(|c| y[c].mul(inverse)));
                self.saved.store_row(t, [m, z]);
                self.clear_unseen::<L>(e, t);
            }
        }
    }

    /// Writes the scores of query `t` and gives the greatest.
    ///
    /// # Safety
    /// As [`Forward::narrow`], and there is this query.
    #[inline(always)]
    unsafe fn narrow_scores<L: Lanes, const C: usize>(&self, e: Grid, t: usize) -> L {
        // SAFETY: the caller's promise.
        unsafe {
            let q: [L; C] = self.q.row(t);
            let mut m = L::splat(f32::NEG_INFINITY);
            for u in 0..self.first + t + 1 {
                let score = dot(q, self.k.row(u)).mul(L::splat(self.factor));
                e.store(0, u, score);
                m = m.maximum(score);
            }
            m
        }
    }
}

impl Backward {
    /// The gradients of a head of `C` channels whose weights were kept.
    ///
    /// # Safety
    /// As [`Kernel::run`](crate::script::Kernel::run), and the head has `C` channels of keys and of values.
    #[inline(always)]
    pub(super) unsafe fn narrow<L: Lanes, const C: usize>(&self, kept: Grid, add_to_query: Write, aliased: bool) {
        for t in 0..self.q.row_count() {
            // SAFETY: there is this query.
            unsafe {
                let dq = match add_to_query {
                    Write::Store => [L::splat(0.0); C],
                    Write::Add => self.dq.row(t),
                };
                // Twice, so that neither has a branch in its loop.
                let dq = match aliased {
                    true => self.narrow_query::<L, C, true>(kept, t, dq),
                    false => self.narrow_query::<L, C, false>(kept, t, dq),
                };
                self.dq.store_row(t, dq);
            }
        }
    }

    /// Adds what query `t` adds to the gradients of keys and values, and to `dq`. If they are `ALIASED`, keys and values
    /// have one gradient.
    ///
    /// # Safety
    /// As [`Backward::narrow`], and there is this query.
    #[inline(always)]
    unsafe fn narrow_query<L: Lanes, const C: usize, const ALIASED: bool>(
        &self,
        kept: Grid,
        t: usize,
        mut dq: [L; C],
    ) -> [L; C] {
        // SAFETY: the query sees keys `0..=first + t`.
        unsafe {
            let (q, dy): ([L; C], [L; C]) = (self.q.row(t), self.dy.row(t));
            let (d, inverse) = (dot(dy, self.y.row(t)), L::splat(1.0).div(self.saved.load(t, 1)));
            for u in 0..self.first + t + 1 {
                let p = kept.load::<L>(t, u).mul(inverse);
                let slope = dot(dy, self.v.row(u)).sub(d);
                let ds = p.mul(L::splat(self.scale)).mul(slope);
                dq = add_scaled(dq, ds, self.k.row(u));
                let dk = add_scaled(self.dk.row(u), ds, q);
                if ALIASED {
                    self.dk.store_row(u, add_scaled(dk, p, dy));
                } else {
                    self.dk.store_row(u, dk);
                    self.dv.store_row(u, add_scaled(self.dv.row(u), p, dy));
                }
            }
            dq
        }
    }
}
