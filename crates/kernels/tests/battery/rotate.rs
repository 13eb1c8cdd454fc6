//! Cases of rotary positions.

use infimum_kernels::{Ids, Pairs, Rotate, Turn, Write};

use crate::frame::{Bound, Case, Layout};

/// Heads of an even number of channels, around a vector of pairs and of channels; one head and several.
pub(crate) fn cases() -> Vec<Case> {
    let shapes =
        [2, 4, 6, 16, 30, 32, 34, 66].map(|width| [1, 2, 3].map(|heads| (1 + heads % 3 + width % 4, heads, width)));
    let pairs = [Pairs::Interleaved, Pairs::Half];
    let all = shapes.as_flattened().iter().flat_map(|shape| pairs.map(|pairs| (*shape, pairs)));
    all.flat_map(|(shape, pairs)| [(Write::Store, false), (Write::Add, true)].map(|how| (shape, pairs, how)))
        .flat_map(|(shape, pairs, how)| [false, true].map(|named| case(shape, pairs, how, named)))
        .collect()
}

/// The other way round; other pairs; the row of another position.
fn case((t, heads, width): (u32, u32, u32), pairs: Pairs, (write, back): (Write, bool), named: bool) -> Case {
    let mut at = Layout::new();
    let (x, y) = (at.place(t, heads * width), at.place(t, heads * width));
    let most = t + 2;
    let ids = named.then(|| at.ids(t, most));
    let table = at.matrix(most, width);
    let waves = if named { table } else { table.rows(0..t) };
    let k = Rotate { y, x, waves, positions: ids, turn: Turn { pairs, back }, write };
    let other = if pairs == Pairs::Half { Pairs::Interleaved } else { Pairs::Half };
    let mut sabotages = vec![Rotate { turn: Turn { pairs, back: !back }, ..k }];
    if width > 2 {
        sabotages.push(Rotate { turn: Turn { pairs: other, back }, ..k });
    }
    match ids {
        None => sabotages.push(Rotate { waves: table.rows(1..t + 1), ..k }),
        Some(ids) => sabotages.push(Rotate { positions: Some(Ids { offset: ids.offset - 1, ..ids }), ..k }),
    }
    // Two products of numbers within 2 and what is added to, each rounded once or twice.
    let case = at.case(k, Bound::Largest(64.0));
    Case { sabotages: sabotages.into_iter().map(Into::into).collect(), ..case }
}
