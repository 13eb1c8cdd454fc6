//! What can be scored: anything that gives a law at every position of a sequence.

use std::convert::Infallible;
use std::sync::OnceLock;

use infimum_engine::{Replay, Source};
use infimum_worlds::{Example, Purpose, Shape};

use crate::data::{Address, Drawn, Given, Inlets, Written};
use crate::{Draw, Experiment, Machine, Stop, sample_each};

/// What is said of one sequence, by the world's first head: nothing if the model has it not. Rows are its scored positions, in their
/// order.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// `[row]`: nats of the target.
    pub nats: &'a [f32],
    /// `[row][alphabet]`: logarithms of probabilities, up to a constant for each row.
    pub logits: &'a [f32],
    /// By the other heads.
    pub others: &'a [SaidBy<'a>],
}

/// What one of the world's other heads says of a sequence.
#[derive(Clone, Copy, Debug)]
pub struct SaidBy<'a> {
    /// The head's place among the world's.
    pub head: usize,
    /// `[row]`: nats of the target.
    pub nats: &'a [f32],
    /// `[row][alphabet]`: logarithms of probabilities, up to a constant for each row.
    pub logits: &'a [f32],
}

/// What is told of each sequence: its number, itself, what is said of it.
pub type Hear<'h> = &'h (dyn Fn(usize, &Example, Said<'_>) + Sync);

/// Writes the sequence of a number.
pub type Write<'w> = &'w (dyn Fn(usize, &mut Example) + Sync);

/// Which sequences.
#[derive(Clone, Copy)]
pub enum Sequences<'s> {
    /// Those of a purpose at these addresses, drawn by the experiment.
    Drawn(Purpose, &'s [Address]),
    /// These, which have the shape of the experiment's world.
    Given(&'s [Example]),
    /// The same, where so many of the first rows alone are asked for: nothing is computed for the others.
    Begun(&'s [Example], usize),
    /// So many, each written when it is needed, more than once and from any thread; they have the same shape.
    Written(usize, Write<'s>),
}

impl Sequences<'_> {
    fn count(&self) -> usize {
        match self {
            Sequences::Drawn(_, addresses) => addresses.len(),
            Sequences::Given(examples) | Sequences::Begun(examples, _) => examples.len(),
            Sequences::Written(count, _) => *count,
        }
    }

    fn write(&self, experiment: &Experiment, number: usize, into: &mut Example) {
        match self {
            Sequences::Drawn(purpose, addresses) => experiment.draw(*purpose, addresses[number], into),
            Sequences::Given(examples) | Sequences::Begun(examples, _) => into.clone_from(&examples[number]),
            Sequences::Written(_, write) => write(number, into),
        }
    }
}

/// A predictor of an experiment's sequences: a network, or laws that are known otherwise.
pub trait Predictor {
    /// Hands what it says of each of the sequences to `hear`, each once, in any order and from any thread. What it says depends
    /// on the sequence alone.
    fn predict(&mut self, machine: &mut Machine, sequences: Sequences<'_>, hear: Hear<'_>);

    /// Goes on after each of `beginnings`, at least one token that a sequence of `experiment` may begin with: each token is the likeliest
    /// by the world's first head after those written so far, until it is `end`, or until the last scored position has said one. The
    /// beginnings are part of what is written.
    fn write(
        &mut self,
        experiment: &Experiment,
        machine: &mut Machine,
        beginnings: &[Vec<u16>],
        end: u16,
    ) -> Vec<Vec<u16>> {
        let (shape, mut written) = (experiment.world().shape(), beginnings.to_vec());
        loop {
            let is_open = |number: &usize| {
                let (tokens, given) = (&written[*number], beginnings[*number].len());
                tokens.len() <= shape.scored.end && !tokens[given..].ends_with(&[end])
            };
            let open: Vec<usize> = (0..written.len()).filter(is_open).collect();
            if open.is_empty() {
                return written;
            }
            let examples: Vec<Example> = open.iter().map(|number| unfinished(shape, &written[*number])).collect();
            let next: Vec<OnceLock<u16>> = open.iter().map(|_| OnceLock::new()).collect();
            self.predict(machine, Sequences::Given(&examples), &|number, _, said| {
                let row = written[open[number]].len() - 1 - shape.scored.start;
                let logits = &said.logits[row * shape.heads[0].alphabet..][..shape.heads[0].alphabet];
                assert!(next[number].set(likeliest(logits) as u16).is_ok(), "a sequence is delivered once");
            });
            for (number, next) in open.iter().zip(next) {
                written[*number].push(next.into_inner().expect("every sequence is delivered"));
            }
        }
    }
}

/// An example that begins with these tokens; nobody is told what it has after them.
fn unfinished(shape: &Shape, tokens: &[u16]) -> Example {
    let mut example = Example { tokens: tokens.to_vec(), ..Example::default() };
    example.tokens.resize(shape.positions, 0);
    example.targets = vec![vec![0; shape.positions]; shape.heads.len()];
    example.weights = vec![vec![0.0; shape.positions]; shape.heads.len()];
    example
}

/// A network at some point of its parameters.
pub struct Network<'n> {
    pub(crate) experiment: &'n Experiment,
    pub(crate) replay: &'n mut Replay,
    pub(crate) inlets: &'n Inlets,
    pub(crate) point: &'n [f32],
}

impl Predictor for Network<'_> {
    fn predict(&mut self, machine: &mut Machine, sequences: Sequences<'_>, hear: Hear<'_>) {
        if let Sequences::Begun(examples, rows) = sequences {
            return self.predict_first(rows, machine, examples, hear);
        }
        let (experiment, inlets, heads) = (self.experiment, self.inlets, self.experiment.outputs());
        let tell = |sequence, outputs: &[&[f32]]| {
            let mut example = Example::default();
            sequences.write(experiment, sequence, &mut example);
            let said = heads.iter().zip(outputs.chunks_exact(2));
            let said: Vec<SaidBy<'_>> =
                said.map(|(output, said)| SaidBy { head: output.head, nats: said[0], logits: said[1] }).collect();
            hear(sequence, &example, Said::of(&said));
        };
        let mut outputs = |source: &dyn Source| {
            self.replay.outputs(&mut machine.team, self.point, sequences.count(), source, &tell);
        };
        match sequences {
            Sequences::Drawn(purpose, addresses) => {
                outputs(&Drawn { experiment, purpose, addresses, inlets, scales: &[], step: 0 })
            }
            Sequences::Given(examples) | Sequences::Begun(examples, _) => outputs(&Given { examples, inlets }),
            Sequences::Written(_, write) => outputs(&Written { write, inlets }),
        }
    }

    /// One position after another, to the same bits.
    fn write(
        &mut self,
        experiment: &Experiment,
        machine: &mut Machine,
        beginnings: &[Vec<u16>],
        end: u16,
    ) -> Vec<Vec<u16>> {
        let (prompts, stops) = (beginnings.to_vec(), vec![Stop::Tokens(vec![end])]);
        let draw = Draw { temperature: 0.0, prompts, stops, ..Draw::default() };
        let mut written = Vec::new();
        let keep = |tokens: &[u16]| {
            written.push(tokens.to_vec());
            Ok::<(), Infallible>(())
        };
        match sample_each(experiment, machine, self.point, &draw, keep) {
            Ok(_) => written,
        }
    }
}

impl Network<'_> {
    /// Of the first rows, by the world's first head; they have the same bits as among all rows.
    fn predict_first(&mut self, rows: usize, machine: &mut Machine, examples: &[Example], hear: Hear<'_>) {
        let (experiment, start) = (self.experiment, self.experiment.world().shape().scored.start);
        let program = experiment.program().without_dropout().outputs_at(&["nats", "logits"], start..start + rows);
        let program = program.expect("a decoder has nats and logits at every scored position");
        let mut replay = Replay::new(&program, experiment.plan().executor(), machine.isa);
        let source = Given { examples, inlets: &Inlets::new(&program, experiment.world().shape()) };
        replay.outputs(&mut machine.team, self.point, examples.len(), &source, &|sequence, outputs| {
            hear(sequence, &examples[sequence], Said { nats: outputs[0], logits: outputs[1], others: &[] });
        });
    }
}

impl<'a> Said<'a> {
    /// What all of a model's heads say, in the world's order.
    fn of(said: &'a [SaidBy<'a>]) -> Said<'a> {
        match said {
            [SaidBy { head: 0, nats, logits }, others @ ..] => Said { nats, logits, others },
            others => Said { nats: &[], logits: &[], others },
        }
    }
}

