//! Cases of the norm of heads.

use infimum_kernels::{HeadNorm, HeadNormGradient, Norm, NormKind, Write};

use crate::frame::{Bound, Case, Layout};

/// Heads that fill vectors and heads that do not, of which some rows have more than sixteen.
pub(crate) fn cases() -> Vec<Case> {
    let widths = [2, 3, 4, 8, 9, 16, 17, 33];
    let shapes = widths.into_iter().flat_map(|width| [(1, 1), (3, 2), (4, 5)].map(|(t, heads)| (t, heads, width)));
    let all = shapes.chain([(2, 19, 3), (9, 2, 4), (17, 1, 5)]);
    all.flat_map(|shape| [NormKind::Layer, NormKind::Rms].map(|kind| (shape, kind))).flat_map(both).collect()
}

fn both(((t, heads, width), kind): ((u32, u32, u32), NormKind)) -> Vec<Case> {
    let mut at = Layout::new();
    let c = heads * width;
    let (x, y, dx, saved) = (at.place(t, c), at.place(t, c), at.place(t, c), at.place(t, 2 * heads));
    let (gain, dgain) = (at.matrix(1, width), at.matrix(1, width));
    let wrong = if kind == NormKind::Layer { NormKind::Rms } else { NormKind::Layer };
    let norm = Norm { kind, epsilon: 0.1 };
    // As for norms of whole rows.
    let bound = Bound::Largest(64.0 * f64::from(width + heads * t + 8));
    let mut all = Vec::new();
    for to in [y, x] {
        let k = HeadNorm { y: to, x, saved, norm, gain };
        let sabotages = [
            HeadNorm { norm: Norm { kind: wrong, ..norm }, ..k },
            HeadNorm { norm: Norm { epsilon: 0.11, ..norm }, ..k },
            HeadNorm { gain: dgain, ..k },
        ];
        all.push(Case { sabotages: sabotages.map(Into::into).to_vec(), ..at.case(k, bound) });
    }
    let forward = HeadNorm { y: dx, x, saved, norm, gain };
    let kinds = [
        (Some((dx, Write::Store)), Some(dgain)),
        (Some((dx, Write::Add)), None),
        (None, Some(dgain)),
        (Some((y, Write::Store)), Some(dgain)),
    ];
    for (dx, dgain) in kinds {
        let k = HeadNormGradient { dx, dgain, x, dy: y, saved, norm, gain };
        let mut sabotages = vec![];
        if dx.is_some() {
            sabotages.push(HeadNormGradient { norm: Norm { kind: wrong, ..norm }, ..k }.into());
            sabotages.push(HeadNormGradient { dx: None, ..k }.into());
        }
        if dgain.is_some() {
            sabotages.push(HeadNormGradient { dgain: None, ..k }.into());
        }
        all.push(Case { before: vec![forward.into()], sabotages, ..at.case(k, bound) });
    }
    all
}
