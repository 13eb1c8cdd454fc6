//! Where the heads of a model look.

use std::ops::Range;
use std::sync::Mutex;

use super::subject::Subject;
use crate::patterns::patterns;
use crate::predictor::Write;

/// The mean attention of one head.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HeadAttention {
    pub(super) layer: usize,
    pub(super) head: usize,
    /// `[query][position looked at]`; positions that come later have 0, a query that no sequence reaches has no number.
    pub(super) weights: Vec<f64>,
}

/// What is looked at.
pub(super) struct Looking<'a> {
    /// Positions of the queries.
    pub(super) queries: Range<usize>,
    pub(super) sequences: usize,
    pub(super) write: Write<'a>,
    /// How many of the queries count of each sequence, from the first on.
    pub(super) reach: &'a dyn Fn(usize) -> usize,
}

/// Attention of every head, averaged over the sequences; nothing for a model without attention.
pub(super) fn attention(subject: &mut Subject<'_>, looking: &Looking<'_>) -> Vec<HeadAttention> {
    let model = subject.experiment.plan().model();
    let layers = if model.attention { model.layers } else { 0 };
    (0..layers).flat_map(|layer| of_layer(subject, looking, layer)).collect()
}

fn of_layer(subject: &mut Subject<'_>, looking: &Looking<'_>, layer: usize) -> Vec<HeadAttention> {
    let model = subject.experiment.plan().model();
    let (heads, width) = (model.heads, model.head_width());
    let rows = Rows { first: looking.queries.start, count: looking.queries.len(), heads, width };
    let program = subject.experiment.program().without_dropout();
    let sites = program.operands(&format!("h.{layer}.attn.y")).expect("a block with attention has this site");
    let program = program.outputs_at(&sites[..2], 0..rows.positions()).expect("queries and keys are at all positions");
    let found: Vec<Mutex<Vec<f64>>> = (0..looking.sequences).map(|_| Mutex::default()).collect();
    subject.outputs(&program, looking.sequences, looking.write, &|number, arrays| {
        *found[number].lock().expect("nothing panics") = rows.weights(arrays[0], arrays[1]);
    });
    // Sequences are added in their order, so that threads change no bit.
    let (row, of_head) = (rows.positions(), rows.count * rows.positions());
    let (mut sums, mut counts) = (vec![0.0; heads * of_head], vec![0.0; rows.count]);
    for (number, weights) in found.into_iter().enumerate() {
        let weights = weights.into_inner().expect("nothing panics");
        let reached = (looking.reach)(number).min(rows.count);
        counts[..reached].iter_mut().for_each(|count| *count += 1.0);
        for (sums, weights) in sums.chunks_mut(of_head).zip(weights.chunks(of_head)) {
            sums[..reached * row].iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
        }
    }
    let mean = |(query, sums): (usize, &[f64])| sums.iter().map(|sum| sum / counts[query]).collect::<Vec<f64>>();
    let of_head = |(head, sums): (usize, &[f64])| HeadAttention {
        layer,
        head,
        weights: sums.chunks(row).enumerate().flat_map(mean).collect(),
    };
    sums.chunks(rows.count * row).enumerate().map(of_head).collect()
}

/// The queries that are looked at.
struct Rows {
    /// Position of the first.
    first: usize,
    count: usize,
    heads: usize,
    /// Channels of a head.
    width: usize,
}

impl Rows {
    fn positions(&self) -> usize {
        self.first + self.count
    }

    /// `[head][row][position]`; `q` and `k` are `[position][channel]`.
    fn weights(&self, q: &[f32], k: &[f32]) -> Vec<f64> {
        patterns(q, k, self.heads, self.width, self.first..self.positions())
    }
}
