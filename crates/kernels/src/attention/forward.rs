//! Attention on lanes: a head at a time, a block of queries at a time.

use std::ops::Range;

use super::narrow::{by_channels, is_narrow};
use super::tile::{Grid, Term, mix, scores};
use super::{Attend, Attention, channels_of};
use crate::executor::Executor;
use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::math;
use crate::memory::Raw;
use crate::place::Place;
use crate::script::Kernel;
use crate::tiles::tiles;
use crate::view::Write;

/// Queries of a block: each panel of keys and values that comes from a farther cache serves so many.
const QUERIES: usize = 8;
/// Up to so many keys, the exponentials of a query are kept: more would come back from a far cache.
const KEPT: usize = 64;
/// Keys of a panel of values, which stays in the nearest cache.
const PANEL: usize = 32;

impl Attend {
    /// For so many queries and keys: the exponentials of a block of queries, in rows of
    /// odd length so that they do not meet in one set of a cache.
    const fn lanes_scratch_vectors(queries: usize, keys: usize) -> usize {
        (if queries < QUERIES { queries } else { QUERIES }) * (keys | 1)
    }

    /// Whether it is faster to keep the exponentials of so many keys than to compute them again.
    pub fn keeps(executor: Executor, keys: usize) -> bool {
        executor == Executor::Lanes && keys <= KEPT
    }

    /// The size of [`Attend::scratch`] for an executor, and queries, keys and values at these places.
    pub fn scratch_vectors(executor: Executor, attention: Attention, q: Place, k: Place, v: Place) -> usize {
        let (queries, keys) = (q.rows as usize, k.rows as usize);
        let [c, cv] = [k, v].map(|place| place.channels as usize / attention.heads.max(1));
        match executor {
            Executor::Lanes => Attend::lanes_scratch_vectors(queries, keys),
            Executor::Wide => Attend::wide_scratch_vectors(queries, keys, c, cv),
        }
    }
}

