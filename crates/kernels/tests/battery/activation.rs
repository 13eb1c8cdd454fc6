//! Cases of activations.

use infimum_kernels::{Activate, ActivateGradient, Activation, Write};

use crate::frame::{Bound, Case, Layout};

use Activation::{GeluErf, GeluTanh, Relu, Relu2, Relu3, Silu};

const KINDS: [Activation; 6] = [GeluErf, GeluTanh, Silu, Relu, Relu2, Relu3];

pub(crate) fn cases() -> Vec<Case> {
    KINDS
        .into_iter()
        .enumerate()
        .flat_map(|(i, kind)| (3..=9).flat_map(move |c| both(3, c, kind, KINDS[(i + 1) % 6])))
        .collect()
}

/// The error function and the tangent are off by 5.3 units of the last place at most, up to 11 `u`; their sum with 1,
/// rounded products and the exponential add a dozen more; inputs are within 2, so that nothing is larger than some
/// multiple of the largest result.
const BOUND: Bound = Bound::Largest(100.0);

fn both(t: u32, c: u32, kind: Activation, wrong: Activation) -> Vec<Case> {
    let mut at = Layout::new();
    let (x, dy, other) = (at.place(t, c), at.place(t, c), at.place(t, c));
    let mut all = Vec::new();
    for y in [other, x] {
        let k = Activate { y, x, kind, slope: None };
        all.push(Case { sabotages: vec![Activate { kind: wrong, ..k }.into()], ..at.case(k, BOUND) });
        let k = Activate { slope: Some(dy), ..k };
        all.push(Case { sabotages: vec![Activate { kind: wrong, ..k }.into()], ..at.case(k, BOUND) });
    }
    for (dx, write) in [(other, Write::Store), (other, Write::Add), (dy, Write::Store), (x, Write::Store)] {
        let k = ActivateGradient { dx, x, dy, kind, write };
        let swapped = ActivateGradient { x: dy, dy: x, ..k };
        let sabotages = vec![ActivateGradient { kind: wrong, ..k }.into(), swapped.into()];
        all.push(Case { sabotages, ..at.case(k, BOUND) });
    }
    all
}
