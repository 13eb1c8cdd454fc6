//! What a plan will cost, before it is run: parameters, memory, time.

use std::time::Instant;

use infimum_engine::Lanes;
use infimum_worlds::Purpose;
use serde::Serialize;

use crate::data::{self, Drawn, Inlets};
use crate::evaluation::{Evaluator, evaluating};
use crate::{Experiment, Machine, start};

/// What a plan will cost on this machine.
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
    /// Bytes of memory for activations, gradients, optimiser and their copies; the world's law comes on top.
    pub bytes: u64,
    /// Seconds of training, validation and test together.
    pub seconds: f64,
    /// Sequences of the portions whose time was taken, for training and for evaluation; best of three each.
    pub measured_sequences: usize,
}

/// One weight array.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeightLine {
    /// Its name.
    pub name: String,
    /// How it comes about: `free`, or made from others.
    pub expression: &'static str,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Its own parameters.
    pub parameters: usize,
}

/// Counts and measures: the gradient and the evaluation of one group of sixteen sequences a thread are timed, nothing is
/// trained and nothing is written.
pub fn forecast(experiment: &Experiment, machine: &mut Machine) -> Forecast {
    let weights = experiment.program().weights();
    let arrays = weights.audit().map(|(name, expression, shape, parameters)| WeightLine {
        name: name.into(),
        expression,
        shape: [shape.rows, shape.channels],
        parameters,
    });
    let steps = experiment.plan().training().steps;
    let measured_sequences = 16 * machine.threads();
    Forecast {
        arrays: arrays.collect(),
        parameters: weights.parameters(),
        floor: experiment.floor(),
        tokens: steps * experiment.tokens_per_step(),
        bytes: bytes(experiment, machine),
        seconds: seconds(experiment, machine, measured_sequences),
        measured_sequences,
    }
}

fn bytes(experiment: &Experiment, machine: &Machine) -> u64 {
    let gradient = Lanes::new(&experiment.program().gradient(), machine.isa);
    let outputs = Lanes::new(&evaluating(experiment.program()), machine.isa);
    let scalars = experiment.program().weights().memory();
    let chunks = experiment.plan().training().sequences_per_step().div_ceil(16).min(8);
    // A gradient for each chunk of a batch, of which there are at most eight; the sum; point, two means, evaluated weights; for evaluation a spare gradient a thread.
    let copies = chunks + 6 + machine.threads();
    let activations = machine.threads() * (gradient.bytes_per_thread() + outputs.bytes_per_thread());
    (activations + copies * scalars * size_of::<f32>()) as u64
}

fn seconds(experiment: &Experiment, machine: &mut Machine, sequences: usize) -> f64 {
    let (training, evaluation) = (experiment.plan().training(), experiment.plan().evaluation());
    let point = start(experiment.program(), experiment.plan().model(), training.seed);
    let trained = training.steps as f64 * training.sequences_per_step() as f64;
    let validations = training.steps.div_ceil(evaluation.every) as f64;
    let scored = validations * evaluation.sequences as f64 + evaluation.test_sequences as f64;
    let learn = gradient_seconds(experiment, machine, &point, sequences);
    let mut evaluator = Evaluator::new(experiment, machine);
    let evaluate = best_of_three(|| {
        evaluator.score(machine, &point, Purpose::Check, 0..sequences);
    });
    (trained * learn + scored * evaluate) / sequences as f64
}

fn gradient_seconds(experiment: &Experiment, machine: &mut Machine, point: &[f32], sequences: usize) -> f64 {
    let program = experiment.program().gradient();
    let (mut lanes, inlets) = (Lanes::new(&program, machine.isa), Inlets::new(&program));
    let (world, seed, addresses) = (experiment.world(), experiment.plan().training().seed, data::set(0..sequences));
    let source = Drawn { world, seed, purpose: Purpose::Check, addresses: &addresses, inlets: &inlets, step: 0 };
    best_of_three(|| {
        lanes.gradient(&mut machine.team, point, sequences, &source);
    })
}

fn best_of_three(mut work: impl FnMut()) -> f64 {
    let mut time = || {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    };
    (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
}
