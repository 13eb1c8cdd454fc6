//! Tables of a model beside the logarithm of the transition matrix.

use infimum_worlds::Purpose;

use super::{PORTION, Subject};
use crate::mean::INTERVAL;
use crate::recipe::{Embedding, Model};
use crate::{Figure, chain, data};

/// How the model's tables agree with `log P`, both with the mean of each row taken away; nothing for worlds that are no dense
/// chain of order 1.
pub(super) fn compare(subject: &mut Subject<'_>, sequences: usize) -> Vec<Figure> {
    let Some(chain) = chain::chain(subject.experiment.world()) else { return vec![] };
    let (states, law) = (chain.states(), chain::transitions(chain));
    if law.contains(&0.0) {
        return vec![];
    }
    let log_law = centred(law.iter().map(|p| libm::log(*p)).collect(), states);
    let embedding = centred(embedding_table(subject, states), states);
    let (logits, seen) = logits_table(subject, states, sequences);
    let known: Vec<f64> = log_law.chunks(states).zip(&seen).flat_map(|(row, n)| masked(row, *n)).collect();
    let (r, difference) = (correlation(&logits, &known), rms(&logits, &known, &seen));
    let slopes = [correlation_slope(&logits, &known, r), rms_slope(&logits, &known, &seen, difference)];
    let [of_correlation, of_difference] = standard_errors(subject, sequences, &logits, &seen, &slopes);
    let share = seen.iter().filter(|n| **n > 0).count() as f64 / states as f64;
    vec![
        figure("embedding_table_correlation", correlation(&embedding, &log_law), "correlation", 1.0),
        with_interval(figure("logits_table_correlation", r, "correlation", 1.0), of_correlation),
        with_interval(figure("logits_table_difference", difference, "nats", 0.0), of_difference),
        figure("states_seen", share, "share of states", 1.0),
    ]
}

fn figure(name: &str, value: f64, unit: &str, optimum: f64) -> Figure {
    let (name, unit, optimum) = (name.into(), unit.into(), Some(optimum));
    Figure { name, value, unit, optimum, baseline: None, low: None, high: None }
}

fn with_interval(figure: Figure, standard_error: f64) -> Figure {
    let end = |sign: f64| Some(figure.value + sign * INTERVAL * standard_error).filter(|end| end.is_finite());
    Figure { low: end(-1.0), high: end(1.0), ..figure }
}

/// A row of a state that was seen; zeros, which count nowhere, for one that was not.
fn masked(row: &[f64], seen: u64) -> Vec<f64> {
    if seen > 0 { row.to_vec() } else { vec![0.0; row.len()] }
}

/// Unembedding times embedding: `[state][state]`, the logits that the direct path alone would give without norms.
fn embedding_table(subject: &Subject<'_>, states: usize) -> Vec<f64> {
    let (model, width) = (subject.experiment.plan().model(), subject.experiment.plan().model().width);
    let embedding = rows(subject, model, "transformer.wte.weight", states);
    let head = if model.tied { embedding.clone() } else { rows(subject, model, "lm_head.weight", states) };
    let product = |from: &[f64], to: &[f64]| from.iter().zip(to).map(|(a, b)| a * b).sum::<f64>();
    let row = |from: &[f64]| head.chunks(width).map(|to| product(from, to)).collect::<Vec<f64>>();
    embedding.chunks(width).flat_map(row).collect()
}

/// The first `states` rows of a table of the model; a one-hot embedding has no parameters and is the identity.
fn rows(subject: &Subject<'_>, model: &Model, name: &str, states: usize) -> Vec<f64> {
    let width = model.width;
    match subject.program.parameters().into_iter().find(|p| p.name == name) {
        Some(table) => subject.point[table.range][..states * width].iter().map(|x| f64::from(*x)).collect(),
        None => {
            debug_assert_eq!(model.embedding, Embedding::OneHot);
            (0..states * width).map(|place| if place / width == place % width { 1.0 } else { 0.0 }).collect()
        }
    }
}

