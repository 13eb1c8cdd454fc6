//! The gradient of a training step's loss at any point: what an optimiser is told there.

use infimum_engine::{Gradient, Replay};
use infimum_worlds::Purpose;

use crate::data::{Address, Drawn, Inlets};
use crate::weighting::Weighting;
use crate::{Experiment, Machine};

/// The sequences of a step, and what their targets count.
pub(crate) struct Batch {
    addresses: Vec<Address>,
    pub(crate) weighting: Weighting,
    /// Counted from 0.
    step: u64,
}

impl Batch {
    pub(crate) fn new(experiment: &Experiment, machine: &mut Machine, addresses: Vec<Address>, step: u64) -> Batch {
        Batch { weighting: Weighting::of(experiment, machine, &addresses), addresses, step }
    }
}

/// Gives gradients of one model.
pub(crate) struct Gradients<'a> {
    experiment: &'a Experiment,
    replay: Replay,
    inlets: Inlets,
}

/// The length of a part of a vector of parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartNorm {
    /// `embedding`, `block 0` and so on, `output`, or `other`.
    pub(crate) part: String,
    pub(crate) norm: f64,
}

impl<'a> Gradients<'a> {
    pub(crate) fn new(experiment: &'a Experiment, machine: &Machine) -> Gradients<'a> {
        let (program, executor) = (experiment.program().gradient(), experiment.plan().executor());
        let replay = Replay::with_products(&program, executor, experiment.plan().training().products(), machine.isa);
        Gradients { experiment, replay, inlets: Inlets::new(&program, experiment.world().shape()) }
    }

    /// The sum over a batch's targets, which [`Weighting::divisor`] makes a mean of, and its gradient.
    pub(crate) fn sum(&mut self, machine: &mut Machine, point: &[f32], batch: &Batch) -> Gradient<f32> {
        let source = Drawn {
            experiment: self.experiment,
            purpose: Purpose::Train,
            addresses: &batch.addresses,
            inlets: &self.inlets,
            scales: batch.weighting.scales(),
            step: batch.step,
        };
        self.replay.gradient(&mut machine.team, point, batch.addresses.len(), &source)
    }

    /// The gradient of the mean loss.
    pub(crate) fn mean(&mut self, machine: &mut Machine, point: &[f32], batch: &Batch) -> Vec<f64> {
        let sum = self.sum(machine, point, batch);
        let of = batch.weighting.divisor(&sum);
        sum.gradient.iter().map(|x| f64::from(*x) / of).collect()
    }
}

/// The length of each part of a gradient, in the order of computation.
pub(crate) fn by_part(experiment: &Experiment, gradient: &[f64]) -> Vec<PartNorm> {
    let mut parts: Vec<PartNorm> = vec![];
    for parameter in experiment.program().parameters() {
        let (part, squares) = (part_of(&parameter.name), gradient[parameter.range].iter().map(|x| x * x).sum::<f64>());
        match parts.iter_mut().find(|found| found.part == part) {
            Some(found) => found.norm += squares,
            None => parts.push(PartNorm { part, norm: squares }),
        }
    }
    parts.iter_mut().for_each(|part| part.norm = part.norm.sqrt());
    parts.sort_by_key(|part| order(&part.part));
    parts
}

fn part_of(array: &str) -> String {
    let name = array.strip_prefix("transformer.").unwrap_or(array);
    match name.split('.').collect::<Vec<_>>()[..] {
        ["wte" | "wpe", ..] => "embedding".into(),
        ["h", block, ..] => format!("block {block}"),
        ["ln_f", ..] => "output".into(),
        [head, ..] if head.ends_with("_head") => "output".into(),
        _ => "other".into(),
    }
}

fn order(part: &str) -> (usize, usize) {
    match part {
        "embedding" => (0, 0),
        "output" => (2, 0),
        "other" => (3, 0),
        block => (1, block.trim_start_matches("block ").parse().expect("blocks have numbers")),
    }
}
