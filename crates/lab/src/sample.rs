//! Sequences that a model continues.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use infimum_engine::{Author, Decode, Feed};
use infimum_worlds::{Example, Purpose, Stream};

use crate::data::{self, Address, Inlets};
use crate::predictor::likeliest;
use crate::{Experiment, Machine};

/// Sequences that a thread writes side by side.
const SIDE_BY_SIDE: usize = 16;

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

/// What it took to draw sequences.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drawing {
    /// Tokens that the model wrote: a sequence's beginning is none of them.
    pub tokens: usize,
    /// How long the model took, what was done with its sequences in between left out.
    pub time: Duration,
}

impl Drawing {
    /// Tokens of all sequences together in a second.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens as f64 / self.time.as_secs_f64()
    }
}

/// Draws sequences from the model at `point` and hands each to `each` as soon as it is complete, in order: sixteen on every
/// thread become complete together. Each begins with the tokens that come before the first scored target of a sequence of
/// the world (a chain's BOS), the rest is the model's: whole sequences, first token included.
///
/// A token is drawn with probability proportional to `exp(logit / temperature)`; at temperature 0 it is the likeliest. The
/// same plan, point, `seed` and temperature give the same sequences: sequence `i` uses the streams (`seed`, Sample, 0, `i`)
/// for its beginning and (`seed`, Sample, 1, `i`) for its draws. A thread keeps the keys and values of the sequences that it
/// writes ([`Decode::bytes_kept`] each), so that a token costs one position; the logits have the bits of the whole program.
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
) -> Result<Drawing, E> {
    let Draw { sequences, temperature, .. } = draw;
    assert!(temperature >= 0.0 && temperature.is_finite(), "a temperature is 0 or more, not {temperature}");
    let program = experiment.program().without_dropout().one_position(&["logits"]).expect("a decoder has logits");
    let (inlets, scored) = (Inlets::new(&program, experiment.world().shape()), &experiment.world().shape().scored);
    let side_by_side = sequences.div_ceil(machine.threads()).clamp(1, SIDE_BY_SIDE);
    let mut decode = Decode::new(&program, experiment.plan().executor(), machine.isa, side_by_side);
    let together = SIDE_BY_SIDE * machine.threads();
    let mut drawing = Drawing::default();
    for first in (0..sequences).step_by(together) {
        let numbers = first..sequences.min(first + together);
        let mut writers: Vec<Writer> = numbers.map(|number| writer(experiment, &inlets, number, draw)).collect();
        let begun = Instant::now();
        decode.write(&mut machine.team, point, scored.end, &mut writers);
        drawing.time += begun.elapsed();
        drawing.tokens += writers.len() * scored.len();
        writers.iter().try_for_each(|writer| each(&writer.tokens))?;
    }
    Ok(drawing)
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
        Ok(_) => drawn,
    }
}

/// A sequence while the model writes it.
pub(crate) struct Writer {
    /// Place of the tokens among a feed's ids.
    inlet: usize,
    /// The tokens so far, a beginning at first.
    tokens: Vec<u16>,
    stream: Stream,
    temperature: f64,
    /// The law while a token is picked.
    powers: Vec<f64>,
}

impl Writer {
    /// Goes on from `tokens`, at least one.
    pub(crate) fn new(inlets: &Inlets, tokens: Vec<u16>, stream: Stream, temperature: f64) -> Writer {
        Writer { inlet: inlets.tokens(), tokens, stream, temperature, powers: vec![] }
    }
}

impl Author<f32> for Writer {
    fn give(&mut self, position: usize, feed: &mut Feed) {
        feed.ids[self.inlet][0] = self.tokens[position];
    }

    /// The next token is drawn, unless the beginning has it.
    fn hear(&mut self, position: usize, logits: &[f32]) {
        if position + 1 == self.tokens.len() {
            self.tokens.push(pick(logits, self.temperature, &mut self.stream, &mut self.powers));
        }
    }
}

fn writer(experiment: &Experiment, inlets: &Inlets, number: usize, draw: Draw) -> Writer {
    let Draw { temperature, seed, .. } = draw;
    let stream = Stream::new(seed, Purpose::Sample, 1, number as u64);
    Writer::new(inlets, beginning(experiment, seed, number as u64), stream, temperature)
}

/// The tokens up to the first scored position of a fresh sequence of the world.
fn beginning(experiment: &Experiment, seed: u64, index: u64) -> Vec<u16> {
    let mut example = Example::default();
    data::draw(experiment.world(), seed, Purpose::Sample, Address { step: 0, index }, &mut example);
    example.tokens.truncate(experiment.world().shape().scored.start + 1);
    example.tokens
}

/// Draws an index with probability proportional to `exp(logit / temperature)`. What `powers` holds means nothing before and
/// after.
fn pick(logits: &[f32], temperature: f64, stream: &mut Stream, powers: &mut Vec<f64>) -> u16 {
    let largest = likeliest(logits);
    if temperature == 0.0 {
        return largest as u16;
    }
    let power = |x: &f32| libm::exp((f64::from(*x) - f64::from(logits[largest])) / temperature);
    powers.clear();
    powers.extend(logits.iter().map(power));
    let mut left = stream.uniform() * powers.iter().sum::<f64>();
    let reached = |p: &f64| {
        left -= p;
        left < 0.0
    };
    // Rounding may leave a rest after the last one that is possible at all.
    powers.iter().position(reached).unwrap_or(largest) as u16
}

#[cfg(test)]
mod tests;
