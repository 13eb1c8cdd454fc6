//! nanoMarkov's formulas give its numbers, where these are right.

use infimum_lab::evaluation::Evaluator;
use infimum_lab::predictor::Lawful;
use infimum_lab::published::{FIGURES, published};
use infimum_lab::{Experiment, Figure, start};
use infimum_worlds::Example;

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

#[test]
fn other_chains_have_no_published_figures() {
    let experiment = experiment(&recipe(5, 128, 0, 10), &["world.generator=philox"]);
    let laws = |example: &Example, laws: &mut [f64]| bigram(&experiment, example, laws);
    let mut predictor = Lawful { experiment: &experiment, laws: &laws };
    let error = published(&experiment, &mut predictor, &mut machine(1), &[]).unwrap_err();
    assert!(error.to_string().contains("numpy-legacy"), "{error}");
}
