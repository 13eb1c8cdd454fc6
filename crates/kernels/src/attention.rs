//! Causal attention: every query position reads the positions up to its own.
//!
//! Shapes: `q: [Tq, C]` at positions `first..first + Tq`; `k: [Tk, C]` and `v: [Tk, Cv]` at positions `0..Tk`, with
//! `Tk >= first + Tq`; `y: [Tq, Cv]`; `saved: [Tq, 2 H]`. Head `h` owns channels `h C / H .. (h + 1) C / H` of `q` and
//! `k`, and `h Cv / H ..` of `v` and `y`. For each head and query position `t`, over keys `u = 0..=t` alone:
//!
//! `s_u = scale log2(e) sum_c q_c k_uc`, `m = max_u s_u`, `e_u = 2^(s_u - m)`, `z = sum_u e_u`,
//! `y_c = (1 / z) sum_u e_u v_uc`.
//!
//! `saved` keeps `m, z` of head `h` in columns `2 h, 2 h + 1`. Where the keys are few, `kept: [Tq, H Tk]` keeps `e_u` of
//! head `h` in column `h Tk + u` (0 for keys that the query does not see), and the gradient need not compute it again:
//! the same operations give the same bits. The gradient, with `p_u = e_u (1 / z)` and
//! `D = sum_c dy_c y_c`:
//!
//! `ds_u = (p_u scale) (sum_c dy_c v_uc - D)`, `dq_c += sum_u ds_u k_uc`, `dk_uc += sum_t ds_u q_tc`,
//! `dv_uc += sum_t p_u dy_tc`.
//!
//! Every sum is one chain over channels, keys or queries ascending: those of `s`, `z`, `y`, `D` and `dy v` from 0, those
//! of `dq`, `dk` and `dv` from what stands in their destination. A key after the query takes part in no operation.

mod backward;
mod cached;
mod forward;
mod narrow;
mod tile;

use std::f64::consts::LOG2_E;
use std::ops::Range;

use crate::place::Place;
use crate::scalar::Scalar;
use crate::view::{View, ViewMut, Write};

pub use cached::{AttendCached, attention_cached};

/// What an attention does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// The number of heads `H`; divides the channels of keys and values.
    pub heads: usize,
    /// The factor on the scores, commonly `1 / sqrt(C / H)`.
    pub scale: f64,
    /// The position of the first query.
    pub first: usize,
}

/// The channels of one head out of `channels`.
pub(crate) fn channels_of(head: usize, heads: usize, channels: u32) -> Range<u32> {
    let width = channels / heads as u32;
    head as u32 * width..(head as u32 + 1) * width
}

/// The columns of one head in an array of so many columns.
fn columns_of(head: usize, heads: usize, columns: usize) -> Range<usize> {
    let own = channels_of(head, heads, columns as u32);
    own.start as usize..own.end as usize
}

/// The plain twin of `Attend`.
pub fn attention<S: Scalar>(
    y: &mut ViewMut<S>,
    q: View<S>,
    k: View<S>,
    v: View<S>,
    a: Attention,
    saved: &mut ViewMut<S>,
    mut kept: Option<&mut ViewMut<S>>,
) {
    for h in 0..a.heads {
        let own = columns_of(h, a.heads, q.column_count());
        let (q, k) = (q.columns(own.clone()), k.columns(own));
        for t in 0..q.row_count() {
            let keys = 0..a.first + t + 1;
            let scores: Vec<S> = keys.clone().map(|u| score(q, k, t, u, a)).collect();
            let m = scores.iter().skip(1).fold(scores[0], |m, &s| m.maximum(s));
            let e: Vec<S> = scores.iter().map(|&s| (s - m).exp2()).collect();
            let z = e.iter().fold(S::ZERO, |z, &e| z + e);
            for c in columns_of(h, a.heads, v.column_count()) {
                let sum = keys.clone().fold(S::ZERO, |sum, u| e[u].mul_add(v.get(u, c), sum));
                y.set(t, c, sum * (S::ONE / z));
            }
            saved.set(t, 2 * h, m);
            saved.set(t, 2 * h + 1, z);
            if let Some(kept) = &mut kept {
                let weight = |u| e.get(u).copied().unwrap_or(S::ZERO);
                (0..k.row_count()).for_each(|u| kept.set(t, h * k.row_count() + u, weight(u)));
            }
        }
    }
}

