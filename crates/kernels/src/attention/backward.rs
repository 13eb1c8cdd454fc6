//! The gradient of attention on lanes: a head at a time, a block of keys at a time, a block of queries at a time.

use std::ops::Range;

use super::forward::{one_row, scratch_fits, shape_of_kept, shapes};
use super::narrow::{by_channels, is_narrow};
use super::tile::{Grid, Term, mix, scores};
use super::{AttendGradient, Attention, channels_of};
use crate::executor::Executor;
use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::math;
use crate::memory::Raw;
use crate::place::Place;
use crate::script::Kernel;
use crate::view::Write;

/// Keys and queries of a block: what a pair of blocks reads and writes stays in the second cache.
const BLOCK: usize = 16;
/// The rows of a block of weights, odd so that columns do not meet in one set of a cache.
const WIDTH: usize = BLOCK | 1;

impl AttendGradient {
    /// For so many queries, whatever the number of keys: the probabilities and
    /// the gradients of the scores of a pair of blocks, and two vectors for each query.
    const fn lanes_scratch_vectors(queries: usize) -> usize {
        2 * BLOCK * WIDTH + 2 * queries
    }

    /// The size of [`AttendGradient::scratch`] for an executor, and queries, keys and values at these places.
    pub fn scratch_vectors(executor: Executor, attention: Attention, q: Place, k: Place, v: Place) -> usize {
        let (queries, keys) = (q.rows as usize, k.rows as usize);
        let [c, cv] = [k, v].map(|place| place.channels as usize / attention.heads.max(1));
        match executor {
            Executor::Lanes => AttendGradient::lanes_scratch_vectors(queries),
            Executor::Wide => AttendGradient::wide_scratch_vectors(queries, keys, c, cv),
        }
    }

    fn aliased(&self) -> bool {
        self.dk.0 == self.dv.0
    }
}

