//! Records open whatever happened before, and have one writer.

use std::thread;

use super::*;
use crate::checkpoint::tests::state;
use crate::layout::tests::layout;
use crate::scratch::Scratch;
use crate::{Figure, Status};

fn line(step: u64) -> StepLine {
    let (loss, gradient_norm) = (1.0 / 3.0, if step == 2 { f64::NAN } else { 0.1 });
    StepLine {
        step,
        tokens: 1000 * step,
        rate: 1e-3,
        loss,
        gradient_norm,
        parameter_norm: (step == 3).then_some(2.5),
        validation: None,
        excess: Some(0.2),
        criterion: (step == 1).then_some(f64::INFINITY),
        exact_match: (step == 2).then_some(0.5),
        training_criterion: None,
        stage: None,
        mined: None,
        pull_distance: None,
        stop: (step == 1).then_some(f64::NEG_INFINITY),
        heads: vec![crate::HeadLine { name: "class".into(), loss: 0.25, validation: None, accuracy: Some(0.5) }],
        seconds: 0.5,
    }
}

fn summary() -> Summary {
    let (weights_hash, version) = ("ab".to_string(), "0.1.0".to_string());
    Summary {
        status: Status::Finished,
        steps: 3,
        tokens: 9,
        weights_hash,
        figures: vec![],
        seconds: 0.1,
        version,
        numerics: 1,
    }
}

fn text(error: Result<impl Sized, LabError>) -> String {
    let error = error.err().expect("it fails");
    assert!(error.is_user_error());
    error.to_string()
}

#[test]
fn everything_written_is_read() {
    let runs = Scratch::new("record-round");
    let writer = Record::create(&runs.path().join("deep/runs"), "m-s1", "plan\n").unwrap();
    let record = writer.record().clone();
    assert_eq!((record.name().as_str(), record.plan().unwrap().as_str()), ("m-s1", "plan\n"));
    assert_eq!(
        (record.metrics().unwrap(), record.summary().unwrap(), record.checkpoints().unwrap()),
        (vec![], None, vec![])
    );
    let lines = [line(1), line(3)];
    writer.write_metrics(&lines).unwrap();
    writer.write_summary(&summary()).unwrap();
    let names = [CheckpointName::Best, CheckpointName::Last, CheckpointName::Step(3), CheckpointName::Step(1_000_000)];
    names.iter().zip(0..).for_each(|(name, step)| writer.save(*name, &layout(), &state(step)).unwrap());
    drop(writer);
    let record = Record::open(record.path()).unwrap();
    assert_eq!((record.metrics().unwrap(), record.summary().unwrap()), (lines.to_vec(), Some(summary())));
    assert_eq!(record.checkpoints().unwrap(), names);
    names.iter().zip(0..).for_each(|(name, step)| assert_eq!(record.load(*name, &layout()).unwrap(), state(step)));
    let writer = record.write().unwrap();
    writer.remove_summary().unwrap();
    writer.remove_summary().unwrap();
    assert_eq!(writer.record().summary().unwrap(), None);
}

#[test]
fn numbers_that_are_none_do_not_lock_a_record() {
    let runs = Scratch::new("record-nan");
    let writer = Record::create(runs.path(), "m", "plan").unwrap();
    writer.write_metrics(&[line(2)]).unwrap();
    assert!(writer.record().metrics().unwrap()[0].gradient_norm.is_nan());
    let (name, unit) = ("perplexity".to_string(), "1".to_string());
    let figure = Figure { name, value: f64::INFINITY, unit, optimum: None, baseline: None, low: None, high: None };
    let summary = Summary { figures: vec![figure], ..summary() };
    writer.write_summary(&summary).unwrap();
    assert_eq!(writer.record().summary().unwrap(), Some(summary));
}

#[test]
fn a_taken_name_gets_a_number() {
    let runs = Scratch::new("record-names");
    fs::create_dir(runs.path().join("m-2")).unwrap();
    fs::write(runs.path().join("m-4"), "a file").unwrap();
    let writers: Vec<RecordWriter> = (0..3).map(|_| Record::create(runs.path(), "m", "plan").unwrap()).collect();
    let names: Vec<String> = writers.iter().map(|writer| writer.record().name()).collect();
    assert_eq!(names, ["m", "m-3", "m-5"]);
    let listed: Vec<String> = Record::list(runs.path()).unwrap().iter().map(Record::name).collect();
    assert_eq!(listed, names);
}

#[test]
fn runs_that_begin_together_get_records_of_their_own() {
    let runs = Scratch::new("record-together");
    thread::scope(|scope| {
        (0..8).for_each(|_| {
            _ = scope.spawn(|| (0..5).for_each(|_| _ = Record::create(runs.path(), "m", "plan").unwrap()))
        });
    });
    assert_eq!(Record::list(runs.path()).unwrap().len(), 40);
    assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 40, "nothing but records is left");
}

#[test]
fn a_name_is_checked() {
    let runs = Scratch::new("record-name");
    for name in ["", ".", "..", ".m", "a/b", "../m", "a b", "ä", &"x".repeat(101)] {
        let text = text(Record::create(runs.path(), name, "plan"));
        assert!(text.contains("1 to 100"), "{text}");
    }
    assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 0);
}

#[test]
fn a_record_has_one_writer() {
    let runs = Scratch::new("record-lock");
    let writer = Record::create(runs.path(), "m", "plan").unwrap();
    let record = Record::open(writer.record().path()).unwrap();
    assert!(text(record.clone().write()).contains("another process is writing the record"));
    assert!(record.metrics().is_ok());
    drop(writer);
    assert!(record.write().is_ok());
}