impl Attention {
    /// The factor on the products of queries and keys that makes powers of 2 of exponentials.
    pub(crate) fn factor(&self) -> f64 {
        self.scale * LOG2_E
    }
}

/// `scale log2(e) q_t . k_u` of one head.
fn score<S: Scalar>(q: View<S>, k: View<S>, t: usize, u: usize, a: Attention) -> S {
    dot(q, t, k, u) * S::of(a.factor())
}

/// `a_t . b_u`.
fn dot<S: Scalar>(a: View<S>, t: usize, b: View<S>, u: usize) -> S {
    (0..a.column_count()).fold(S::ZERO, |sum, c| a.get(t, c).mul_add(b.get(u, c), sum))
}

/// The plain twin of `AttendGradient`: adds to all three gradients.
#[allow(clippy::too_many_arguments, reason = "as many as the formula has arrays")]
pub fn attention_gradient<S: Scalar>(
    dq: &mut ViewMut<S>,
    dk: &mut ViewMut<S>,
    dv: &mut ViewMut<S>,
    q: View<S>,
    k: View<S>,
    v: View<S>,
    y: View<S>,
    dy: View<S>,
    a: Attention,
    saved: View<S>,
) {
    for h in 0..a.heads {
        let own = columns_of(h, a.heads, q.column_count());
        let (q, k) = (q.columns(own.clone()), k.columns(own.clone()));
        let (dq, dk) = (&mut dq.columns(own.clone()), &mut dk.columns(own));
        let own = columns_of(h, a.heads, v.column_count());
        let (v, y, dy, dv) =
            (v.columns(own.clone()), y.columns(own.clone()), dy.columns(own.clone()), &mut dv.columns(own));
        for t in 0..q.row_count() {
            let (m, inverse) = (saved.get(t, 2 * h), S::ONE / saved.get(t, 2 * h + 1));
            let d = dot(dy, t, y, t);
            for u in 0..a.first + t + 1 {
                let p = (score(q, k, t, u, a) - m).exp2() * inverse;
                let ds = (p * S::of(a.scale)) * (dot(dy, t, v, u) - d);
                multiply_add(dq, t, ds, k, u);
                multiply_add(dk, u, ds, q, t);
                multiply_add(dv, u, p, dy, t);
            }
        }
    }
}

/// `y_t += factor x_u`.
fn multiply_add<S: Scalar>(y: &mut ViewMut<S>, t: usize, factor: S, x: View<S>, u: usize) {
    for c in 0..x.column_count() {
        y.set(t, c, factor.mul_add(x.get(u, c), y.get(t, c)));
    }
}

/// Arguments of [`attention`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attend {
    /// `[Tq, Cv]`, written.
    pub y: Place,
    /// `[Tq, C]`
    pub q: Place,
    /// `[Tk, C]`
    pub k: Place,
    /// `[Tk, Cv]`; may be the same place as `k`.
    pub v: Place,
    /// `[Tq, 2 H]`, written: greatest score and sum of exponentials of each head.
    pub saved: Place,
    /// What the attention does.
    pub attention: Attention,
    /// At least [`Attend::scratch_vectors`] vectors without gaps.
    pub scratch: Place,
    /// `[Tq, H Tk]`, written: the weights before they are divided by their sum, for the gradient.
    pub kept: Option<Place>,
}

/// Arguments of [`attention_gradient`].
///
/// `dk` and `dv` may be the same place if `dv` adds; then for each query `dk`'s term comes before `dv`'s. Rows that no
/// query sees become 0 where a gradient is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttendGradient {
    /// `[Tq, C]`, written.
    pub dq: (Place, Write),
    /// `[Tk, C]`, written.
    pub dk: (Place, Write),
    /// `[Tk, Cv]`, written.
    pub dv: (Place, Write),
    /// `[Tq, C]`
    pub q: Place,
    /// `[Tk, C]`
    pub k: Place,
    /// `[Tk, Cv]`
    pub v: Place,
    /// `[Tq, Cv]`, as [`Attend`] wrote it.
    pub y: Place,
    /// `[Tq, Cv]`
    pub dy: Place,
    /// `[Tq, 2 H]`, as [`Attend`] wrote it.
    pub saved: Place,
    /// What the attention does.
    pub attention: Attention,
    /// At least [`AttendGradient::scratch_vectors`] vectors without gaps.
    pub scratch: Place,
    /// `[Tq, H Tk]`, as [`Attend`] wrote it.
    pub kept: Option<Place>,
}
