//! What a head moves, and what it attends by, in coordinates of states.
//!
//! With `E` the mean activations of states at what attention reads, less their mean (`[channels, states]`), and `D` the linear
//! part of the least-squares decoder of states after attention (`[states, channels]`), `D W_O W_V E` says how the decoded state
//! here changes with the state at the place that is attended to, and `E' W_Q' W_K E / sqrt(width)` how strongly which state
//! attends to which. Both are the same in every basis of queries and keys, of values, and of the stream.

use serde::Serialize;

use super::matrix::Matrix;
use super::spectrum::{principal_cosines, singular_values, singular_values_of_product};
use super::subject::Subject;

/// A product that is so much smaller than its factors is 0 but for roundings.
const CANCELLED: f64 = 1e-5;
/// What f64 leaves of 0 in sums of shares.
const ROUNDING: f64 = 1e-12;

/// One head, in coordinates of states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeadCircuits {
    /// The block, from 0.
    pub block: usize,
    /// The head, from 0.
    pub head: usize,
    /// Singular values of `W_O W_V` in the stream.
    pub ov_stream_singular_values: Vec<f64>,
    /// Those of `W_Q' W_K / sqrt(width)`; none where heads are normalised.
    pub qk_stream_singular_values: Option<Vec<f64>>,
    /// What the head moves.
    pub ov: Circuit,
    /// What it attends by; none where heads are normalised, of turned ones at distance 0.
    pub qk: Option<Circuit>,
}

/// A matrix on states beside the automaton's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Circuit {
    /// The matrix, `[to, from]` of a head that moves, `[attending, attended]` of one that attends.
    #[serde(skip)]
    pub matrix: Matrix,
    /// Its singular values.
    pub singular_values: Vec<f64>,
    /// Beside each symbol's transitions, in their order.
    pub symbols: Vec<Likeness>,
    /// Beside the identity: the same state.
    pub same_state: Likeness,
}

/// One matrix beside another, both without what is the same for all states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likeness {
    /// The singular values of the other one.
    pub singular_values: Vec<f64>,
    /// The cosine of the two as vectors; none if one of them is 0, as for a symbol that leads every state to the same.
    pub cosine: Option<f64>,
    /// Cosines of the principal angles between what the two map to.
    pub principal_cosines: Vec<f64>,
}

/// What a block's circuits are put in the coordinates of states by.
pub(super) struct Coordinates<'a> {
    /// `[state, channel]`: mean activations at what attention reads, less their mean.
    pub(super) read: &'a Matrix,
    /// `[state, channel]`: the decoder after attention.
    pub(super) written: &'a Matrix,
    /// The share of each state.
    pub(super) shares: &'a [f64],
    /// `[to, from]` of each symbol.
    pub(super) transitions: &'a [Matrix],
}

/// Where attention of a block reads, and where it has been added.
pub(super) fn ends(subject: &Subject<'_>, block: usize) -> (String, String) {
    let first = |sites: [String; 3]| sites.into_iter().find(|site| subject.has(site)).expect("the stream is there");
    let before = match block {
        0 => ["h.0.ln_1".to_string(), "x".into(), "wte".into()],
        _ => [format!("h.{block}.ln_1"), format!("h.{}.x", block - 1), format!("h.{}.x_mid", block - 1)],
    };
    (first(before), first([format!("h.{block}.x_mid"), format!("h.{block}.x"), "wte".into()]))
}

/// The matrix of values of each head of a block, `[channels of the head, channels read]`.
pub(super) fn values(subject: &mut Subject<'_>, block: usize) -> Vec<Matrix> {
    let of = subject.experiment.plan().model();
    let (heads, groups, width) = (of.heads, of.kv_heads(), of.value_width());
    let (read, _) = ends(subject, block);
    let joint = subject.matrix(&read, &format!("h.{block}.attn.v"));
    (0..heads).map(|head| group(&joint, head * groups / heads, width)).collect()
}

