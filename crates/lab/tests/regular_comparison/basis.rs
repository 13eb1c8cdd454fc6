//! Changes of basis of a planted network, which leave what it computes as it is.

use infimum_lab::regular::comparison::{Circuit, Comparison, HeadCircuits, Likeness};
use infimum_worlds::{Purpose, Stream};

use crate::planted::{Array, OF_HEAD, RECIPE, WIDTH, Weights, compared, experiment, planted, point};

/// What a measure may move by; one above 1, by so much of it.
const STILL: f64 = 1e-5;
/// Words that are compared. Of 100, 300, 400 and 600 a measure moves by 2.7e-5, 1.6e-5, 1.01e-5 and 1.4e-5: an operator where the state is
/// not decoded, or an entry of some 40 on states. That is what 32 bits leave; of 200 it is 0.92e-5.
const WORDS: usize = 200;

/// An invertible matrix and its inverse.
struct Change {
    way: Array,
    back: Array,
}

impl Change {
    /// An orthogonal matrix, or one that stretches directions by 1/2 to 2 in between.
    fn draw(stream: &mut Stream, size: usize, is_orthogonal: bool) -> Change {
        let [left, right] = [(); 2].map(|()| orthogonal(stream, size));
        let stretch: Vec<f64> =
            (0..size).map(|_| if is_orthogonal { 1.0 } else { 0.5 + 1.5 * stream.uniform() }).collect();
        let diagonal = |of: fn(f64) -> f64| Array::of(size, size, |i, j| if i == j { of(stretch[i]) } else { 0.0 });
        let way = left.times(&diagonal(|x| x)).times(&right);
        let back = right.transposed().times(&diagonal(|x| 1.0 / x)).times(&left.transposed());
        Change { way, back }
    }
}

fn orthogonal(stream: &mut Stream, size: usize) -> Array {
    let mut rows: Vec<Vec<f64>> = vec![];
    while rows.len() < size {
        let mut next: Vec<f64> = (0..size).map(|_| stream.normal()).collect();
        for _ in 0..2 {
            for row in &rows {
                let along: f64 = row.iter().zip(&next).map(|(x, y)| x * y).sum();
                next.iter_mut().zip(row).for_each(|(x, y)| *x -= along * y);
            }
        }
        let norm = next.iter().map(|x| x * x).sum::<f64>().sqrt();
        rows.push(next.iter().map(|x| x / norm).collect());
    }
    let numbers = rows.concat();
    Array { rows: size, columns: size, numbers }
}

/// Queries, keys and values of each head in another basis: `N W_Q`, `N'^-1 W_K`, `M W_V`, `W_O M^-1`.
fn turn_heads(weights: &Weights, stream: &mut Stream, is_orthogonal: bool) -> Weights {
    let mut turned = weights.clone();
    for head in 0..WIDTH / OF_HEAD {
        let [of_values, of_scores] = [(); 2].map(|()| Change::draw(stream, OF_HEAD, is_orthogonal));
        let ways = [&of_scores.way, &of_scores.back.transposed(), &of_values.way];
        for (part, way) in ways.into_iter().enumerate() {
            let first = part * WIDTH + head * OF_HEAD;
            let rows = Array::of(OF_HEAD, WIDTH, |i, j| weights.c_attn.get(first + i, j));
            let rows = way.times(&rows);
            turned.c_attn.numbers[first * WIDTH..][..OF_HEAD * WIDTH].copy_from_slice(&rows.numbers);
        }
        let columns = Array::of(WIDTH, OF_HEAD, |i, j| weights.attention_out.get(i, head * OF_HEAD + j));
        let columns = columns.times(&of_values.back);
        for (i, j) in (0..WIDTH).flat_map(|i| (0..OF_HEAD).map(move |j| (i, j))) {
            turned.attention_out.numbers[i * WIDTH + head * OF_HEAD + j] = columns.get(i, j);
        }
    }
    turned
}

/// The stream in another basis: `R x`.
fn turn_stream(weights: &Weights, stream: &mut Stream, is_orthogonal: bool) -> Weights {
    let Change { way, back } = Change::draw(stream, WIDTH, is_orthogonal);
    Weights {
        wte: weights.wte.times(&way.transposed()),
        c_attn: weights.c_attn.times(&back),
        attention_out: way.times(&weights.attention_out),
        c_fc: weights.c_fc.times(&back),
        mlp_out: way.times(&weights.mlp_out),
        head: weights.head.times(&back),
    }
}

