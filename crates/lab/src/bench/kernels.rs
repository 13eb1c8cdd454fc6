//! How fast each kernel is where it works: in the script of a workload, on its own shapes, after what stands before it.

use std::collections::BTreeMap;
use std::time::Instant;

use infimum_engine::{Executor, Replay};
use infimum_kernels::{Attention, Instruction, Isa, Matrix, Memory, Place, Script, Use, Vector, pages};
use serde::Serialize;

use super::Workload;
use crate::Machine;

/// All instructions of one kernel in a workload's script, on one thread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelSpeed {
    /// The workload.
    pub workload: String,
    /// What replayed it.
    #[serde(with = "crate::executor")]
    pub executor: Executor,
    /// The instruction set.
    pub isa: &'static str,
    /// The kernel.
    pub kernel: &'static str,
    /// Its instructions in one replay.
    pub instructions: usize,
    /// Microseconds of them in one replay, which has sixteen sequences on lanes and one in the wide layout.
    pub microseconds: f64,
    /// Their part of the time of all instructions, 0 to 1.
    pub share: f64,
    /// 10^9 operations of products a second; `None` for a kernel that has no product.
    pub gflops: Option<f64>,
    /// 10^9 bytes a second that it is given to read and to write, each place counted once.
    pub gigabytes: f64,
}

/// Times every instruction in its place, for about `seconds`; the shortest time of each counts. The kernel that takes longest
/// comes first.
pub fn kernel_speeds(workload: &Workload, machine: &Machine, executor: Executor, seconds: f64) -> Vec<KernelSpeed> {
    let program = workload.program().gradient();
    let replay = Replay::new(&program, executor, machine.isa);
    let alphabet = program.ids().iter().map(|ids| ids.alphabet).min().expect("there are tokens");
    // What is replayed is the program after folding, which has weights of its own.
    let weights = program.folded().weights().evaluate(&workload.start(&program));
    let times = shortest(replay.script(), weights, alphabet as u32, machine.isa, seconds);
    let mut kernels: BTreeMap<&'static str, Sum> = BTreeMap::new();
    for (instruction, time) in replay.script().instructions().iter().zip(&times) {
        kernels.entry(instruction.kernel()).or_default().add(instruction, executor, *time);
    }
    let total: f64 = times.iter().sum();
    let speed = |(kernel, sum): (&'static str, Sum)| KernelSpeed {
        workload: workload.name.clone(),
        executor,
        isa: machine.isa.name(),
        kernel,
        instructions: sum.instructions,
        microseconds: 1e6 * sum.seconds,
        share: sum.seconds / total,
        gflops: (sum.flop > 0.0).then(|| 1e-9 * sum.flop / sum.seconds),
        gigabytes: 1e-9 * sum.bytes / sum.seconds,
    };
    let mut speeds: Vec<KernelSpeed> = kernels.into_iter().map(speed).collect();
    speeds.sort_by(|a, b| b.microseconds.total_cmp(&a.microseconds));
    speeds
}

/// The shortest time of each instruction in seconds, over at least five replays.
fn shortest(script: &Script, weights: Vec<f32>, alphabet: u32, isa: Isa, seconds: f64) -> Vec<f64> {
    let sizes = script.sizes();
    let single = |instruction: &Instruction| {
        Script::new(vec![instruction.clone()], script.executor(), sizes).expect("it was checked")
    };
    let singles: Vec<Script> = script.instructions().iter().map(single).collect();
    let mut values = pages::filled(sizes.values, Vector::splat(1.0));
    let mut gradients = pages::filled(sizes.weights, 0.0);
    let ids: Vec<u32> = (0..(sizes.ids * script.executor().sequences()) as u32).map(|at| at * 7 % alphabet).collect();
    let panels = pages::filled(script.panel_vectors(), Vector::splat(1.0));
    let mut times = vec![f64::INFINITY; singles.len()];
    let (begun, mut replays) = (Instant::now(), 0);
    while replays < 5 || begun.elapsed().as_secs_f64() < seconds {
        for (script, least) in singles.iter().zip(&mut times) {
            let (values, gradients) = (&mut values[..], &mut gradients[..]);
            let memory = &mut Memory { values, weights: &weights, gradients, ids: &ids, panels: &panels };
            let now = Instant::now();
            script.replay(isa, memory);
            *least = least.min(now.elapsed().as_secs_f64());
        }
        replays += 1;
    }
    times
}

