//! How the cost of a step grows with each size alone, beside what its formulas say.

use infimum_engine::{Executor, Program, Replay, Work};
use infimum_worlds::{Head, Shape};
use serde::Serialize;

use super::stopwatch::Stopwatch;
use super::subject::Subject;
use crate::decoder::decoder;
use crate::recipe::Model;
use crate::{Machine, start};

/// The cost of steps while one size doubles and doubles and all others stay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// What grows: `batch`, `T`, `C`, `L` or `threads`.
    pub size: &'static str,
    /// What replayed it.
    #[serde(with = "crate::executor")]
    pub executor: Executor,
    /// The exponent of time that fits best: time is proportional to the size to this power.
    pub time_exponent: f64,
    /// The exponent of the counted operations over the same sizes; over threads -1.
    pub expected_time_exponent: f64,
    /// The exponent of memory that fits best.
    pub memory_exponent: f64,
    /// The exponent of the numbers that the formulas need: arrays of every thread, and weights.
    pub expected_memory_exponent: f64,
    /// What was measured.
    pub points: Vec<GrowthPoint>,
}

/// One size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GrowthPoint {
    /// The size.
    pub value: usize,
    /// Median milliseconds of a step.
    pub ms_per_step: f64,
    /// The shortest step in milliseconds.
    pub ms_min: f64,
    /// 10^9 counted operations a second.
    pub gflops: f64,
    /// Megabytes (10^6) that steps hold.
    pub megabytes: f64,
}

/// Where everything starts.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    positions: usize,
    width: usize,
    layers: usize,
    threads: usize,
}

const BASE: Sizes = Sizes { batch: 32, positions: 32, width: 32, layers: 2, threads: 1 };
const ALPHABET: usize = 16;
const HEADS: usize = 4;

