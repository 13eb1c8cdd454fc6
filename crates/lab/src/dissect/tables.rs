//! Tables of a model beside the logarithm of the transition matrix.

use infimum_worlds::Purpose;

use super::{PORTION, Subject};
use crate::mean::INTERVAL;
use crate::predictor::softmax;
use crate::recipe::{Embedding, Model};
use crate::{Figure, Mean, chain, data};

/// How the model's tables agree with `log P` on the transitions that are possible, the mean over these taken away from each row;
/// nothing for worlds that are no chain of order 1.
pub(super) fn compare(subject: &mut Subject<'_>, sequences: usize) -> Vec<Figure> {
    let Some(chain) = chain::chain(subject.experiment.world()) else { return vec![] };
    let law = Law { states: chain.states(), entries: chain::transitions(chain) };
    let log_law = law.centred(&law.entries.iter().map(|p| libm::log(*p)).collect::<Vec<f64>>());
    let Logits { table, seen, impossible } = logits_table(subject, &law, sequences);
    let known: Vec<f64> = log_law.chunks(law.states).zip(&seen).flat_map(|(row, n)| masked(row, *n)).collect();
    let entries = law.possible_of(&seen);
    let (r, difference) = (correlation(&table, &known), rms(&table, &known, entries));
    let slopes = [correlation_slope(&table, &known, r), rms_slope(&table, &known, entries, difference)];
    let [of_correlation, of_difference] = standard_errors(subject, &law, sequences, &table, &seen, &slopes);
    let mut figures = Vec::new();
    // A law whose possible transitions are equally likely has no correlation with anything.
    if known.iter().any(|x| x.abs() > SAME) {
        let embedding = law.centred(&embedding_table(subject, law.states));
        figures.push(figure("embedding_table_correlation", correlation(&embedding, &log_law), "correlation", 1.0));
        figures.push(with_interval(figure("logits_table_correlation", r, "correlation", 1.0), of_correlation));
    }
    figures.push(with_interval(figure("logits_table_difference", difference, "nats", 0.0), of_difference));
    let share = seen.iter().filter(|n| **n > 0).count() as f64 / law.states as f64;
    figures.push(figure("states_seen", share, "share of states", 1.0));
    figures.push(figure("transitions_compared", entries, "transitions", law.possible_of(&vec![1; law.states])));
    figures.extend(on_impossible(&law, &impossible));
    figures
}

/// Logarithms of the law are told from equal ones by this many nats.
const SAME: f64 = 1e-9;

/// The transition matrix, `[state][state]`.
struct Law {
    states: usize,
    entries: Vec<f64>,
}

impl Law {
    fn row(&self, from: usize) -> &[f64] {
        &self.entries[from * self.states..][..self.states]
    }

    /// Each row of a table without its mean over the transitions that are possible; the others become 0, which counts nowhere.
    fn centred(&self, table: &[f64]) -> Vec<f64> {
        let rows = table.chunks(self.states).enumerate();
        rows.flat_map(|(from, row)| without_mean(row, self.row(from))).collect()
    }

    /// How many transitions from the states that were seen are possible.
    fn possible_of(&self, seen: &[u64]) -> f64 {
        let rows = seen.iter().enumerate().filter(|(_, n)| **n > 0);
        rows.map(|(from, _)| self.row(from).iter().filter(|p| **p > 0.0).count()).sum::<usize>() as f64
    }
}

fn without_mean(row: &[f64], law: &[f64]) -> Vec<f64> {
    let possible = law.iter().filter(|p| **p > 0.0).count() as f64;
    let mean = row.iter().zip(law).filter(|(_, p)| **p > 0.0).map(|(x, _)| x).sum::<f64>() / possible;
    row.iter().zip(law).map(|(x, p)| if *p > 0.0 { x - mean } else { 0.0 }).collect()
}