#[test]
fn leftovers_are_ignored_and_then_removed() {
    let runs = Scratch::new("record-leftovers");
    let writer = Record::create(runs.path(), "m", "plan").unwrap();
    writer.save(CheckpointName::Last, &layout(), &state(1)).unwrap();
    let record = writer.record().clone();
    drop(writer);
    let leftovers =
        [".plan.toml.9-0.partial", "checkpoints/.last.safetensors.9-0.partial"].map(|name| record.path().join(name));
    leftovers.iter().for_each(|path| fs::write(path, "half").unwrap());
    fs::create_dir(runs.path().join(".m.9-0.partial")).unwrap();
    fs::write(runs.path().join(".m.9-0.partial/plan.toml"), "plan").unwrap();
    fs::write(record.path().join("checkpoints/notes.txt"), "of the user").unwrap();
    fs::write(record.path().join("checkpoints/step-1.safetensors"), "not a name of ours").unwrap();
    assert_eq!(record.checkpoints().unwrap(), [CheckpointName::Last]);
    assert_eq!(Record::list(runs.path()).unwrap(), std::slice::from_ref(&record));
    assert_eq!(record.load(CheckpointName::Last, &layout()).unwrap(), state(1));
    let record = record.write().unwrap().record().clone();
    assert!(leftovers.iter().all(|path| !path.exists()));
    assert!(record.path().join("checkpoints/notes.txt").exists());
}

#[test]
fn what_is_missing_is_named_with_what_is_near() {
    let runs = Scratch::new("record-missing");
    for name in ["markov-10-s1", "markov-100-s1", "adder-s1"] {
        drop(Record::create(runs.path(), name, "plan").unwrap());
    }
    fs::create_dir(runs.path().join("empty")).unwrap();
    for found in [
        text(Record::open(&runs.path().join("markov-10-s2"))),
        text(Record::find(runs.path(), "markov-10-s2".as_ref())),
    ] {
        assert!(found.contains("no record of a run; records nearby: markov-10-s1, markov-100-s1"), "{found}");
    }
    assert!(text(Record::open(&runs.path().join("empty"))).contains("no record"));
    assert!(text(Record::open("no-such-folder/m".as_ref())).contains("no-such-folder/m"));
    assert_eq!(Record::list("no-such-folder".as_ref()).unwrap(), []);
    let found = Record::find(runs.path(), "adder-s1".as_ref()).unwrap();
    assert_eq!(Record::find("elsewhere".as_ref(), found.path()).unwrap(), found);
    let missing = text(found.load(CheckpointName::Step(100), &layout()));
    assert!(missing.contains("has no checkpoint `step-000100`") && !missing.contains("it has"), "{missing}");
    let writer = found.write().unwrap();
    writer.save(CheckpointName::Last, &layout(), &state(1)).unwrap();
    let missing = text(writer.record().load(CheckpointName::Best, &layout()));
    assert!(missing.contains("has no checkpoint `best`; it has: last"), "{missing}");
}

#[test]
fn weights_come_from_files_and_from_records() {
    let runs = Scratch::new("record-weights");
    let writer = Record::create(runs.path(), "m", "plan").unwrap();
    let path = writer.record().path();
    assert!(text(read_weights(path, &Model::default(), &layout())).contains("no checkpoint `best`"));
    let mut last = state(1);
    last.point[3] = -7.0;
    writer.save(CheckpointName::Last, &layout(), &last).unwrap();
    assert_eq!(read_weights(path, &Model::default(), &layout()).unwrap(), last.point);
    writer.save(CheckpointName::Best, &layout(), &state(1)).unwrap();
    assert_eq!(read_weights(path, &Model::default(), &layout()).unwrap(), state(1).point);
    let file = writer.record().checkpoint_path(CheckpointName::Last);
    assert_eq!(read_weights(&file, &Model::default(), &layout()).unwrap(), last.point);
    assert!(text(read_weights(runs.path(), &Model::default(), &layout())).contains("no record"));
}

#[test]
fn a_spoilt_record_says_what_is_spoilt() {
    let runs = Scratch::new("record-spoilt");
    let writer = Record::create(runs.path(), "m", "plan").unwrap();
    writer.write_metrics(&[line(1), line(3)]).unwrap();
    writer.save(CheckpointName::Last, &layout(), &state(1)).unwrap();
    let record = writer.record();
    let metrics = record.path().join(METRICS);
    let good = fs::read_to_string(&metrics).unwrap();
    fs::write(&metrics, good.replace("\"step\":3", "\"step\":-3")).unwrap();
    assert!(text(record.metrics()).contains("metrics.jsonl: line 2: invalid value"));
    fs::write(&metrics, [0xff, 0xfe]).unwrap();
    assert!(text(record.metrics()).contains("cannot read the metrics"));
    fs::write(record.path().join(SUMMARY), "{}").unwrap();
    assert!(text(record.summary()).contains("summary.json: missing field"));
    fs::write(record.path().join(PLAN), "another plan").unwrap();
    assert!(text(record.load(CheckpointName::Last, &layout())).contains("another plan than the plan.toml"));
}

#[cfg(unix)]
#[test]
fn runs_may_lie_at_a_path_of_any_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::new("record-bytes");
    let runs = scratch.path().join(OsStr::from_bytes(b"r\xff\xfes"));
    let writer = Record::create(&runs, "m", "plan").unwrap();
    writer.save(CheckpointName::Last, &layout(), &state(1)).unwrap();
    assert_eq!(Record::list(&runs).unwrap()[0].load(CheckpointName::Last, &layout()).unwrap(), state(1));
    assert!(text(Record::find(&runs, Path::new(OsStr::from_bytes(b"\xff")))).contains("records nearby: m"));
}
