//! nanoMarkov's formulas give its numbers, where these are right.

use std::sync::Mutex;

use infimum_lab::data::Address;
use infimum_lab::evaluation::Evaluator;
use infimum_lab::predictor::{Lawful, Predictor, Sequences};
use infimum_lab::published::{FIGURES, published};
use infimum_lab::{Experiment, Figure, start};
use infimum_worlds::{Example, Purpose};

use crate::planted::{self, experiment, machine, named, row, truth_with};

fn recipe(states: usize, length: usize, sparsity: usize, blocks: usize) -> String {
    format!(
        "[world]\nkind = \"markov-windows\"\nstates = {states}\nlength = {length}\ngenerator = \"numpy-legacy\"\nseed = 42\n\
         sparsity = {sparsity}.0\n[model]\nwidth = 16\nlayers = 1\nheads = 1\n[export]\ntrain_sequences = {blocks}\n\
         validation_sequences = {}\n",
        blocks / 10
    )
}

/// The best predictor that sees one token: BOS one time in as many as a block has states, else the chain's row.
fn bigram(experiment: &Experiment, example: &Example, laws: &mut [f64]) {
    let chain = experiment.world().chain().unwrap();
    let (states, length) = (chain.states(), chain.length());
    let mut rows: Vec<Vec<f64>> = (0..states as u16).map(|state| row(chain, &[state])).collect();
    rows.push(row(chain, &[]));
    for (token, law) in example.tokens.iter().zip(laws.chunks_exact_mut(states + 1)) {
        let bos = if usize::from(*token) == states { 0.0 } else { 1.0 / (length - 1) as f64 };
        law[..states].iter_mut().zip(&rows[usize::from(*token)]).for_each(|(p, q)| *p = (1.0 - bos) * q);
        law[states] = bos;
    }
}

fn cross_entropy(value: f64) -> Figure {
    let (unit, name) = ("nats".into(), "cross_entropy".into());
    Figure { name, value, unit, optimum: None, baseline: None, low: None, high: None }
}

fn of_bigram(experiment: &Experiment, loss: f64) -> Vec<Figure> {
    let laws = |example: &Example, laws: &mut [f64]| bigram(experiment, example, laws);
    published(experiment, &mut Lawful { experiment, laws: &laws }, &mut machine(1), &[cross_entropy(loss)]).unwrap()
}

/// On the published validation files. Perplexity and accuracy were computed with NumPy from the same files.
#[test]
fn the_best_bigram_has_the_perplexity_and_accuracy_of_the_oracle() {
    for (states, length, sparsity, blocks, perplexity, accuracy) in [
        (10, 128, 0, 10_000, 6.7332, 0.307531),
        (100, 256, 0, 50_000, 66.4338, 0.048281),
        (100, 256, 75, 50_000, 17.0701, 0.149516),
    ] {
        let experiment = experiment(&recipe(states, length, sparsity, blocks), &[]);
        let figures = of_bigram(&experiment, 4.0);
        assert_eq!(figures.iter().map(|f| &f.name[..]).collect::<Vec<_>>(), FIGURES.map(|(name, _)| name));
        let value = |name| named(&figures, name).value;
        assert!((value("perplexity_published") - perplexity).abs() < 6e-5, "{figures:?}");
        assert!((value("accuracy_published") - accuracy).abs() < 6e-7, "{figures:?}");
        assert!(value("transition_kl_published").abs() < 2e-6, "{figures:?}");
        let best = named(&figures, "perplexity_published").optimum.unwrap();
        assert!(best < perplexity && best > 0.97 * perplexity, "{best}");
    }
}

/// nanoMarkov prints 99.93 % and 99.33 % of one loss, 4.1899, for the chain of 100 states.
#[test]
fn published_shares_are_those_of_the_published_loss() {
    let experiment = experiment(&recipe(100, 256, 0, 10), &[]);
    let figures = of_bigram(&experiment, 4.1899);
    let percent = |name| format!("{:.2}", 100.0 * named(&figures, name).value);
    assert_eq!(percent("loss_ratio_published"), "99.93");
    assert_eq!(percent("structure_captured_published"), "99.33");
    let baselines: Vec<_> = figures[5..].iter().map(|figure| format!("{:.3}", figure.value)).collect();
    assert_eq!(baselines, ["0.418", "0.999", "1.485"]);
}

