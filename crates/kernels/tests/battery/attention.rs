//! Cases of attention.

use infimum_kernels::{Attend, AttendGradient, Attention, Executor, Write};

use crate::frame::{Bound, Case, Layout};

/// Queries, position of the first, keys, heads, channels of a head of keys and of values.
type Shape = (u32, u32, u32, u32, u32, u32);

/// With exponentials kept and without. Queries and keys around tiles (4), blocks (8, 16) and panels (32); first positions that cut blocks anywhere; keys that no
/// query sees; widths around tiles.
pub(crate) fn cases() -> Vec<Case> {
    let square = (1..=20).map(|t| (t, 0, t, 1, 1 + t % 6, 1 + t % 5));
    let late = (1..=9).flat_map(|t| [1, 3, 15, 17].map(|first| (t, first, first + t + t % 3, 1, 3, 4)));
    let large = [
        (33, 0, 33, 1, 7, 7),
        (41, 0, 41, 2, 8, 3),
        (5, 36, 43, 3, 2, 9),
        (33, 31, 64, 1, 4, 4),
        (5, 12, 17, 1, 17, 16),
    ];
    let wide = (1..=9).map(|c| (5, 2, 7, 2, c, 10 - c));
    // More queries than a block and channels than two vectors of the wide layout. The bound on so many terms is too wide for
    // sabotage; bits of instruction sets are compared.
    let broad = [(61, 3, 65, 1, 33, 17)].into_iter().flat_map(all).map(|case| Case { sabotages: vec![], ..case });
    square.chain(late).chain(large).chain(wide).flat_map(all).chain(broad).collect()
}

fn all(shape: Shape) -> Vec<Case> {
    let of = |kept| {
        let alone = [forward(shape, kept), backward(shape, Write::Store, kept), backward(shape, Write::Add, kept)];
        alone.into_iter().chain(shared(shape, kept))
    };
    // Kept weights are for lanes alone.
    let on_lanes = of(true).map(|case| Case { only: Some(Executor::Lanes), ..case });
    of(false).chain(on_lanes).collect()
}

/// A score is a sum of C products of numbers within 2, off by at most `4 C^2 u / 2` with this scale, and so is the
/// relative error of a probability (twice, with the sum's); a result is a mean of values. The gradients are sums of T of
/// products of three such.
fn bound((queries, _, keys, _, c, cv): Shape, sums: u32) -> Bound {
    let terms = c * c + cv * cv + queries + keys + 16;
    Bound::Largest(16.0 * f64::from(terms) * f64::from(sums))
}

fn place_all(at: &mut Layout, (queries, first, keys, heads, c, cv): Shape, kept: bool) -> Attend {
    let (q, k, v) = (at.place(queries, heads * c), at.place(keys, heads * c), at.place(keys, heads * cv));
    let (y, saved) = (at.place(queries, heads * cv), at.place(queries, 2 * heads));
    let attention = Attention { heads: heads as usize, scale: 0.5, first: first as usize };
    let scratch = at.scratch(|executor| Attend::scratch_vectors(executor, attention, q, k, v));
    let kept = kept.then(|| at.place(queries, heads * keys));
    Attend { y, q, k, v, saved, attention, scratch, kept }
}

/// Another scale; the mask off by one; keys shifted.
fn forward(shape: Shape, kept: bool) -> Case {
    let mut at = Layout::new();
    let k = place_all(&mut at, shape, kept);
    let mut sabotages = Vec::new();
    if k.q.rows > 2 {
        sabotages.push(Attend { attention: Attention { scale: 0.51, ..k.attention }, ..k });
        if k.attention.first > 0 {
            sabotages.push(Attend { attention: Attention { first: k.attention.first - 1, ..k.attention }, ..k });
        }
    }
    Case { sabotages: sabotages.into_iter().map(Into::into).collect(), ..at.case(k, bound(shape, 1)) }
}

fn backward(shape: Shape, write: Write, kept: bool) -> Case {
    let mut at = Layout::new();
    let (queries, _, keys, heads, c, cv) = shape;
    let forward = place_all(&mut at, shape, kept);
    let dy = at.place(queries, heads * cv);
    let (dq, dk, dv) = (at.place(queries, heads * c), at.place(keys, heads * c), at.place(keys, heads * cv));
    let Attend { y, q, k, v, saved, attention, kept, .. } = forward;
    let scratch = at.scratch(|executor| AttendGradient::scratch_vectors(executor, attention, q, k, v));
    let writes = [dq, dk, dv].map(|place| (place, write));
    let gradient =
        AttendGradient { dq: writes[0], dk: writes[1], dv: writes[2], q, k, v, y, dy, saved, attention, scratch, kept };
    Case { before: vec![forward.into()], sabotages: broken(gradient), ..at.case(gradient, bound(shape, keys)) }
}

/// `k` and `v` are one place, and so are `dk` and `dv`, stored then added, or added twice.
fn shared(shape: Shape, kept: bool) -> Vec<Case> {
    let (queries, first, keys, heads, c, _) = shape;
    let shape = (queries, first, keys, heads, c, c);
    let mut at = Layout::new();
    let forward = place_all(&mut at, shape, kept);
    let forward = Attend { v: forward.k, ..forward };
    let (dy, dq, dk) = (at.place(queries, heads * c), at.place(queries, heads * c), at.place(keys, heads * c));
    let Attend { y, q, k, v, saved, attention, kept, .. } = forward;
    let scratch = at.scratch(|executor| AttendGradient::scratch_vectors(executor, attention, q, k, v));
    [Write::Store, Write::Add]
        .map(|write| {
            let (dq, dk, dv) = ((dq, Write::Store), (dk, write), (dk, Write::Add));
            let gradient = AttendGradient { dq, dk, dv, q, k, v, y, dy, saved, attention, scratch, kept };
            let sabotages = broken(gradient);
            Case { before: vec![forward.into()], sabotages, ..at.case(gradient, bound(shape, keys)) }
        })
        .to_vec()
}

/// Another scale; the mask off by one; the result read in place of its gradient.
fn broken(k: AttendGradient) -> Vec<infimum_kernels::Instruction> {
    let mut sabotages = Vec::new();
    if k.q.rows > 2 {
        sabotages.push(AttendGradient { attention: Attention { scale: 0.51, ..k.attention }, ..k });
        sabotages.push(AttendGradient { dy: k.y, ..k });
        if k.attention.first > 0 {
            sabotages
                .push(AttendGradient { attention: Attention { first: k.attention.first - 1, ..k.attention }, ..k });
        }
    }
    sabotages.into_iter().map(Into::into).collect()
}
