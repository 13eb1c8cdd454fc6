//! Cases of attention at one position.

use infimum_kernels::{AttendCached, Executor, Ids, LANES};

use crate::frame::{Bound, Case, Layout};

/// Rows, positions, heads, channels of a head of keys and of values.
type Shape = (u32, u32, u32, u32, u32);

/// Positions and channels around a vector of sixteen and the tiles below it, one row and several. The frame draws a position
/// for each row and lane; with one position at most all lanes stand together.
pub(crate) fn cases() -> Vec<Case> {
    let square = (1..=20).map(|t| (1 + t % 3, t, 1, 1 + t % 6, 1 + t % 5));
    let wide = (1..=9).map(|c| (2, 7, 2, c, 10 - c));
    let large = [(1, 33, 2, 8, 8), (3, 64, 1, 4, 17), (2, 65, 3, 17, 16), (5, 40, 1, 33, 3)];
    let shapes: Vec<Shape> = square.chain(wide).chain(large).collect();
    shapes.into_iter().flat_map(|shape| Executor::ALL.map(|executor| case(shape, executor))).collect()
}

/// Another scale; the position that stands before, for all 0; keys for queries.
fn case((rows, positions, heads, c, cv): Shape, executor: Executor) -> Case {
    let mut at = Layout::new();
    let (q, k, v) = (at.place(rows, heads * c), at.place(rows, heads * c), at.place(rows, heads * cv));
    let (y, saved, ids) = (at.place(rows, heads * cv), at.place(rows, 2 * heads), at.ids(rows, positions));
    let channels = [heads * c, heads * cv].map(|channels| channels as usize);
    let kept = AttendCached::kept(executor, rows as usize, positions as usize, heads as usize, channels);
    let [keys, values] = kept.map(|(rows, channels)| at.place(rows as u32, channels as u32));
    let vectors = AttendCached::scratch_vectors(executor, positions as usize, heads as usize, channels[1]);
    let scratch = at.place(1, (vectors * if executor == Executor::Wide { LANES } else { 1 }) as u32);
    let heads = heads as usize;
    let subject = AttendCached { y, q, k, v, positions: ids, keys, values, saved, heads, scale: 0.5, scratch };
    let mut sabotages = Vec::new();
    if positions > 2 {
        sabotages.push(AttendCached { q: k, ..subject });
        sabotages.push(AttendCached { positions: Ids { offset: ids.offset - 1, ..ids }, ..subject });
        // A row that stands at position 0 has one key, whatever the scale; in lanes not all do.
        if executor == Executor::Lanes {
            sabotages.push(AttendCached { scale: 0.51, ..subject });
        }
    }
    // As for attention: a score is a sum of C products, a result a mean of values.
    let bound = Bound::Largest(16.0 * f64::from(c * c + cv * cv + positions + 16));
    let sabotages = sabotages.into_iter().map(Into::into).collect();
    Case { only: Some(executor), sabotages, ..at.case(subject, bound) }
}
