//! A model and the truth on the same sequences, none of which was trained on.

use std::ops::Range;
use std::sync::OnceLock;

use infimum_engine::{Lanes, Program};
use infimum_worlds::{Example, Purpose, Shape, follow};

use crate::data::{self, Address, Drawn, Inlets};
use crate::experiment::{Experiment, Machine};

/// Sequences are scored in portions of this size, which bounds the memory, lets progress be told, and lets a run stop.
pub(crate) const PORTION: usize = 512;

/// One sequence's scores: sums over its scored positions, each times its loss weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SequenceScore {
    /// Sum of loss weights: the number of targets, where weights are 1.
    pub weight: f64,
    /// The model's nats.
    pub nats: f64,
    /// Targets that the model's likeliest token hits (the first, if several are equally likely).
    pub hits: f64,
    /// Sum of loss weights over positions where the law is known.
    pub known_weight: f64,
    /// The model's nats there.
    pub known_nats: f64,
    /// The truth's nats there.
    pub truth_nats: f64,
}

/// Scores of all sequences of a set, in their order.
pub type Scores = Vec<SequenceScore>;

/// Scores points of one model.
pub struct Evaluator<'a> {
    experiment: &'a Experiment,
    lanes: Lanes,
    inlets: Inlets,
}

impl<'a> Evaluator<'a> {
    /// Plans the program that evaluates: without dropout, its outputs `nats` and `logits`.
    pub fn new(experiment: &'a Experiment, machine: &Machine) -> Evaluator<'a> {
        let program = evaluating(experiment.program());
        Evaluator { experiment, lanes: Lanes::new(&program, machine.isa), inlets: Inlets::new(&program) }
    }

    /// Scores the sequences of `purpose` (Test or Validation) numbered `sequences` at `point`. A sequence's score depends
    /// neither on threads nor on what else is scored.
    pub fn score(&mut self, machine: &mut Machine, point: &[f32], purpose: Purpose, sequences: Range<usize>) -> Scores {
        let portions = sequences.clone().step_by(PORTION).map(|first| first..sequences.end.min(first + PORTION));
        portions.flat_map(|portion| self.portion(machine, point, purpose, &data::set(portion))).collect()
    }

    fn portion(&mut self, machine: &mut Machine, point: &[f32], purpose: Purpose, addresses: &[Address]) -> Scores {
        let experiment = self.experiment;
        let source = Drawn { experiment, purpose, addresses, inlets: &self.inlets, step: 0 };
        let scores: Vec<OnceLock<SequenceScore>> = addresses.iter().map(|_| OnceLock::new()).collect();
        self.lanes.outputs(&mut machine.team, point, addresses.len(), &source, &|sequence, outputs| {
            let mut example = Example::default();
            experiment.draw(purpose, addresses[sequence], &mut example);
            let score = self::score(experiment, &example, outputs[0], outputs[1]);
            scores[sequence].set(score).expect("a sequence is delivered once");
        });
        scores.into_iter().map(|s| s.into_inner().expect("every sequence is delivered")).collect()
    }
}

/// The program for evaluation.
pub(crate) fn evaluating(program: &Program) -> Program {
    program.without_dropout().outputs(&["nats", "logits"]).expect("a decoder has nats and logits")
}

/// One sequence's score from the model's `nats` `[scored][1]` and `logits` `[scored][alphabet]`.
fn score(experiment: &Experiment, example: &Example, nats: &[f32], logits: &[f32]) -> SequenceScore {
    let shape = experiment.world().shape();
    let (first, alphabet) = (shape.scored.start, shape.heads[0].alphabet);
    let mut score = SequenceScore::default();
    for (row, logits) in logits.chunks_exact(alphabet).enumerate() {
        let weight = f64::from(example.weights[0][first + row]);
        let hit = likeliest(logits) == usize::from(example.targets[0][first + row]);
        score.weight += weight;
        score.nats += weight * f64::from(nats[row]);
        score.hits += if hit { weight } else { 0.0 };
    }
    beside_truth(experiment, shape, example, nats, &mut score);
    score
}

fn beside_truth(experiment: &Experiment, shape: &Shape, example: &Example, nats: &[f32], score: &mut SequenceScore) {
    let Some(truth) = experiment.world().truth() else { return };
    let mut law = vec![0.0; shape.heads[0].alphabet];
    follow(&mut *truth.begin(), example, 0, &mut law, &mut |position, law, target| {
        let weight = f64::from(example.weights[0][position]);
        score.known_weight += weight;
        score.known_nats += weight * f64::from(nats[position - shape.scored.start]);
        score.truth_nats -= weight * libm::log(law[usize::from(target)]);
    });
}

/// The index of the largest; the first of several.
fn likeliest(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best })
}