/// A predictor whose laws somebody writes, of the world's first head.
pub struct Lawful<'l> {
    /// Whose sequences.
    pub experiment: &'l Experiment,
    /// Writes the laws of an example: `[row][alphabet]`, probabilities.
    pub laws: &'l (dyn Fn(&Example, &mut [f64]) + Sync),
}

impl Predictor for Lawful<'_> {
    fn predict(&mut self, _machine: &mut Machine, sequences: Sequences<'_>, hear: Hear<'_>) {
        let shape = self.experiment.world().shape();
        let alphabet = shape.heads[0].alphabet;
        let (mut example, mut laws) = (Example::default(), vec![0.0; shape.scored.len() * alphabet]);
        for sequence in 0..sequences.count() {
            sequences.write(self.experiment, sequence, &mut example);
            (self.laws)(&example, &mut laws);
            let logits: Vec<f32> = laws.iter().map(|p| libm::log(*p) as f32).collect();
            let targets = &example.targets[0][shape.scored.clone()];
            let nats = laws.chunks_exact(alphabet).zip(targets).map(|(law, &t)| -libm::log(law[usize::from(t)]) as f32);
            hear(sequence, &example, Said { nats: &nats.collect::<Vec<f32>>(), logits: &logits, others: &[] });
        }
    }
}

/// What `each` makes of every sequence, in their order.
pub(crate) fn collect<T: Send + Sync>(
    predictor: &mut dyn Predictor,
    machine: &mut Machine,
    sequences: Sequences<'_>,
    each: &(dyn Fn(usize, &Example, Said<'_>) -> T + Sync),
) -> Vec<T> {
    let made: Vec<OnceLock<T>> = (0..sequences.count()).map(|_| OnceLock::new()).collect();
    predictor.predict(machine, sequences, &|sequence, example, said| {
        assert!(made[sequence].set(each(sequence, example, said)).is_ok(), "a sequence is delivered once");
    });
    made.into_iter().map(|made| made.into_inner().expect("every sequence is delivered")).collect()
}

/// The index of the largest; the first of several.
pub(crate) fn likeliest(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best })
}

/// Writes the law that these logits stand for.
pub(crate) fn softmax(logits: &[f32], law: &mut [f64]) {
    let largest = f64::from(logits[likeliest(logits)]);
    law.iter_mut().zip(logits).for_each(|(p, z)| *p = libm::exp(f64::from(*z) - largest));
    let total: f64 = law.iter().sum();
    law.iter_mut().for_each(|p| *p /= total);
}
