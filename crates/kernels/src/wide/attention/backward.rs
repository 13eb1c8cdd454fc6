//! [`AttendGradient`] in the wide layout.

use std::ops::Range;

use super::super::tile::{MOST_ROWS, Tile, by_size, multiply_add, row_tiles};
use super::{Desk, Mixture, QUERIES, Sheet, Slice, mix, scores};
use crate::attention::{AttendGradient, channels_of};
use crate::lanes::Lanes;
use crate::math;
use crate::memory::Raw;
use crate::place::Place;
use crate::tiles::tiles;
use crate::view::Write;
use crate::wide::vectors;

impl AttendGradient {
    /// The size of [`AttendGradient::scratch`] in the wide layout, for heads of `c` channels of keys and `cv` of values: keys
    /// and values channel by channel, keys, queries and `dy` without gaps, the probabilities of a block and the
    /// gradients of its scores.
    pub(crate) const fn wide_scratch_vectors(queries: usize, keys: usize, c: usize, cv: usize) -> usize {
        let block = if queries < QUERIES { queries } else { QUERIES };
        let across = (c + cv) * vectors(keys);
        let along = (keys + queries) * vectors(c) + queries * vectors(cv);
        across + along + 2 * block * (vectors(keys) | 1)
    }

    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        for h in 0..self.attention.heads {
            // SAFETY: the fields lie inside the memories, and a head's channels within them.
            unsafe {
                let head = Head::new(self, memory, h);
                head.lay_out::<L>(self);
                let queries = self.q.rows as usize;
                for t in (0..queries).step_by(QUERIES) {
                    head.block::<L>(t..(t + QUERIES).min(queries));
                }
            }
        }
    }
}

/// The channels of one head.
struct Head {
    q: Slice,
    k: Slice,
    v: Slice,
    y: Slice,
    dy: Slice,
    dq: Slice,
    dk: Slice,
    dv: Slice,
    saved: Slice,
    /// `[channel][key]`
    keys_across: Sheet,
    values_across: Sheet,
    /// `[key][channel]`
    keys: Sheet,
    /// `[query][channel]`
    queries: Sheet,
    results: Sheet,
    /// `[query][key]`: probabilities, and the gradients of the scores.
    p: Sheet,
    ds: Sheet,
    factor: f32,
    scale: f32,
    first: usize,
}

impl Head {
    /// # Safety
    /// As [`AttendGradient::wide`].
    #[inline(always)]
    unsafe fn new(a: &AttendGradient, memory: Raw, h: usize) -> Head {
        let (keys, queries) = (a.k.rows as usize, a.q.rows as usize);
        // SAFETY: the fields lie inside the memories, scratch is as large as `wide_scratch_vectors` says.
        unsafe {
            let slice =
                |place: Place| Slice::new(memory.wide(place), channels_of(h, a.attention.heads, place.channels));
            let (k, v) = (slice(a.k), slice(a.v));
            let mut desk = Desk { next: memory.wide(a.scratch).vector(0, 0) };
            let block = QUERIES.min(queries);
            Head {
                q: slice(a.q),
                y: slice(a.y),
                dy: slice(a.dy),
                dq: slice(a.dq.0),
                dk: slice(a.dk.0),
                dv: slice(a.dv.0),
                saved: slice(a.saved),
                keys_across: desk.sheet(k.width, vectors(keys)),
                values_across: desk.sheet(v.width, vectors(keys)),
                keys: desk.sheet(keys, k.vectors()),
                queries: desk.sheet(queries, k.vectors()),
                results: desk.sheet(queries, v.vectors()),
                p: desk.sheet(block, vectors(keys) | 1),
                ds: desk.sheet(block, vectors(keys) | 1),
                k,
                v,
                factor: a.attention.factor() as f32,
                scale: a.attention.scale as f32,
                first: a.attention.first,
            }
        }
    }

    /// Fills the sheets that last for the whole head, and clears gradients that are stored.
    ///
    /// # Safety
    /// As [`AttendGradient::wide`].
    #[inline(always)]
    unsafe fn lay_out<L: Lanes>(&self, a: &AttendGradient) {
        let (keys, queries) = (a.k.rows as usize, a.q.rows as usize);
        // SAFETY: the sheets were made for these.
        unsafe {
            self.k.transpose_to::<L>(self.keys_across, keys);
            self.v.transpose_to::<L>(self.values_across, keys);
            self.k.copy_to::<L>(self.keys);
            self.q.copy_to::<L>(self.queries);
            self.dy.copy_to::<L>(self.results);
            for (slice, rows, write) in [(self.dq, queries, a.dq.1), (self.dk, keys, a.dk.1), (self.dv, keys, a.dv.1)] {
                if write == Write::Store {
                    slice.clear::<L>(rows);
                }
            }
        }
    }

    /// All that a block of queries adds to.
    ///
    /// # Safety
    /// As [`AttendGradient::wide`], and there are those queries, at most `QUERIES`.
    #[inline(always)]
    unsafe fn block<L: Lanes>(&self, block: Range<usize>) {
        // SAFETY: the queries of the block see the first `first + block.end` keys.
        unsafe {
            for (r, rows) in row_tiles::<L>(block.len() as u32) {
                let r = r as usize;
                self.weights::<L>(r, block.start + r, rows);
                let (t, until) = (block.start + r, self.first + block.start + r + 1);
                let mixture = |v| {
                    let (w, x, y) = (self.ds, self.keys, self.dq);
                    Mixture { w, row: r, x, y, t, v, until, fresh: false, finish: None }
                };
                mix::<L>(mixture, rows, self.k.vectors());
            }
            self.by_keys::<L>(self.ds, self.queries, self.dk, block.clone());
            self.by_keys::<L>(self.p, self.results, self.dv, block);
        }
    }

