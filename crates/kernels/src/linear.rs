//! The matrix product of a layer: `y[t][o] = bias[o] + sum_i x[t][i] w[i][o]`.
//!
//! Shapes: `x: [T, I]`, `w: [I, O]`, `bias: [1, O]`, `y: [T, O]`.
//! Order of the sum: from 0, one chain of fused multiply-adds over `i` ascending; then the bias; then what stood in `y`.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Linear`: `y = x w + bias`, or `y += x w + bias`.
pub fn linear<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, w: View<S>, bias: Option<View<S>>, write: Write) {
    for t in 0..y.row_count() {
        for o in 0..y.column_count() {
            let mut sum = S::ZERO;
            for i in 0..w.row_count() {
                sum = x.get(t, i).mul_add(w.get(i, o), sum);
            }
            let value = bias.map_or(sum, |bias| sum + bias.get(0, o));
            y.write(t, o, value, write);
        }
    }
}
