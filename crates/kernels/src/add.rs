//! The sum of two arrays: `y = a + b`.
//!
//! Shapes: `a, b, y: [T, C]`.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// The plain twin of `Add`.
pub fn add<S: Scalar>(y: &mut ViewMut<S>, a: View<S>, b: View<S>) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.set(t, c, a.get(t, c) + b.get(t, c));
        }
    }
}