impl Kernel for AttendGradient {
    fn fields(&self, fields: &mut Fields) {
        let reads =
            [("q", self.q), ("k", self.k), ("v", self.v), ("y", self.y), ("dy", self.dy), ("saved", self.saved)];
        reads.into_iter().for_each(|(name, place)| fields.read(name, place));
        let writes = [("dq", self.dq), ("dk", self.dk), ("dv", self.dv)];
        writes.into_iter().for_each(|(name, (place, write))| fields.write(name, place, write));
        fields.scratch("scratch", self.scratch);
        fields.may_equal("dk", "dv");
        let adds = !self.aliased() || self.dv.1 == Write::Add;
        fields.rule(adds, "`dv` adds where it is the same place as `dk`");
        shapes(fields, self.attention, [self.q, self.k, self.v, self.saved]);
        fields.equal(("y.rows", self.y.rows), ("q.rows", self.q.rows));
        fields.equal(("y.channels", self.y.channels), ("v.channels", self.v.channels));
        fields.same_shape(("dy", self.dy), ("y", self.y));
        fields.same_shape(("dq", self.dq.0), ("q", self.q));
        fields.same_shape(("dk", self.dk.0), ("k", self.k));
        fields.same_shape(("dv", self.dv.0), ("v", self.v));
        let needed = AttendGradient::scratch_vectors(fields.executor(), self.attention, self.q, self.k, self.v);
        scratch_fits(fields, self.scratch, needed);
        fields.rule(self.kept.is_none() || fields.executor() == Executor::Lanes, "only lanes keep weights");
        if let Some(kept) = self.kept {
            fields.read("kept", kept);
            shape_of_kept(fields, kept, self.q, self.k, self.attention);
        }
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        for h in 0..self.attention.heads {
            // SAFETY: the fields lie inside the memories, and a head's channels within them.
            unsafe { Head::new(self, memory, h).run::<L>(self) };
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

/// The channels of one head.
pub(super) struct Head {
    pub(super) q: Grid,
    pub(super) k: Grid,
    pub(super) v: Grid,
    pub(super) y: Grid,
    pub(super) dy: Grid,
    pub(super) dq: Grid,
    pub(super) dk: Grid,
    pub(super) dv: Grid,
    pub(super) saved: Grid,
    /// The exponentials, if they were kept.
    kept: Option<Grid>,
    /// For each query `sum_c dy_c y_c` and `1 / z`.
    rows: Grid,
    /// The probabilities of a pair of blocks, `[query][key]`.
    p: Grid,
    /// The gradients of its scores.
    ds: Grid,
    pub(super) scale: f32,
    factor: f32,
    pub(super) first: usize,
}

impl Head {
    /// # Safety
    /// As [`Kernel::run`].
    #[inline(always)]
    unsafe fn new(a: &AttendGradient, memory: Raw, h: usize) -> Head {
        let queries = a.q.rows as usize;
        // SAFETY: the fields lie inside the memories.
        unsafe {
            let grid = |place: Place| {
                Grid::new(memory.rows(place), place.rows, channels_of(h, a.attention.heads, place.channels))
            };
            let scratch = memory.rows(one_row(a.scratch));
            Head {
                q: grid(a.q),
                k: grid(a.k),
                v: grid(a.v),
                y: grid(a.y),
                dy: grid(a.dy),
                dq: grid(a.dq.0),
                dk: grid(a.dk.0),
                dv: grid(a.dv.0),
                saved: grid(a.saved),
                kept: a.kept.map(grid),
                rows: Grid::dense(scratch, 2 * BLOCK * WIDTH, queries, 2),
                p: Grid::dense(scratch, 0, BLOCK, WIDTH),
                ds: Grid::dense(scratch, BLOCK * WIDTH, BLOCK, WIDTH),
                scale: a.attention.scale as f32,
                factor: a.attention.factor() as f32,
                first: a.attention.first,
            }
        }
    }

    /// # Safety
    /// As [`Kernel::run`].
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, a: &AttendGradient) {
        let (queries, keys) = (a.q.rows as usize, a.first_unseen());
        // SAFETY: blocks lie within the queries and the keys that some query sees.
        unsafe {
            for (grid, write) in [(self.dq, a.dq.1), (self.dk, a.dk.1), (self.dv, a.dv.1)] {
                if write == Write::Store {
                    grid.clear::<L>();
                }
            }
            if let Some(kept) = self.kept
                && is_narrow(self.k.row_count(), [self.k.columns(), self.v.columns()])
            {
                by_channels!(self.k.columns(), self.narrow(kept, a.dq.1, a.aliased()));
                return;
            }
            for t in 0..queries {
                self.row::<L>(t);
            }
            for u in (0..keys).step_by(BLOCK) {
                // The queries from the first on that sees key `u`.
                for t in (u.saturating_sub(self.first)..queries).step_by(BLOCK) {
                    let (queries, keys) = (t..(t + BLOCK).min(queries), u..(u + BLOCK).min(keys));
                    self.weights::<L>(queries.clone(), keys.clone());
                    self.products::<L>(queries, keys, a.aliased());
                }
            }
        }
    }

    /// `D` and `1 / z` of query `t`.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there is this query.
    #[inline(always)]
    unsafe fn row<L: Lanes>(&self, t: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sum = L::splat(0.0);
            for c in 0..self.y.columns() {
                sum = self.dy.load::<L>(t, c).mul_add(self.y.load(t, c), sum);
            }
            self.rows.store(t, 0, sum);
            self.rows.store(t, 1, L::splat(1.0).div(self.saved.load(t, 1)));
        }
    }

    /// Probabilities and gradients of the scores of a pair of blocks.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those queries and keys, at most `BLOCK` of each.
    #[inline(always)]
    unsafe fn weights<L: Lanes>(&self, queries: Range<usize>, keys: Range<usize>) {
        let sees = (self.first + queries.start + 1) as isize - keys.start as isize;
        // SAFETY: the caller's promise.
        unsafe {
            let products = [(self.dy, self.v, self.ds, 1.0), (self.q, self.k, self.p, self.factor)];
            for (a, b, out, factor) in products.into_iter().take(if self.kept.is_some() { 1 } else { 2 }) {
                scores::<L>(out, a.rows(queries.clone()), b.rows(keys.clone()), keys.len(), sees, factor);
            }
            for (r, t) in queries.enumerate() {
                let (m, d, inverse): (L, L, L) = (self.saved.load(t, 0), self.rows.load(t, 0), self.rows.load(t, 1));
                for u in 0..seen(sees, r, keys.len()) {
                    let e = match self.kept {
                        Some(kept) => kept.load::<L>(t, keys.start + u),
                        None => math::exp2(self.p.load::<L>(r, u).sub(m)),
                    };
                    let p = e.mul(inverse);
                    self.p.store(r, u, p);
                    let slope = self.ds.load::<L>(r, u).sub(d);
                    self.ds.store(r, u, p.mul(L::splat(self.scale)).mul(slope));
                }
            }
        }
    }

    /// What a pair of blocks adds to the three gradients.
    ///
    /// # Safety
    /// As [`Head::weights`], which ran before.
    #[inline(always)]
    unsafe fn products<L: Lanes>(&self, queries: Range<usize>, keys: Range<usize>, aliased: bool) {
        let sees = (self.first + queries.start + 1) as isize - keys.start as isize;
        let (all_queries, all_keys) = (queries.len(), keys.len());
        // Key `u` of the block is seen by the queries from this one on.
        let seers = |u: usize| ((u as isize + 1 - sees).max(0) as usize).min(all_queries)..all_queries;
        // SAFETY: the caller's promise.
        unsafe {
            let (q, dy) = (self.q.rows(queries.clone()), self.dy.rows(queries.clone()));
            let (p, ds) = (self.p.transposed(), self.ds.transposed());
            let to_query = Term { w: self.ds, x: self.k.rows(keys.clone()) };
            mix::<L, 1>(self.dq.rows(queries), [to_query], |r| 0..seen(sees, r, all_keys));
            let (to_key, to_value) = (Term { w: ds, x: q }, Term { w: p, x: dy });
            if aliased {
                mix::<L, 2>(self.dk.rows(keys), [to_key, to_value], seers);
                return;
            }
            for (grid, term) in [(self.dk, to_key), (self.dv, to_value)] {
                mix::<L, 1>(grid.rows(keys.clone()), [term], seers);
            }
        }
    }
}

/// How many of `keys` keys row `r` of a block sees, if row 0 sees `sees` (of all keys counted from the block's first).
#[inline(always)]
fn seen(sees: isize, r: usize, keys: usize) -> usize {
    (sees + r as isize).clamp(0, keys as isize) as usize
}

impl AttendGradient {
    /// The first key that no query sees.
    fn first_unseen(&self) -> usize {
        self.attention.first + self.q.rows as usize
    }
}
