//! TensorBoard's event files: the lines of a run as scalars.
//!
//! A file is a sequence of records: length (8 bytes), masked CRC-32C of these, content, masked CRC-32C of it; little-endian.
//! Contents are protocol buffers, `Event { wall_time = 1, step = 2, file_version = 3, summary = 5 }`, `Summary { value = 1 }`,
//! `Value { tag = 1, simple_value = 2 }` (tensorboard/compat/proto/event.proto and summary.proto); what is 0 is left out.

use crate::checksum::crc32c;
use crate::{HeadLine, StepLine};

/// The name of the file in a record: TensorBoard looks for `tfevents`.
pub(crate) const EVENTS: &str = "events.out.tfevents.infimum";

/// What TensorBoard's first record says.
const VERSION: &[u8] = b"brain.Event:2";

/// The whole file. Scalars have the names of the columns of `show --csv`; the wall time is that of training, from 0.
pub(crate) fn events(lines: &[StepLine]) -> Vec<u8> {
    let mut file = Vec::new();
    record(&mut file, &field(3, VERSION));
    lines.iter().for_each(|line| record(&mut file, &event(line)));
    file
}

fn event(line: &StepLine) -> Vec<u8> {
    let scalars = [
        ("loss", Some(line.loss)),
        ("validation", line.validation),
        ("excess", line.excess),
        ("criterion", line.criterion),
        ("training_criterion", line.training_criterion),
        ("exact_match", line.exact_match),
        ("stop", line.stop),
        ("rate", Some(line.rate)),
        ("gradient_norm", Some(line.gradient_norm)),
        ("parameter_norm", line.parameter_norm),
        ("stage", line.stage.map(|stage| stage as f64)),
        ("mined", line.mined.map(|mined| mined as f64)),
        ("pull_distance", line.pull_distance),
    ];
    let scalars = scalars.into_iter().map(|(tag, value)| (tag.to_string(), value));
    let known = scalars.chain(line.heads.iter().flat_map(HeadLine::columns));
    let known = known.filter_map(|(tag, value)| Some((tag, value?)));
    let summary: Vec<u8> = known.flat_map(|(tag, value)| field(1, &scalar(&tag, value))).collect();
    let mut event = Vec::new();
    if line.seconds != 0.0 {
        event.push(1 << 3 | FIXED_64);
        event.extend(line.seconds.to_le_bytes());
    }
    if line.step != 0 {
        event.push(2 << 3 | VARINT);
        varint(&mut event, line.step);
    }
    event.extend(field(5, &summary));
    event
}

fn scalar(tag: &str, value: f64) -> Vec<u8> {
    let mut scalar = field(1, tag.as_bytes());
    scalar.push(2 << 3 | FIXED_32);
    scalar.extend((value as f32).to_le_bytes());
    scalar
}

/// Wire types of protocol buffers.
const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const BYTES: u8 = 2;
const FIXED_32: u8 = 5;

/// Field number `number`, below 16, that holds bytes: a string or another message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | BYTES];
    varint(&mut field, content.len() as u64);
    field.extend(content);
    field
}

fn varint(into: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        into.push(n as u8 | 0x80);
        n >>= 7;
    }
    into.push(n as u8);
}

fn record(file: &mut Vec<u8>, content: &[u8]) {
    let length = (content.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(&length).to_le_bytes());
    file.extend(content);
    file.extend(masked(content).to_le_bytes());
}

/// Rotated and moved, so that a record that holds records with checks has a check of its own.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use infimum_engine::Isa;

    use super::*;
    use crate::scratch::Scratch;
    use crate::training::{self, Event};
    use crate::{Experiment, Machine, Plan, Recipe, Record};

    fn experiment(overrides: &[&str]) -> Experiment {
        let text = "[world]\nkind = \"markov\"\nstates = 3\nlength = 9\nseed = 1\n[model]\nwidth = 4\nlayers = 1\nheads = 2\n\
                    [training]\nsteps = 12\nbatch = 16\n[evaluation]\nevery = 3\nsequences = 32\ntest_sequences = 48\n";
        let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
        Experiment::new(Plan::new(&Recipe::parse(text, "tiny", &overrides).unwrap()).unwrap()).unwrap()
    }

    /// Trains until a step is done, or to the end; what the event file holds then.
    fn trained(experiment: &Experiment, record: Record, until: u64) -> Option<Vec<u8>> {
        let (writer, stop) = (record.write().unwrap(), AtomicBool::new(false));
        let mut watch = |event: Event<'_>| match event {
            Event::Step { step, .. } if step == until => stop.store(true, Ordering::Relaxed),
            _ => {}
        };
        training::run(experiment, &mut Machine::new(Isa::best(), 1), &writer, &mut watch, &stop).unwrap();
        std::fs::read(writer.record().path().join(EVENTS)).ok()
    }

    #[test]
    fn a_run_that_goes_on_has_every_line_once() {
        let folder = Scratch::new("events");
        let experiment = experiment(&["track=tensorboard"]);
        let plan = experiment.plan().to_toml();
        assert_eq!(Plan::from_toml(&plan, std::path::Path::new("plan.toml")).unwrap(), *experiment.plan());
        let record = Record::create(folder.path(), "tiny", &plan).unwrap().record().clone();
        for (until, steps) in [(5, 5), (8, 8), (99, 12)] {
            let found = trained(&experiment, record.clone(), until);
            let lines = record.metrics().unwrap();
            assert_eq!(lines.iter().map(|line| line.step).collect::<Vec<_>>(), (1..=steps).collect::<Vec<_>>());
            assert_eq!(found, Some(events(&lines)));
        }
    }

    #[test]
    fn nobody_is_told_unasked() {
        let folder = Scratch::new("events-off");
        let experiment = experiment(&[]);
        let plan = experiment.plan().to_toml();
        assert!(!plan.contains("track"), "plans of before are the same");
        let record = Record::create(folder.path(), "tiny", &plan).unwrap().record().clone();
        assert_eq!(trained(&experiment, record, 99), None);
    }

    /// The same lines as TensorBoard itself writes them: see oracles/events.py.
    #[test]
    fn files_are_tensorboards_to_the_byte() {
        let oracle: serde_json::Value = serde_json::from_str(include_str!("../tests/oracles/events.json")).unwrap();
        let lines: Vec<StepLine> = serde_json::from_value(oracle["lines"].clone()).unwrap();
        let hex: String = events(&lines).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((lines.len(), oracle["file"].as_str()), (4, Some(hex.as_str())));
    }
}
