//! A network that first knows the training pairs of a table by heart, and then all: its lines show both, and neither threads nor
//! instruction sets change a bit of what comes out.

use infimum_lab::data::Address;
use infimum_lab::predictor::{Predictor, Sequences};

use super::*;

const TABLE: &str = "name = \"table\"
[world]
kind = \"modular\"
modulus = 31
train_fraction = 0.6
[model]
width = 24
layers = 1
heads = 2
norm = \"layer\"
activation = \"relu\"
embedding_deviation = 0.5
start_deviation = 0.2
[training]
steps = 950
batch = 128
rate = 0.005
schedule = \"constant\"
warmup = 10
decay = 1.0
beta2 = 0.98
clip = 0.0
[evaluation]
every = 50
sequences = 384
training_sequences = 384
test_sequences = 384
[success]
figure = \"exact_match\"
at_least = 0.99
";

#[test]
fn the_weights_after_grokking_are_the_same_on_one_thread_and_on_two() {
    let experiment = of_recipe(TABLE, &[]);
    let (_scratch, record, summary) = run(&experiment, &mut machine(1), &[]);
    let lines = record.metrics().unwrap();
    let first = |of: fn(&infimum_lab::StepLine) -> Option<f64>| {
        lines.iter().find(|line| of(line).is_some_and(|value| value >= 0.99)).map(|line| line.step)
    };
    let (by_heart, all) = (first(|line| line.training_criterion), first(|line| line.criterion));
    assert!(by_heart.unwrap() < all.unwrap(), "{by_heart:?} {all:?}");
    assert!(summary.value("exact_match").unwrap() >= 0.99);
    let (_scratch, other, again) = run(&experiment, &mut machine(2), &[]);
    assert_eq!(timeless(&other, again), timeless(&record, summary));
    let point = |record: &Record| record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
    let bits = |point: Vec<f32>| point.into_iter().map(f32::to_bits).collect::<Vec<u32>>();
    assert_eq!(bits(point(&other)), bits(point(&record)));
}

/// The share of the sequences at these addresses whose answer is the likeliest token at `point`.
fn right(experiment: &Experiment, point: &[f32], addresses: &[Address]) -> f64 {
    let (mut evaluator, right) = (Evaluator::new(experiment, &machine(1)), AtomicUsize::new(0));
    evaluator.at(point).predict(&mut machine(1), Sequences::Drawn(Purpose::Train, addresses), &|_, example, said| {
        let answer = usize::from(example.targets[0][experiment.world().shape().scored.start]);
        let others = said.logits.iter().enumerate().filter(|(token, _)| *token != answer);
        right.fetch_add(usize::from(others.into_iter().all(|(_, z)| *z < said.logits[answer])), Ordering::Relaxed);
    });
    right.into_inner() as f64 / addresses.len() as f64
}

#[test]
fn training_sequences_are_scored_beside_those_of_validation_and_change_no_bit() {
    let table = |overrides: &[&str]| {
        let short = ["training.steps=400", "evaluation.every=200"];
        let overrides: Vec<String> = short.iter().chain(overrides).map(|set| set.to_string()).collect();
        Recipe::parse(TABLE, "table.toml", &overrides).and_then(|recipe| Plan::new(&recipe)).map(Experiment::new)
    };
    let fixed = ["data.source=fixed", "data.sequences=200", "evaluation.training_sequences=150"];
    let experiment = table(&fixed).unwrap().unwrap();
    let (_scratch, record, summary) = run(&experiment, &mut machine(2), &[]);
    let last = record.metrics().unwrap().pop().unwrap();
    let point = record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
    let scored: Vec<Address> = (0..150).map(|index| Address { step: 0, index }).collect();
    assert_eq!(last.training_criterion, Some(right(&experiment, &point, &scored)));
    assert!(last.training_criterion > last.criterion, "{last:?}");
    let without = table(&[&fixed[..2], &["evaluation.training_sequences=0"]].concat()).unwrap().unwrap();
    let (_scratch, plain, other) = run(&without, &mut machine(1), &[]);
    assert_eq!(other.weights_hash, summary.weights_hash);
    assert!(plain.metrics().unwrap().iter().all(|line| line.training_criterion.is_none()));
    let refused = |overrides: &[&str]| table(overrides).map(|_| ()).unwrap_err().to_string();
    let many = refused(&[&fixed[..2], &["evaluation.training_sequences=201"]].concat());
    assert!(many.contains("evaluation.training_sequences = 201") && many.contains("at most the 200"), "{many}");
    let recipe = Recipe::parse(SMALL, "small.toml", &["evaluation.training_sequences=5".into()]).unwrap();
    let nothing = Plan::new(&recipe).unwrap_err().to_string();
    assert!(nothing.contains("evaluation.training_sequences = 5") && nothing.contains("[success]"), "{nothing}");
}
