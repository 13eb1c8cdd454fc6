//! [`Attend`] in the wide layout.

use super::super::tile::{MOST_ROWS, row_tiles};
use super::{Desk, Mixture, Sheet, Slice, mix, scores};
use crate::attention::{Attend, channels_of};
use crate::lanes::{LANES, Lanes};
use crate::math;
use crate::memory::Raw;
use crate::wide::{first, vectors};

impl Attend {
    /// The size of [`Attend::scratch`] in the wide layout, for heads of `c` channels of keys and `cv` of values: keys channel by
    /// channel, values without gaps, the exponentials of a tile.
    pub(crate) const fn wide_scratch_vectors(queries: usize, keys: usize, c: usize, cv: usize) -> usize {
        let tile = if queries < MOST_ROWS { queries } else { MOST_ROWS };
        c * vectors(keys) + keys * vectors(cv) + tile * (vectors(keys) | 1)
    }

    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        for h in 0..self.attention.heads {
            // SAFETY: the fields lie inside the memories, and a head's channels within them.
            unsafe {
                let head = Head::new(self, memory, h);
                head.k.transpose_to::<L>(head.keys, self.k.rows as usize);
                head.v.copy_to::<L>(head.values);
                for (t, rows) in row_tiles::<L>(self.q.rows) {
                    head.tile::<L>(t as usize, rows);
                }
            }
        }
    }
}

/// The channels of one head.
pub(super) struct Head {
    pub(super) q: Slice,
    pub(super) k: Slice,
    pub(super) v: Slice,
    pub(super) y: Slice,
    /// Columns of this head in what is saved.
    pub(super) saved: Slice,
    /// `[channel][key]`
    pub(super) keys: Sheet,
    /// `[key][channel]`
    pub(super) values: Sheet,
    /// `[query][key]`: scores, then their exponentials.
    pub(super) e: Sheet,
    pub(super) factor: f32,
    pub(super) first: usize,
}

impl Head {
    /// # Safety
    /// As [`Attend::wide`].
    #[inline(always)]
    unsafe fn new(attend: &Attend, memory: Raw, h: usize) -> Head {
        let Attend { y, q, k, v, saved, attention, scratch, .. } = *attend;
        let own = |channels: u32| channels_of(h, attention.heads, channels);
        let keys = k.rows as usize;
        // SAFETY: the fields lie inside the memories, scratch is as large as `wide_scratch_vectors` says.
        unsafe {
            let mut desk = Desk { next: memory.wide(scratch).vector(0, 0) };
            let (k, v) = (Slice::new(memory.wide(k), own(k.channels)), Slice::new(memory.wide(v), own(v.channels)));
            Head {
                q: Slice::new(memory.wide(q), own(q.channels)),
                y: Slice::new(memory.wide(y), own(y.channels)),
                saved: Slice::new(memory.wide(saved), 2 * h as u32..2 * h as u32 + 2),
                keys: desk.sheet(k.width, vectors(keys)),
                values: desk.sheet(keys, v.vectors()),
                e: desk.sheet(MOST_ROWS.min(q.rows as usize), vectors(keys) | 1),
                k,
                v,
                factor: attention.factor() as f32,
                first: attention.first,
            }
        }
    }

    /// The results of `rows` queries from `t` on, at most the register tile.
    ///
    /// # Safety
    /// As [`Attend::wide`], and there are those queries.
    #[inline(always)]
    pub(super) unsafe fn tile<L: Lanes>(&self, t: usize, rows: usize) {
        let sees = self.first + t + 1;
        // SAFETY: row `r` of the tile sees the first `sees + r` keys.
        unsafe {
            scores::<L>(self.e, 0, self.q, t, rows, self.keys, sees + rows - 1);
            let mut sums = [L::splat(0.0); LANES];
            for (r, sum) in sums[..rows].iter_mut().enumerate() {
                *sum = self.exponentials(r, t + r, sees + r);
            }
            let z = first(rows, L::lane_sums(sums), L::splat(1.0));
            let inverse = L::splat(1.0).div(z).to_array();
            for (r, z) in z.to_array()[..rows].iter().enumerate() {
                self.saved.rows.set((t + r) as u32, self.saved.first + 1, *z);
            }
            let mixture = |v| {
                let (w, x, y) = (self.e, self.values, self.y);
                Mixture { w, row: 0, x, y, t, v, until: sees, fresh: true, finish: Some(inverse) }
            };
            mix::<L>(mixture, rows, self.v.vectors());
        }
    }

    /// The scores of row `r` of the sheet become exponentials, and the greatest score is saved, for query `t`, which sees
    /// `sees` keys. Gives their sums, lane by lane.
    ///
    /// # Safety
    /// As [`Attend::wide`], and there is that query.
    #[inline(always)]
    unsafe fn exponentials<L: Lanes>(&self, r: usize, t: usize, sees: usize) -> L {
        let (factor, low) = (L::splat(self.factor), L::splat(f32::NEG_INFINITY));
        let filled = |v: usize| (sees - v * LANES).min(LANES);
        // SAFETY: the caller's promise.
        unsafe {
            let mut greatest = low;
            for v in 0..vectors(sees) {
                let score = L::load(self.e.vector(r, v)).mul(factor);
                score.store(self.e.vector(r, v));
                greatest = greatest.maximum(first(filled(v), score, low));
            }
            let m = greatest.to_array().into_iter().fold(f32::NEG_INFINITY, |a, b| if a > b { a } else { b });
            self.saved.rows.set(t as u32, self.saved.first, m);
            let mut sum = L::splat(0.0);
            for v in 0..vectors(sees) {
                let power = math::exp2(L::load(self.e.vector(r, v)).sub(L::splat(m)));
                power.store(self.e.vector(r, v));
                sum = sum.add(first(filled(v), power, L::splat(0.0)));
            }
            sum
        }
    }
}
