//! A predictor and the truth on the same sequences, none of which was trained on.

use std::ops::Range;

use infimum_engine::{Program, Replay};
use infimum_worlds::text::Text;
use infimum_worlds::{Example, Purpose, follow};

use crate::data::{self, Address, Inlets};
use crate::experiment::{Experiment, Machine};
use crate::outputs::said_sites;
use crate::predictor::{Network, Predictor, Said, SaidBy, Sequences, collect, likeliest};
use crate::transitions::{TransitionScores, Transitions};
use crate::{Completions, Mean, Recital};

/// Sequences are scored in portions of this size, which bounds the memory, lets progress be told, and lets a run stop.
pub(crate) const PORTION: usize = 512;

/// One sequence's scores by the world's first head: sums over its scored positions, each times its loss weight; all 0 if the model
/// has it not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceScore {
    /// Sum of loss weights: the number of targets, where weights are 1.
    pub weight: f64,
    /// The model's nats.
    pub nats: f64,
    /// Targets that the model's likeliest token hits (the first, if several are equally likely).
    pub hits: f64,
    /// Bytes of UTF-8 that the targets spell; 0 in worlds that are no text.
    pub bytes: f64,
    /// What is known of the positions where the law is known.
    pub known: PartScore,
    /// The same for each of [`infimum_worlds::World::parts`], in that order.
    pub parts: Vec<PartScore>,
    /// By the model's other heads.
    pub others: Vec<HeadScore>,
}

/// One sequence's scores by one head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadScore {
    /// The head's place among the world's.
    pub head: usize,
    /// Sum of loss weights.
    pub weight: f64,
    /// The model's nats.
    pub nats: f64,
    /// Targets that the head's likeliest class hits.
    pub hits: f64,
    /// What is known of the positions where the head has a law.
    pub known: PartScore,
}

impl SequenceScore {
    /// By the world's head of this number; `None` if the model has it not.
    pub fn of(&self, head: usize) -> Option<HeadScore> {
        let SequenceScore { weight, nats, hits, known, .. } = *self;
        match head {
            0 => (weight > 0.0).then_some(HeadScore { head, weight, nats, hits, known }),
            _ => self.others.iter().find(|score| score.head == head).copied(),
        }
    }
}

/// Sums over some of a sequence's positions where the law is known, each times its loss weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PartScore {
    /// Sum of loss weights.
    pub weight: f64,
    /// The model's nats.
    pub nats: f64,
    /// The truth's nats.
    pub truth_nats: f64,
}

impl PartScore {
    fn add(&mut self, weight: f64, nats: f64, truth_nats: f64) {
        self.weight += weight;
        self.nats += weight * nats;
        self.truth_nats += weight * truth_nats;
    }
}

/// Scores of all sequences of a set, in their order.
pub type Scores = Vec<SequenceScore>;

/// What the test sequences show of a predictor.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Beside the truth.
    pub scores: Scores,
    /// On the transitions of a chain; `None` for other worlds.
    pub transitions: Option<TransitionScores>,
    /// On whole strings; `None` for worlds that are no set of them.
    pub recital: Option<Recital>,
    /// On beginnings of strings; `None` for worlds that do not ask for completions.
    pub completions: Option<Completions>,
}

/// Scores points of one model.
pub struct Evaluator<'a> {
    experiment: &'a Experiment,
    replay: Replay,
    inlets: Inlets,
}

impl<'a> Evaluator<'a> {
    /// Plans the program that evaluates: without dropout, its outputs nats and logits of each head.
    pub fn new(experiment: &'a Experiment, machine: &Machine) -> Evaluator<'a> {
        let program = evaluating(experiment.program());
        let replay = Replay::new(&program, experiment.plan().executor(), machine.isa);
        Evaluator { experiment, replay, inlets: Inlets::new(&program, experiment.world().shape()) }
    }

    /// The model at `point`.
    pub fn at<'n>(&'n mut self, point: &'n [f32]) -> Network<'n> {
        Network { experiment: self.experiment, replay: &mut self.replay, inlets: &self.inlets, point }
    }

    /// Scores the sequences of `purpose` (Test or Validation) numbered `sequences` at `point`. A sequence's score depends
    /// neither on threads nor on what else is scored.
    pub fn score(&mut self, machine: &mut Machine, point: &[f32], purpose: Purpose, sequences: Range<usize>) -> Scores {
        let experiment = self.experiment;
        score(experiment, &mut self.at(point), machine, purpose, sequences)
    }

    /// The same for the training sequences at these addresses.
    pub(crate) fn score_training(&mut self, machine: &mut Machine, point: &[f32], addresses: &[Address]) -> Scores {
        let experiment = self.experiment;
        let score = |_, example: &Example, said: Said<'_>| sequence_score(experiment, example, said);
        let portions = addresses.chunks(PORTION);
        let mut network = self.at(point);
        let mut scored = |portion| collect(&mut network, machine, Sequences::Drawn(Purpose::Train, portion), &score);
        portions.flat_map(&mut scored).collect()
    }
}

/// Scores the sequences of `purpose` numbered `sequences`.
pub fn score(
    experiment: &Experiment,
    predictor: &mut dyn Predictor,
    machine: &mut Machine,
    purpose: Purpose,
    sequences: Range<usize>,
) -> Scores {
    let score = |_, example: &Example, said: Said<'_>| sequence_score(experiment, example, said);
    let scored =
        portions(sequences).flat_map(|p| collect(predictor, machine, Sequences::Drawn(purpose, &data::set(p)), &score));
    scored.collect()
}

/// Shows a predictor the plan's test sequences. `watch` is told after each portion how many are done; when it answers
/// `false`, that is the end, and there is no result.
pub fn test(
    experiment: &Experiment,
    predictor: &mut dyn Predictor,
    machine: &mut Machine,
    watch: &mut dyn FnMut(usize) -> bool,
) -> Option<Tested> {
    let tests = experiment.plan().evaluation().test_sequences;
    let transitions = Transitions::of(experiment, tests);
    let mut tested = Tested {
        scores: Vec::new(),
        transitions: transitions.as_ref().map(TransitionScores::new),
        recital: Recital::of(experiment, predictor, machine),
        completions: Completions::of(experiment, predictor, machine),
    };
    for portion in portions(0..tests) {
        let first = portion.start;
        let look = |sequence, example: &Example, said: Said<'_>| {
            let seen = transitions.as_ref().map(|t| t.look(first + sequence, example, said));
            (sequence_score(experiment, example, said), seen)
        };
        let looked = collect(predictor, machine, Sequences::Drawn(Purpose::Test, &data::set(portion)), &look);
        for (sequence, (score, seen)) in looked.into_iter().enumerate() {
            tested.scores.push(score);
            tested.transitions.iter_mut().zip(seen).for_each(|(scores, seen)| scores.add(first + sequence, seen));
        }
        if !watch(tested.scores.len()) {
            return None;
        }
    }
    Some(tested)
}

