//! Cases of the weight for each position and channel, and of its gradient.

use infimum_kernels::{AddRows, AddRowsGradient};

use crate::frame::{Bound, Case, Layout};

/// Channels around a vector of sixteen.
pub(crate) fn cases() -> Vec<Case> {
    (1..=33)
        .flat_map(|c| [1, 2, 3].map(|t| (t, c)))
        .flat_map(|(t, c)| [forward(t, c), backward(t, c, false), backward(t, c, true)])
        .collect()
}

fn forward(t: u32, c: u32) -> Case {
    let mut at = Layout::new();
    let (x, rows) = (at.place(t, c), at.matrix(t, c));
    // In place for even t.
    let y = if t.is_multiple_of(2) { x } else { at.place(t, c) };
    let k = AddRows { y, x, rows };
    let case = at.case(k, Bound::Roundings(1));
    if t < 2 {
        return case;
    }
    let first = t - 1;
    let sabotages = [AddRows { y: y.rows(0..first), x: x.rows(0..first), rows: rows.rows(1..t) }];
    Case { sabotages: sabotages.map(Into::into).to_vec(), ..case }
}

fn backward(t: u32, c: u32, dense: bool) -> Case {
    let mut at = Layout::new();
    let (dy, drows) = (at.place(t, c), if dense { at.dense_matrix(t, c) } else { at.matrix(t, c) });
    let k = AddRowsGradient { drows, dy };
    // Four steps of the tree over the lanes, what was in drows.
    let case = at.case(k, Bound::Roundings(5));
    if c < 2 {
        return case;
    }
    let sabotages = [AddRowsGradient { drows: drows.columns(0..c - 1), dy: dy.channels(1..c) }];
    Case { sabotages: sabotages.map(Into::into).to_vec(), ..case }
}
