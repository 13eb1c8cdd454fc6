//! Tables of a model beside the logarithm of the transition matrix.

use infimum_worlds::Purpose;

use super::{PORTION, Subject};
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
    let rows = |table: &[f64]| -> Vec<f64> {
        let kept = table.chunks(states).zip(&seen).filter(|(_, seen)| **seen > 0);
        kept.flat_map(|(row, _)| row.to_vec()).collect()
    };
    let (logits, known) = (rows(&logits), rows(&log_law));
    vec![
        figure("embedding_table_correlation", correlation(&embedding, &log_law), "correlation", Some(1.0)),
        figure("logits_table_correlation", correlation(&logits, &known), "correlation", Some(1.0)),
        figure("logits_table_difference", rms(&logits, &known), "nats", Some(0.0)),
        figure(
            "states_seen",
            seen.iter().filter(|n| **n > 0).count() as f64 / states as f64,
            "share of states",
            Some(1.0),
        ),
    ]
}

fn figure(name: &str, value: f64, unit: &str, optimum: Option<f64>) -> Figure {
    Figure { name: name.into(), value, unit: unit.into(), optimum, baseline: None, low: None, high: None }
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
    let alphabet = subject.experiment.world().shape().heads[0].alphabet;
    let mut example = Default::default();
    for first in (0..sequences).step_by(PORTION) {
        let portion = first..sequences.min(first + PORTION);
        let logits = subject.read(&["logits".to_string()], &portion);
        for (address, logits) in data::set(portion).into_iter().zip(logits) {
            subject.experiment.draw(Purpose::Test, address, &mut example);
            for (token, row) in example.tokens.iter().zip(logits[0].chunks(alphabet)) {
                let from = usize::from(*token);
                if from < states {
                    seen[from] += 1;
                    let row = centred(row[..states].iter().map(|x| f64::from(*x)).collect(), states);
                    sums[from * states..][..states].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                }
            }
        }
    }
    for (row, seen) in sums.chunks_mut(states).zip(&seen) {
        row.iter_mut().for_each(|x| *x /= (*seen).max(1) as f64);
    }
    (sums, seen)
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

fn rms(a: &[f64], b: &[f64]) -> f64 {
    (a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / a.len() as f64).sqrt()
}