/// Instructions of one kernel.
#[derive(Default)]
struct Sum {
    instructions: usize,
    seconds: f64,
    flop: f64,
    bytes: f64,
}

impl Sum {
    fn add(&mut self, instruction: &Instruction, executor: Executor, seconds: f64) {
        self.instructions += 1;
        self.seconds += seconds;
        self.flop += 2.0 * executor.sequences() as f64 * products(instruction) as f64;
        self.bytes += instruction.fields().iter().map(|field| bytes(field.uses, executor)).sum::<f64>();
    }
}

/// Multiply-adds of one sequence in the products of an instruction; 0 where it has none.
fn products(instruction: &Instruction) -> u64 {
    match instruction {
        Instruction::Linear(k) => product(k.x, k.y.channels),
        Instruction::Outer(k) => product(k.x, k.dy.channels),
        // Scores, and values weighted by them.
        Instruction::Attend(k) => pairs(k.q, k.attention) * u64::from(k.q.channels + k.v.channels),
        // Scores again where nothing was kept, dq and dk; the gradient of the weights, and dv.
        Instruction::AttendGradient(k) => {
            let of_keys = if k.kept.is_some() { 2 } else { 3 };
            pairs(k.q, k.attention) * u64::from(of_keys * k.q.channels + 2 * k.v.channels)
        }
        _ => 0,
    }
}

fn product(x: Place, outputs: u32) -> u64 {
    u64::from(x.rows) * u64::from(x.channels) * u64::from(outputs)
}

/// Queries with each key up to theirs.
fn pairs(q: Place, attention: Attention) -> u64 {
    (0..u64::from(q.rows)).map(|row| attention.first as u64 + row + 1).sum()
}

fn bytes(uses: Use, executor: Executor) -> f64 {
    let number = 4.0 * executor.sequences() as f64;
    let vectors = |place: Place| number * f64::from(place.rows) * f64::from(place.channels);
    let numbers = |matrix: Matrix| 4.0 * f64::from(matrix.rows) * f64::from(matrix.columns);
    match uses {
        Use::Read(place) | Use::Write(place, infimum_kernels::Write::Store) => vectors(place),
        Use::Write(place, infimum_kernels::Write::Add) => 2.0 * vectors(place),
        Use::Scratch(_) => 0.0,
        Use::Weight(matrix) => numbers(matrix),
        Use::Gradient(matrix) => 2.0 * numbers(matrix),
        Use::Ids(ids) => number * f64::from(ids.rows),
    }
}

#[cfg(test)]
mod tests {
    use infimum_engine::Work;

    use super::*;
    use crate::bench::workload;

    /// Linears run three products: forward, by operand and by weight. Attention, two of equal size forward, runs four in its
    /// gradient, since it keeps the weights of so few keys.
    #[test]
    fn instructions_have_the_products_that_the_program_asks_for() {
        let memo = workload("memo4k").unwrap().program().gradient();
        let replay = Replay::new(&memo, Executor::Lanes, Isa::best());
        let count: u64 = replay.script().instructions().iter().map(products).sum();
        let work = Work::of(&memo);
        assert_eq!(count, 3 * (work.weights + work.attention));
    }

    #[test]
    fn shares_add_up_and_the_longest_comes_first() {
        let machine = Machine::new(Isa::best(), 1);
        let pairs = ["memo4k", "add456"].map(|name| Executor::ALL.map(|executor| (name, executor)));
        for (name, executor) in pairs.into_iter().flatten() {
            let speeds = kernel_speeds(&workload(name).unwrap(), &machine, executor, 0.0);
            let shares: f64 = speeds.iter().map(|speed| speed.share).sum();
            assert!((shares - 1.0).abs() < 1e-9, "{name}, {executor}");
            assert!(speeds.windows(2).all(|pair| pair[0].microseconds >= pair[1].microseconds), "{name}, {executor}");
            let of = |kernel: &str| speeds.iter().find(|speed| speed.kernel == kernel).expect(kernel);
            assert!(of("Linear").gflops.is_some() && of("NormForward").gflops.is_none(), "{name}, {executor}");
        }
    }
}
