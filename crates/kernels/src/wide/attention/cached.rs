//! [`AttendCached`] in the wide layout: rows are sequences, and what is kept of each lies as the forward's scratch does.

use super::forward::Head;
use super::{Desk, Sheet, Slice};
use crate::attention::{AttendCached, Attention, channels_of};
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::place::Place;
use crate::wide::vectors;

impl AttendCached {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        for n in 0..self.q.rows {
            for h in 0..self.heads {
                // SAFETY: there are this row and this head; the fields lie inside the memories and ids are less than `T`.
                unsafe {
                    let head = self.head(memory, n, h);
                    head.keep::<L>();
                    head.tile::<L>(0, 1);
                }
            }
        }
    }

    /// Head `h` of row `n`, its keys and values where they are kept.
    ///
    /// # Safety
    /// As [`AttendCached::wide`], and there are this row and this head.
    #[inline(always)]
    unsafe fn head(&self, memory: Raw, n: u32, h: usize) -> Head {
        let AttendCached { y, q, k, v, positions, keys, values, saved, heads, scale, scratch } = *self;
        let (at, own) = (n as usize * heads + h, |channels: u32| channels_of(h, heads, channels));
        // SAFETY: the caller's promise; scratch is as large as `scratch_vectors` says.
        unsafe {
            let row = |place: Place| Slice::new(memory.wide(place.rows(n..n + 1)), own(place.channels));
            let kept = |place: Place, rows: usize| {
                let start = memory.wide(place).vector((at * rows) as u32, 0);
                Sheet { start, rows, width: place.stride as usize }
            };
            let (k, v) = (row(k), row(v));
            let mut desk = Desk { next: memory.wide(scratch).vector(0, 0) };
            Head {
                q: row(q),
                y: row(y),
                saved: row(saved),
                keys: kept(keys, k.width),
                values: kept(values, positions.alphabet as usize),
                e: desk.sheet(1, vectors(positions.alphabet as usize) | 1),
                k,
                v,
                factor: Attention { heads, scale, first: 0 }.factor() as f32,
                first: memory.id(positions, n) as usize,
            }
        }
    }
}

impl Head {
    /// The one row of keys and values is kept at its position.
    ///
    /// # Safety
    /// As [`AttendCached::wide`].
    #[inline(always)]
    unsafe fn keep<L: Lanes>(&self) {
        // SAFETY: the sheets have a column and a row for the position.
        unsafe {
            for c in 0..self.k.width {
                *self.keys.number(c, self.first) = self.k.rows.get(0, self.k.first + c as u32);
            }
            for v in 0..self.v.vectors() {
                self.v.load::<L>(0, v).store(self.values.number(self.first, v * LANES).cast());
            }
        }
    }
}