/// Names of sizes, how to set one, and its values.
type Axis = (&'static str, fn(&mut Sizes, usize), Vec<usize>);

fn axes(threads: usize) -> Vec<Axis> {
    let doubling = |first: usize, last: usize| {
        std::iter::successors(Some(first), |n| Some(2 * n)).take_while(move |n| *n <= last).collect()
    };
    vec![
        ("batch", |sizes, n| sizes.batch = n, doubling(16, 256)),
        ("T", |sizes, n| sizes.positions = n, doubling(16, 256)),
        ("C", |sizes, n| sizes.width = n, doubling(16, 128)),
        ("L", |sizes, n| sizes.layers = n, doubling(1, 16)),
        ("threads", |sizes, n| sizes.threads = n, doubling(1, threads)),
    ]
}

/// Measures each size for about `seconds` in all; `tell` is called with the number of points done. With one thread, no growth
/// over threads can be told.
pub fn growth(machine: &Machine, executor: Executor, seconds: f64, tell: &mut dyn FnMut(usize)) -> Vec<Growth> {
    let axes = axes(machine.threads());
    let each = seconds / axes.iter().map(|(.., values)| values.len()).sum::<usize>() as f64;
    let (mut done, mut found) = (0, Vec::new());
    for (size, set, values) in axes.into_iter().filter(|(.., values)| values.len() > 1) {
        let mut samples = Vec::new();
        for &value in &values {
            let mut sizes = BASE;
            set(&mut sizes, value);
            samples.push(sizes.sample(value, machine, executor, each));
            done += 1;
            tell(done);
        }
        found.push(Growth::of(size, executor, samples));
    }
    found
}

/// How many points [`growth`] measures.
pub fn growth_points(threads: usize) -> usize {
    axes(threads).into_iter().map(|(.., values)| values.len()).filter(|count| *count > 1).sum()
}

/// A point, and what its formulas say of time and memory.
struct Sample {
    point: GrowthPoint,
    flop: f64,
    numbers: f64,
}

impl Sizes {
    fn sample(self, value: usize, machine: &Machine, executor: Executor, seconds: f64) -> Sample {
        let (program, point) = self.model();
        let mut machine = Machine::new(machine.isa, self.threads);
        let mut subject = Subject::new(&program, point, self.batch, &machine, executor);
        let times = Stopwatch { seconds, at_least: 3, ..Stopwatch::default() }.times(|| subject.step(&mut machine));
        let point = GrowthPoint {
            value,
            ms_per_step: 1e3 * times.median,
            ms_min: 1e3 * times.least,
            gflops: 1e-9 * subject.step_flop() / times.median,
            megabytes: 1e-6 * subject.bytes(self.threads) as f64,
        };
        let flop = Work::of(&program.gradient()).step_flop(self.batch) / self.threads as f64;
        Sample { point, flop, numbers: self.numbers(&program, executor) }
    }

    fn model(self) -> (Program, Vec<f32>) {
        let head = Head { name: "token", alphabet: ALPHABET };
        let positions = self.positions;
        let shape = Shape { positions, alphabet: ALPHABET, heads: vec![head], scored: 0..positions };
        let model = Model { width: self.width, layers: self.layers, heads: HEADS, ..Model::default() };
        let program = decoder(&model, &shape).expect("all sizes make models");
        let point = start(&program, &model, 1);
        (program, point)
    }

    /// The arrays of the sequences of a replay on each thread; weights as they are and as they are read, two means, and the gradients
    /// of chunks that there are at a time.
    fn numbers(self, program: &Program, executor: Executor) -> f64 {
        let arrays = program.sites().map(|site| program.shape_of(site).expect("it is a site"));
        let arrays: usize = arrays.map(|shape| shape.rows * shape.channels).sum();
        let copies = 5 + Replay::gradient_arrays(executor, self.batch, self.threads);
        (executor.sequences() * self.threads * arrays + copies * program.weights().parameters()) as f64
    }
}

impl Growth {
    fn of(size: &'static str, executor: Executor, samples: Vec<Sample>) -> Growth {
        let exponent = |of: fn(&Sample) -> f64| {
            let points: Vec<(f64, f64)> = samples.iter().map(|s| (s.point.value as f64, of(s))).collect();
            exponent(&points)
        };
        Growth {
            size,
            executor,
            time_exponent: exponent(|s| s.point.ms_min),
            expected_time_exponent: exponent(|s| s.flop),
            memory_exponent: exponent(|s| s.point.megabytes),
            expected_memory_exponent: exponent(|s| s.numbers),
            points: samples.into_iter().map(|s| s.point).collect(),
        }
    }
}

/// The slope of the straight line through the logarithms that is nearest in squares: `y` grows as `x` to this power.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (libm::log(*x), libm::log(*y))).collect();
    let count = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), log| (x + log.0 / count, y + log.1 / count));
    let (xy, xx) =
        logs.iter().fold((0.0, 0.0), |(xy, xx), log| (xy + (log.0 - x) * (log.1 - y), xx + (log.0 - x) * (log.0 - x)));
    xy / xx
}

#[cfg(test)]
mod tests {
    use infimum_engine::Isa;

    use super::*;

    #[test]
    fn powers_are_found_again() {
        for power in [-1.0, 0.0, 1.0, 1.5, 2.0] {
            let points = [1.0, 2.0, 4.0, 8.0].map(|x: f64| (x, 3.0 * libm::pow(x, power)));
            assert!((exponent(&points) - power).abs() < 1e-12, "{power}");
        }
        let noisy = exponent(&[(1.0, 1.0), (2.0, 2.2), (4.0, 3.8)]);
        assert!((0.9..1.1).contains(&noisy));
    }

    /// Time is the clock's; memory and what the formulas say are the same everywhere.
    #[test]
    fn memory_grows_as_the_formulas_say() {
        let mut told = Vec::new();
        let machine = Machine::new(Isa::best(), 2);
        for executor in Executor::ALL {
            told.clear();
            let found = growth(&machine, executor, 0.0, &mut |done| told.push(done));
            assert_eq!(told, (1..=growth_points(2)).collect::<Vec<_>>());
            let sizes: Vec<&str> = found.iter().map(|growth| growth.size).collect();
            assert_eq!(sizes, ["batch", "T", "C", "L", "threads"]);
            for (growth, time) in found.iter().zip([1.0, 1.1, 1.8, 0.9, -1.0]) {
                assert!((growth.expected_time_exponent - time).abs() < 0.15, "{growth:?}");
                assert!((growth.memory_exponent - growth.expected_memory_exponent).abs() < 0.2, "{growth:?}");
                assert!(growth.points.iter().all(|point| point.ms_min > 0.0 && point.gflops > 0.0));
            }
        }
    }
}
