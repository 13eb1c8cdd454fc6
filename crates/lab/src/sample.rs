//! Sequences that a model continues.

mod filter;
mod prompt;
mod stop;

use std::convert::Infallible;
use std::time::{Duration, Instant};

use infimum_engine::{Author, Decode, Feed, Program};
use infimum_worlds::text::Text;
use infimum_worlds::{Example, Purpose, Stream};

use crate::data::{self, Address, Inlets};
use crate::predictor::likeliest;
use crate::{Experiment, LabError, Machine};

pub use filter::Filter;
pub use prompt::{read_prompt, read_stop, spell};
pub use stop::Stop;

/// Sequences that a thread writes side by side.
const SIDE_BY_SIDE: usize = 16;

/// What to draw from a model.
#[derive(Clone, Debug)]
pub struct Draw {
    /// How many sequences; of each prompt, where there are some.
    pub sequences: usize,
    /// 1 is the model's law; below it the likely become likelier, at 0 the likeliest token is taken always.
    pub temperature: f64,
    /// Which tokens may be drawn.
    pub filter: Filter,
    /// Seed of the draw.
    pub seed: u64,
    /// What sequences begin with, each at least one token and at most as many as the model reads; without any, each begins as a sequence
    /// of the world.
    pub prompts: Vec<Vec<u16>>,
    /// A sequence ends with the first of these that the model writes.
    pub stops: Vec<Stop>,
}

impl Default for Draw {
    /// One sequence of the model's law.
    fn default() -> Draw {
        Draw { sequences: 1, temperature: 1.0, filter: Filter::default(), seed: 1, prompts: vec![], stops: vec![] }
    }
}

impl Draw {
    /// How many sequences there are in all.
    pub fn count(&self) -> usize {
        self.sequences * self.prompts.len().max(1)
    }

    /// Refuses what no model of `experiment` can draw from.
    ///
    /// # Errors
    /// A `top_k` of more tokens than there are.
    pub fn check(&self, experiment: &Experiment) -> Result<(), LabError> {
        let alphabet = experiment.world().shape().heads[0].alphabet;
        match self.filter.top_k {
            Some(k) if k > alphabet => {
                let allowed = format!("the alphabet has {alphabet} tokens, so that at most so many can be left");
                Err(LabError::value("--top-k", k, allowed, "lower it, or leave it out"))
            }
            _ => Ok(()),
        }
    }
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

    /// Lets `writers` write.
    fn add(&mut self, writers: &mut [Writer], write: impl FnOnce(&mut [Writer])) {
        let tokens = |writers: &[Writer]| writers.iter().map(|writer| writer.tokens.len()).sum::<usize>();
        let (before, begun) = (tokens(writers), Instant::now());
        write(writers);
        self.time += begun.elapsed();
        self.tokens += tokens(writers) - before;
    }
}

/// What sequences are written with.
struct Desk<'d> {
    experiment: &'d Experiment,
    draw: &'d Draw,
    program: Program,
    inlets: Inlets,
}

impl<'d> Desk<'d> {
    fn new(experiment: &'d Experiment, draw: &'d Draw) -> Desk<'d> {
        let temperature = draw.temperature;
        assert!(temperature >= 0.0 && temperature.is_finite(), "a temperature is 0 or more, not {temperature}");
        let program = experiment.program().without_dropout().one_position(&["logits"]).expect("a decoder has logits");
        let inlets = Inlets::new(&program, experiment.world().shape());
        let desk = Desk { experiment, draw, program, inlets };
        let fits = |prompt: &Vec<u16>| (1..=desk.end()).contains(&prompt.len());
        assert!(draw.prompts.iter().all(fits), "a prompt has 1 to {} tokens", desk.end());
        desk
    }

    /// Positions that are written.
    fn end(&self) -> usize {
        self.experiment.world().shape().scored.end
    }

    /// Who writes the sequence of this number: those of a prompt come one after another, and each prompt's are numbered from 0, so that
    /// they are the same whatever other prompts there are.
    fn writer(&self, number: usize) -> Writer<'_> {
        let Draw { sequences, temperature, filter, seed, prompts, stops } = self.draw;
        let (prompt, index) = (number / sequences, (number % sequences) as u64);
        let stream = Stream::new(*seed, Purpose::Sample, 1, index);
        let beginning = match prompts.get(prompt) {
            Some(prompt) => prompt.clone(),
            None => beginning(self.experiment, *seed, index),
        };
        let writer = Writer::new(&self.inlets, beginning, stream, *temperature);
        Writer { filter: *filter, stops, text: self.experiment.world().text(), ..writer }
    }
}

/// Draws sequences from the model at `point` and hands each to `each` as soon as it is complete, in order: sixteen on every
/// thread become complete together. Each begins with its prompt, or with the tokens that come before the first scored target of a
/// sequence of the world (a chain's BOS); the rest is the model's, up to what it can read or to a stop. Whole sequences are handed over,
/// first token included.
///
/// A token is drawn with probability proportional to `exp(logit / temperature)`, from what the filter leaves; at temperature 0 it is the
/// likeliest. The same plan, point and draw give the same sequences: sequence `i` of each prompt, or of all where there is none, uses the
/// streams (`seed`, Sample, 0, `i`) for its beginning and (`seed`, Sample, 1, `i`) for its draws. A thread keeps the keys and values of
/// the sequences that it writes ([`Decode::bytes_kept`] each), so that a token costs one position; the logits have the bits of the whole
/// program.
///
/// # Errors
/// The first that `each` gives; no further sequence is drawn.
///
/// # Panics
/// If the temperature is negative or not finite, or a prompt is empty or longer than what the model reads.
pub fn sample_each<E>(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    draw: &Draw,
    mut each: impl FnMut(&[u16]) -> Result<(), E>,
) -> Result<Drawing, E> {
    let desk = Desk::new(experiment, draw);
    let sequences = draw.count();
    let side_by_side = sequences.div_ceil(machine.threads()).clamp(1, SIDE_BY_SIDE);
    let mut decode = Decode::new(&desk.program, experiment.plan().executor(), machine.isa, side_by_side);
    let together = SIDE_BY_SIDE * machine.threads();
    let mut drawing = Drawing::default();
    for first in (0..sequences).step_by(together) {
        let numbers = first..sequences.min(first + together);
        let mut writers: Vec<Writer> = numbers.map(|number| desk.writer(number)).collect();
        drawing.add(&mut writers, |writers| decode.write(&mut machine.team, point, desk.end(), writers));
        writers.iter().try_for_each(|writer| each(&writer.tokens))?;
    }
    Ok(drawing)
}

