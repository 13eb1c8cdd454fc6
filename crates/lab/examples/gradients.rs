//! The gradient of `examples/whole.rs` beside differences of its loss: one number of an array is moved up and down by a step,
//! and the loss says how it answers.
//!
//!     cargo run --release -p infimum-lab --example gradients
//!     cargo run --release -p infimum-lab --example gradients -- detached
//!
//! Without an argument the gradient is that of the file; `detached`, `scaled` and `shifted` plant a mistake in it. Errors are
//! rounded up to a power of ten. `docs/lessons/gradients.md` reads this file.

#[path = "../../../examples/whole.rs"]
#[allow(dead_code, reason = "its training is not needed here")]
mod whole;

use libm::{ceil, log10};
use whole::{ARRAYS, Arrays};

/// A gradient is taken for right if its error is at most so much of its length.
const BOUND: f64 = 1e-6;

const STEPS: [f64; 6] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-8, 1e-12];

/// A name, and what is done to a gradient.
type Mistake = (&'static str, fn(&mut [f64]));

/// Mistakes that one makes in a backward function, in the gradient of queries, keys and values.
const MISTAKES: [Mistake; 3] = [
    ("detached", |d| d.fill(0.0)),
    ("scaled", |d| d.iter_mut().for_each(|d| *d *= 1.0001)),
    ("shifted", |d| d.rotate_right(1)),
];

/// Where queries, keys and values stand in `ARRAYS`.
const QUERIES: usize = 3;

fn main() {
    let mistake = std::env::args().nth(1);
    let weights = large_weights();
    let batch = &whole::batch(&whole::laws(), 0)[..3];
    let (loss, mut gradient) = whole::gradient(&weights, batch);
    match (&mistake, MISTAKES.iter().find(|(name, _)| Some(*name) == mistake.as_deref())) {
        (_, Some((_, plant))) => plant(&mut gradient[QUERIES]),
        (None, None) => {}
        (Some(_), None) => {
            eprintln!("error: the mistakes that can be planted are detached, scaled and shifted");
            std::process::exit(2);
        }
    }
    println!("loss {loss:.4} nats\n");
    by_array(&weights, batch, &gradient);
    if mistake.is_none() {
        by_step(&weights, batch, &gradient[QUERIES]);
    }
}

/// Weights so large that every path through the model carries a gradient.
fn large_weights() -> Arrays {
    let mut weights = whole::start_weights();
    weights.iter_mut().flatten().enumerate().for_each(|(i, w)| *w += whole::uniform(99, 0, 0, i) - 0.5);
    weights
}

fn by_array(weights: &Arrays, batch: &[Vec<usize>], gradient: &Arrays) {
    println!("{:<34}  numbers  error", "array");
    for (array, (name, _)) in ARRAYS.iter().enumerate() {
        let error = error(&gradient[array], &differences(weights, batch, array, 1e-4));
        let verdict = if error <= BOUND { "right" } else { "WRONG" };
        println!("{name:<34}  {:7}  {:<5}  {verdict}", gradient[array].len(), power_of_ten(error));
    }
}

fn by_step(weights: &Arrays, batch: &[Vec<usize>], gradient: &[f64]) {
    println!("\n{}\nstep   error", ARRAYS[QUERIES].0);
    for step in STEPS {
        let error = error(gradient, &differences(weights, batch, QUERIES, step));
        println!("{:<5}  {}", power_of_ten(step), power_of_ten(error));
    }
}

/// `(loss(w + step) - loss(w - step)) / (2 step)` for every number `w` of an array.
fn differences(weights: &Arrays, batch: &[Vec<usize>], array: usize, step: f64) -> Vec<f64> {
    let moved = |i: usize, by: f64| {
        let mut moved = weights.clone();
        moved[array][i] += by;
        whole::gradient(&moved, batch).0
    };
    (0..weights[array].len()).map(|i| (moved(i, step) - moved(i, -step)) / (2.0 * step)).collect()
}

/// `|gradient - differences| / |differences|`, where `|x|` is the length of `x`.
fn error(gradient: &[f64], differences: &[f64]) -> f64 {
    let length = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    length(&mut gradient.iter().zip(differences).map(|(g, d)| g - d)) / length(&mut differences.iter().copied())
}

/// Rounded up; a hundredth above a power of ten counts as that power.
fn power_of_ten(x: f64) -> String {
    format!("1e{}", ceil(log10(x / 1.01)) as i32)
}
