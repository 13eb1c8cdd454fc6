//! Where parameters start: GPT-2's random values, or somebody's weights.

use infimum_engine::Program;
use infimum_worlds::{Purpose, Stream};

use crate::decoder::is_vector;
use crate::formula::{self, Start};
use crate::recipe::Model;

/// Random start values of all parameters, as nanoGPT: gains 1, biases 0, everything else normal with standard deviation
/// `embedding_deviation` (embedding, positions, heads) or `start_deviation` (both 0.02), the latter divided by
/// `sqrt(2 layers)` for the arrays that write into the residual stream; unless a formula says how its parameters start.
/// Array number `i` is drawn from the stream (`seed`, Start, 0, `i`).
pub fn start(program: &Program, model: &Model, seed: u64) -> Vec<f32> {
    let starts = formula::starts(model).expect("the formulas of a program are formulas");
    let mut point = vec![0.0; program.weights().parameters()];
    for (index, array) in program.parameters().into_iter().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Start, 0, index as u64);
        let mut normal = |deviation: f64| (deviation * stream.normal()) as f32;
        let (rows, columns) = (array.shape.rows, array.shape.channels);
        let usual = is_vector(&array.name).then(|| if array.name.ends_with(".bias") { 0.0 } else { 1.0 });
        let start = starts.get(&array.name).copied().unwrap_or(Start::Usual);
        point[array.range].iter_mut().for_each(|w| {
            *w = match (start, usual) {
                (Start::Value(x), _) => x as f32,
                (Start::Deviation(deviation), _) => normal(deviation),
                (Start::Glorot, _) => normal((2.0 / (rows + columns) as f64).sqrt()),
                (Start::Usual, Some(x)) => x,
                (Start::Usual, None) => normal(deviation(&array.name, model)),
            }
        });
    }
    point
}

fn deviation(name: &str, model: &Model) -> f64 {
    match name {
        "transformer.wte.weight" | "transformer.wpe.weight" | "lm_head.weight" => model.embedding_deviation,
        _ if name.ends_with("_head.weight") => model.embedding_deviation,
        _ if name.ends_with("c_proj.weight") => model.start_deviation / (2.0 * model.layers as f64).sqrt(),
        _ => model.start_deviation,
    }
}
