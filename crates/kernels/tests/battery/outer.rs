//! Cases of the gradients of weight matrices and biases.

use infimum_kernels::{ColumnSums, Executor, Outer};

use crate::frame::{Bound, Case, Layout};

/// Inputs and outputs up to twice the largest tile (4 by 4) and one; column sums around a vector of sixteen.
pub(crate) fn cases() -> Vec<Case> {
    let small = (1..=9).flat_map(|i| (1..=9).flat_map(move |o| [1, 2, 7].map(|t| (t, i, o))));
    let mut cases: Vec<Case> = small
        .chain([(33, 7, 14), (40, 29, 31), (3, 15, 33), (4, 15, 33), (2, 28, 48), (5, 48, 28)])
        .map(|(t, i, o)| outer(t, i, o))
        .collect();
    cases.extend([(1, 1, 1), (9, 5, 16), (12, 33, 17), (31, 15, 40)].map(|(t, i, o)| rounded(t, i, o)));
    cases.extend((1..=33).flat_map(|o| [1, 2, 9].map(|t| column_sums(t, o))));
    cases
}

fn outer(t: u32, i: u32, o: u32) -> Case {
    let mut at = Layout::new();
    let (x, dy) = (at.place(t, i), at.place(t, o));
    let dw = if t.is_multiple_of(2) { at.matrix(o, i).transposed() } else { at.matrix(i, o) };
    let k = Outer { dw, x, dy, rounded: None };
    // A sum of t products in each lane, four steps of the tree, what was in dw.
    let case = at.case(k, Bound::Roundings(t as usize + 5));
    if t < 2 || i < 2 || o < 2 {
        return case;
    }
    let sabotages = [
        Outer { x: x.rows(0..t - 1), dy: dy.rows(0..t - 1), ..k },
        Outer { x: x.channels(0..i - 1), dw: dw.rows(0..i - 1), ..k },
        Outer { dy: dy.channels(0..o - 1), dw: dw.columns(0..o - 1), ..k },
        Outer { x: x.rows(1..t), dy: dy.rows(0..t - 1), ..k },
    ];
    Case { sabotages: sabotages.map(Into::into).to_vec(), ..case }
}

/// Operands rounded to bfloat16. Broken: not rounded.
fn rounded(t: u32, i: u32, o: u32) -> Case {
    let mut at = Layout::new();
    let (x, dy) = (at.place(t, i), at.place(t, o));
    let scratch = [at.place(t, i), at.place(t, o)];
    let dw = if t.is_multiple_of(2) { at.matrix(o, i).transposed() } else { at.matrix(i, o) };
    let k = Outer { dw, x, dy, rounded: Some(scratch) };
    let sabotages = vec![Outer { rounded: None, ..k }.into()];
    Case { only: Some(Executor::Wide), sabotages, ..at.case(k, Bound::Roundings(t as usize + 1)) }
}

fn column_sums(t: u32, o: u32) -> Case {
    let mut at = Layout::new();
    let (dy, db) = (at.place(t, o), at.matrix(1, o));
    let k = ColumnSums { db, dy };
    let case = at.case(k, Bound::Roundings(t as usize + 5));
    if t < 2 || o < 2 {
        return case;
    }
    let sabotages =
        [ColumnSums { dy: dy.rows(0..t - 1), ..k }, ColumnSums { dy: dy.channels(0..o - 1), db: db.columns(0..o - 1) }];
    Case { sabotages: sabotages.map(Into::into).to_vec(), ..case }
}