fn group(joint: &Matrix, group: usize, width: usize) -> Matrix {
    joint.part(group * width..(group + 1) * width)
}

/// Every head of a block.
pub(super) fn heads(subject: &mut Subject<'_>, block: usize, at: &Coordinates<'_>) -> Vec<HeadCircuits> {
    let model = subject.experiment.plan().model().clone();
    let (heads, groups, width) = (model.heads, model.kv_heads(), model.head_width());
    let (read, _) = ends(subject, block);
    let values = values(subject, block);
    let site = |part: &str| format!("h.{block}.attn.{part}");
    let out = subject.matrix(&site("y"), &site("out")).transposed();
    let scores = (model.qk_norm == crate::recipe::Norm::None)
        .then(|| [subject.matrix(&read, &site("q")), subject.matrix(&read, &site("k"))]);
    let one = |head: usize| {
        let out = group(&out, head, model.value_width()).transposed();
        let moved = product(&at.written.times(&out), &values[head].times(&at.read.transposed()));
        let scores = scores.as_ref().map(|[q, k]| {
            let scale = 1.0 / (width as f64).sqrt();
            let q = group(q, head, width);
            let q = Matrix::of(q.rows(), q.columns(), |i, j| scale * q.get(i, j));
            (q.transposed(), group(k, head * groups / heads, width))
        });
        let attended = scores.as_ref().map(|(q, k)| product(&at.read.times(q), &k.times(&at.read.transposed())));
        HeadCircuits {
            block,
            head,
            ov_stream_singular_values: singular_values_of_product(&out, &values[head]),
            qk_stream_singular_values: scores.as_ref().map(|(q, k)| singular_values_of_product(q, k)),
            ov: Circuit::of(&moved, at, &|target| centred(target, at.shares)),
            qk: attended.map(|attended| Circuit::of(&attended, at, &|target| centred_twice(target, at.shares))),
        }
    };
    (0..heads).map(one).collect()
}

impl Circuit {
    /// `centre` takes from a matrix on states what is the same for all of them.
    fn of(matrix: &Matrix, at: &Coordinates<'_>, centre: &dyn Fn(&Matrix) -> Matrix) -> Circuit {
        let states = at.shares.len();
        let identity = Matrix::of(states, states, |i, j| f64::from(i == j));
        let beside = |target: &Matrix| Likeness::of(matrix, &centre(target));
        Circuit {
            matrix: matrix.clone(),
            singular_values: singular_values(matrix),
            symbols: at.transitions.iter().map(beside).collect(),
            same_state: beside(&identity),
        }
    }
}

/// A product, 0 where its factors cancel but for the roundings of weights.
fn product(left: &Matrix, right: &Matrix) -> Matrix {
    let product = left.times(right);
    let is_something = product.norm() > CANCELLED * left.norm() * right.norm();
    Matrix::of(product.rows(), product.columns(), |i, j| if is_something { product.get(i, j) } else { 0.0 })
}

/// A matrix without what it does to the mean state: its numbers are of moderate size, and what rounding leaves of 0 is 0.
fn centred(target: &Matrix, shares: &[f64]) -> Matrix {
    let mean = target.apply(shares);
    let rounded = |x: f64| if x.abs() < ROUNDING { 0.0 } else { x };
    Matrix::of(target.rows(), target.columns(), |to, from| rounded(target.get(to, from) - mean[to]))
}

/// The same on both sides.
fn centred_twice(target: &Matrix, shares: &[f64]) -> Matrix {
    centred(&centred(target, shares).transposed(), shares).transposed()
}

impl Likeness {
    /// One matrix beside another of the same shape.
    pub fn of(matrix: &Matrix, target: &Matrix) -> Likeness {
        Likeness {
            singular_values: singular_values(target),
            cosine: matrix.cosine(target),
            principal_cosines: principal_cosines(matrix, target),
        }
    }
}
