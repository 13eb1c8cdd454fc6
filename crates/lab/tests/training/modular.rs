//! A network that first knows the training pairs of a table by heart, and then all: its lines show both, and neither threads nor
//! instruction sets change a bit of what comes out.

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
    let experiment = Experiment::new(Plan::new(&Recipe::parse(TABLE, "table.toml", &[]).unwrap()).unwrap()).unwrap();
    let (_scratch, record, summary) = run(&experiment, &mut machine(1), &[]);
    let lines = record.metrics().unwrap();
    let first = |of: fn(&infimum_lab::StepLine) -> Option<f64>| {
        lines.iter().find(|line| of(line).is_some_and(|value| value >= 0.99)).map(|line| line.step)
    };
    let (by_heart, all) = (first(|line| line.training_criterion), first(|line| line.criterion));
    println!("by heart {by_heart:?}, all {all:?}");
    assert!(by_heart.unwrap() < all.unwrap(), "{by_heart:?} {all:?}");
    assert!(summary.value("exact_match").unwrap() >= 0.99);
    let (_scratch, other, again) = run(&experiment, &mut machine(2), &[]);
    assert_eq!(timeless(&other, again), timeless(&record, summary));
    let point = |record: &Record| record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
    let bits = |point: Vec<f32>| point.into_iter().map(f32::to_bits).collect::<Vec<u32>>();
    assert_eq!(bits(point(&other)), bits(point(&record)));
}
