//! A row of a table for each token: `y[t] = table[ids[t]]`.
//!
//! Shapes: `ids: T` tokens, `table: [V, C]`, `y: [T, C]`.

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::place::{Ids, Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Embed`: `y[t] = table[ids[t]]`, or `+=`.
pub fn embed<S: Scalar>(y: &mut ViewMut<S>, ids: &[u16], table: View<S>, write: Write) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.write(t, c, table.get(usize::from(ids[t]), c), write);
        }
    }
}

/// The plain twin of `EmbedGradient`: `dtable[ids[t]] += dy[t]`, `t` ascending (in the lanes: for each `t`, the lanes
/// ascending).
pub fn embed_gradient<S: Scalar>(dtable: &mut ViewMut<S>, ids: &[u16], dy: View<S>) {
    for t in 0..dy.row_count() {
        for c in 0..dy.column_count() {
            dtable.add(usize::from(ids[t]), c, dy.get(t, c));
        }
    }
}

/// Arguments of [`embed`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embed {
    /// `[T, C]`, written.
    pub y: Place,
    /// `T` rows.
    pub ids: Ids,
    /// `[V, C]`, with at least as many rows as the alphabet of `ids`.
    pub table: Matrix,
    /// Stored or added.
    pub write: Write,
}

/// Arguments of [`embed_gradient`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbedGradient {
    /// `[V, C]`, added to; with at least as many rows as the alphabet of `ids`.
    pub dtable: Matrix,
    /// `T` rows.
    pub ids: Ids,
    /// `[T, C]`
    pub dy: Place,
}

impl Kernel for Embed {
    fn fields(&self, fields: &mut Fields) {
        fields.ids("ids", self.ids);
        fields.weight("table", self.table);
        fields.write("y", self.y, self.write);
        fields.equal(("y.rows", self.y.rows), ("ids.rows", self.ids.rows));
        fields.equal(("y.channels", self.y.channels), ("table.columns", self.table.columns));
        fields.rule(self.ids.alphabet <= self.table.rows, "`table` has a row for every id of the alphabet");
        let last = self.ids.alphabet.saturating_sub(1);
        fields.rule(last.checked_mul(self.table.row_stride).is_some(), "rows of `table` start within 32 bits");
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories, every id is a row of the table, and where it starts is a u32.
        unsafe {
            let (y, table) = (memory.rows(self.y), memory.weights(self.table));
            for t in 0..self.y.rows {
                let ids = memory.id_row(self.ids, t);
                let mut starts = [0; LANES];
                for (start, &id) in starts.iter_mut().zip(ids) {
                    // `fields` has the rule that this does not wrap.
                    *start = id * self.table.row_stride;
                }
                for c in 0..self.y.channels {
                    y.write(t, c, L::gather(table.at(0, c), &starts), self.write);
                }
            }
        }
    }
}

impl Kernel for EmbedGradient {
    fn fields(&self, fields: &mut Fields) {
        fields.ids("ids", self.ids);
        fields.read("dy", self.dy);
        fields.gradient("dtable", self.dtable);
        fields.equal(("dy.rows", self.dy.rows), ("ids.rows", self.ids.rows));
        fields.equal(("dy.channels", self.dy.channels), ("dtable.columns", self.dtable.columns));
        fields.rule(self.ids.alphabet <= self.dtable.rows, "`dtable` has a row for every id of the alphabet");
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories, and every id is a row of the table.
        unsafe {
            let (dtable, dy) = (memory.gradients(self.dtable), memory.rows(self.dy));
            for t in 0..self.dy.rows {
                let ids = memory.id_row(self.ids, t);
                for c in 0..self.dy.channels {
                    for (&id, dy) in ids.iter().zip(dy.load::<L>(t, c).to_array()) {
                        dtable.add(id, c, dy);
                    }
                }
            }
        }
    }
}
