//! What each head's targets count in a step: the loss is the sum over heads of the head's weight times its mean nats.
//!
//! The engine adds weights times nats, so the weights of a head are multiplied by its weight in the loss, and where there are several
//! heads by the first one's targets over its own. What comes out is then divided by the first one's targets.

use infimum_engine::Gradient;
use infimum_worlds::{Example, Purpose};

use crate::data::Address;
use crate::{Experiment, Machine};

/// Sequences that a thread claims at once.
const CLAIM: usize = 16;

/// What a model's heads count in one step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighting {
    /// Of each head, in the model's order: what the weights of its targets are multiplied by.
    scales: Vec<f32>,
}

impl Weighting {
    /// Of the training sequences at these addresses. With one head they are not looked at.
    pub(crate) fn of(experiment: &Experiment, machine: &mut Machine, addresses: &[Address]) -> Weighting {
        let outputs = experiment.outputs();
        let counts = match outputs.len() {
            1 => vec![1.0],
            _ => counts(experiment, machine, addresses),
        };
        let scale = |(weight, count): (f64, &f64)| if *count > 0.0 { (weight * counts[0] / count) as f32 } else { 0.0 };
        let weights = outputs.iter().map(|output| output.weight);
        Weighting { scales: weights.zip(&counts).map(scale).collect() }
    }

    /// What the weights of each head's targets are multiplied by.
    pub(crate) fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// What sums are divided by: the weight of the targets of the first head, before it was multiplied.
    pub(crate) fn divisor(&self, sum: &Gradient<f32>) -> f64 {
        sum.of_losses[0].weight / f64::from(self.scales[0])
    }

    /// The mean nats of each head.
    pub(crate) fn losses(&self, sum: &Gradient<f32>) -> Vec<f64> {
        sum.of_losses.iter().map(|of| of.loss / of.weight).collect()
    }
}

/// The weight of the targets of each of the model's heads, in all sequences together. Weights are small whole numbers or few, so that
/// the order of the sum changes no bit; it is that of the sequences all the same.
fn counts(experiment: &Experiment, machine: &mut Machine, addresses: &[Address]) -> Vec<f64> {
    let heads: Vec<usize> = experiment.outputs().iter().map(|output| output.head).collect();
    let mut found = vec![vec![0.0; heads.len()]; addresses.len()];
    let mut claims: Vec<_> = found.chunks_mut(CLAIM).collect();
    let mut desks = vec![Example::default(); machine.threads()];
    machine.team.each(&mut claims, &mut desks, |claim, found, example| {
        for (address, found) in addresses[claim * CLAIM..].iter().zip(found.iter_mut()) {
            experiment.draw(Purpose::Train, *address, example);
            for (found, head) in found.iter_mut().zip(&heads) {
                *found = example.weights[*head].iter().map(|weight| f64::from(*weight)).sum();
            }
        }
    });
    let sum = |head: usize| found.iter().map(|of_sequence| of_sequence[head]).sum();
    (0..heads.len()).map(sum).collect()
}
