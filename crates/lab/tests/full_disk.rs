//! A disk that is full at each write of a record in turn: one clear message, and everything that was there is intact.
//!
//! A file-size limit stands for the full disk. It holds for a whole process, so the test runs itself again under `ulimit`, with
//! one write of a record made larger than the limit. The signal of that limit is ignored, as the command line does.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use infimum_engine::{Parameter, Shape};
use infimum_lab::{CheckpointName, Figure, LabError, Layout, Record, Status, StepLine, Summary, TrainingState};

/// The limit: 64 blocks of 512 bytes (some shells: of 1,024).
const BLOCKS: usize = 64;
/// Numbers of lines, scalars, or figures, each of which takes at least 4 bytes: far above the limit.
const MANY: usize = 50_000;

#[derive(Clone, Copy, Debug)]
enum Write {
    Plan,
    Metrics,
    Checkpoint(CheckpointName),
    Summary,
}

const WRITES: [(Write, &str, &str); 6] = [
    (Write::Plan, "cannot write the plan", "plan.toml"),
    (Write::Metrics, "cannot write the metrics", "metrics.jsonl"),
    (Write::Checkpoint(CheckpointName::Best), "cannot write the checkpoint", "best.safetensors"),
    (Write::Checkpoint(CheckpointName::Last), "cannot write the checkpoint", "last.safetensors"),
    (Write::Checkpoint(CheckpointName::Step(7)), "cannot write the checkpoint", "step-000007.safetensors"),
    (Write::Summary, "cannot write the summary", "summary.json"),
];

fn write(runs: &Path, write: Write, size: usize) -> Result<(), LabError> {
    let writer = || Record::open(&runs.join("m"))?.write();
    match write {
        Write::Plan => Record::create(runs, "m", &"p".repeat(size)).map(drop),
        Write::Metrics => writer()?.write_metrics(&vec![line(); size]),
        Write::Checkpoint(name) => writer()?.save(name, &layout(size), &state(size)),
        Write::Summary => writer()?.write_summary(&summary(size)),
    }
}

fn line() -> StepLine {
    StepLine {
        step: 1,
        tokens: 2,
        rate: 0.1,
        loss: 1.0,
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
        seconds: 0.1,
    }
}

fn layout(size: usize) -> Layout {
    Layout::new(vec![Parameter { name: "w".into(), shape: Shape { rows: 1, channels: size }, range: 0..size }], vec![])
}

fn state(size: usize) -> TrainingState {
    TrainingState {
        step: 1,
        point: vec![0.5; size],
        optimiser_steps: 1,
        optimiser: vec![],
        best: None,
        unreported: (0.0, 0),
        unreported_of_heads: vec![],
        lines: (0, "none".into()),
        tokens: 1,
        mined: None,
    }
}

fn summary(size: usize) -> Summary {
    let (name, unit) = ("accuracy".to_string(), "1".to_string());
    let figure = Figure { name, value: 0.5, unit, optimum: None, baseline: None, low: None, high: None };
    let (weights_hash, version, figures) = (String::new(), "0".to_string(), vec![figure; size]);
    Summary { status: Status::Finished, steps: 1, tokens: 1, weights_hash, figures, seconds: 0.1, version, numerics: 1 }
}

/// Every file below the folder with its content.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(content(&path));
        }
        let bytes = fs::read(&path).unwrap_or_default();
        files.insert(path, bytes);
    }
    files
}

/// The part of this test that runs under the limit; prints the error.
fn limited(argument: &str) {
    let (number, runs) = argument.split_once(' ').unwrap();
    let (what, ..) = WRITES[number.parse::<usize>().unwrap()];
    let error = write(Path::new(runs), what, MANY).expect_err("the limit forbids it");
    assert!(error.is_user_error());
    println!("message: {error}");
}

fn run_limited(number: usize, runs: &Path) -> String {
    let script = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" --exact --nocapture a_full_disk_loses_nothing");
    let output = Command::new("sh")
        .args(["-c", &script, env::current_exe().unwrap().to_str().unwrap()])
        .env("INFIMUM_LIMITED", format!("{number} {}", runs.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().find_map(|line| line.split_once("message: ")).expect("an error was printed").1.to_string()
}

#[test]
fn a_full_disk_loses_nothing() {
    if let Ok(argument) = env::var("INFIMUM_LIMITED") {
        return limited(&argument);
    }
    let runs = env::temp_dir().join(format!("infimum-full-disk-{}", std::process::id()));
    for (number, (what, attempt, file)) in WRITES.into_iter().enumerate() {
        fs::create_dir_all(&runs).unwrap();
        if !matches!(what, Write::Plan) {
            WRITES.iter().for_each(|(what, ..)| write(&runs, *what, 2).unwrap());
        }
        let before = content(&runs);
        let message = run_limited(number, &runs);
        assert!(message.starts_with(attempt) && message.contains(file), "{what:?}: {message}");
        assert!(message.contains("intact") && message.contains("ulimit -f"), "{what:?}: {message}");
        assert!(content(&runs) == before, "{what:?} changed a file or left one behind");
        write(&runs, what, 3).expect("with room again, it is written");
        fs::remove_dir_all(&runs).unwrap();
    }
}
