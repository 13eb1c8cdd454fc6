//! Worlds of questions: stages, pairs that are held out, and answers that are written.

use infimum_lab::data::Address;
use infimum_lab::sample;
use infimum_worlds::Example;

use super::*;

const SUMS: &str = "name = \"sums\"
[world]
kind = \"addition\"
digits = 2
held_out = 0.2
[model]
width = 8
layers = 1
heads = 1
[training]
steps = 30
batch = 24
rate = 1e-2
seed = 5
[[training.curriculum]]
until = 10
world = { max_digits = 1 }
[[training.curriculum]]
until = 20
fade = true
world = { carries = { chain = 1.0 } }
[evaluation]
every = 10
sequences = 32
test_sequences = 64
";

fn sums(overrides: &[&str]) -> Experiment {
    of_recipe(SUMS, overrides)
}

/// The pair of each of these sequences.
fn pairs(experiment: &Experiment, purpose: Purpose, step: u64, count: u64) -> Vec<(u16, u16)> {
    let mut example = Example::default();
    let pair = |index| {
        experiment.draw(purpose, Address { step, index }, &mut example);
        let digits = &example.tokens;
        (10 * digits[0] + digits[1], 10 * digits[3] + digits[4])
    };
    (0..count).map(pair).collect()
}

#[test]
fn steps_draw_from_the_world_of_their_stage_and_the_test_from_its_own() {
    let experiment = sums(&[]);
    let is_chain = |&(a, b): &(u16, u16)| a.max(b) == 99 && a.min(b) < 10;
    let of = |step| pairs(&experiment, Purpose::Train, step, 24);
    assert!([0, 9].into_iter().flat_map(of).all(|(a, b)| a < 10 && b < 10));
    assert!(of(10).iter().all(is_chain));
    let halfway = of(15);
    assert!(halfway[12..].iter().all(is_chain) && !halfway[..12].iter().all(is_chain));
    assert!([20, 29].into_iter().flat_map(of).any(|(a, b)| a >= 10 && b >= 10 && !is_chain(&(a, b))));
    for purpose in [Purpose::Validation, Purpose::Test] {
        let tested = pairs(&experiment, purpose, 0, 500);
        assert!(tested.iter().any(|(a, b)| *a >= 10 && *b >= 10));
        let trained: std::collections::BTreeSet<_> = (0..30).flat_map(of).collect();
        assert!(tested.iter().all(|pair| !trained.contains(pair)), "no test pair is trained on");
    }
}

#[test]
fn a_curriculum_stands_in_the_plan_and_goes_on_to_the_same_bits() {
    let experiment = sums(&[]);
    let toml = experiment.plan().to_toml();
    assert_eq!(&Plan::from_toml(&toml, std::path::Path::new("plan.toml")).unwrap(), experiment.plan());
    assert!(toml.contains("[[training.curriculum]]") && toml.contains("max_digits = 1"), "{toml}");
    let (_scratch, whole, summary) = run(&experiment, &mut machine(2), &[]);
    let (_other, parts, _) = run(&experiment, &mut machine(1), &[7, 15]);
    let weights = |record: &Record| record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
    assert_eq!(weights(&parts), weights(&whole));
    let plain = sums(&["training.curriculum=[]"]);
    let (_plain, other, _) = run(&plain, &mut machine(1), &[]);
    assert_ne!(weights(&other), weights(&whole), "the stages say what is learnt");
    let figure = |name: &str| summary.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value);
    assert_eq!(figure("shared_sequences"), Some(0.0));
    assert!(figure("exact_match").is_some() && figure("transition_kl").is_none());
}

/// An answer that is written token by token is right exactly if every target of it is hit.
#[test]
fn answers_are_written_right_where_all_their_targets_are_hit() {
    let experiment =
        sums(&["training.curriculum=[]", "world.max_digits=1", "training.steps=1200", "training.batch=64"]);
    let (mut machine, sequences) = (machine(2), 200);
    let mut trainer = Trainer::start(&experiment, &machine).unwrap();
    (0..1200).for_each(|_| _ = trainer.advance(&mut machine).unwrap());
    let mut evaluator = Evaluator::new(&experiment, &machine);
    let scores = evaluator.score(&mut machine, trainer.point(), Purpose::Sample, 0..sequences);
    let hit: Vec<bool> = scores.iter().map(|score| score.hits == score.weight).collect();
    let written = sample(&experiment, &mut machine, trainer.point(), sequences, 0.0, experiment.plan().training().seed);
    let mut example = Example::default();
    let mut is_right = |(index, written): (usize, Vec<u16>)| {
        experiment.draw(Purpose::Sample, Address { step: 0, index: index as u64 }, &mut example);
        assert_eq!(written[..6], example.tokens[..6], "the same question");
        written[6..] == example.targets[0][5..]
    };
    let right: Vec<bool> = written.into_iter().enumerate().map(&mut is_right).collect();
    assert_eq!(right, hit);
    let count = right.iter().filter(|right| **right).count();
    assert!((1..sequences).contains(&count), "{count} of {sequences}: some are right, some are wrong");
}
