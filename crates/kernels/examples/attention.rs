//! How fast attention and its gradient run on one core, for each instruction set of this processor.
//!
//! `cargo run --release -p infimum-kernels --example attention` prints a table, in GFLOP/s and in percent of the peak of
//! fused multiply-adds in registers. Counted are the products alone, two forward and five backward, each of
//! `C T (T + 1) / 2` multiply-adds (two operations each) a sequence; exponentials are not counted, so narrow heads, which
//! have more of them, show less. Each figure is the best of several runs. The last column is both in microseconds.

use std::time::Instant;

use infimum_kernels::{
    Attend, AttendGradient, Attention, Executor, Instruction, Isa, LANES, Memory, Place, Script, Sizes, Vector, Write,
    multiply_adds,
};

/// Positions, channels and heads.
const SHAPES: [(u32, u32, u32); 7] =
    [(33, 7, 1), (33, 16, 2), (32, 64, 4), (64, 64, 4), (128, 64, 2), (256, 128, 4), (1024, 64, 2)];

/// The best of many short runs: some of them meet no neighbour.
fn best_seconds(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    run();
    let repeats = (0.0005 / start.elapsed().as_secs_f64()).ceil() as usize;
    let once = |_| {
        let start = Instant::now();
        (0..repeats).for_each(|_| run());
        start.elapsed().as_secs_f64() / repeats as f64
    };
    (0..60).map(once).fold(f64::INFINITY, f64::min)
}

/// Hands out places with odd row strides, one after the other.
struct Layout(u32);

impl Layout {
    fn place(&mut self, rows: u32, channels: u32) -> Place {
        let place = Place { offset: self.0, rows, channels, stride: channels | 1 };
        self.0 += rows * place.stride;
        place
    }
}

/// The scripts of both directions and the vectors they need.
fn scripts(t: u32, c: u32, heads: u32) -> ([Script; 2], usize) {
    let mut at = Layout(0);
    let [q, k, v, y, dy, dq, dk, dv] = std::array::from_fn(|_| at.place(t, c));
    let saved = at.place(t, 2 * heads);
    let scale = 1.0 / f64::from(c / heads).sqrt();
    let attention = Attention { heads: heads as usize, scale, first: 0 };
    let scratch = at.place(1, Attend::scratch_vectors(Executor::Lanes, attention, q, k, v) as u32);
    let kept = Attend::keeps(Executor::Lanes, t as usize).then(|| at.place(t, heads * t));
    let forward = Attend { y, q, k, v, saved, attention, scratch, kept };
    let scratch = at.place(1, AttendGradient::scratch_vectors(Executor::Lanes, attention, q, k, v) as u32);
    let [dq, dk, dv] = [dq, dk, dv].map(|place| (place, Write::Store));
    let backward = AttendGradient { dq, dk, dv, q, k, v, y, dy, saved, attention, scratch, kept };
    let sizes = Sizes { values: at.0 as usize, weights: 0, ids: 0 };
    let script =
        |instruction: Instruction| Script::new(vec![instruction], Executor::Lanes, sizes).expect("places lie inside");
    ([script(forward.into()), script(backward.into())], sizes.values)
}

fn main() {
    println!("{:8} {:>14} {:>17} {:>17} {:>12}", "isa", "T, C, H", "forward", "backward", "both, us");
    for isa in Isa::available() {
        let rounds = if isa == Isa::SCALAR { 1_000 } else { 20_000 };
        let peak = 384.0e-9 * rounds as f64 / best_seconds(|| _ = std::hint::black_box(multiply_adds(isa, rounds)));
        println!("{:8} {:>14} {peak:7.1} GFLOP/s", isa.name(), "peak");
        // The scalar lanes are no match for long sequences.
        let longest = if isa == Isa::SCALAR { 33 } else { u32::MAX };
        for (t, c, heads) in SHAPES.into_iter().filter(|shape| shape.0 <= longest) {
            let ([forward, backward], size) = scripts(t, c, heads);
            let mut values: Vec<Vector> = (0..size).map(|i| Vector::splat((i % 97) as f32 / 50.0 - 1.0)).collect();
            let mut seconds = |script: &Script| {
                best_seconds(|| {
                    let mut memory =
                        Memory { values: &mut values, weights: &[], gradients: &mut [], ids: &[], panels: &[] };
                    script.replay(isa, &mut memory);
                })
            };
            let times = [seconds(&forward), seconds(&backward)];
            let product = f64::from(t * (t + 1) * c) * LANES as f64;
            let cells = [2.0 * product / times[0], 5.0 * product / times[1]]
                .map(|speed| format!("{:8.1} {:5.0} %", 1.0e-9 * speed, 1.0e-7 * speed / peak));
            let shape = format!("{t}, {c}, {heads}");
            println!(
                "{:8} {shape:>14} {:>17} {:>17} {:12.1}",
                isa.name(),
                cells[0],
                cells[1],
                1.0e6 * (times[0] + times[1])
            );
        }
    }
}
