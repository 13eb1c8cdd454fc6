//! Mined errors: what is found is what the recorded network answers wrong, none of it is ever tested on, the steps are mixed with it
//! as they say, and runs go on to the same bits.

use std::collections::BTreeSet;
use std::path::Path;

use infimum_lab::data::Address;
use infimum_lab::predictor::{Predictor, Sequences};
use infimum_lab::sums::Sums;
use infimum_lab::{Mined, TrainingState};
use infimum_worlds::addition::Pair;
use infimum_worlds::{Example, Stream};

use super::*;

const MINED: &str = "name = \"mined\"
[world]
kind = \"addition\"
digits = 2
max_digits = 1
held_out = 0.2
[model]
width = 8
layers = 1
heads = 1
[training]
batch = 48
rate = 2e-2
seed = 5
[[training.stages]]
steps = 300
[[training.stages]]
steps = 12
mined = { share = 0.5, search = 300, most = 290, every = 5 }
[[training.stages]]
steps = 4
mined = { share = 0.25, search = 500, most = 7 }
[[training.stages]]
steps = 3
[evaluation]
every = 20
keep_every = 1
sequences = 64
test_sequences = 500
";

fn mined(overrides: &[&str]) -> Experiment {
    of_recipe(MINED, overrides)
}

fn drawn(experiment: &Experiment, purpose: Purpose, address: Address) -> Example {
    let mut example = Example::default();
    experiment.draw(purpose, address, &mut example);
    example
}

fn pair(example: &Example) -> Pair {
    let number = |at: usize| u64::from(10 * example.tokens[at] + example.tokens[at + 1]);
    Pair { a: number(0), b: number(3) }
}

/// What a search before `step` looks through, in order.
fn looked_through(experiment: &Experiment, step: u64, count: u64) -> Vec<Example> {
    let address = |number| Mined { step, numbers: vec![number] }.addresses().next().unwrap();
    (0..count).map(|number| drawn(experiment, Purpose::Train, address(number))).collect()
}

#[test]
fn what_is_found_is_what_the_recorded_network_answers_wrong_and_is_never_tested_on() {
    let experiment = mined(&[]);
    let (_scratch, record, _) = run(&experiment, &mut machine(2), &[]);
    let load = |step| record.load(CheckpointName::Step(step), &experiment.layout()).unwrap();
    let sums = Sums::of(&experiment).unwrap();
    let ours = &experiment;
    let test = |purpose, count| (0..count).map(move |index| drawn(ours, purpose, Address { step: 0, index }).tokens);
    let mut tested: BTreeSet<Vec<u16>> = test(Purpose::Validation, 64).chain(test(Purpose::Test, 500)).collect();
    for index in 0..20_000 {
        let mut example = Example::default();
        experiment.world().draw(&mut Stream::new(9, Purpose::Check, 0, index), &mut example);
        tested.insert(example.tokens);
    }
    assert!((10..30).contains(&tested.len()), "all pairs that are held out: {}", tested.len());
    for (searched, count, most, until) in [(300, 300, 290, 305), (305, 300, 290, 310), (312, 500, 7, 316)] {
        let looked = looked_through(&experiment, searched, count);
        let pairs: Vec<Pair> = looked.iter().map(pair).collect();
        let (mut evaluator, point) = (Evaluator::new(&experiment, &machine(1)), load(searched).point);
        let answers = sums.answers(&mut evaluator.at(&point), &mut machine(1), &pairs);
        let wrong = answers.iter().zip(0..).filter(|(answer, _)| !answer.is_right).map(|(_, number)| number);
        let numbers: Vec<u64> = wrong.take(most).collect();
        assert!(!numbers.is_empty() && numbers.len() < 290, "{} wrong of {count}", numbers.len());
        let expected = Mined { step: searched, numbers };
        for step in searched + 1..until {
            assert_eq!(load(step).mined, Some(expected.clone()), "after step {step}");
        }
        for address in expected.addresses() {
            assert!(!tested.contains(&drawn(&experiment, Purpose::Train, address).tokens), "it is tested on");
        }
    }
    assert_eq!([1, 300, 312, 316, 319].map(|step| load(step).mined), [const { None }; 5]);
    let counts: Vec<Option<u64>> = record.metrics().unwrap().iter().map(|line| line.mined).collect();
    assert!(counts.iter().any(Option::is_some) && counts[0].is_none());
}

