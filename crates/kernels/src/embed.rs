//! A row of a table for each token: `y[t] = table[ids[t]]`.
//!
//! Shapes: `ids: T` tokens, `table: [V, C]`, `y: [T, C]`.

use crate::scalar::Scalar;
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