/// Expected nats and hits of [`bigram`] after each place of a block, BOS at 0.
fn expected_by_place(experiment: &Experiment) -> Vec<(f64, f64)> {
    let chain = experiment.world().chain().unwrap();
    let (states, length) = (chain.states(), chain.length());
    let bos = 1.0 / (length - 1) as f64;
    let entropy = |row: &[f64]| -row.iter().filter(|p| **p > 0.0).map(|p| p * libm::log(*p)).sum::<f64>();
    let most = |row: &[f64]| row.iter().copied().fold(0.0, f64::max);
    let rows: Vec<Vec<f64>> = (0..states as u16).map(|state| row(chain, &[state])).collect();
    let mut law = row(chain, &[]);
    let mut expected = vec![(entropy(&law), most(&law))];
    for place in 1..length {
        let mean = |of: &dyn Fn(&[f64]) -> f64| law.iter().zip(&rows).map(|(p, row)| p * of(row)).sum::<f64>();
        let to_state = (mean(&entropy) - libm::log(1.0 - bos), mean(&most));
        expected.push(if place < length - 1 { to_state } else { (-libm::log(bos), 0.0) });
        law = (0..states).map(|to| law.iter().zip(&rows).map(|(p, row)| p * row[to]).sum()).collect();
    }
    expected
}

/// The mean of these over pieces of `targets` inputs, one beginning `stride` tokens after the other.
fn over_pieces(by_place: &[f64], tokens: usize, targets: usize, stride: usize) -> f64 {
    let firsts = (0..tokens - targets).step_by(stride).take(1000);
    let places: Vec<usize> = firsts.flat_map(|first| first..first + targets).collect();
    places.iter().map(|place| by_place[place % by_place.len()]).sum::<f64>() / places.len() as f64
}

/// A 95 % interval over blocks covers what the chain lets one expect of the same predictor in 190 of 200 files, on average, and in
/// fewer than 178 with a probability of 0.0002. Pieces that overlap, taken for independent, would give narrower ones: 166 of 200.
#[test]
fn the_intervals_of_the_published_figures_cover_what_is_expected() {
    let (length, blocks) = (66, 100);
    let mut covered = [0, 0];
    for seed in 0..200 {
        let overrides = [format!("world.seed={seed}"), format!("export.validation_sequences={blocks}")];
        let experiment = experiment(&recipe(5, length, 0, 10), &overrides.each_ref().map(String::as_str));
        let figures = of_bigram(&experiment, 1.0);
        let (nats, hits): (Vec<f64>, Vec<f64>) = expected_by_place(&experiment).into_iter().unzip();
        let perplexity = libm::exp(over_pieces(&nats, blocks * length, length - 1, length / 2));
        let accuracy = over_pieces(&hits, blocks * length, 64, 128);
        let expected = [("perplexity_published", perplexity), ("accuracy_published", accuracy)];
        for (covered, (name, expected)) in covered.iter_mut().zip(expected) {
            let figure = named(&figures, name);
            *covered += i32::from(figure.low.unwrap() <= expected && expected <= figure.high.unwrap());
        }
    }
    assert!(covered.iter().all(|count| *count >= 178), "{covered:?} of 200");
}

/// What follows from a loss has the interval that follows from the loss's; every state is asked once, and nothing is drawn.
#[test]
fn published_shares_have_the_interval_of_the_loss_and_divergences_have_none() {
    let experiment = experiment(&recipe(10, 128, 0, 10), &[]);
    let loss = Figure { low: Some(1.9), high: Some(2.0), ..cross_entropy(1.95) };
    let laws = |example: &Example, laws: &mut [f64]| bigram(&experiment, example, laws);
    let mut predictor = Lawful { experiment: &experiment, laws: &laws };
    let found = published(&experiment, &mut predictor, &mut machine(1), &[loss]).unwrap();
    for (name, unit) in &FIGURES[..2] {
        let at = |loss: f64| named(&of_bigram(&experiment, loss), name).value;
        let figure = named(&found, name);
        assert_eq!((figure.value, figure.low, figure.high), (at(1.95), Some(at(2.0)), Some(at(1.9))), "{name}, {unit}");
    }
    assert!(FIGURES[4..].iter().all(|(name, _)| named(&found, name).low.is_none()));
}

