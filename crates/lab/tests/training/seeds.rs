//! Seeds that train at once: each leaves what it leaves alone, whatever stops, fails or was done before.

use std::path::Path;
use std::sync::Mutex;

use infimum_lab::seeds::{self, SeedRun};

use super::*;

/// What a record holds, without times.
fn content(record: &Record, experiment: &Experiment) -> (String, Vec<infimum_lab::StepLine>, Vec<u8>, String) {
    let state = record.load(CheckpointName::Last, &experiment.layout()).unwrap();
    let mut lines = record.metrics().unwrap();
    lines.iter_mut().for_each(|line| line.seconds = 0.0);
    let arrays = state.optimiser.iter().flat_map(|(_, array)| array).chain(&state.point);
    let bytes = arrays.flat_map(|x| x.to_bits().to_le_bytes()).collect();
    let Summary { status, steps, weights_hash, figures, .. } = record.summary().unwrap().unwrap();
    (record.plan().unwrap(), lines, bytes, format!("{status:?} {steps} {weights_hash} {figures:?}"))
}

fn train(experiment: &Experiment, machines: &mut [Machine], runs: &Path, numbers: &[u64]) -> Vec<SeedRun> {
    let mut found = seeds::find(experiment, runs, numbers).unwrap();
    seeds::train(experiment, machines, runs, &mut found, &|_, _| {}, &AtomicBool::new(false));
    found
}

fn machines(threads: &[usize]) -> Vec<Machine> {
    threads.iter().map(|&threads| machine(threads)).collect()
}

#[test]
fn seeds_at_once_leave_the_records_that_they_leave_alone() {
    for overrides in [
        &[][..],
        &["model.dropout=0.2", "training.batch=40"],
        &["data.source=fixed", "data.sequences=60"],
        &["model.width=48"],
    ] {
        let (experiment, alone) = (experiment(overrides), folder());
        let numbers = [5, 0, 9, 2];
        let expected: Vec<_> = numbers
            .map(|seed| {
                let experiment = experiment.with_seed(seed);
                let plan = experiment.plan().to_toml();
                let record = Record::create(alone.path(), &seeds::record_name(experiment.plan()), &plan).unwrap();
                training::run(&experiment, &mut machine(1), &record, &mut |_| {}, &AtomicBool::new(false)).unwrap();
                content(record.record(), &experiment)
            })
            .into();
        for threads in [&[1][..], &[2], &[1, 1], &[2, 1, 1], &[1; 7]] {
            let runs = folder();
            let trained = train(&experiment, &mut machines(threads), runs.path(), &numbers);
            let records = trained.iter().map(|run| run.record.as_ref().unwrap());
            let found: Vec<_> = records.map(|record| content(record, &experiment)).collect();
            assert!(found == expected, "{overrides:?} {threads:?}");
            assert_eq!(trained.iter().map(|run| run.seed).collect::<Vec<_>>(), numbers);
        }
    }
}

#[test]
fn what_was_stopped_goes_on_and_what_is_finished_is_left_alone() {
    let (experiment, runs, whole) = (experiment(&[]), folder(), folder());
    let hashes = |seeds: &[SeedRun]| -> Vec<String> {
        seeds.iter().map(|seed| seed.finished().expect("it is finished").weights_hash.clone()).collect()
    };
    let numbers = [0, 1, 2, 3, 4];
    let expected = hashes(&train(&experiment, &mut machines(&[1, 1]), whole.path(), &numbers));
    for stopped_at in [0, 1, 30, 45, 60] {
        let (stop, steps) = (AtomicBool::new(stopped_at == 0), AtomicUsize::new(0));
        let tell = |_, event: Event<'_>| {
            if matches!(event, Event::Step { .. }) && steps.fetch_add(1, Ordering::Relaxed) + 1 == stopped_at {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let mut found = seeds::find(&experiment, runs.path(), &numbers).unwrap();
        seeds::train(&experiment, &mut machines(&[1, 1]), runs.path(), &mut found, &tell, &stop);
        assert!(found.iter().all(|run| run.error.is_none()) && !found.iter().all(SeedRun::is_finished));
    }
    let done = |runs: &[SeedRun]| runs.iter().filter(|run| run.is_finished()).count();
    assert!(
        done(&seeds::find(&experiment, runs.path(), &numbers).unwrap()) >= 1,
        "136 of 200 steps are done, two seeds at a time"
    );
    assert_eq!(hashes(&train(&experiment, &mut machines(&[1, 1]), runs.path(), &numbers)), expected);
    let events = Mutex::new(0);
    let mut found = seeds::find(&experiment, runs.path(), &numbers).unwrap();
    let tell = |_, _: Event<'_>| *events.lock().unwrap() += 1;
    seeds::train(&experiment, &mut machines(&[1]), runs.path(), &mut found, &tell, &AtomicBool::new(false));
    assert_eq!((events.into_inner().unwrap(), hashes(&found)), (0, expected), "nothing was left to do");
    assert_eq!(Record::list(runs.path()).unwrap().len(), numbers.len());
}

/// A record of the same name is another run's if its plan is.
#[test]
fn a_record_with_another_plan_is_neither_used_nor_touched() {
    let (short, long, runs) = (experiment(&["training.steps=10"]), experiment(&[]), folder());
    let first = train(&short, &mut machines(&[1]), runs.path(), &[5, 6]);
    let second = train(&long, &mut machines(&[1]), runs.path(), &[6, 5]);
    let names = |runs: &[SeedRun]| runs.iter().map(|run| run.record.as_ref().unwrap().name()).collect::<Vec<_>>();
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["small-s5".into(), "small-s6".into()], vec!["small-s6-2".into(), "small-s5-2".into()])
    );
    let steps = |runs: &[SeedRun]| runs.iter().map(|run| run.finished().unwrap().steps).collect::<Vec<_>>();
    assert_eq!((steps(&first), steps(&second)), (vec![10, 10], vec![40, 40]));
    assert_eq!(steps(&train(&short, &mut machines(&[1]), runs.path(), &[5, 6])), [10, 10]);
    assert_eq!(Record::list(runs.path()).unwrap().len(), 4);
}