/// The loss of a step is the mean over the mined sequences and the others.
#[test]
fn a_step_has_its_share_of_mined_sequences() {
    let experiment = mined(&["training.stages=[{ steps = 20, mined = { share = 0.25, search = 40, most = 1 } }]"]);
    let mut machine = machine(2);
    let mut trainer = Trainer::start(&experiment, &machine).unwrap();
    for step in 0..20 {
        let point = trainer.point().to_vec();
        let done = trainer.advance(&mut machine).unwrap();
        let mined = trainer.mined().unwrap();
        assert_eq!(
            (mined.step, mined.numbers.len(), done.mined),
            (0, 1, Some(1)),
            "an untrained network gets all wrong"
        );
        let one = mined.addresses().next().unwrap();
        let addresses: Vec<Address> =
            (0..48).map(|index| if index < 12 { one } else { Address { step, index } }).collect();
        let (mut evaluator, sum) = (Evaluator::new(&experiment, &machine), std::sync::Mutex::new((0.0, 0.0)));
        evaluator.at(&point).predict(&mut machine, Sequences::Drawn(Purpose::Train, &addresses), &|_, _, said| {
            let mut sum = sum.lock().unwrap();
            said.nats.iter().for_each(|nats| *sum = (sum.0 + f64::from(*nats), sum.1 + 1.0));
        });
        let (nats, targets) = sum.into_inner().unwrap();
        let expected = nats / targets;
        assert!((done.loss / expected - 1.0).abs() <= 1e-5, "step {step}: {} for {expected}", done.loss);
    }
}

#[test]
fn a_run_that_mines_goes_on_to_the_same_bits_from_every_step() {
    let experiment = mined(&["training.average={ kind = 'ema', decay = 0.5 }"]);
    let text = experiment.plan().to_toml();
    assert_eq!(Plan::from_toml(&text, Path::new("plan.toml")).unwrap(), *experiment.plan(), "{text}");
    let (_scratch, whole, _) = run(&experiment, &mut machine(1), &[]);
    let (_scratch, record, _) = run(&experiment, &mut machine(3), &(299..319).collect::<Vec<u64>>());
    for step in 1..=319 {
        let [one, other] = [&whole, &record].map(|record: &Record| {
            let state = record.load(CheckpointName::Step(step), &experiment.layout()).unwrap();
            TrainingState { lines: (0, String::new()), ..state }
        });
        assert_eq!(one, other, "step {step}");
    }
    let hash = |overrides: &[&str]| run(&mined(overrides), &mut machine(2), &[]).2.weights_hash;
    let stage = |mining: &str| format!("training.stages=[{{ steps = 30 }}, {{ steps = 20{mining} }}]");
    let mut hashes: Vec<String> = [
        "",
        ", mined = { search = 300 }",
        ", mined = { search = 300, share = 0.4 }",
        ", mined = { search = 299 }",
        ", mined = { search = 300, most = 5 }",
        ", mined = { search = 300, every = 7 }",
    ]
    .iter()
    .map(|mining| hash(&[&stage(mining)]))
    .collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 6, "no key is ignored");
}

