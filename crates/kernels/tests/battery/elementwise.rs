//! Cases of the kernels that work element by element.

use infimum_kernels::{Accumulate, Add, Multiply, Write, Zero};

use crate::frame::{Bound, Case, Layout};

const WRITES: [Write; 2] = [Write::Store, Write::Add];

/// Up to nine channels (more than any unrolling), stored, added, and in place.
pub(crate) fn cases() -> Vec<Case> {
    let shapes = (1..=9).flat_map(|c| [1, 2, 4].map(|t| (t, c)));
    shapes.flat_map(|(t, c)| [vec![zero(t, c)], adds(t, c), accumulates(t, c), multiplies(t, c)].concat()).collect()
}

fn zero(t: u32, c: u32) -> Case {
    let mut at = Layout::new();
    let y = at.place(t, c);
    let case = at.case(Zero { y }, Bound::Roundings(0));
    let sabotages = if t > 1 { vec![Zero { y: y.rows(1..t) }.into()] } else { Vec::new() };
    Case { sabotages, ..case }
}

fn adds(t: u32, c: u32) -> Vec<Case> {
    let mut at = Layout::new();
    let (a, b, y) = (at.place(t, c), at.place(t, c), at.place(t, c));
    [Add { y, a, b }, Add { y: a, a, b }, Add { y: b, a, b }, Add { y, a, b: a }]
        .into_iter()
        .map(|k| {
            let broken = if k.a == k.b { Add { a: b, ..k } } else { Add { b: k.a, ..k } };
            Case { sabotages: vec![broken.into()], ..at.case(k, Bound::Roundings(1)) }
        })
        .collect()
}

fn accumulates(t: u32, c: u32) -> Vec<Case> {
    let mut at = Layout::new();
    let (x, y) = (at.place(t, c), at.place(t, c));
    let case = |write: Write, other: Write| {
        let sabotages = vec![Accumulate { y, x, write: other }.into()];
        Case { sabotages, ..at.case(Accumulate { y, x, write }, Bound::Roundings(1)) }
    };
    vec![case(WRITES[0], WRITES[1]), case(WRITES[1], WRITES[0])]
}

fn multiplies(t: u32, c: u32) -> Vec<Case> {
    let mut at = Layout::new();
    let (a, b, y) = (at.place(t, c), at.place(t, c), at.place(t, c));
    let places = [(y, a, b), (a, a, b), (b, a, b), (y, a, a)];
    let all = places.into_iter().flat_map(|(y, a, b)| WRITES.map(|write| Multiply { y, a, b, write }));
    all.map(|k| {
        let broken = if k.a == k.b { Multiply { a: b, ..k } } else { Multiply { b: k.a, ..k } };
        Case { sabotages: vec![broken.into()], ..at.case(k, Bound::Roundings(2)) }
    })
    .collect()
}
