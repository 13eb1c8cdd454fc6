//! The gradient of a weight matrix: `dw[i][o] += sum_t x[t][i] dy[t][o]`.
//!
//! Shapes: `x: [T, I]`, `dy: [T, O]`, `dw: [I, O]`.
//! Order of the sum: from 0, one chain of fused multiply-adds over `t` ascending (in the lanes: each lane its own, then
//! the tree over the lanes); then it is added to `dw`.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// The plain twin of `Outer`: `dw += x' dy`.
pub fn outer<S: Scalar>(dw: &mut ViewMut<S>, x: View<S>, dy: View<S>) {
    for i in 0..dw.row_count() {
        for o in 0..dw.column_count() {
            let mut sum = S::ZERO;
            for t in 0..x.row_count() {
                sum = x.get(t, i).mul_add(dy.get(t, o), sum);
            }
            dw.add(i, o, sum);
        }
    }
}
