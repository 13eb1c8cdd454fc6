//! The gradient of a bias: `db[o] += sum_t dy[t][o]`.
//!
//! Shapes: `dy: [T, O]`, `db: [1, O]`.
//! Order of the sum: from 0 over `t` ascending (in the lanes: each lane its own, then the tree over the lanes); then it
//! is added to `db`.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// The plain twin of `ColumnSums`.
pub fn column_sums<S: Scalar>(db: &mut ViewMut<S>, dy: View<S>) {
    for o in 0..db.column_count() {
        let mut sum = S::ZERO;
        for t in 0..dy.row_count() {
            sum = sum + dy.get(t, o);
        }
        db.add(0, o, sum);
    }
}
