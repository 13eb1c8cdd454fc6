//! The published comparison of weights, for the record: the value projection of head `i`, of its first `n` channels from the first `n` of
//! the stream, number by number beside the transitions of symbol `i`. Weights are known up to a change of basis of every head
//! only, so these numbers say nothing of what a network computes; a null distribution stands beside them.

use serde::Serialize;

use super::matrix::Matrix;
use super::probe::orthonormal;

/// Random changes of basis, and random matrices, that a null is made of.
pub const NULL_DRAWS: usize = 1000;

/// One head beside one symbol.
#[derive(Clone, Debug, Serialize)]
pub struct RawHead {
    /// The block, from 0.
    pub block: usize,
    /// The head, from 0, which is compared with the symbol of the same number.
    pub head: usize,
    /// The symbol.
    pub symbol: String,
    /// Both as published: weights stored `[outputs, inputs]` beside transitions `[from, to]`.
    #[serde(flatten)]
    pub published: RawScores,
    /// The same with the transitions transposed, to `[to, from]`: as the weights of a head that steps from state to state are stored.
    pub transposed: RawScores,
    /// The published cosine after random orthogonal changes of basis of the head's values, which leave the network as it is.
    pub null_of_bases: Null,
    /// The published cosine of normal random weights.
    pub null_of_weights: Null,
}

/// What is published of two matrices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RawScores {
    /// The cosine of the two as vectors; `None` if one is 0.
    pub cosine: Option<f64>,
    /// Pearson's correlation of their numbers; `None` if those of one are all alike.
    pub pearson: Option<f64>,
    /// The root of the sum of squared differences.
    pub frobenius: f64,
    /// The same by the norm of the transitions.
    pub relative_error: f64,
}

/// A distribution of cosines by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Null {
    /// The mean.
    pub mean: f64,
    /// 2.5 % are below.
    pub low: f64,
    /// 2.5 % are above.
    pub high: f64,
    /// The share that is at least as far from 0 as the network's.
    pub p: f64,
}

impl RawScores {
    /// Of weights beside a target of the same shape, which is not 0.
    pub fn of(weights: &Matrix, target: &Matrix) -> RawScores {
        let centred = |matrix: &Matrix| {
            let mean = matrix.numbers().iter().sum::<f64>() / matrix.numbers().len() as f64;
            Matrix::of(matrix.rows(), matrix.columns(), |i, j| matrix.get(i, j) - mean)
        };
        let difference = Matrix::of(target.rows(), target.columns(), |i, j| weights.get(i, j) - target.get(i, j));
        RawScores {
            cosine: weights.cosine(target),
            pearson: centred(weights).cosine(&centred(target)),
            frobenius: difference.norm(),
            relative_error: difference.norm() / target.norm(),
        }
    }
}

impl RawHead {
    /// Of the values of a head, `[channels of the head, channels of the stream]`, beside a transition matrix `[from, to]` of no more rows
    /// than the head has channels or the stream has.
    pub(super) fn of(
        (block, head): (usize, usize),
        symbol: String,
        values: &Matrix,
        transitions: &Matrix,
        normal: &mut dyn FnMut() -> f64,
    ) -> RawHead {
        let states = transitions.rows();
        let corner = Matrix::of(states, states, |i, j| values.get(i, j));
        let published = RawScores::of(&corner, transitions);
        let columns = Matrix::of(values.rows(), states, |i, j| values.get(i, j));
        let turned = (0..NULL_DRAWS).map(|_| {
            let rows = orthonormal(states, values.rows(), normal).concat();
            Matrix::new(states, values.rows(), rows).times(&columns).cosine(transitions)
        });
        let turned: Vec<f64> = turned.flatten().collect();
        let drawn = (0..NULL_DRAWS).map(|_| {
            let numbers = (0..states * states).map(|_| normal()).collect();
            Matrix::new(states, states, numbers).cosine(transitions)
        });
        let drawn: Vec<f64> = drawn.flatten().collect();
        RawHead {
            block,
            head,
            symbol,
            transposed: RawScores::of(&corner, &transitions.transposed()),
            null_of_bases: Null::of(turned, published.cosine),
            null_of_weights: Null::of(drawn, published.cosine),
            published,
        }
    }
}

impl Null {
    fn of(mut draws: Vec<f64>, found: Option<f64>) -> Null {
        draws.sort_by(f64::total_cmp);
        let count = draws.len() as f64;
        let quantile = |share: f64| draws.get((share * (count - 1.0)).round() as usize).copied().unwrap_or(f64::NAN);
        let beyond = draws.iter().filter(|draw| found.is_none_or(|found| draw.abs() >= found.abs())).count();
        Null {
            mean: draws.iter().sum::<f64>() / count,
            low: quantile(0.025),
            high: quantile(0.975),
            p: beyond as f64 / count,
        }
    }
}
