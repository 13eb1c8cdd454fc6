//! How fast the matrix products run on one core, for each instruction set of this processor.
//!
//! `cargo run --release -p infimum-kernels --example peaks` prints a table. The first line of an instruction set is its
//! peak: independent chains of fused multiply-adds in registers. The others are whole instructions on places whose row strides are odd, as the engine lays them out, in GFLOP/s
//! (a multiply-add counts two) and in percent of the peak. Each figure is the best of several runs, so that a busy
//! neighbour does not lower it.

use std::time::Instant;

use infimum_kernels::{
    Executor, Instruction, Isa, LANES, Linear, Matrix, Memory, Outer, Place, Script, Sizes, Vector, Write,
    multiply_adds,
};

/// The best of several runs of fused multiply-adds alone, in GFLOP/s.
fn peak(isa: Isa) -> f64 {
    let rounds = if isa == Isa::SCALAR { 20_000 } else { 1_000_000 };
    let seconds = |_| {
        let start = Instant::now();
        std::hint::black_box(multiply_adds(isa, rounds));
        start.elapsed().as_secs_f64()
    };
    384.0e-9 * rounds as f64 / (0..9).map(seconds).fold(f64::INFINITY, f64::min)
}

/// Positions, inputs and outputs.
const SHAPES: [(u32, u32, u32); 7] =
    [(33, 7, 14), (33, 16, 16), (32, 64, 64), (128, 64, 64), (256, 128, 128), (256, 128, 512), (256, 256, 1024)];

/// A script of one instruction with its memories.
struct Subject {
    script: Script,
    values: Vec<Vector>,
    weights: Vec<f32>,
    gradients: Vec<f32>,
    panels: Vec<Vector>,
}

impl Subject {
    fn new(executor: Executor, instruction: Instruction, values: u32, weights: u32) -> Subject {
        let sizes = Sizes { values: values as usize, weights: weights as usize, ids: 0 };
        let script = Script::new(vec![instruction], executor, sizes).expect("places lie inside");
        Subject {
            panels: vec![Vector::splat(0.25); script.panel_vectors()],
            script,
            values: vec![Vector::splat(0.5); sizes.values],
            weights: vec![0.25; sizes.weights],
            gradients: vec![0.0; sizes.weights],
        }
    }

    fn replay(&mut self, isa: Isa) {
        let Subject { script, values, weights, gradients, panels } = self;
        script.replay(isa, &mut Memory { values, weights, gradients, ids: &[], panels });
    }

    /// The shortest time of a replay, in seconds.
    fn seconds(&mut self, isa: Isa, flop: f64) -> f64 {
        let repeats = (2.0e8 / flop).ceil() as usize;
        let repeats = if isa == Isa::SCALAR { repeats.div_ceil(20) } else { repeats };
        (0..9)
            .map(|_| {
                let start = Instant::now();
                (0..repeats).for_each(|_| self.replay(isa));
                start.elapsed().as_secs_f64() / repeats as f64
            })
            .fold(f64::INFINITY, f64::min)
    }
}

/// Vectors from a row to the next.
fn odd(executor: Executor, channels: u32) -> u32 {
    (if executor == Executor::Lanes { channels } else { channels.div_ceil(LANES as u32) }) | 1
}

/// `x: [T, I]` and `y: [T, O]`, one after the other, and the vectors they take.
fn places(executor: Executor, t: u32, i: u32, o: u32) -> (Place, Place, u32) {
    let odd = |channels| odd(executor, channels);
    let x = Place { offset: 0, rows: t, channels: i, stride: odd(i) };
    let y = Place { offset: t * odd(i), rows: t, channels: o, stride: odd(o) };
    (x, y, t * (odd(i) + odd(o)))
}

fn linear(executor: Executor, t: u32, i: u32, o: u32, transposed: bool) -> Subject {
    let (x, y, size) = places(executor, t, i, o);
    let w = if transposed { Matrix::dense(0, o, i).transposed() } else { Matrix::dense(0, i, o) };
    Subject::new(executor, Linear { y, x, w, bias: None, write: Write::Store, rounded: None }.into(), size, i * o)
}

fn outer(executor: Executor, t: u32, i: u32, o: u32) -> Subject {
    let (x, dy, size) = places(executor, t, i, o);
    Subject::new(executor, Outer { dw: Matrix::dense(0, i, o), x, dy, rounded: None }.into(), size, i * o)
}

fn main() {
    println!("{:8} {:>22} {:>16} {:>16} {:>16}", "isa", "T, I, O", "linear", "transposed w", "outer");
    for isa in Isa::available() {
        let peak = peak(isa);
        println!("{:8} {:>22} {peak:10.1} GFLOP/s", isa.name(), "peak");
        let shapes = Executor::ALL.into_iter().flat_map(|executor| SHAPES.map(|shape| (executor, shape)));
        for (executor, (t, i, o)) in shapes {
            let flop = 2.0 * f64::from(t * i * o) * executor.sequences() as f64;
            let subjects = [false, true].map(|transposed| linear(executor, t, i, o, transposed));
            let [plain, transposed] = subjects;
            let subjects = [plain, transposed, outer(executor, t, i, o)];
            let speeds = subjects.map(|mut subject| flop / subject.seconds(isa, flop) * 1.0e-9);
            let cells = speeds.map(|speed| format!("{speed:9.1} {:4.0} %", 100.0 * speed / peak));
            println!(
                "{:8} {:>22} {:>16} {:>16} {:>16}",
                isa.name(),
                format!("{executor} {t}, {i}, {o}"),
                cells[0],
                cells[1],
                cells[2]
            );
        }
    }
}
