//! Cases of the loss.

use infimum_kernels::{CrossEntropy, CrossEntropyGradient, Write};

use crate::frame::{Bound, Case, Layout};

pub(crate) fn cases() -> Vec<Case> {
    (1..=9).flat_map(|t| [1, 2, 3, 17, 50].map(|v| (t, v))).flat_map(|(t, v)| both(t, v)).collect()
}

fn both(t: u32, v: u32) -> Vec<Case> {
    let mut at = Layout::new();
    let (logits, dlogits, nats, saved) = (at.place(t, v), at.place(t, v), at.place(t, 1), at.place(t, 2));
    let kept = at.place(t, v);
    let (targets, others) = (at.ids(t, v), at.ids(t, v));
    // V exponentials, each off by 3 `u` or so, of which none is more than their sum; differences of logits up to 4.
    let bound = Bound::Largest(16.0 * f64::from(v + 16));
    let forward = CrossEntropy { nats, logits, targets, saved, kept: None };
    let broken = CrossEntropy { targets: others, ..forward };
    let sabotages = if t * v > 12 { vec![broken.into()] } else { Vec::new() };
    let keeping = CrossEntropy { kept: Some(kept), ..forward };
    let mut all = vec![Case { sabotages, ..at.case(forward, bound) }, at.case(keeping, bound)];
    let (store, add) = (Write::Store, Write::Add);
    for (to, write, kept) in [
        (dlogits, store, None),
        (dlogits, add, None),
        (logits, store, None),
        (dlogits, store, Some(kept)),
        (dlogits, add, Some(kept)),
    ] {
        let k = CrossEntropyGradient { dlogits: to, logits, targets, dnats: nats, saved, write, kept };
        let wrong = CrossEntropyGradient { targets: others, ..k };
        let sabotages = if t * v > 12 { vec![wrong.into()] } else { Vec::new() };
        all.push(Case {
            before: vec![CrossEntropy { nats: dlogits.rows(0..t).channels(0..1), kept, ..forward }.into()],
            sabotages,
            ..at.case(k, bound)
        });
    }
    all
}