/// Official sums that training draws are not mined: of one digit there are two.
#[test]
fn official_sums_are_not_mined() {
    let experiment = mined(&[
        "world.digits=10",
        "world.max_digits=1",
        "world.min_digits=1",
        "training.stages=[{ steps = 2, mined = { search = 1000, most = 1000 } }]",
    ]);
    let mut machine = machine(1);
    let mut trainer = Trainer::start(&experiment, &machine).unwrap();
    trainer.advance(&mut machine).unwrap();
    let pair = |example: &Example| (example.tokens[9], example.tokens[20]);
    let mined: BTreeSet<_> =
        trainer.mined().unwrap().addresses().map(|a| pair(&drawn(&experiment, Purpose::Train, a))).collect();
    let looked: BTreeSet<_> = looked_through(&experiment, 0, 1000).iter().map(pair).collect();
    let left_out: Vec<_> = looked.difference(&mined).collect();
    assert!(left_out.iter().all(|pair| [(0, 0), (0, 1)].contains(pair)) && !left_out.is_empty(), "{left_out:?}");
    assert!(mined.len() > 60 && !mined.contains(&(0, 0)) && !mined.contains(&(0, 1)));
}

#[test]
fn a_state_with_other_mined_sequences_is_refused() {
    let experiment = mined(&["training.stages=[{ steps = 9 }, { steps = 9, mined = { search = 100, every = 4 } }]"]);
    let text = experiment.plan().to_toml();
    let scratch = folder();
    let writer = Record::create(scratch.path(), "run", &text).unwrap();
    let stop_at = |step: u64| {
        let stop = AtomicBool::new(false);
        let mut tell = |event: Event<'_>| {
            if matches!(event, Event::Step { step: now, .. } if now == step) {
                stop.store(true, Ordering::Relaxed);
            }
        };
        training::run(&experiment, &mut machine(1), &writer, &mut tell, &stop)
    };
    stop_at(11).unwrap();
    let path = writer.record().checkpoint_path(CheckpointName::Last);
    let good = writer.record().load(CheckpointName::Last, &experiment.layout()).unwrap();
    let found = good.mined.clone().unwrap();
    assert_eq!(found.step, 9);
    let other = |numbers: Vec<u64>| Some(Mined { numbers, ..found.clone() });
    for (bad, part) in [
        (None, "lacks the sequences that were mined before step 9"),
        (Some(Mined { step: 13, ..found.clone() }), "other mined sequences"),
        (other(vec![3, 2]), "other mined sequences"),
        (other(vec![100]), "other mined sequences"),
    ] {
        infimum_lab::checkpoint::write(
            &path,
            &text,
            &experiment.layout(),
            &TrainingState { mined: bad, ..good.clone() },
        )
        .unwrap();
        let message = stop_at(13).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    infimum_lab::checkpoint::write(&path, &text, &experiment.layout(), &good).unwrap();
    stop_at(13).unwrap();
}

#[test]
fn mining_that_cannot_be_is_refused() {
    let message = |overrides: &[&str]| {
        let overrides: Vec<String> = overrides.iter().map(|set| set.to_string()).collect();
        let plan = Recipe::parse(MINED, "mined.toml", &overrides).and_then(|recipe| Plan::new(&recipe));
        plan.expect_err("it is refused").to_string()
    };
    let stage = |text: &str| format!("training.stages=[{{ steps = 9, {text} }}]");
    for (set, parts) in [
        (vec!["world.held_out=0"], ["training.stages.mined = set", "world.held_out"]),
        (vec![&stage("mined = { share = 0 }")[..]], ["training.stages.mined.share = 0", "more than 0"]),
        (vec![&stage("mined = { share = 1.5 }")], ["training.stages.mined.share = 1.5", "at most 1"]),
        (vec![&stage("mined = { shares = 1 }")], ["unknown key `shares`", "`share`"]),
        (vec![&stage("mined = { search = 0 }")], ["training.stages.mined.search = 0", "at least 1"]),
        (
            vec![&stage("mined = {}, data = { source = 'fixed', sequences = 99 }")],
            ["training.stages.mined = set", "\"fixed\""],
        ),
        (
            vec!["world={ kind = 'markov', states = 3, length = 6, seed = 1 }"],
            ["training.stages.mined = set", "no one answer"],
        ),
    ] {
        let message = message(&set);
        assert!(parts.iter().all(|part| message.contains(part)), "{set:?}: {message}");
    }
}
