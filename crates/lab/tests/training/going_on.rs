//! A run that goes on where it stopped, whatever is left of its record.

use super::*;

/// Checkpoints that a run leaves, everything in them.
/// The hash of the lines is left out, since they hold the time.
fn states_without_time(record: &Record, experiment: &Experiment) -> Vec<infimum_lab::TrainingState> {
    let names = record.checkpoints().unwrap().into_iter();
    let states = names.map(|name| record.load(name, &experiment.layout()).unwrap());
    states.map(|state| infimum_lab::TrainingState { lines: (state.lines.0, String::new()), ..state }).collect()
}

/// Learnt by heart, validation is best early; going on later neither forgets that nor loses or repeats a line, even where
/// lines were written after the checkpoint.
#[test]
fn going_on_keeps_the_best_and_drops_the_lines_after_the_checkpoint() {
    let overrides =
        ["data.source=fixed", "data.sequences=24", "training.steps=200", "training.decay=0", "world.length=30"];
    let experiment = experiment(&[&overrides[..], &["evaluation.keep_every=50"]].concat());
    let (_scratch, whole, expected) = run(&experiment, &mut machine(2), &[]);
    let best = whole.load(CheckpointName::Best, &experiment.layout()).unwrap().step;
    assert!(best < 150, "step {best}");
    let lines = whole.metrics().unwrap();
    let (_scratch, record, _) = run(&experiment, &mut machine(2), &[150]);
    assert_eq!(states_without_time(&record, &experiment), states_without_time(&whole, &experiment));
    // As after a kill between the lines of a later step and its checkpoint, and without `last`: from step 150 again.
    std::fs::remove_file(record.checkpoint_path(CheckpointName::Last)).unwrap();
    std::fs::remove_file(record.checkpoint_path(CheckpointName::Step(200))).unwrap();
    let mut started = None;
    let mut tell = |event: Event<'_>| {
        if let Event::Started { step, .. } = event {
            started = Some(step);
        }
    };
    let writer = record.clone().write().unwrap();
    let summary = training::run(&experiment, &mut machine(1), &writer, &mut tell, &AtomicBool::new(false)).unwrap();
    assert_eq!(started, Some(150));
    assert_eq!(timeless(&record, summary), timeless(&whole, expected));
    assert_eq!(record.metrics().unwrap().len(), lines.len());
}

/// Other lines than those of the checkpoint are refused, and nothing is touched.
#[test]
fn lines_of_another_run_are_refused() {
    let (first, second) = (experiment(&[]), experiment(&["training.seed=6"]));
    let (_scratch, record, _) = run(&first, &mut machine(1), &[]);
    let (_other, other, _) = run(&second, &mut machine(1), &[]);
    let (ours, theirs) = (record.path().join("metrics.jsonl"), other.path().join("metrics.jsonl"));
    let good = std::fs::read(&ours).unwrap();
    for bad in [std::fs::read(&theirs).unwrap(), vec![], good[..good.len() / 2].to_vec()] {
        std::fs::write(&ours, &bad).unwrap();
        let writer = record.clone().write().unwrap();
        let error = training::run(&first, &mut machine(1), &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains("metrics.jsonl"), "{error}");
        assert_eq!(std::fs::read(&ours).unwrap(), bad);
    }
    std::fs::remove_file(&ours).unwrap();
    let writer = record.clone().write().unwrap();
    assert!(training::run(&first, &mut machine(1), &writer, &mut |_| {}, &AtomicBool::new(false)).is_err());
}
