//! Sequences that a model continues.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Mutex;

use infimum_engine::{Feed, Replay};
use infimum_worlds::{Example, Purpose, Stream};

use crate::data::{self, Address, Inlets};
use crate::{Experiment, Machine};

/// Sequences that the executor writes side by side.
const LANES: usize = 16;

/// What to draw from a model.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// How many sequences.
    pub sequences: usize,
    /// 1 is the model's law; below it the likely become likelier, at 0 the likeliest token is taken always.
    pub temperature: f64,
    /// Seed of the draw.
    pub seed: u64,
}

/// Draws sequences from the model at `point` and hands each to `each` as soon as it is complete, in order: sixteen on every
/// thread become complete together. Each begins with the tokens that come before the first scored target of a sequence of
/// the world (a chain's BOS), the rest is the model's: whole sequences, first token included.
///
/// A token is drawn with probability proportional to `exp(logit / temperature)`; at temperature 0 it is the likeliest. The
/// same plan, point, `seed` and temperature give the same sequences: sequence `i` uses the streams (`seed`, Sample, 0, `i`)
/// for its beginning and (`seed`, Sample, 1, `i`) for its draws.
///
/// # Errors
/// The first that `each` gives; no further sequence is drawn.
///
/// # Panics
/// If the temperature is negative or not finite.
pub fn sample_each<E>(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    draw: Draw,
    mut each: impl FnMut(&[u16]) -> Result<(), E>,
) -> Result<(), E> {
    let Draw { sequences, temperature, .. } = draw;
    assert!(temperature >= 0.0 && temperature.is_finite(), "a temperature is 0 or more, not {temperature}");
    let program = experiment.program().without_dropout().outputs(&["logits"]).expect("a decoder has logits");
    let mut replay = Replay::new(&program, experiment.plan().executor(), machine.isa);
    let inlets = Inlets::new(&program);
    let together = LANES * machine.threads();
    for first in (0..sequences).step_by(together) {
        let mut writer = Writer::new(experiment, &inlets, first..sequences.min(first + together), draw);
        writer.write(experiment, machine, &mut replay, point);
        writer.sequences.iter().try_for_each(|sequence| each(sequence))?;
    }
    Ok(())
}

/// As [`sample_each`], all sequences at once.
pub fn sample(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    sequences: usize,
    temperature: f64,
    seed: u64,
) -> Vec<Vec<u16>> {
    let mut drawn = Vec::new();
    let keep = |sequence: &[u16]| {
        drawn.push(sequence.to_vec());
        Ok::<(), Infallible>(())
    };
    match sample_each(experiment, machine, point, Draw { sequences, temperature, seed }, keep) {
        Ok(()) => drawn,
    }
}

/// Sequences that are written together.
struct Writer<'a> {
    inlets: &'a Inlets,
    /// The tokens so far; positions that have none yet read token 0, which no earlier position sees.
    sequences: Vec<Vec<u16>>,
    streams: Vec<Stream>,
    temperature: f64,
}

impl<'a> Writer<'a> {
    fn new(experiment: &Experiment, inlets: &'a Inlets, numbers: Range<usize>, draw: Draw) -> Writer<'a> {
        let Draw { temperature, seed, .. } = draw;
        let numbers = numbers.start as u64..numbers.end as u64;
        let sequences = numbers.clone().map(|number| beginning(experiment, seed, number)).collect();
        let streams = numbers.map(|number| Stream::new(seed, Purpose::Sample, 1, number)).collect();
        Writer { inlets, sequences, streams, temperature }
    }

    fn write(&mut self, experiment: &Experiment, machine: &mut Machine, replay: &mut Replay, point: &[f32]) {
        let shape = experiment.world().shape();
        for position in shape.scored.clone() {
            let rows = alphabet_rows(shape.heads[0].alphabet, position - shape.scored.start);
            let laws: Vec<Mutex<Vec<f32>>> = self.sequences.iter().map(|_| Mutex::default()).collect();
            replay.outputs(
                &mut machine.team,
                point,
                laws.len(),
                &self.source(shape.positions),
                &|sequence, outputs| {
                    *laws[sequence].lock().expect("no thread panics here") = outputs[0][rows.clone()].to_vec();
                },
            );
            for (sequence, law) in laws.into_iter().enumerate() {
                let logits = law.into_inner().expect("no thread panicked");
                self.sequences[sequence].push(pick(&logits, self.temperature, &mut self.streams[sequence]));
            }
        }
    }

    fn source(&self, positions: usize) -> impl Fn(usize, &mut Feed) + Sync + '_ {
        move |sequence, feed| {
            let tokens = &self.sequences[sequence];
            let padded = tokens.iter().copied().chain(std::iter::repeat(0)).take(positions);
            feed.ids[self.inlets.tokens()].iter_mut().zip(padded).for_each(|(to, token)| *to = token);
        }
    }
}

fn alphabet_rows(alphabet: usize, row: usize) -> std::ops::Range<usize> {
    row * alphabet..(row + 1) * alphabet
}

/// The tokens up to the first scored position of a fresh sequence of the world.
fn beginning(experiment: &Experiment, seed: u64, index: u64) -> Vec<u16> {
    let mut example = Example::default();
    data::draw(experiment.world(), seed, Purpose::Sample, Address { step: 0, index }, &mut example);
    example.tokens.truncate(experiment.world().shape().scored.start + 1);
    example.tokens
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
