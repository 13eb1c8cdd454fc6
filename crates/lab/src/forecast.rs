//! What a plan will cost, before it is run: parameters, memory, time.

mod timing;

use infimum_worlds::Fact;
use serde::Serialize;

use crate::audit::{Audit, WeightLine};
use crate::memory::Memory;
use crate::{Experiment, Machine};
use timing::Timing;

/// What a plan will cost on this machine. Memory and time are estimates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Every weight array and where its parameters went.
    pub arrays: Vec<WeightLine>,
    /// Parameters in all.
    pub parameters: usize,
    /// The floor in nats per scored token, where it is known.
    pub floor: Option<f64>,
    /// Tokens that training sees.
    pub tokens: u64,
    /// Bytes of memory: the world's law, activations, gradients, optimiser and their copies, scores.
    pub bytes: u64,
    /// Seconds of training, validation, test and the count of what was trained on together.
    pub seconds: f64,
    /// Sequences of the group whose time was taken.
    pub measured_sequences: usize,
    /// Multiply-adds of the plan's model on a sequence, divided by those of the model that was timed; 1 if that is the plan's.
    pub extrapolated: f64,
}

/// Counts and measures: the gradient and the evaluation of one group of sixteen sequences are timed, of a smaller model if
/// the plan's takes long. Nothing is trained and nothing is written.
pub fn forecast(experiment: &Experiment, machine: &Machine) -> Forecast {
    let audit = Audit::of(experiment.program());
    let timing = Timing::of(experiment, machine.isa);
    Forecast {
        arrays: audit.arrays,
        parameters: audit.free,
        floor: experiment.floor(),
        tokens: experiment.tokens(),
        bytes: Memory::of(experiment, machine).bytes(),
        seconds: timing.seconds(experiment, machine.threads()),
        measured_sequences: timing::GROUP,
        extrapolated: timing.extrapolated,
    }
}

/// What is true of an experiment's world: period, classes, how the long run was found.
pub fn world_facts(experiment: &Experiment) -> Vec<Fact> {
    experiment.world().facts()
}
