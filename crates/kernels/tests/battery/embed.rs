//! Cases of embeddings.

use infimum_kernels::{Embed, EmbedGradient, Write};

use crate::frame::{Bound, Case, Layout};

/// Alphabets and channels around what one register and the nearest cache hold (16 and 64 tokens, 4 and 32 channels).
pub(crate) fn cases() -> Vec<Case> {
    let shapes = (1..=5).flat_map(|t| [1, 3, 6, 17, 33].map(|c| (t, c)));
    shapes.flat_map(|(t, c)| [1, 3, 16, 17, 70].map(|v| (t, c, v))).flat_map(|(t, c, v)| both(t, c, v)).collect()
}

fn both(t: u32, c: u32, v: u32) -> Vec<Case> {
    let mut at = Layout::new();
    let (y, ids) = (at.place(t, c), at.ids(t, v));
    // More rows than tokens, and transposed for some.
    let table = if t.is_multiple_of(2) { at.matrix(c, v + 1).transposed() } else { at.matrix(v + 1, c) };
    let mut all = Vec::new();
    for (write, other) in [(Write::Store, Write::Add), (Write::Add, Write::Store)] {
        let k = Embed { y, ids, table, write };
        let sabotages = vec![Embed { write: other, ..k }.into(), Embed { table: table.rows(1..v + 1), ..k }.into()];
        all.push(Case { sabotages, ..at.case(k, Bound::Roundings(1)) });
    }
    let k = EmbedGradient { dtable: table, ids, dy: y };
    let sabotages = vec![EmbedGradient { dtable: table.rows(1..v + 1), ..k }.into()];
    // Each row takes at most one number of each position and lane.
    all.push(Case { sabotages, ..at.case(k, Bound::Roundings(16 * t as usize)) });
    all
}
