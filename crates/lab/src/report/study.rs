//! What a report shows of a model beyond its figures: its law beside the true one on fresh sequences.

use std::ops::Range;
use std::sync::OnceLock;

use infimum_engine::Replay;
use infimum_worlds::{Example, Purpose, follow};

use super::calibration::{Bin, Calibration, Predictions};
use super::tally::Tally;
use super::transitions::{Rows, States, Transitions};
use crate::data::{self, Drawn, Inlets};
use crate::predictor::softmax;
use crate::{Experiment, Machine, Mean, Output, evaluation};

/// Curves over positions have at most so many points; neighbouring positions share one where there are more.
const MOST_POINTS: usize = 256;
/// Numbers that are held for sequences whose turn to be added has not come.
const HELD: usize = 1 << 24;

/// What was seen.
pub(super) struct Study {
    /// Sequences looked at.
    pub(super) sequences: usize,
    /// Learned and true law after single states, where tokens are states.
    pub(super) transitions: Option<Transitions>,
    /// Excess over the truth by position, counted from 1, as (mean position, mean excess in nats); empty without a law.
    pub(super) excess: Vec<(f64, Mean)>,
    /// Positions that share a point of the curve.
    pub(super) positions_a_point: usize,
    /// The model's calibration.
    pub(super) calibration: Vec<Bin>,
    /// The exact law's on the same sequences; empty without a law.
    pub(super) exact_calibration: Vec<Bin>,
}

/// One sequence.
struct Seen {
    predictions: Predictions,
    exact: Predictions,
    /// Weight and excess for each point of the curve over positions.
    excess: Vec<(f64, f64)>,
    rows: Rows,
}

/// Looks at the model at `point` on the first `sequences` test sequences. `tell` is told how many are done.
pub(super) fn study(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    sequences: usize,
    states: Option<&States>,
    tell: &mut dyn FnMut(usize),
) -> Study {
    let program = evaluation::evaluating(experiment.program());
    let mut replay = Replay::new(&program, experiment.plan().executor(), machine.isa);
    let inlets = Inlets::new(&program, experiment.world().shape());
    let looker = Looker::new(experiment, states);
    let mut sum = Sum::new(&looker);
    let portion = (HELD / looker.numbers()).clamp(16, 512);
    for first in (0..sequences).step_by(portion) {
        let portion = first..sequences.min(first + portion);
        let seen = looker.portion(machine, &mut replay, &inlets, point, portion.clone());
        seen.iter().for_each(|seen| sum.add(seen));
        tell(portion.end);
    }
    sum.study(sequences, &looker)
}

struct Looker<'a> {
    experiment: &'a Experiment,
    states: Option<&'a States>,
    scored: Range<usize>,
    /// The first of the world's heads that the model has; it is the one that is looked at.
    head: usize,
    alphabet: usize,
    positions_a_point: usize,
}