impl Kernel for Attend {
    fn fields(&self, fields: &mut Fields) {
        fields.read("q", self.q);
        fields.read("k", self.k);
        fields.read("v", self.v);
        fields.write("y", self.y, Write::Store);
        fields.write("saved", self.saved, Write::Store);
        fields.scratch("scratch", self.scratch);
        shapes(fields, self.attention, [self.q, self.k, self.v, self.saved]);
        fields.equal(("y.rows", self.y.rows), ("q.rows", self.q.rows));
        fields.equal(("y.channels", self.y.channels), ("v.channels", self.v.channels));
        let needed = Attend::scratch_vectors(fields.executor(), self.attention, self.q, self.k, self.v);
        scratch_fits(fields, self.scratch, needed);
        fields.rule(self.kept.is_none() || fields.executor() == Executor::Lanes, "only lanes keep weights");
        if let Some(kept) = self.kept {
            fields.write("kept", kept, Write::Store);
            shape_of_kept(fields, kept, self.q, self.k, self.attention);
        }
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        for h in 0..self.attention.heads {
            // SAFETY: the fields lie inside the memories, and a head's channels within them.
            unsafe {
                let head = Head::new(self, memory, h);
                if is_narrow(head.k.row_count(), [head.k.columns(), head.v.columns()]) {
                    by_channels!(head.k.columns(), head.narrow());
                    continue;
                }
                for (t, rows) in tiles(self.q.rows, QUERIES) {
                    head.block::<L>(t as usize..t as usize + rows);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

/// What both directions ask of queries, keys, values and what was saved.
pub(super) fn shapes(fields: &mut Fields, a: Attention, [q, k, v, saved]: [Place; 4]) {
    let heads = a.heads as u32;
    let divides = a.heads > 0 && q.channels.is_multiple_of(heads) && v.channels.is_multiple_of(heads);
    fields.rule(divides, "`heads` divides the channels of `q` and `v`");
    let end = a.first.checked_add(q.rows as usize);
    fields.rule(end.is_some_and(|end| end <= k.rows as usize), "`k` has a row for every position of `q`");
    fields.equal(("q.channels", q.channels), ("k.channels", k.channels));
    fields.equal(("k.rows", k.rows), ("v.rows", v.rows));
    fields.equal(("saved.rows", saved.rows), ("q.rows", q.rows));
    fields.rule(u64::from(saved.channels) == 2 * a.heads as u64, "`saved` has two channels for each head");
}

/// `kept` has a weight for every query, head and key.
pub(super) fn shape_of_kept(fields: &mut Fields, kept: Place, q: Place, k: Place, a: Attention) {
    fields.equal(("kept.rows", kept.rows), ("q.rows", q.rows));
    let channels = a.heads as u64 * u64::from(k.rows);
    fields.rule(u64::from(kept.channels) == channels, "`kept` has a channel for each head and key");
}

/// Scratch is used as one long row.
pub(super) fn scratch_fits(fields: &mut Fields, scratch: Place, needed: usize) {
    let dense = scratch.rows == 1 || scratch.stride == scratch.channels;
    fields.rule(dense, "the rows of `scratch` follow each other without gaps");
    let vectors = match fields.executor() {
        Executor::Lanes => scratch.channels,
        Executor::Wide => scratch.in_vectors().channels,
    };
    let enough = u64::from(scratch.rows) * u64::from(vectors) >= needed as u64;
    fields.rule(enough, "`scratch` has at least `scratch_vectors` vectors");
}

/// Scratch as one row.
pub(super) fn one_row(scratch: Place) -> Place {
    let all = scratch.rows * scratch.channels;
    Place { rows: 1, channels: all, stride: all, ..scratch }
}

/// The channels of one head.
pub(super) struct Head {
    pub(super) q: Grid,
    pub(super) k: Grid,
    pub(super) v: Grid,
    pub(super) y: Grid,
    pub(super) saved: Grid,
    /// Scores, then exponentials: of all queries if they are kept, else of those at work.
    e: Grid,
    is_kept: bool,
    pub(super) factor: f32,
    pub(super) first: usize,
}

impl Head {
    /// # Safety
    /// As [`Kernel::run`].
    #[inline(always)]
    unsafe fn new(attend: &Attend, memory: Raw, h: usize) -> Head {
        let Attend { y, q, k, v, saved, attention, scratch, kept } = *attend;
        let own = |channels: u32| channels_of(h, attention.heads, channels);
        // SAFETY: the fields lie inside the memories.
        unsafe {
            let width = k.rows as usize | 1;
            let rows = QUERIES.min(q.rows as usize);
            let e = match kept {
                Some(kept) => Grid::new(memory.rows(kept), kept.rows, channels_of(h, attention.heads, kept.channels)),
                None => Grid::dense(memory.rows(one_row(scratch)), 0, rows, width),
            };
            Head {
                q: Grid::new(memory.rows(q), q.rows, own(q.channels)),
                k: Grid::new(memory.rows(k), k.rows, own(k.channels)),
                v: Grid::new(memory.rows(v), v.rows, own(v.channels)),
                y: Grid::new(memory.rows(y), y.rows, own(y.channels)),
                saved: Grid::new(memory.rows(saved), saved.rows, 2 * h as u32..2 * h as u32 + 2),
                e,
                is_kept: kept.is_some(),
                factor: attention.factor() as f32,
                first: attention.first,
            }
        }
    }

    /// Where the weights of some queries stand.
    ///
    /// # Safety
    /// There are those queries, at most `QUERIES`.
    #[inline(always)]
    pub(super) unsafe fn weights(&self, queries: Range<usize>) -> Grid {
        let rows = if self.is_kept { queries } else { 0..queries.len() };
        // SAFETY: the caller's promise.
        unsafe { self.e.rows(rows) }
    }

    /// If weights are kept, those of query `t`, the first row of `e`, for keys that it does not see are 0.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there is this query.
    #[inline(always)]
    pub(super) unsafe fn clear_unseen<L: Lanes>(&self, e: Grid, t: usize) {
        if self.is_kept {
            for u in self.first + t + 1..self.k.row_count() {
                // SAFETY: the caller's promise.
                unsafe { e.store(0, u, L::splat(0.0)) };
            }
        }
    }

    /// The result of a block of queries.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those queries, at most `QUERIES`.
    #[inline(always)]
    unsafe fn block<L: Lanes>(&self, queries: Range<usize>) {
        let sees = self.first + queries.start + 1;
        let keys = self.first + queries.end;
        // SAFETY: the queries of the block see keys `0..keys`, row `r` of them the first `sees + r`.
        unsafe {
            let (y, e) = (self.y.rows(queries.clone()), self.weights(queries.clone()));
            scores::<L>(e, self.q.rows(queries.clone()), self.k, keys, sees as isize, self.factor);
            for (r, rows) in tiles(queries.len() as u32, 4) {
                let (r, t) = (r as usize, queries.start + r as usize);
                match rows {
                    4 => self.exponentials::<L, 4>(e.from(r, 0), t, sees + r),
                    3 => self.exponentials::<L, 3>(e.from(r, 0), t, sees + r),
                    2 => self.exponentials::<L, 2>(e.from(r, 0), t, sees + r),
                    _ => self.exponentials::<L, 1>(e.from(r, 0), t, sees + r),
                }
            }
            y.clear::<L>();
            for start in (0..keys).step_by(PANEL) {
                let terms = [Term { w: e, x: self.v }];
                mix::<L, 1>(y, terms, |r| start..(start + PANEL).min(sees + r).max(start));
            }
            for r in 0..queries.len() {
                let inverse = L::splat(1.0).div(self.saved.load(queries.start + r, 1));
                for c in 0..y.columns() {
                    y.store(r, c, y.load::<L>(r, c).mul(inverse));
                }
                self.clear_unseen::<L>(e.from(r, 0), queries.start + r);
            }
        }
    }

    /// Scores become exponentials, and greatest score and sum are saved, for the first `R` rows of `e`, which belong to the
    /// queries from `t` on. The first sees `keys` keys, each other one more than the one before.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those rows and keys.
    #[inline(always)]
    unsafe fn exponentials<L: Lanes, const R: usize>(&self, e: Grid, t: usize, keys: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let (mut m, mut z) = ([L::splat(0.0); R], [L::splat(0.0); R]);
            for (r, m) in m.iter_mut().enumerate() {
                *m = e.load(r, 0);
            }
            for u in 1..keys {
                for (r, m) in m.iter_mut().enumerate() {
                    *m = m.maximum(e.load(r, u));
                }
            }
            for (r, m) in m.iter_mut().enumerate() {
                for u in keys..keys + r {
                    *m = m.maximum(e.load(r, u));
                }
            }
            for u in 0..keys {
                for r in 0..R {
                    z[r] = z[r].add(power(e, r, u, m[r]));
                }
            }
            for r in 0..R {
                for u in keys..keys + r {
                    z[r] = z[r].add(power(e, r, u, m[r]));
                }
            }
            for r in 0..R {
                self.saved.store(t + r, 0, m[r]);
                self.saved.store(t + r, 1, z[r]);
            }
        }
    }
}

/// The score becomes `2^(score - m)`, which is given, too.
///
/// # Safety
/// Row and column lie within the grid.
#[inline(always)]
unsafe fn power<L: Lanes>(e: Grid, r: usize, u: usize, m: L) -> L {
    // SAFETY: the caller's promise.
    unsafe {
        let power = math::exp2(e.load::<L>(r, u).sub(m));
        e.store(r, u, power);
        power
    }
}
