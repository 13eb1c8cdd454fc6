//! Cases of the product with a weight matrix.

use infimum_kernels::{Executor, Linear, Write};

use crate::frame::{Bound, Case, Layout};

/// Rows and outputs up to twice the largest tile of lanes (4 by 6) and one, with every kind of ending; some around the
/// largest tile (14 rows by two vectors) of the wide layout, whose panels are as wide; transposed matrices with sixteen rows of
/// sixteen columns, which are packed together, and others beside them.
pub(crate) fn cases() -> Vec<Case> {
    let small = (1..=9).flat_map(|t| (1..=13).flat_map(move |o| [1, 2, 5].map(|i| (t, i, o))));
    let broad = [(1, 3, 16), (14, 5, 32), (15, 17, 33), (29, 4, 48), (13, 2, 64), (16, 40, 65)];
    let shapes = small.chain([(33, 7, 14), (40, 31, 29)]).chain(broad);
    let mut cases: Vec<Case> = shapes
        .enumerate()
        .map(|(kind, (t, i, o))| case(t, i, o, kind & 1 == 0, kind & 2 == 0, kind % 3 == 0))
        .collect();
    let transposed = [(3, 16, 16), (7, 17, 32), (2, 32, 33), (5, 46, 15), (4, 48, 65), (1, 101, 49)];
    cases.extend(transposed.map(|(t, i, o)| case(t, i, o, false, false, true)));
    cases.extend([broken(case(5, 7, 7, true, true, true)), broken(case(4, 6, 6, true, false, false))]);
    cases.push(broken(case(6, 16, 16, true, true, true)));
    let shapes = [(1, 1, 1), (3, 2, 5), (14, 33, 32), (15, 17, 33), (29, 40, 48), (16, 70, 17)];
    cases.extend(shapes.into_iter().enumerate().map(|(kind, shape)| rounded(shape, kind % 2 == 0)));
    cases
}

/// Operands rounded to bfloat16. Broken: not rounded.
fn rounded((t, i, o): (u32, u32, u32), transposed: bool) -> Case {
    let mut at = Layout::new();
    let (x, y, scratch) = (at.place(t, i), at.place(t, o), at.place(t, i));
    let w = if transposed { at.matrix(o, i).transposed() } else { at.matrix(i, o) };
    let k = Linear { y, x, w, bias: None, write: Write::Store, rounded: Some(scratch) };
    let sabotages = vec![Linear { rounded: None, ..k }.into()];
    Case { only: Some(Executor::Wide), sabotages, ..at.case(k, Bound::Roundings(i as usize)) }
}

fn case(t: u32, i: u32, o: u32, bias: bool, add: bool, transposed: bool) -> Case {
    let mut at = Layout::new();
    let (x, y) = (at.place(t, i), at.place(t, o));
    let w = if transposed { at.matrix(o, i).transposed() } else { at.matrix(i, o) };
    let bias = bias.then(|| at.matrix(1, o));
    let write = if add { Write::Add } else { Write::Store };
    // A sum of i products, the bias, what was in y.
    at.case(Linear { y, x, w, bias, write, rounded: None }, Bound::Roundings(i as usize + 2))
}

/// The last row left out, the last input, the last output; the matrix transposed; no bias; stored for added.
fn broken(case: Case) -> Case {
    let infimum_kernels::Instruction::Linear(k) = case.instruction else { unreachable!("made by `case`") };
    let (t, i, o) = (k.x.rows, k.x.channels, k.y.channels);
    let cut = |bias: infimum_kernels::Matrix| bias.columns(0..o - 1);
    let square = k.w.rows == k.w.columns;
    let other = if k.write == Write::Add { Write::Store } else { Write::Add };
    let mut sabotages = vec![
        Linear { y: k.y.rows(0..t - 1), x: k.x.rows(0..t - 1), ..k },
        Linear { x: k.x.channels(0..i - 1), w: k.w.rows(0..i - 1), ..k },
        Linear { y: k.y.channels(0..o - 1), w: k.w.columns(0..o - 1), bias: k.bias.map(cut), ..k },
        Linear { bias: None, ..k },
        Linear { write: other, ..k },
    ];
    sabotages.extend(square.then_some(Linear { w: k.w.transposed(), ..k }));
    Case { sabotages: sabotages.into_iter().map(Into::into).collect(), ..case }
}