#[test]
fn what_goes_wrong_with_a_seed_stands_beside_it_and_the_others_go_on() {
    let (experiment, runs) = (experiment(&[]), folder());
    let plan = experiment.with_seed(1).plan().to_toml();
    let other = Record::create(runs.path(), "small-s1", &plan).unwrap();
    let trained = train(&experiment, &mut machines(&[1, 1]), runs.path(), &[0, 1, 2]);
    assert!(matches!(trained[1].error, Some(LabError::Busy { .. })), "{:?}", trained[1].error);
    assert_eq!([0, 1, 2].map(|k: usize| trained[k].is_finished()), [true, false, true]);
    drop(other);
    let settings = ["training.rate=100", "training.clip=0", "training.warmup=20", "training.steps=200"];
    let diverging = super::experiment(&[&settings[..], &["model.norm=none", "model.activation=relu3"]].concat());
    let trained = train(&diverging, &mut machines(&[1, 1]), runs.path(), &[0, 1]);
    for run in &trained {
        assert!(matches!(run.error, Some(LabError::NotFinite { .. })), "{:?}", run.error);
        assert_eq!(run.summary.as_ref().map(|summary| summary.status), Some(Status::Diverged));
    }
    assert!(seeds::means(&trained).is_empty());
}

#[test]
fn short_steps_train_a_seed_on_each_thread_and_long_ones_share_all() {
    let threads = |overrides: &[&str], threads: usize, seeds: usize| -> Vec<usize> {
        let machines = seeds::machines(&experiment(overrides), Isa::best(), threads, seeds);
        machines.iter().map(Machine::threads).collect()
    };
    let cases: [(usize, usize, &[usize]); 6] =
        [(1, 4, &[1]), (2, 4, &[1, 1]), (4, 4, &[1; 4]), (5, 3, &[2, 2, 1]), (8, 1, &[8]), (3, 2, &[2, 1])];
    for (budget, seeds, expected) in cases {
        assert_eq!(threads(&[], budget, seeds), expected);
    }
    let long = ["model.width=256", "training.batch=1000"];
    assert_eq!(threads(&long, 4, 4), [4], "one after another");
}

#[test]
fn means_are_over_finished_seeds_with_an_interval_over_them() {
    let (experiment, runs) = (experiment(&[]), folder());
    let mut trained = train(&experiment, &mut machines(&[1, 1]), runs.path(), &[0, 1, 2]);
    let value = |run: &SeedRun| run.finished().unwrap().figures[0].value;
    let (a, b) = (value(&trained[0]), value(&trained[2]));
    trained[1].summary = None;
    let means = seeds::means(&trained);
    let half = 12.706 * (a - b).abs() / 2.0;
    let [mean, low, high] = [means[0].value, means[0].low.unwrap(), means[0].high.unwrap()];
    assert_eq!((means[0].name.as_str(), mean), ("excess_loss", (a + b) / 2.0));
    for (found, expected) in [(low, mean - half), (high, mean + half)] {
        assert!((found - expected).abs() <= 1e-12 * half, "{found} {expected}");
    }
    trained[0].summary = None;
    assert!(seeds::means(&trained).is_empty(), "one seed has no interval");
}
