//! Writing sequences token by token: one position at a time with keys and values kept, beside the whole program for every token.

use infimum_engine::{Decode, Executor, Feed, Program, Replay};
use infimum_worlds::{Purpose, Stream};
use serde::Serialize;

use super::{Stopwatch, Workload};
use crate::Machine;
use crate::data::Inlets;
use crate::sample::Writer;

/// Sequences that a thread writes side by side, and how many such groups each thread writes.
const SIDE_BY_SIDE: usize = 16;
const GROUPS: usize = 2;

/// How fast a workload's model writes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decoding {
    /// Name of the workload.
    pub workload: String,
    /// Parameters of its model.
    pub params: usize,
    /// What replayed it.
    #[serde(with = "crate::executor")]
    pub executor: Executor,
    /// The instruction set.
    pub isa: &'static str,
    /// Threads.
    pub threads: usize,
    /// Sequences that were written, each of all positions.
    pub sequences: usize,
    /// Bytes that are kept of a sequence's keys and values.
    pub bytes_kept: usize,
    /// Tokens of all sequences together in a second, drawing them from the model's law at temperature 1 included.
    pub tokens_per_second: f64,
    /// The same where the whole program is run again for every token, drawing not included.
    pub recomputed_tokens_per_second: f64,
}

/// Times the writing of whole sequences for about `seconds`, and as long the whole program.
pub fn decoding(workload: &Workload, machine: &mut Machine, executor: Executor, seconds: f64) -> Decoding {
    let program = workload.program();
    let point = workload.start(&program);
    let sequences = SIDE_BY_SIDE * GROUPS * machine.threads();
    let inlets = Inlets::new(&program, &workload.shape());
    let (bytes_kept, kept) = written((&program, &inlets), &point, sequences, machine, executor, seconds);
    Decoding {
        workload: workload.name.clone(),
        params: program.weights().parameters(),
        executor,
        isa: machine.isa().name(),
        threads: machine.threads(),
        sequences,
        bytes_kept,
        tokens_per_second: (sequences * workload.positions) as f64 / kept,
        recomputed_tokens_per_second: sequences as f64
            / replayed(&program, &point, sequences, machine, executor, seconds),
    }
}

/// Bytes kept of a sequence, and the seconds that it takes to write all positions of so many.
fn written(
    (program, inlets): (&Program, &Inlets),
    point: &[f32],
    sequences: usize,
    machine: &mut Machine,
    executor: Executor,
    seconds: f64,
) -> (usize, f64) {
    let program = program.one_position(&["logits"]).expect("a decoder has logits");
    let mut decode = Decode::new(&program, executor, machine.isa, SIDE_BY_SIDE);
    let mut step = 0;
    let times = Stopwatch { seconds, at_least: 3, ..Stopwatch::default() }.times(|| {
        step += 1;
        let stream = |number| Stream::new(1, Purpose::Check, step, number as u64);
        let writer = |number| Writer::new(inlets, vec![0], stream(number), 1.0);
        let mut writers: Vec<Writer> = (0..sequences).map(writer).collect();
        decode.write(&mut machine.team, point, program.positions(), &mut writers);
    });
    (decode.bytes_kept(), times.median)
}

/// Seconds that the whole program takes for one more token of so many sequences.
fn replayed(
    program: &Program,
    point: &[f32],
    sequences: usize,
    machine: &mut Machine,
    executor: Executor,
    seconds: f64,
) -> f64 {
    let program = program.outputs(&["logits"]).expect("a decoder has logits");
    let mut replay = Replay::new(&program, executor, machine.isa);
    let blank = |_: usize, _: &mut Feed| {};
    Stopwatch { seconds, at_least: 3, ..Stopwatch::default() }
        .times(|| replay.outputs(&mut machine.team, point, sequences, &blank, &|_, _| {}))
        .median
}
