//! Where heads of attention look, by the formula.

use std::ops::Range;

/// `[head][query][position]`, as many positions as `queries` ends at: the softmax of `q k / sqrt(width)` over the positions up to
/// the query's own, and 0 after it. `q` and `k` are `[position][channel]` with `heads` heads side by side; a head may have channels
/// beyond its `width`, for its place.
pub(crate) fn patterns(q: &[f32], k: &[f32], heads: usize, width: usize, queries: Range<usize>) -> Vec<f64> {
    let positions = queries.end;
    let channels = q.len() / positions;
    let each = channels / heads;
    let of = |array: &[f32], position: usize, head: usize| -> Vec<f64> {
        array[position * channels + head * each..][..each].iter().map(|x| f64::from(*x)).collect()
    };
    let mut all = Vec::with_capacity(heads * queries.len() * positions);
    for (head, query) in (0..heads).flat_map(|head| queries.clone().map(move |query| (head, query))) {
        let asked = of(q, query, head);
        let score = |position: usize| {
            let product: f64 = asked.iter().zip(of(k, position, head)).map(|(a, b)| a * b).sum();
            product / (width as f64).sqrt()
        };
        let scores: Vec<f64> = (0..=query).map(score).collect();
        all.extend(softmax(&scores));
        all.extend(std::iter::repeat_n(0.0, positions - query - 1));
    }
    all
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let parts: Vec<f64> = scores.iter().map(|score| libm::exp(score - largest)).collect();
    let total: f64 = parts.iter().sum();
    parts.into_iter().map(|part| part / total).collect()
}