/// What the model gives to transitions that the law excludes, each sequence as (places, sum); nothing for a dense chain.
fn on_impossible(law: &Law, sequences: &[(f64, f64)]) -> Option<Figure> {
    let excluded = law.entries.iter().filter(|p| **p == 0.0).count();
    let mean = Mean::of(sequences.iter().copied()).filter(|_| excluded > 0)?;
    let figure = figure("impossible_probability", mean.value, "probability", 0.0);
    let baseline = Some(excluded as f64 / law.entries.len() as f64);
    Some(with_interval(Figure { baseline, ..figure }, mean.standard_error))
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

/// What is seen of a model's logits wherever a state is the last token.
struct Logits {
    /// The mean of its logits for the states, centred as [`Law::centred`] does it: `[state][state]`.
    table: Vec<f64>,
    /// How often each state was the last.
    seen: Vec<u64>,
    /// Of each sequence, such places and the sum of what the laws over states there give to impossible transitions.
    impossible: Vec<(f64, f64)>,
}

fn logits_table(subject: &mut Subject<'_>, law: &Law, sequences: usize) -> Logits {
    let states = law.states;
    let (table, seen, impossible) = (vec![0.0; states * states], vec![0; states], vec![(0.0, 0.0); sequences]);
    let (mut found, mut said) = (Logits { table, seen, impossible }, vec![0.0; states]);
    each_row(subject, states, sequences, |sequence, from, row| {
        found.seen[from] += 1;
        let centred = without_mean(&wide(row), law.row(from));
        found.table[from * states..][..states].iter_mut().zip(centred).for_each(|(sum, x)| *sum += x);
        softmax(row, &mut said);
        let excluded = said.iter().zip(law.row(from)).filter(|(_, p)| **p == 0.0).map(|(q, _)| q).sum::<f64>();
        let (places, sum) = &mut found.impossible[sequence];
        (*places, *sum) = (*places + 1.0, *sum + excluded);
    });
    for (row, seen) in found.table.chunks_mut(states).zip(&found.seen) {
        row.iter_mut().for_each(|x| *x /= (*seen).max(1) as f64);
    }
    found
}

fn wide(row: &[f32]) -> Vec<f64> {
    row.iter().map(|x| f64::from(*x)).collect()
}

/// Calls `each(sequence, state, logits)` wherever a state is the last token seen, with the logits for the states.
fn each_row(subject: &mut Subject<'_>, states: usize, sequences: usize, mut each: impl FnMut(usize, usize, &[f32])) {
    let alphabet = subject.experiment.world().shape().heads[0].alphabet;
    let mut example = Default::default();
    for first in (0..sequences).step_by(PORTION) {
        let portion = first..sequences.min(first + PORTION);
        let logits = subject.read(&["logits".to_string()], &portion);
        for ((sequence, address), logits) in portion.clone().zip(data::set(portion)).zip(logits) {
            subject.experiment.draw(Purpose::Test, address, &mut example);
            let rows = example.tokens.iter().map(|token| usize::from(*token)).zip(logits[0].chunks(alphabet));
            rows.filter(|(from, _)| *from < states).for_each(|(from, row)| each(sequence, from, &row[..states]));
        }
    }
}

/// Standard errors over sequences of functions of the table of mean logits, of which the slopes are given (delta method): to first
/// order a sequence moves one by the sum, over its rows, of slope times (row less the mean row) by how often that row was seen.
fn standard_errors(
    subject: &mut Subject<'_>,
    law: &Law,
    sequences: usize,
    table: &[f64],
    seen: &[u64],
    slopes: &[Vec<f64>; 2],
) -> [f64; 2] {
    let states = law.states;
    let mut moved = vec![[0.0; 2]; sequences];
    each_row(subject, states, sequences, |sequence, from, row| {
        let place = from * states..(from + 1) * states;
        let centred = without_mean(&wide(row), law.row(from));
        for (moved, slope) in moved[sequence].iter_mut().zip(slopes) {
            let rows = slope[place.clone()].iter().zip(centred.iter().zip(&table[place.clone()]));
            *moved += rows.map(|(slope, (x, mean))| slope * (x - mean)).sum::<f64>() / seen[from] as f64;
        }
    });
    let count = sequences as f64;
    [0, 1].map(|of| {
        let squares: f64 = moved.iter().map(|moved| moved[of] * moved[of]).sum();
        (squares * count / (count - 1.0)).sqrt()
    })
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

/// The root of the mean squared difference over so many entries; the others are 0 in both.
fn rms(a: &[f64], b: &[f64], entries: f64) -> f64 {
    (a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / entries).sqrt()
}

/// The slope of [`rms`] in `a`; zero where the tables are the same, and there is none.
fn rms_slope(a: &[f64], b: &[f64], entries: f64, rms: f64) -> Vec<f64> {
    let scale = if rms > 0.0 { 1.0 / (rms * entries) } else { 0.0 };
    a.iter().zip(b).map(|(a, b)| scale * (a - b)).collect()
}
