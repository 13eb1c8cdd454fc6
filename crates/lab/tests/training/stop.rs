//! Training that ends once validations get no better.

use infimum_lab::training::Weights;

use super::*;

/// Learnt by heart, validation is best early.
const BY_HEART: [&str; 6] = [
    "data.source=fixed",
    "data.sequences=24",
    "training.steps=400",
    "training.decay=0",
    "world.length=30",
    "evaluation.every=5",
];

fn by_heart(overrides: &[&str]) -> Experiment {
    experiment(&[&BY_HEART[..], overrides].concat())
}

/// The step of the first of the best validations, and the step at which `patience` have passed since.
fn expected(record: &Record, patience: usize, value: fn(&infimum_lab::StepLine) -> Option<f64>) -> (u64, u64) {
    let lines = record.metrics().unwrap();
    let values: Vec<(u64, f64)> = lines.iter().filter_map(|line| Some((line.step, value(line)?))).collect();
    let (mut best, mut since) = ((0, f64::INFINITY), 0);
    for (step, value) in values {
        (best, since) = if value < best.1 { ((step, value), 0) } else { (best, since + 1) };
        if since == patience {
            return (best.0, step);
        }
    }
    panic!("patience of {patience} is never over")
}

#[test]
fn training_ends_after_its_patience_and_the_best_is_scored() {
    let (_whole, never_stopped, _) = run(&by_heart(&[]), &mut machine(2), &[]);
    for patience in [1, 4] {
        let experiment = by_heart(&[&format!("training.stop.patience={patience}")]);
        let (best, end) = expected(&never_stopped, patience, |line| line.validation);
        assert!(end < 400);
        let (_scratch, record, summary) = run(&experiment, &mut machine(2), &[]);
        assert_eq!((summary.status, summary.steps), (Status::Finished, end), "patience {patience}");
        let state = record.load(CheckpointName::Best, &experiment.layout()).unwrap();
        assert_eq!((state.step, state.best.unwrap().0), (best, best));
        assert_eq!(summary.weights_hash, experiment.layout().weights_hash(&state.point));
        assert_eq!(record.load(CheckpointName::Last, &experiment.layout()).unwrap().step, end);
        let weights = Weights { point: &state.point, steps: Some(end) };
        let figures = training::evaluate(&experiment, &mut machine(1), weights, &mut |_| {}).unwrap();
        assert_eq!(format!("{figures:?}"), format!("{:?}", summary.figures));
        // Nothing but the end differs from the run that goes on.
        let (stopped, whole) = (record.metrics().unwrap(), never_stopped.metrics().unwrap());
        for (a, b) in stopped.iter().zip(&whole) {
            assert_eq!((a.step, a.loss, a.validation), (b.step, b.loss, b.validation));
        }
    }
}

/// A figure that rises is followed upwards, also by `best`.
#[test]
fn a_figure_that_is_named_is_followed_its_own_way() {
    let experiment = by_heart(&["training.stop.patience=5", "training.stop.figure=accuracy"]);
    let (_scratch, record, summary) = run(&experiment, &mut machine(2), &[]);
    let (best, end) = expected(&record, 5, |line| line.stop.map(|accuracy| -accuracy));
    assert_eq!((summary.status, summary.steps), (Status::Finished, end));
    let state = record.load(CheckpointName::Best, &experiment.layout()).unwrap();
    let value = record.metrics().unwrap().iter().find(|line| line.step == best).and_then(|line| line.stop);
    assert_eq!((state.step, state.best), (best, value.map(|value| (best, value))));
    let (machine, mut evaluator) = (&mut machine(1), Evaluator::new(&experiment, &machine(1)));
    let scores = evaluator.score(machine, &state.point, Purpose::Validation, 0..32);
    let [hits, weight] = [scores.iter().map(|s| s.hits).sum::<f64>(), scores.iter().map(|s| s.weight).sum()];
    assert_eq!(Some(hits / weight), value);
}

#[test]
fn a_run_that_stops_early_goes_on_to_the_same_bits() {
    for overrides in
        [&["training.stop.patience=4"][..], &["training.stop.patience=3", "training.stop.figure=excess_loss"]]
    {
        let experiment = by_heart(overrides);
        let (_whole, whole, expected) = run(&experiment, &mut machine(2), &[]);
        let end = expected.steps;
        assert!(end > 10 && end < 400);
        let (_scratch, record, summary) = run(&experiment, &mut machine(1), &[3, 10, end - 1]);
        assert_eq!(timeless(&record, summary.clone()), timeless(&whole, expected.clone()));
        // Once more, after its end: it has nothing to train, and scores the same.
        let writer = record.clone().write().unwrap();
        let again = training::run(&experiment, &mut machine(2), &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap();
        drop(writer);
        assert_eq!(timeless(&record, again), timeless(&whole, expected));
    }
}

#[test]
fn mistakes_in_stops_are_named() {
    for (overrides, parts) in [
        (&["training.stop.patience=0"][..], &["training.stop.patience = 0"][..]),
        (&["training.stop.figure=accuracy"], &["patience", "[training.stop]"]),
        (
            &["training.stop.patience=3", "training.stop.figure=acuracy"],
            &["training.stop.figure", "did you mean \"accuracy\"?"],
        ),
        (&["training.stop.patience=3", "training.stop.figure=class_accuracy"], &["training.stop.figure", "one of"]),
        (&["training.stop.patience=3", "training.stop.figure=shared_sequences"], &["training.stop.figure"]),
        (&["training.stop.patience=3", "training.stop.better=1"], &["better"]),
    ] {
        let overrides: Vec<String> = overrides.iter().map(|given| given.to_string()).collect();
        let plan = Recipe::parse(SMALL, "small.toml", &overrides).and_then(|recipe| Plan::new(&recipe));
        let text = plan.unwrap_err().to_string();
        parts.iter().for_each(|part| assert!(text.contains(part), "`{part}` is missing in: {text}"));
    }
}