pub(crate) fn portions(sequences: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    sequences.clone().step_by(PORTION).map(move |first| first..sequences.end.min(first + PORTION))
}

/// The program for evaluation: nats and logits of each head, in their order.
pub(crate) fn evaluating(program: &Program) -> Program {
    let sites = said_sites(program);
    let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
    program.without_dropout().outputs(&sites).expect("a decoder has nats and logits")
}

/// The mean loss of sequences, over the model's heads the sum of weight times mean nats; `None` without a target.
pub(crate) fn mean_loss(experiment: &Experiment, scores: &[SequenceScore]) -> Option<f64> {
    let outputs = experiment.outputs();
    outputs.iter().map(|output| Some(output.weight * mean_nats(scores, output.head)?.value)).sum()
}

/// The mean nats of a head's targets.
pub(crate) fn mean_nats(scores: &[SequenceScore], head: usize) -> Option<Mean> {
    Mean::of(scores.iter().filter_map(|score| score.of(head)).map(|score| (score.weight, score.nats)))
}

/// The mean of a head's hits.
pub(crate) fn mean_hits(scores: &[SequenceScore], head: usize) -> Option<Mean> {
    Mean::of(scores.iter().filter_map(|score| score.of(head)).map(|score| (score.weight, score.hits)))
}

fn sequence_score(experiment: &Experiment, example: &Example, said: Said<'_>) -> SequenceScore {
    let mut score = SequenceScore::default();
    if !said.nats.is_empty() {
        let by_first = SaidBy { head: 0, nats: said.nats, logits: said.logits };
        let parts = experiment.world().truth().map_or(0, |_| experiment.world().parts().len());
        score.parts = vec![PartScore::default(); parts];
        let HeadScore { weight, nats, hits, known, .. } =
            head_score(experiment, example, by_first, &mut |position, weight, nats, truth_nats| {
                if let Some(part) = experiment.world().part(example, position) {
                    score.parts[part].add(weight, nats, truth_nats);
                }
            });
        let bytes = experiment.world().text().map_or(0.0, |text| bytes(text, example));
        score = SequenceScore { weight, nats, hits, bytes, known, ..score };
    }
    let by_other = |said: &SaidBy<'_>| head_score(experiment, example, *said, &mut |_, _, _, _| {});
    score.others = said.others.iter().map(by_other).collect();
    score
}

/// The bytes that the targets of a window spell, each times its loss weight.
fn bytes(text: &Text, example: &Example) -> f64 {
    let weighed = example.targets[0].iter().zip(&example.weights[0]);
    weighed.map(|(target, weight)| f64::from(*weight) * text.bytes(*target).len() as f64).sum()
}

/// What one head scores. `each` is told position, loss weight, the model's nats and the truth's wherever the head has a law.
fn head_score(
    experiment: &Experiment,
    example: &Example,
    SaidBy { head, nats, logits }: SaidBy<'_>,
    each: &mut dyn FnMut(usize, f64, f64, f64),
) -> HeadScore {
    let shape = experiment.world().shape();
    let (first, alphabet) = (shape.scored.start, shape.heads[head].alphabet);
    let (targets, weights) = (&example.targets[head], &example.weights[head]);
    let mut score = HeadScore { head, weight: 0.0, nats: 0.0, hits: 0.0, known: PartScore::default() };
    for (row, logits) in logits.chunks_exact(alphabet).enumerate() {
        let weight = f64::from(weights[first + row]);
        let hit = likeliest(logits) == usize::from(targets[first + row]);
        score.weight += weight;
        score.nats += weight * f64::from(nats[row]);
        score.hits += if hit { weight } else { 0.0 };
    }
    if let Some(truth) = experiment.world().truth() {
        let mut law = vec![0.0; alphabet];
        follow(&mut *truth.begin(), example, head, &mut law, &mut |position, law, target| {
            let (weight, nats) = (f64::from(weights[position]), f64::from(nats[position - first]));
            let truth_nats = -libm::log(law[usize::from(target)]);
            score.known.add(weight, nats, truth_nats);
            each(position, weight, nats, truth_nats);
        });
    }
    score
}
