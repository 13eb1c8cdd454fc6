//! Sequences that a model continues.

use std::sync::Mutex;

use infimum_engine::{Feed, Lanes};
use infimum_worlds::{Example, Purpose, Stream};

use crate::data::{self, Address, Inlets};
use crate::{Experiment, Machine};

/// Draws `sequences` sequences from the model at `point`. Each begins with the tokens that come before the first scored
/// target of a sequence of the world (a chain's BOS), the rest is the model's: whole sequences, first token included.
///
/// A token is drawn with probability proportional to `exp(logit / temperature)`; at temperature 0 it is the likeliest. The
/// same plan, point, `seed` and temperature give the same sequences: sequence `i` uses the streams (`seed`, Sample, 0, `i`)
/// for its beginning and (`seed`, Sample, 1, `i`) for its draws.
///
/// # Panics
/// If the temperature is negative or not finite.
pub fn sample(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    sequences: usize,
    temperature: f64,
    seed: u64,
) -> Vec<Vec<u16>> {
    assert!(temperature >= 0.0 && temperature.is_finite(), "a temperature is 0 or more, not {temperature}");
    let program = experiment.program().without_dropout().outputs(&["logits"]).expect("a decoder has logits");
    let mut lanes = Lanes::new(&program, machine.isa);
    let mut feeder = Feeder { inlets: Inlets::new(&program), sequences: beginnings(experiment, sequences, seed) };
    let mut streams: Vec<Stream> = (0..sequences as u64).map(|i| Stream::new(seed, Purpose::Sample, 1, i)).collect();
    let shape = experiment.world().shape();
    for position in shape.scored.clone() {
        let rows = alphabet_rows(shape.heads[0].alphabet, position - shape.scored.start);
        let laws: Vec<Mutex<Vec<f32>>> = (0..sequences).map(|_| Mutex::default()).collect();
        lanes.outputs(&mut machine.team, point, sequences, &feeder.source(shape.positions), &|sequence, outputs| {
            *laws[sequence].lock().expect("no thread panics here") = outputs[0][rows.clone()].to_vec();
        });
        for (sequence, (law, stream)) in laws.into_iter().zip(&mut streams).enumerate() {
            let logits = law.into_inner().expect("no thread panicked");
            feeder.sequences[sequence].push(pick(&logits, temperature, stream));
        }
    }
    feeder.sequences
}

fn alphabet_rows(alphabet: usize, row: usize) -> std::ops::Range<usize> {
    row * alphabet..(row + 1) * alphabet
}

/// The tokens up to the first scored position of fresh sequences of the world.
fn beginnings(experiment: &Experiment, sequences: usize, seed: u64) -> Vec<Vec<u16>> {
    let given = experiment.world().shape().scored.start + 1;
    let mut example = Example::default();
    let draw = |index| {
        data::draw(experiment.world(), seed, Purpose::Sample, Address { step: 0, index }, &mut example);
        example.tokens[..given].to_vec()
    };
    (0..sequences as u64).map(draw).collect()
}

/// Sequences so far; positions that have no token yet read token 0, which no earlier position sees.
struct Feeder {
    inlets: Inlets,
    sequences: Vec<Vec<u16>>,
}

impl Feeder {
    fn source(&self, positions: usize) -> impl Fn(usize, &mut Feed) + Sync + '_ {
        move |sequence, feed| {
            let tokens = &self.sequences[sequence];
            let padded = tokens.iter().copied().chain(std::iter::repeat(0)).take(positions);
            feed.ids[self.inlets.tokens()].iter_mut().zip(padded).for_each(|(to, token)| *to = token);
        }
    }
}

/// Draws an index with probability proportional to `exp(logit / temperature)`.
fn pick(logits: &[f32], temperature: f64, stream: &mut Stream) -> u16 {
    let largest = (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best });
    if temperature == 0.0 {
        return largest as u16;
    }
    let power = |x: &f32| libm::exp((f64::from(*x) - f64::from(logits[largest])) / temperature);
    let powers: Vec<f64> = logits.iter().map(power).collect();
    let mut left = stream.uniform() * powers.iter().sum::<f64>();
    let reached = |p: &f64| {
        left -= p;
        left < 0.0
    };
    // Rounding may leave a rest after the last one that is possible at all.
    powers.iter().position(reached).unwrap_or(largest) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_follow_the_law_at_every_temperature() {
        let logits = [0.0f32, 1.0, -40.0, 2.0];
        let mut stream = Stream::new(1, Purpose::Check, 0, 0);
        assert_eq!(pick(&logits, 0.0, &mut stream), 3);
        for temperature in [0.5, 1.0, 3.0] {
            let draws = 20_000;
            let mut counts = [0.0f64; 4];
            (0..draws).for_each(|_| counts[usize::from(pick(&logits, temperature, &mut stream))] += 1.0);
            let powers = logits.map(|x| libm::exp(f64::from(x) / temperature));
            let sum: f64 = powers.iter().sum();
            for (count, power) in counts.iter().zip(powers) {
                let p = power / sum;
                let error = (count / f64::from(draws) - p).abs();
                assert!(error <= 5.0 * (p * (1.0 - p) / f64::from(draws)).sqrt() + 1e-9, "temperature {temperature}");
            }
        }
    }
}
