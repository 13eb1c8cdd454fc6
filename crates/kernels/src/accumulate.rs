//! An array copied or added to another: `y = x` or `y += x`.
//!
//! Shapes: `x, y: [T, C]`.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Accumulate`.
pub fn accumulate<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, write: Write) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.write(t, c, x.get(t, c), write);
        }
    }
}
