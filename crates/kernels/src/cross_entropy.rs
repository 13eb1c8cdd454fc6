//! The loss of a row of logits in nats: `nats = ln sum_c exp(logit_c) - logit_target`.
//!
//! Shapes: `logits, dlogits: [T, V]`, `targets: T` tokens, `nats, dnats: [T, 1]`, `saved: [T, 2]`.
//! `m = max_c logit_c`, `z = sum_c exp(logit_c - m)` with `c` ascending from 0, `nats = ln z - (logit_target - m)`.
//! `saved` keeps `m, z`. The gradient: `dlogit_c += dnats (exp(logit_c - m) (1 / z) - [c is the target])`.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// The plain twin of `CrossEntropy`.
pub fn cross_entropy<S: Scalar>(nats: &mut ViewMut<S>, logits: View<S>, targets: &[u16], saved: &mut ViewMut<S>) {
    for t in 0..logits.row_count() {
        let row = || (0..logits.column_count()).map(|c| logits.get(t, c));
        let m = row().skip(1).fold(logits.get(t, 0), |m, x| m.maximum(x));
        let z = row().fold(S::ZERO, |z, x| z + (x - m).exp());
        nats.set(t, 0, z.ln() - (logits.get(t, usize::from(targets[t])) - m));
        saved.set(t, 0, m);
        saved.set(t, 1, z);
    }
}

/// The plain twin of `CrossEntropyGradient`: adds to `dlogits`.
pub fn cross_entropy_gradient<S: Scalar>(
    dlogits: &mut ViewMut<S>,
    logits: View<S>,
    targets: &[u16],
    dnats: View<S>,
    saved: View<S>,
) {
    for t in 0..logits.row_count() {
        let (m, inverse) = (saved.get(t, 0), S::ONE / saved.get(t, 1));
        for c in 0..logits.column_count() {
            let p = (logits.get(t, c) - m).exp() * inverse;
            let hit = if c == usize::from(targets[t]) { S::ONE } else { S::ZERO };
            dlogits.add(t, c, dnats.get(t, 0) * (p - hit));
        }
    }
}