/// As [`sample_each`], of the first sequence alone; `hear` is told all of its tokens whenever there is one more, from the prompt on.
/// What it takes is counted as the model's time.
///
/// # Panics
/// As [`sample_each`].
pub fn sample_one(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    draw: &Draw,
    hear: &mut (dyn FnMut(&[u16]) + Send),
) -> (Vec<u16>, Drawing) {
    let desk = Desk::new(experiment, draw);
    let mut decode = Decode::new(&desk.program, experiment.plan().executor(), machine.isa, 1);
    let (mut writers, mut drawing) = (vec![desk.writer(0)], Drawing::default());
    hear(&writers[0].tokens);
    drawing.add(&mut writers, |writers| {
        let mut told = [Told { writer: &mut writers[0], hear }];
        decode.write(&mut machine.team, point, desk.end(), &mut told);
    });
    (writers.swap_remove(0).tokens, drawing)
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
    let draw = Draw { sequences, temperature, seed, ..Draw::default() };
    match sample_each(experiment, machine, point, &draw, keep) {
        Ok(_) => drawn,
    }
}

/// A sequence while the model writes it.
pub(crate) struct Writer<'d> {
    /// Place of the tokens among a feed's ids.
    inlet: usize,
    /// The tokens so far, a beginning at first.
    tokens: Vec<u16>,
    /// How many of them are the beginning.
    given: usize,
    stream: Stream,
    temperature: f64,
    filter: Filter,
    stops: &'d [Stop],
    /// The world, if it is a text.
    text: Option<&'d Text>,
    /// The law while a token is picked.
    law: Picked,
}

/// A law, while a token is picked from it.
#[derive(Default)]
struct Picked {
    /// Of each token, in proportion to its probability.
    powers: Vec<f64>,
    order: Vec<usize>,
}

impl<'d> Writer<'d> {
    /// Goes on from `tokens`, at least one.
    pub(crate) fn new(inlets: &Inlets, tokens: Vec<u16>, stream: Stream, temperature: f64) -> Writer<'d> {
        let (inlet, given, filter, law) = (inlets.tokens(), tokens.len(), Filter::default(), Picked::default());
        Writer { inlet, tokens, given, stream, temperature, filter, stops: &[], text: None, law }
    }
}

impl Author<f32> for Writer<'_> {
    fn give(&mut self, position: usize, feed: &mut Feed) {
        // One that is done is asked on beside others; nobody hears what it is told then.
        feed.ids[self.inlet][0] = self.tokens[position.min(self.tokens.len() - 1)];
    }

    /// The next token is drawn, unless the beginning has it or the sequence has ended.
    fn hear(&mut self, position: usize, logits: &[f32]) {
        if position + 1 == self.tokens.len() && !self.is_done() {
            let Writer { temperature, filter, stream, law, .. } = self;
            self.tokens.push(pick(logits, *temperature, filter, stream, law));
        }
    }

    fn is_done(&self) -> bool {
        let written = &self.tokens[self.given..];
        self.stops.iter().any(|stop| stop.ends(written, self.text))
    }
}

/// A writer, and who hears what it writes.
struct Told<'t, 'd> {
    writer: &'t mut Writer<'d>,
    hear: &'t mut (dyn FnMut(&[u16]) + Send),
}

impl Author<f32> for Told<'_, '_> {
    fn give(&mut self, position: usize, feed: &mut Feed) {
        self.writer.give(position, feed);
    }

    fn hear(&mut self, position: usize, logits: &[f32]) {
        let before = self.writer.tokens.len();
        self.writer.hear(position, logits);
        if self.writer.tokens.len() > before {
            (self.hear)(&self.writer.tokens);
        }
    }

    fn is_done(&self) -> bool {
        self.writer.is_done()
    }
}

/// The tokens up to the first scored position of a fresh sequence of the world.
fn beginning(experiment: &Experiment, seed: u64, index: u64) -> Vec<u16> {
    let mut example = Example::default();
    data::draw(experiment.world(), seed, Purpose::Sample, Address { step: 0, index }, &mut example);
    example.tokens.truncate(experiment.world().shape().scored.start + 1);
    example.tokens
}

/// Draws an index with probability proportional to `exp(logit / temperature)`, of those that the filter leaves.
fn pick(logits: &[f32], temperature: f64, filter: &Filter, stream: &mut Stream, law: &mut Picked) -> u16 {
    let largest = likeliest(logits);
    if temperature == 0.0 {
        return largest as u16;
    }
    let Picked { powers, order } = law;
    let power = |x: &f32| libm::exp((f64::from(*x) - f64::from(logits[largest])) / temperature);
    powers.clear();
    powers.extend(logits.iter().map(power));
    filter.keep(powers, order);
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