/// The mean, over the places where a state is the last token seen, of the model's logits for the states with their own mean
/// taken away: `[state][state]`; and how often each state was seen.
fn logits_table(subject: &mut Subject<'_>, states: usize, sequences: usize) -> (Vec<f64>, Vec<u64>) {
    let (mut sums, mut seen) = (vec![0.0; states * states], vec![0_u64; states]);
    each_row(subject, states, sequences, |_, from, row| {
        seen[from] += 1;
        sums[from * states..][..states].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    });
    for (row, seen) in sums.chunks_mut(states).zip(&seen) {
        row.iter_mut().for_each(|x| *x /= (*seen).max(1) as f64);
    }
    (sums, seen)
}

/// Calls `each(sequence, state, logits)` wherever a state is the last token seen, with the logits for the states without their
/// mean.
fn each_row(subject: &mut Subject<'_>, states: usize, sequences: usize, mut each: impl FnMut(usize, usize, &[f64])) {
    let alphabet = subject.experiment.world().shape().heads[0].alphabet;
    let mut example = Default::default();
    for first in (0..sequences).step_by(PORTION) {
        let portion = first..sequences.min(first + PORTION);
        let logits = subject.read(&["logits".to_string()], &portion);
        for ((sequence, address), logits) in portion.clone().zip(data::set(portion)).zip(logits) {
            subject.experiment.draw(Purpose::Test, address, &mut example);
            let rows = example.tokens.iter().map(|token| usize::from(*token)).zip(logits[0].chunks(alphabet));
            for (from, row) in rows.filter(|(from, _)| *from < states) {
                each(sequence, from, &centred(row[..states].iter().map(|x| f64::from(*x)).collect(), states));
            }
        }
    }
}

/// Standard errors over sequences of functions of the table of mean logits, of which the slopes are given (delta method): to first
/// order a sequence moves one by the sum, over its rows, of slope times (row less the mean row) by how often that row was seen.
fn standard_errors(
    subject: &mut Subject<'_>,
    sequences: usize,
    table: &[f64],
    seen: &[u64],
    slopes: &[Vec<f64>; 2],
) -> [f64; 2] {
    let states = seen.len();
    let mut moved = vec![[0.0; 2]; sequences];
    each_row(subject, states, sequences, |sequence, from, row| {
        let place = from * states..(from + 1) * states;
        for (moved, slope) in moved[sequence].iter_mut().zip(slopes) {
            let rows = slope[place.clone()].iter().zip(row.iter().zip(&table[place.clone()]));
            *moved += rows.map(|(slope, (x, mean))| slope * (x - mean)).sum::<f64>() / seen[from] as f64;
        }
    });
    let count = sequences as f64;
    [0, 1].map(|of| {
        let squares: f64 = moved.iter().map(|moved| moved[of] * moved[of]).sum();
        (squares * count / (count - 1.0)).sqrt()
    })
}

/// Each row without its mean.
fn centred(mut table: Vec<f64>, columns: usize) -> Vec<f64> {
    for row in table.chunks_mut(columns) {
        let mean = row.iter().sum::<f64>() / columns as f64;
        row.iter_mut().for_each(|x| *x -= mean);
    }
    table
}

/// Pearson's, of tables whose rows have mean 0.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

/// The slope of [`correlation`] in `a`: `(b / |b| - r a / |a|) / |a|`.
fn correlation_slope(a: &[f64], b: &[f64], r: f64) -> Vec<f64> {
    let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let (of_a, of_b) = (length(a), length(b));
    a.iter().zip(b).map(|(a, b)| (b / of_b - r * a / of_a) / of_a).collect()
}

/// The root of the mean squared difference over the rows that were seen.
fn rms(a: &[f64], b: &[f64], seen: &[u64]) -> f64 {
    (a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / entries(seen)).sqrt()
}

/// The slope of [`rms`] in `a`; zero where the tables are the same, and there is none.
fn rms_slope(a: &[f64], b: &[f64], seen: &[u64], rms: f64) -> Vec<f64> {
    let scale = if rms > 0.0 { 1.0 / (rms * entries(seen)) } else { 0.0 };
    a.iter().zip(b).map(|(a, b)| scale * (a - b)).collect()
}

/// Numbers in the rows that were seen.
fn entries(seen: &[u64]) -> f64 {
    (seen.iter().filter(|n| **n > 0).count() * seen.len()) as f64
}
