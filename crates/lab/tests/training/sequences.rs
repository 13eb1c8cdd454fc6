//! What is trained on: windows, counts, exports, forecasts of them, and how much the test shares with them.

use super::*;

/// Training windows are stretches of `train.bin`, from every place of it; test windows are drawn from the law.
#[test]
fn windows_are_cut_from_the_exported_blocks() {
    let experiment = experiment(&[
        "world.kind=markov-windows",
        "world.window=10",
        "data.source=export",
        "export.train_sequences=3",
        "evaluation.keep_every=0",
    ]);
    let scratch = folder();
    infimum_lab::export(experiment.plan(), scratch.path()).unwrap();
    let bytes = std::fs::read(scratch.path().join("train.bin")).unwrap();
    let stream: Vec<u16> = bytes.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
    let stretches: Vec<&[u16]> = stream.windows(11).collect();
    let mut example = infimum_worlds::Example::default();
    let mut place = |purpose, index| {
        experiment.draw(purpose, infimum_lab::data::Address { step: 7, index }, &mut example);
        assert_eq!(example.tokens[1..], example.targets[0][..9]);
        stretches.iter().position(|s| s[..10] == example.tokens && s[1..] == example.targets[0])
    };
    let places: std::collections::BTreeSet<_> = (0..400).map(|index| place(Purpose::Train, index)).collect();
    assert_eq!(places, (0..stretches.len()).map(Some).collect());
    assert!((0..400).any(|index| place(Purpose::Test, index).is_none()));
    let (_scratch, record, _) = run(&experiment, &mut machine(1), &[11]);
    let (_scratch, whole, _) = run(&experiment, &mut machine(3), &[]);
    let weights = |r: &Record| r.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
    assert_eq!(weights(&record), weights(&whole));
}

/// A table of logits that sees all counts at every step ends where counting ends, and saw every target once a step.
#[test]
fn a_table_trained_on_counts_is_as_good_as_counting() {
    let experiment = experiment(&[
        "world.kind=markov-windows",
        "model.embedding=one-hot",
        "model.width=5",
        "model.heads=1",
        "model.mlp_ratio=1",
        "model.mlp_first=identity",
        "model.activation=relu",
        "model.norm=none",
        "model.tied=true",
        "model.positions=none",
        "model.attention=false",
        "data.source=counts",
        "export.train_sequences=2000",
        "training.steps=300",
        "training.rate=0.1",
        "training.last_rate=0",
        "training.decay=0",
        "evaluation.test_sequences=4000",
    ]);
    assert_eq!(experiment.plan().parameters(), 25);
    let (_scratch, _, summary) = run(&experiment, &mut machine(2), &[100]);
    assert_eq!(summary.tokens, 300 * (2000 * 7 - 1));
    let figure = |name: &str| summary.figures.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no {name}"));
    let (excess, counting) = (figure("excess_loss"), figure("counting_excess"));
    assert!((excess.value - counting.value).abs() <= 2e-5, "{excess:?}, {counting:?}");
    assert!(summary.figures.iter().all(|f| f.name != "shared_sequences"), "no sequence was seen");
}

#[test]
fn forecasts_count_what_is_there() {
    let experiment = experiment(&[]);
    let forecast = infimum_lab::forecast(&experiment, &machine(1));
    assert_eq!(forecast.arrays.iter().map(|a| a.parameters).sum::<usize>(), forecast.parameters);
    assert_eq!((forecast.parameters, forecast.tokens), (experiment.plan().parameters(), 40 * 24 * 6));
    assert!(forecast.seconds > 0.0 && forecast.seconds < 60.0 && forecast.bytes > 10_000);
}

fn retraced(experiment: &Experiment, steps: u64) -> usize {
    infimum_lab::retrace(experiment, steps, &mut machine(2), &mut |_, _| true).unwrap().shared_sequences.unwrap()
}

/// In a world of eight sequences every test sequence was trained on; in a larger one the count is that of a search.
#[test]
fn shared_sequences_are_counted() {
    let count = |overrides: &[&str]| {
        let experiment = experiment(overrides);
        let draw = |purpose, step, index| {
            let mut example = infimum_worlds::Example::default();
            let address = infimum_lab::data::Address { step, index };
            experiment.draw(purpose, address, &mut example);
            (example.tokens, example.targets)
        };
        let trained: Vec<_> = (0..24).map(|index| draw(Purpose::Train, 0, index)).collect();
        let searched = (0..64).filter(|i| trained.contains(&draw(Purpose::Test, 0, *i))).count();
        (retraced(&experiment, 1), searched)
    };
    let (some, searched) = count(&["world.length=4"]);
    assert!(some == searched && some > 0 && some < 64, "{some} counted, {searched} found");
    assert_eq!(count(&["world.length=30"]), (0, 0));
    let tiny = experiment(&["world.states=2", "world.length=4"]);
    assert_eq!(retraced(&tiny, 40), 64);
}