    /// Probabilities and gradients of the scores of `rows` queries from `t` on, in rows from `r` on of the sheets.
    ///
    /// # Safety
    /// As [`AttendGradient::wide`], and there are those queries.
    #[inline(always)]
    unsafe fn weights<L: Lanes>(&self, r: usize, t: usize, rows: usize) {
        let sees = self.first + t + 1;
        // SAFETY: the caller's promise.
        unsafe {
            scores::<L>(self.p, r, self.q, t, rows, self.keys_across, sees + rows - 1);
            scores::<L>(self.ds, r, self.dy, t, rows, self.values_across, sees + rows - 1);
            // The chain that `dy` times values is, so that a query with one key has a gradient of exactly 0.
            let mut d = [0.0f32; MOST_ROWS];
            for c in 0..self.y.width as u32 {
                for (k, d) in d[..rows].iter_mut().enumerate() {
                    let at = |slice: Slice| slice.rows.get((t + k) as u32, slice.first + c);
                    *d = at(self.dy).mul_add(at(self.y), *d);
                }
            }
            for k in 0..rows {
                self.row::<L>(r + k, t + k, sees + k, d[k]);
            }
        }
    }

    /// [`Head::weights`] of one query, which sees `sees` keys, where the sheets have its scores and `dy` times values.
    ///
    /// # Safety
    /// As [`Head::weights`].
    #[inline(always)]
    unsafe fn row<L: Lanes>(&self, r: usize, t: usize, sees: usize, d: f32) {
        let (factor, scale) = (L::splat(self.factor), L::splat(self.scale));
        // SAFETY: the caller's promise.
        unsafe {
            let (m, z) =
                (self.saved.rows.get(t as u32, self.saved.first), self.saved.rows.get(t as u32, self.saved.first + 1));
            let (m, inverse, d) = (L::splat(m), L::splat(1.0).div(L::splat(z)), L::splat(d));
            for v in 0..vectors(sees) {
                let (p_at, ds_at) = (self.p.vector(r, v), self.ds.vector(r, v));
                let score = L::load(p_at).mul(factor);
                let p = math::exp2(score.sub(m)).mul(inverse);
                let ds = p.mul(scale).mul(L::load(ds_at).sub(d));
                p.store(p_at);
                ds.store(ds_at);
            }
        }
    }

    /// `into[u] += sum_t w[t][u] x[t]` over the queries of a block, for every key that one of them sees.
    ///
    /// # Safety
    /// As [`AttendGradient::wide`], and there are those queries.
    #[inline(always)]
    unsafe fn by_keys<L: Lanes>(&self, w: Sheet, x: Sheet, into: Slice, block: Range<usize>) {
        for (u, rows) in row_tiles::<L>((self.first + block.end) as u32) {
            // The first query that sees one of these keys.
            let from = (u as usize).saturating_sub(self.first).max(block.start);
            for (v, size) in tiles(into.vectors() as u32, L::WIDE_VECTORS) {
                let (u, v, first) = (u as usize, v as usize, self.first);
                let tile = ByKeys { w, x, into, u, v, block: block.clone(), from, first };
                // SAFETY: the tile lies within the keys and the head's channels.
                unsafe { by_size::<L>(tile, rows, size) };
            }
        }
    }
}

/// Keys from `u` on by vectors of the head's channels from `v` on, over the queries `from..block.end`.
struct ByKeys {
    w: Sheet,
    x: Sheet,
    into: Slice,
    u: usize,
    v: usize,
    block: Range<usize>,
    from: usize,
    /// The position of query 0.
    first: usize,
}

impl Tile for ByKeys {
    #[inline(always)]
    unsafe fn run<L: Lanes, const R: usize, const J: usize>(self) {
        let ByKeys { w, x, into, u, v, block, from, first } = self;
        let mut sums = [[L::splat(0.0); J]; R];
        // SAFETY: the tile lies within the arrays; row `t - block.start` of `w` belongs to query `t`.
        unsafe {
            for (r, sums) in sums.iter_mut().enumerate() {
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum = into.load(u + r, v + j);
                }
            }
            // Queries that see some of these keys only, then those that see all.
            let shared = (u + R - 1).saturating_sub(first).clamp(from, block.end);
            for t in from..shared {
                for (r, sums) in sums.iter_mut().enumerate() {
                    if u + r <= first + t {
                        let number = L::splat(*w.number(t - block.start, u + r));
                        for (j, sum) in sums.iter_mut().enumerate() {
                            *sum = number.mul_add(L::load(x.vector(t, v + j)), *sum);
                        }
                    }
                }
            }
            let mut vectors = x.vectors(v);
            vectors.start = vectors.start.add(block.start * vectors.step);
            sums = multiply_add(sums, w.columns(u), vectors, shared - block.start..block.len());
            for (r, sums) in sums.into_iter().enumerate() {
                for (j, sum) in sums.into_iter().enumerate() {
                    into.store(u + r, v + j, sum);
                }
            }
        }
    }
}