impl<'a> Looker<'a> {
    fn new(experiment: &'a Experiment, states: Option<&'a States>) -> Looker<'a> {
        let shape = experiment.world().shape();
        let positions_a_point = shape.scored.len().div_ceil(MOST_POINTS).max(1);
        let Output { head, alphabet, .. } = experiment.outputs().swap_remove(0);
        Looker { experiment, states, scored: shape.scored.clone(), head, alphabet, positions_a_point }
    }

    /// What is held of one sequence, about.
    fn numbers(&self) -> usize {
        self.scored.len() * (2 * self.states.map_or(0, States::count) + 2) + 600
    }

    fn points(&self) -> usize {
        self.scored.len().div_ceil(self.positions_a_point)
    }

    fn portion(
        &self,
        machine: &mut Machine,
        replay: &mut Replay,
        inlets: &Inlets,
        point: &[f32],
        sequences: Range<usize>,
    ) -> Vec<Seen> {
        let (experiment, addresses) = (self.experiment, data::set(sequences));
        let source = Drawn { experiment, purpose: Purpose::Test, addresses: &addresses, inlets, scales: &[], step: 0 };
        let seen: Vec<OnceLock<Seen>> = addresses.iter().map(|_| OnceLock::new()).collect();
        replay.outputs(&mut machine.team, point, addresses.len(), &source, &|sequence, outputs| {
            let mut example = Example::default();
            experiment.draw(Purpose::Test, addresses[sequence], &mut example);
            let (nats, logits) = (outputs[0], outputs[1]);
            assert!(seen[sequence].set(self.look(&example, nats, logits)).is_ok(), "a sequence is delivered once");
        });
        seen.into_iter().map(|s| s.into_inner().expect("every sequence is delivered")).collect()
    }

    /// One sequence with the model's `nats` `[scored][1]` and `logits` `[scored][alphabet]`.
    fn look(&self, example: &Example, nats: &[f32], logits: &[f32]) -> Seen {
        let mut seen = Seen {
            predictions: Predictions::none(),
            exact: Predictions::none(),
            excess: vec![(0.0, 0.0); self.points()],
            rows: Rows::default(),
        };
        let mut learned = vec![0.0; self.alphabet];
        let mut model = |position: usize, exact: Option<&[f64]>, seen: &mut Seen| {
            let logits = &logits[(position - self.scored.start) * self.alphabet..][..self.alphabet];
            softmax(logits, &mut learned);
            let (token, target) = (example.tokens[position], example.targets[self.head][position]);
            seen.predictions.add(&learned, usize::from(target));
            if let Some(states) = self.states {
                seen.rows.add(states, (token, target), logits, exact);
            }
        };
        match self.experiment.world().truth() {
            None => {
                let scored = self.scored.clone().filter(|position| example.weights[self.head][*position] != 0.0);
                scored.for_each(|position| model(position, None, &mut seen));
            }
            Some(truth) => {
                let mut law = vec![0.0; self.alphabet];
                follow(&mut *truth.begin(), example, self.head, &mut law, &mut |position, law, target| {
                    model(position, Some(law), &mut seen);
                    seen.exact.add(law, usize::from(target));
                    let (row, weight) = (position - self.scored.start, f64::from(example.weights[self.head][position]));
                    let excess = f64::from(nats[row]) + libm::log(law[usize::from(target)]);
                    let sum = &mut seen.excess[row / self.positions_a_point];
                    *sum = (sum.0 + weight, sum.1 + weight * excess);
                });
            }
        }
        seen
    }
}

/// Sequences are added in their order, so that threads change no bit.
struct Sum {
    calibration: Calibration,
    exact: Calibration,
    excess: Vec<Tally>,
    transitions: Option<Transitions>,
}

impl Sum {
    fn new(looker: &Looker<'_>) -> Sum {
        Sum {
            calibration: Calibration::none(),
            exact: Calibration::none(),
            excess: vec![Tally::default(); looker.points()],
            transitions: looker.states.map(Transitions::none),
        }
    }

    fn add(&mut self, seen: &Seen) {
        self.calibration.add(&seen.predictions);
        self.exact.add(&seen.exact);
        self.excess.iter_mut().zip(&seen.excess).for_each(|(tally, (weight, total))| tally.add(*weight, *total));
        self.transitions.iter_mut().for_each(|transitions| transitions.add(&seen.rows));
    }

    fn study(self, sequences: usize, looker: &Looker<'_>) -> Study {
        let each = looker.positions_a_point;
        let middle = |point: usize| {
            let (first, last) = (point * each + 1, ((point + 1) * each).min(looker.scored.len()));
            (looker.scored.start + first + looker.scored.start + last) as f64 / 2.0
        };
        let excess = self.excess.iter().enumerate();
        Study {
            sequences,
            transitions: self.transitions.map(Transitions::averaged),
            excess: excess.filter_map(|(point, tally)| Some((middle(point), tally.mean()?))).collect(),
            positions_a_point: each,
            calibration: self.calibration.bins(),
            exact_calibration: self.exact.bins(),
        }
    }
}
