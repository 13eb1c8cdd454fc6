//! What the processor can do at most: fused multiply-adds in registers, and reads from each level of memory.

use std::hint::black_box;

use infimum_engine::Isa;
use infimum_kernels::{Vector, multiply_adds, read_through};
use serde::Serialize;

use super::stopwatch::Stopwatch;
use crate::Machine;

/// Floating point operations of a round of [`multiply_adds`].
const ROUND: f64 = 384.0;
/// Seconds that a thread computes without looking up: far longer than it takes to wake the others.
const PATIENCE: f64 = 1e-3;
/// Bytes that each thread reads through: within what a core has of its own, nearer and farther; what it shares; and beyond.
const READ: [usize; 4] = [16 << 10, 256 << 10, 4 << 20, 64 << 20];

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Peaks {
    /// Multiply-adds for each instruction set, on one thread and on all.
    pub multiply_adds: Vec<MultiplyAddPeak>,
    /// Reads with the machine's instruction set, on one thread and on all.
    pub reads: Vec<ReadPeak>,
}

/// The rate of fused multiply-adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MultiplyAddPeak {
    /// The instruction set.
    pub isa: &'static str,
    /// Threads.
    pub threads: usize,
    /// 10^9 operations a second; a multiply-add is two.
    pub gflops: f64,
}

/// The rate of reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadPeak {
    /// Bytes that each thread reads again and again.
    pub bytes_per_thread: usize,
    /// Threads.
    pub threads: usize,
    /// 10^9 bytes a second.
    pub gigabytes: f64,
}

/// Measures every instruction set of this processor, and reads with `isa`, on one thread and on `threads`.
pub fn peaks(isa: Isa, threads: usize) -> Peaks {
    let mut counts = vec![1, threads];
    counts.dedup();
    let mut found = Peaks { multiply_adds: vec![], reads: vec![] };
    for count in counts {
        for isa in Isa::available() {
            let gflops = multiply_add_gflops(&mut Machine::new(isa, count));
            found.multiply_adds.push(MultiplyAddPeak { isa: isa.name(), threads: count, gflops });
        }
        let mut machine = Machine::new(isa, count);
        found.reads.extend(READ.map(|bytes| ReadPeak {
            bytes_per_thread: bytes,
            threads: count,
            gigabytes: read_gigabytes(&mut machine, bytes),
        }));
    }
    found
}

/// 10^9 operations a second of fused multiply-adds in registers, on all threads of the machine at once.
pub fn multiply_add_gflops(machine: &mut Machine) -> f64 {
    let isa = machine.isa;
    let run = |rounds: u64| _ = black_box(multiply_adds(isa, rounds));
    let rounds = enough(run);
    let seconds = together(machine, |_| run(rounds));
    1e-9 * ROUND * rounds as f64 * machine.threads() as f64 / seconds
}

fn read_gigabytes(machine: &mut Machine, bytes: usize) -> f64 {
    let isa = machine.isa;
    let vectors = vec![vec![Vector::splat(1.0); bytes / size_of::<Vector>()]; machine.threads()];
    let run = |thread: usize, times: u64| (0..times).for_each(|_| _ = black_box(read_through(isa, &vectors[thread])));
    let times = enough(|times| run(0, times));
    let seconds = together(machine, |thread| run(thread, times));
    1e-9 * (bytes * vectors.len()) as f64 * times as f64 / seconds
}

/// So many repetitions that they take [`PATIENCE`].
fn enough(mut run: impl FnMut(u64)) -> u64 {
    let mut repetitions = 1;
    loop {
        let times = Stopwatch { seconds: 0.0, at_least: 3, at_most: 3 }.times(|| run(repetitions));
        if times.least >= PATIENCE {
            return repetitions;
        }
        repetitions *= 2;
    }
}

/// The least time in which every thread does `work` once, each with a number of its own.
fn together(machine: &mut Machine, work: impl Fn(usize) + Sync) -> f64 {
    let threads = machine.threads();
    let (mut slots, mut scratch) = (vec![(); threads], vec![(); threads]);
    let all = || machine.team.each(&mut slots, &mut scratch, |slot, (), ()| work(slot));
    Stopwatch { seconds: 0.1, at_least: 20, ..Stopwatch::default() }.times(all).least
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the clock says, every instruction set and every amount is there, once for each number of threads.
    #[test]
    fn every_peak_is_a_number_and_named_once() {
        let peaks = peaks(Isa::best(), 2);
        let mut names: Vec<_> = peaks.multiply_adds.iter().map(|peak| (peak.isa, peak.threads)).collect();
        assert!(peaks.multiply_adds.iter().all(|peak| peak.gflops > 0.0));
        assert!(peaks.reads.iter().all(|peak| peak.gigabytes > 0.0 && peak.gigabytes.is_finite()));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 2 * Isa::available().len());
        assert_eq!(peaks.reads.len(), 2 * READ.len());
        assert_eq!(super::peaks(Isa::SCALAR, 1).reads.len(), READ.len());
    }
}
