//! Planted networks whose parts are worth a known amount.

use super::*;
use crate::{Plan, Recipe, chain};

fn experiment(overrides: &[&str]) -> Experiment {
    let recipe =
        "[world]\nkind = \"markov\"\nstates = 4\nlength = 9\nseed = 3\n[model]\nwidth = 8\nlayers = 2\nheads = 2";
    let overrides: Vec<String> = overrides.iter().map(|o| o.to_string()).collect();
    Experiment::new(Plan::new(&Recipe::parse(recipe, "dissect", &overrides).unwrap()).unwrap()).unwrap()
}

fn dissected(experiment: &Experiment, point: &[f32]) -> Dissection {
    let mut machine = Machine::new(crate::Isa::best(), 2);
    let mut last = (0, 0);
    let found = dissect(experiment, &mut machine, point, 600, &mut |done, of| last = (done, of));
    assert_eq!(last.0, last.1, "progress ends at its end");
    found
}

fn value(figures: &[Figure], name: &str) -> f64 {
    figures.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no {name} in {figures:?}")).value
}

/// Writes `scalar(row, column)` into a parameter.
fn fill(experiment: &Experiment, point: &mut [f32], name: &str, scalar: impl Fn(usize, usize) -> f32) {
    let parameter = experiment.program().parameters().into_iter().find(|p| p.name == name).expect(name);
    let columns = parameter.shape.channels;
    let places = point[parameter.range].iter_mut().enumerate();
    places.for_each(|(place, x)| *x = scalar(place / columns, place % columns));
}

/// Tables of logits with no norm: everything goes the direct way, and every other part is worth nothing.
#[test]
fn a_network_of_the_direct_path_alone_loses_with_that_path_only() {
    let experiment = experiment(&["model.width=10", "model.norm=none"]);
    let chain = chain::chain(experiment.world()).unwrap();
    let (start, law) = (chain::start(chain), chain::transitions(chain));
    let mut point = vec![0.0; experiment.plan().parameters()];
    fill(&experiment, &mut point, "transformer.wte.weight", |token, c| f32::from(token == c));
    fill(&experiment, &mut point, "lm_head.weight", |to, from| match (from, to) {
        (0..4, 0..4) => libm::log(law[from * 4 + to]) as f32,
        (4, 0..4) => libm::log(start[to]) as f32,
        (0..5, 4) => -30.0,
        _ => 0.0,
    });
    let found = dissected(&experiment, &point);
    for figure in found.losses.iter().filter(|f| f.name != "without_direct_path") {
        assert!(figure.value.abs() <= 1e-6, "{figure:?}");
    }
    // Without it the model says the mean of the logs at each position, whatever it sees. The first position sees BOS alone and
    // loses nothing; the others lose about what the best constant loses.
    let direct = found.losses.iter().find(|f| f.name == "without_direct_path").unwrap();
    let truth = experiment.world().truth().unwrap();
    let constant = truth.baselines(0).iter().find(|b| b.name == "unigram").unwrap().nats.value().unwrap();
    let known = constant - truth.floor(0).value().unwrap();
    assert!(direct.value > 0.7 * known && direct.low.unwrap() > 0.5 * known, "{direct:?}, at least {known}");
    assert!((value(&found.tables, "embedding_table_correlation") - 1.0).abs() <= 1e-6);
    assert!((value(&found.tables, "logits_table_correlation") - 1.0).abs() <= 1e-6);
    assert!(value(&found.tables, "logits_table_difference") <= 1e-5);
    assert_eq!(value(&found.tables, "states_seen"), 1.0);
}

/// Positions that shift the logits by a known amount are worth what taking their mean loses, computed here by hand.
#[test]
fn positions_are_worth_what_they_say() {
    let experiment = experiment(&["model.width=10", "model.norm=none", "model.layers=0"]);
    let mut point = vec![0.0; experiment.plan().parameters()];
    let shift = |position: usize, channel: usize| if channel == 9 { position as f32 - 3.5 } else { 0.0 };
    fill(&experiment, &mut point, "transformer.wpe.weight", shift);
    fill(&experiment, &mut point, "lm_head.weight", |to, from| if from == 9 { 0.3 * to as f32 } else { 0.0 });
    let found = dissected(&experiment, &point);
    assert_eq!(found.losses.len(), 1);
    // Without them every token is equally likely at every position.
    let (mut with, mut targets, mut example) = (0.0, 0.0, infimum_worlds::Example::default());
    for address in data::set(0..600) {
        experiment.draw(Purpose::Test, address, &mut example);
        for (position, target) in example.targets[0].iter().enumerate() {
            let logits = [0, 1, 2, 3, 4].map(|to| 0.3 * f64::from(to) * (position as f64 - 3.5));
            let sum: f64 = logits.iter().map(|x| libm::exp(*x)).sum();
            (with, targets) = (with + libm::log(sum) - logits[usize::from(*target)], targets + 1.0);
        }
    }
    let known = libm::log(5.0) - with / targets;
    assert!((value(&found.losses, "without_positions") - known).abs() <= 1e-6, "{found:?}, by hand {known}");
}

/// All heads of a layer without each other add up to what attention writes, so with one head they are the same ablation.
#[test]
fn one_head_is_all_of_attention() {
    let experiment = experiment(&["model.heads=1"]);
    let point: Vec<f32> =
        crate::start(experiment.program(), experiment.plan().model(), 1).iter().map(|w| 5.0 * w).collect();
    let found = dissected(&experiment, &point);
    let names: Vec<&str> = found.losses.iter().map(|f| f.name.as_str()).collect();
    let expected = ["direct_path", "positions", "attention_0", "head_0_0", "mlp_0", "attention_1", "head_1_0", "mlp_1"];
    assert_eq!(names, expected.map(|name| format!("without_{name}")));
    for layer in 0..2 {
        let [attention, head] = ["attention", "head"].map(|part| match part {
            "head" => value(&found.losses, &format!("without_head_{layer}_0")),
            _ => value(&found.losses, &format!("without_attention_{layer}")),
        });
        assert!(attention != 0.0 && (attention - head).abs() <= 1e-5, "layer {layer}: {attention} and {head}");
    }
}