/// Every measure that no change of basis moves, by name; with what only orthonormal bases leave if `is_orthogonal`.
fn measures(found: &Comparison, is_orthogonal: bool) -> Vec<(String, f64)> {
    let mut all = vec![];
    for site in &found.sites {
        all.push((format!("accuracy at {}", site.site), site.accuracy));
        all.push((format!("explained at {}", site.site), site.explained));
        let alignment = site.kernel_alignment.filter(|_| is_orthogonal);
        all.extend(alignment.map(|x| (format!("alignment at {}", site.site), x)));
    }
    for head in &found.heads {
        add_head(&mut all, head, is_orthogonal);
    }
    for operators in &found.operators {
        all.push((format!("relative error at {}", operators.site), operators.relative_error));
        all.push((format!("transitions right at {}", operators.site), operators.transitions_right));
        let matrices = operators.symbols.iter().flatten().flat_map(|matrix| matrix.numbers());
        all.extend(matrices.map(|x| (format!("an operator at {}", operators.site), *x)));
    }
    for row in &found.interchange {
        let rates = [row.follows, row.untouched, row.same_state];
        all.extend(rates.map(|rate| (format!("{} seen {} at {}", row.site, row.place, row.head), rate)));
    }
    all
}

fn add_head(all: &mut Vec<(String, f64)>, head: &HeadCircuits, is_orthogonal: bool) {
    let mut add =
        |name: &str, numbers: &[f64]| all.extend(numbers.iter().map(|x| (format!("{name} of {}", head.head), *x)));
    if is_orthogonal {
        add("singular values of OV", &head.ov_stream_singular_values);
        add("singular values of QK", head.qk_stream_singular_values.as_ref().unwrap());
    }
    for circuit in [Some(&head.ov), head.qk.as_ref()].into_iter().flatten() {
        let Circuit { matrix, singular_values, symbols, same_state } = circuit;
        add("entries on states", matrix.numbers());
        add("singular values on states", singular_values);
        for Likeness { cosine, principal_cosines, .. } in symbols.iter().chain([same_state]) {
            add("cosine on states", cosine.as_slice());
            add("principal cosines on states", principal_cosines);
        }
    }
}

/// The largest movement of any measure, by its size where that is above 1, with its name.
fn moved(before: &[(String, f64)], after: &[(String, f64)]) -> (String, f64) {
    assert_eq!(before.len(), after.len(), "as many measures");
    let moves = before.iter().zip(after).map(|((name, x), (_, y))| (name.clone(), (x - y).abs() / x.abs().max(1.0)));
    // What is not a number is the largest movement of all.
    moves.max_by(|(_, x), (_, y)| x.total_cmp(y)).unwrap()
}

fn require_still(before: &Comparison, after: &Comparison, is_orthogonal: bool) {
    let (name, by) = moved(&measures(before, is_orthogonal), &measures(after, is_orthogonal));
    assert!(by < STILL, "{name} moved by {by}");
}

/// The raw cosine falls from 1 into its null, while nothing that a network computes has changed.
#[test]
fn a_hundred_changes_of_basis_move_the_raw_cosine_alone() {
    let experiment = experiment(RECIPE, &[]);
    let compared = |weights: &Weights| compared(&experiment, &point(&experiment, weights), WORDS);
    let before = compared(&planted());
    let (mut inside, mut all, mut sum) = (0, 0, 0.0);
    for seed in 0..100 {
        let mut stream = Stream::new(seed, Purpose::Check, 1, 0);
        let is_orthogonal = seed % 2 == 0;
        let mut turned = turn_heads(&planted(), &mut stream, is_orthogonal);
        if seed % 4 > 1 {
            turned = turn_stream(&turned, &mut stream, is_orthogonal);
        }
        let after = compared(&turned);
        require_still(&before, &after, is_orthogonal);
        for (head, before) in after.raw.heads.iter().zip(&before.raw.heads).filter(|_| is_orthogonal) {
            let (cosine, null) = (head.published.cosine.unwrap(), before.null_of_bases);
            inside += usize::from(null.low <= cosine && cosine <= null.high);
            (all, sum) = (all + 1, sum + cosine);
        }
    }
    // 95 % lie inside on average; of 100, fewer than 85 with a probability below 0.0001.
    assert!(all == 100 && inside >= 85, "{inside} of {all} inside the null");
    assert!((sum / 100.0).abs() < 0.2, "{} in the mean", sum / 100.0);
}

/// The check above sees what depends on the basis.
#[test]
fn a_measure_that_depends_on_the_basis_is_seen_to_move() {
    let experiment = experiment(RECIPE, &[]);
    let compared = |weights: &Weights| compared(&experiment, &point(&experiment, weights), WORDS);
    let mut stream = Stream::new(1, Purpose::Check, 2, 0);
    let stretched = turn_stream(&planted(), &mut stream, false);
    let (before, after) = (compared(&planted()), compared(&stretched));
    let (name, by) = moved(&measures(&before, true), &measures(&after, true));
    assert!(
        by > 1e-3,
        "{name} moved by {by}: alignment and singular values of the stream are those of one basis up to turning"
    );
    require_still(&before, &after, false);
    // The head of b takes 1 % of what is of a, so that the state is a little off.
    let mut other = planted();
    other.c_attn.numbers[(2 * WIDTH + OF_HEAD) * WIDTH] = 0.01;
    let (name, by) = moved(&measures(&before, false), &measures(&compared(&other), false));
    assert!(by > STILL, "{name} moved by {by}");
}
