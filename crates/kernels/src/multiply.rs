//! The product of two arrays, element by element: `y = a b` or `y += a b`.
//!
//! Shapes: `a, b, y: [T, C]`. When adding, the product is rounded first.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Multiply`.
pub fn multiply<S: Scalar>(y: &mut ViewMut<S>, a: View<S>, b: View<S>, write: Write) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.write(t, c, a.get(t, c) * b.get(t, c), write);
        }
    }
}
