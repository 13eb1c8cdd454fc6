//! Cases of heads that are given to their readers.

use infimum_kernels::{Readers, Spread, SpreadGradient, Write};

use crate::frame::{Bound, Case, Layout};

/// Heads that are read and readers of each, channels of each, around a vector of sixteen and unaligned.
pub(crate) fn cases() -> Vec<Case> {
    let heads = [(1, 1), (1, 2), (2, 3), (3, 1), (2, 2)];
    let widths = [(1, 1), (3, 4), (4, 4), (5, 5), (7, 9), (15, 17), (16, 16), (16, 17), (16, 33), (17, 40), (33, 34)];
    let all = heads.into_iter().flat_map(|heads| widths.map(|widths| (heads, widths)));
    all.flat_map(|(heads, widths)| forward(heads, widths).into_iter().chain(backward(heads, widths))).collect()
}

/// As many heads in all, of which others are read.
fn forward((of, each): (u32, u32), (own, all): (u32, u32)) -> Vec<Case> {
    let mut at = Layout::new();
    let readers = Readers { of, heads: of * each };
    let (x, y) = (at.place(3, of * own), at.place(3, of * each * all));
    let k = Spread { y, x, readers };
    let mut sabotages = vec![];
    if of > 1 && each > 1 {
        sabotages.push(Spread { readers: Readers { of: 1, heads: 1 }, ..k });
    }
    sabotages.push(Spread { x: x.rows(0..2), y: y.rows(1..3), readers });
    sabotages.retain(|k| k.x.channels <= k.y.channels);
    let sabotages = sabotages.into_iter().map(Into::into).collect();
    vec![Case { sabotages, ..at.case(k, Bound::Roundings(0)) }]
}

fn backward((of, each): (u32, u32), (own, all): (u32, u32)) -> Vec<Case> {
    let mut at = Layout::new();
    let readers = Readers { of, heads: of * each };
    let (dx, dy) = (at.place(3, of * own), at.place(3, of * each * all));
    let case = |write: Write, other: Write| {
        let k = SpreadGradient { dx, dy, readers, write };
        let mut sabotages = vec![SpreadGradient { write: other, ..k }.into()];
        if each > 1 || of > 1 && own < all {
            sabotages.push(SpreadGradient { readers: Readers { of: 1, heads: 1 }, ..k }.into());
        }
        // A sum over the readers of a head, and what is added to.
        Case { sabotages, ..at.case(k, Bound::Roundings(each as usize + 1)) }
    };
    vec![case(Write::Store, Write::Add), case(Write::Add, Write::Store)]
}
