//! A weight for each position and channel, such as a position embedding: `y[t][c] = x[t][c] + rows[t][c]`.
//!
//! Shapes: `x, rows, y: [T, C]`, where `rows` is a weight, the same for every sequence.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// The plain twin of `AddRows`: `y = x + rows`.
pub fn add_rows<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, rows: View<S>) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.set(t, c, x.get(t, c) + rows.get(t, c));
        }
    }
}

/// The plain twin of `AddRowsGradient`: `drows += dy` (in the lanes: the tree over the lanes is added).
pub fn add_rows_gradient<S: Scalar>(drows: &mut ViewMut<S>, dy: View<S>) {
    for t in 0..dy.row_count() {
        for c in 0..dy.column_count() {
            drows.add(t, c, dy.get(t, c));
        }
    }
}
