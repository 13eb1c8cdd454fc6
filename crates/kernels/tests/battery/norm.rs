//! Cases of norms.

use infimum_kernels::{Norm, NormForward, NormGradient, NormKind, Write};

use crate::frame::{Bound, Case, Layout};

/// Channels that have a kernel of their own (1 to 8, and 16) and others.
pub(crate) fn cases() -> Vec<Case> {
    let shapes = (1..=9).flat_map(|t| [2, 3, 8, 17].map(|c| (t, c))).chain([(3, 1), (6, 7), (5, 9), (3, 16), (2, 100)]);
    shapes.flat_map(|(t, c)| [NormKind::Layer, NormKind::Rms].map(|kind| (t, c, kind))).flat_map(both).collect()
}

fn both((t, c, kind): (u32, u32, NormKind)) -> Vec<Case> {
    let mut at = Layout::new();
    let (x, y, dx, saved) = (at.place(t, c), at.place(t, c), at.place(t, c), at.place(t, 2));
    let (gain, bias, dgain, dbias) = (at.matrix(1, c), at.matrix(1, c), at.matrix(1, c), at.matrix(1, c));
    let wrong = if kind == NormKind::Layer { NormKind::Rms } else { NormKind::Layer };
    // Far from 0, so that rows of nearly equal numbers are not blown up.
    let norm = Norm { kind, epsilon: 0.1 };
    // Inputs are within 2 and the inverse deviation within 3.2: each of the C terms of a sum is off by a few `u` of at most
    // 6.4 of itself, and a result has three such factors.
    let bound = Bound::Largest(64.0 * f64::from(c + t + 8));
    let mut all = Vec::new();
    for (gain, bias, to) in [(None, None, y), (Some(gain), None, y), (None, Some(bias), y), (Some(gain), Some(bias), x)]
    {
        let k = NormForward { y: to, x, saved, norm, gain, bias };
        let sabotages = [
            NormForward { norm: Norm { kind: wrong, ..norm }, ..k },
            NormForward { norm: Norm { epsilon: 0.11, ..norm }, ..k },
        ];
        all.push(Case { sabotages: sabotages.map(Into::into).to_vec(), ..at.case(k, bound) });
    }
    let forward = NormForward { y: dx, x, saved, norm, gain: None, bias: None };
    let store = Some((dx, Write::Store));
    let kinds = [
        (store, Some(dgain), Some(dbias), Some(gain)),
        (Some((dx, Write::Add)), None, None, None),
        (None, Some(dgain), None, None),
        (None, None, Some(dbias), Some(gain)),
        (Some((y, Write::Store)), Some(dgain), Some(dbias), Some(gain)),
    ];
    for (dx, dgain, dbias, gain) in kinds {
        let k = NormGradient { dx, dgain, dbias, x, dy: y, saved, norm, gain };
        let mut sabotages = Vec::new();
        if t > 1 && c > 1 && (dx.is_some() || dgain.is_some()) {
            // Without a mean, `dgain` is the same with `x` and `dy` exchanged.
            let told_apart = dx.is_some() || kind == NormKind::Layer;
            if told_apart && dx != Some((y, Write::Store)) {
                sabotages.push(NormGradient { x: y, dy: x, ..k }.into());
            }
            if dx.is_some() {
                sabotages.push(NormGradient { norm: Norm { kind: wrong, ..norm }, ..k }.into());
            }
        }
        all.push(Case { before: vec![forward.into()], sabotages, ..at.case(k, bound) });
    }
    all
}