/// By the published rating a network is excellent that has seen nothing; beside the uniform law it is not.
#[test]
fn an_untrained_network_has_the_transition_kl_of_the_uniform_law() {
    let experiment = experiment(&recipe(100, 256, 0, 10), &[]);
    let point = start(experiment.program(), experiment.plan().model(), 1);
    let mut machine = machine(2);
    let mut evaluator = Evaluator::new(&experiment, &machine);
    let figures = published(&experiment, &mut evaluator.at(&point), &mut machine, &[]).unwrap();
    let kl = named(&figures, "transition_kl_published");
    assert!((kl.value / kl.baseline.unwrap() - 1.0).abs() < 0.1, "{kl:?}");
    assert!(kl.value < named(&figures, "transition_kl_noisy_published").value);
}

/// The first rows alone are computed, to the bits that they have among all rows.
#[test]
fn the_first_rows_of_a_sequence_are_those_of_the_whole() {
    let experiment = experiment(&recipe(5, 70, 0, 10), &["model.layers=2"]);
    let point = start(experiment.program(), experiment.plan().model(), 1);
    let mut examples = vec![Example::default(); 20];
    for (index, example) in (0..).zip(&mut examples) {
        experiment.draw(Purpose::Test, Address { step: 0, index }, example);
    }
    let mut machine = machine(2);
    let mut evaluator = Evaluator::new(&experiment, &machine);
    let mut said = |sequences: Sequences<'_>, rows: usize| {
        let found = Mutex::new(vec![vec![]; 20]);
        evaluator.at(&point).predict(&mut machine, sequences, &|sequence, _, said| {
            let bits = said.nats[..rows].iter().chain(&said.logits[..6 * rows]).map(|x| x.to_bits());
            found.lock().unwrap()[sequence] = bits.collect();
        });
        found.into_inner().unwrap()
    };
    for rows in [1, 2, 64, 70] {
        assert_eq!(said(Sequences::Begun(&examples, rows), rows), said(Sequences::Given(&examples), rows));
    }
}

/// A law that is the row's after BOS and any other law elsewhere: this figure does not see it, ours does.
#[test]
fn the_published_divergence_sees_one_position_alone() {
    let experiment = experiment(&recipe(10, 128, 0, 10), &["evaluation.test_sequences=50"]);
    let laws = |example: &Example, laws: &mut [f64]| {
        truth_with(&experiment, example, laws, |example, position, law| {
            if position != 1 || example.tokens[0] != 10 {
                planted::mix(law, 0.5);
            }
        });
    };
    let figures = planted::of_laws(&experiment, &laws);
    let mut predictor = Lawful { experiment: &experiment, laws: &laws };
    let theirs = published(&experiment, &mut predictor, &mut machine(1), &figures).unwrap();
    assert!(named(&theirs, "transition_kl_published").value.abs() < 1e-5, "{theirs:?}");
    assert!(named(&figures, "transition_kl").value > 0.05, "{figures:?}");
}

/// After BOS and a state the law is mixed with the uniform one: the mean over states of what that costs is the figure.
#[test]
fn a_planted_divergence_after_bos_and_a_state_is_recovered() {
    let experiment = experiment(&recipe(10, 128, 0, 10), &[]);
    let chain = experiment.world().chain().unwrap();
    for share in [0.1, 0.5] {
        let laws = |example: &Example, laws: &mut [f64]| {
            truth_with(&experiment, example, laws, |_, position, law| {
                if position == 1 {
                    planted::mix(law, share);
                }
            });
        };
        let mut predictor = Lawful { experiment: &experiment, laws: &laws };
        let figures = published(&experiment, &mut predictor, &mut machine(1), &[]).unwrap();
        let lost = |state: u16| {
            let law = row(chain, &[state]);
            planted::kl(&law, &law.iter().map(|p| (1.0 - share) * p + share / 10.0).collect::<Vec<_>>())
        };
        let expected = (0..10).map(lost).sum::<f64>() / 10.0;
        let found = named(&figures, "transition_kl_published").value;
        assert!((found - expected).abs() <= 1e-4 * expected && expected > 1e-3, "{found} for {expected}");
    }
}

#[test]
fn other_chains_have_no_published_figures() {
    let experiment = experiment(&recipe(5, 128, 0, 10), &["world.generator=philox"]);
    let laws = |example: &Example, laws: &mut [f64]| bigram(&experiment, example, laws);
    let mut predictor = Lawful { experiment: &experiment, laws: &laws };
    let error = published(&experiment, &mut predictor, &mut machine(1), &[]).unwrap_err();
    assert!(error.to_string().contains("numpy-legacy"), "{error}");
}
