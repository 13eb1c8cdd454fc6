//! A process that is killed at any moment leaves a record that opens, with lines at least up to its last checkpoint.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use infimum_engine::{Parameter, Shape};
use infimum_lab::{CheckpointName, Layout, Record, RecordWriter, StepLine, TrainingState};

const KILLS: u64 = 25;
const SCALARS: usize = 20_000;

fn layout() -> Layout {
    Layout::new(
        vec![Parameter { name: "w".into(), shape: Shape { rows: 100, channels: 200 }, range: 0..SCALARS }],
        vec![],
    )
}

/// A state in which every array shows its step, so that a mixture of two steps would be seen.
fn state(step: u64) -> TrainingState {
    let array = vec![step as f32; SCALARS];
    let (point, optimiser) = (array.clone(), vec![("first".to_string(), array)]);
    TrainingState {
        step,
        point,
        optimiser_steps: step,
        optimiser,
        best: Some((step, step as f64)),
        unreported: (0.0, 0),
        unreported_of_heads: vec![],
        lines: (0, "none".into()),
        tokens: step,
        mined: None,
    }
}

fn line(step: u64) -> StepLine {
    let (rate, loss) = (0.1, step as f64);
    StepLine {
        step,
        tokens: step,
        rate,
        loss,
        gradient_norm: 1.0,
        parameter_norm: Some(1.0),
        validation: None,
        excess: None,
        criterion: None,
        exact_match: None,
        training_criterion: None,
        stage: None,
        mined: None,
        pull_distance: None,
        stop: None,
        heads: vec![],
        seconds: 0.0,
    }
}

/// "Trains" until it is killed: resumes the record in the folder, or begins one.
fn train(runs: &Path) {
    let writer = match Record::open(&runs.join("m")) {
        Ok(record) => record.write().unwrap(),
        Err(_) => Record::create(runs, "m", "plan").unwrap(),
    };
    let record = writer.record();
    let first = record.load(CheckpointName::Last, &layout()).map_or(0, |state| state.step);
    let mut lines = record.metrics().unwrap();
    lines.retain(|line| line.step <= first);
    for step in first + 1.. {
        report(&writer, step, &mut lines);
    }
}

fn report(writer: &RecordWriter, step: u64, lines: &mut Vec<StepLine>) {
    lines.push(line(step));
    writer.write_metrics(lines).unwrap();
    writer.save(CheckpointName::Best, &layout(), &state(step)).unwrap();
    writer.save(CheckpointName::Last, &layout(), &state(step)).unwrap();
}

/// The step of the last checkpoint, after looking at everything in the record.
fn check(runs: &Path) -> u64 {
    let Ok(record) = Record::open(&runs.join("m")) else {
        return 0; // killed before there was a record
    };
    assert_eq!(record.plan().unwrap(), "plan");
    let lines = record.metrics().unwrap();
    assert!(lines.iter().zip(1..).all(|(line, step)| line.step == step));
    let states: Vec<TrainingState> =
        record.checkpoints().unwrap().into_iter().map(|name| record.load(name, &layout()).unwrap()).collect();
    assert!(states.iter().all(|found| *found == state(found.step)));
    assert!(states.iter().all(|found| found.step <= lines.len() as u64), "no checkpoint is ahead of the lines");
    record.load(CheckpointName::Last, &layout()).map_or(0, |state| state.step)
}

/// Kills the process that "trains" when this is dropped, whatever happens.
struct Training(Child);

impl Training {
    fn start(runs: &PathBuf) -> Training {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "a_record_opens_after_a_kill_at_any_moment"]).env("INFIMUM_TRAIN", runs);
        Training(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_record_opens_after_a_kill_at_any_moment() {
    if let Some(runs) = env::var_os("INFIMUM_TRAIN") {
        return train(Path::new(&runs));
    }
    let runs = env::temp_dir().join(format!("infimum-killed-{}", std::process::id()));
    fs::create_dir_all(&runs).unwrap();
    let (mut step, mut kill) = (0, 0);
    while kill < KILLS || step == 0 {
        let rounds = kill / KILLS; // A machine that is busy gets longer, until it has come to a step.
        assert!(rounds < 12, "no step was reached in {kill} tries");
        let training = Training::start(&runs);
        thread::sleep(Duration::from_micros((3_000 + kill * 7_919 % 60_000) << rounds));
        drop(training);
        let now = check(&runs);
        assert!(now >= step, "from step {step} back to {now}");
        (step, kill) = (now, kill + 1);
    }
    assert_eq!(Record::list(&runs).unwrap().len(), 1);
    fs::remove_dir_all(&runs).unwrap();
}
