//! One training step after another: sequences, gradient, clipping, optimiser.

use std::path::Path;

use infimum_engine::{Found, Gradient, Group, Next, Optimiser, Replay, Schedule, clip_factor};
use infimum_kernels::flat;
use infimum_worlds::Purpose;

use crate::data::{self, Drawn, Inlets};
use crate::{Experiment, LabError, Machine, StepLine, TrainingState, is_vector, optimisers, read_weights, start};

/// Training between two steps.
pub struct Trainer<'a> {
    experiment: &'a Experiment,
    replay: Replay,
    inlets: Inlets,
    sequences: data::Schedule,
    rates: Schedule,
    optimiser: Box<dyn Optimiser>,
    step: u64,
    tokens: u64,
}

/// What a step saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The mean loss of its sequences before the update, in nats per scored token.
    pub loss: f64,
    /// Euclidean length of the mean loss's gradient before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub rate: f64,
}

impl<'a> Trainer<'a> {
    /// Before the first step, at random start values or at the weights that the plan names.
    ///
    /// # Errors
    /// Weights to start from that cannot be read, or are not those that the plan was made with.
    pub fn start(experiment: &'a Experiment, machine: &Machine) -> Result<Trainer<'a>, LabError> {
        Ok(Trainer::at(experiment, machine, first_point(experiment)?))
    }

    /// At `state`, which a trainer of the same plan has given. Weights to start from are not read again.
    pub fn resume(experiment: &'a Experiment, machine: &Machine, state: TrainingState) -> Trainer<'a> {
        let TrainingState { step, tokens, point, optimiser_steps, optimiser, .. } = state;
        let mut trainer = Trainer::at(experiment, machine, point.clone());
        trainer.optimiser.restore(point, optimiser_steps, optimiser);
        (trainer.step, trainer.tokens) = (step, tokens);
        trainer
    }

    fn at(experiment: &'a Experiment, machine: &Machine, point: Vec<f32>) -> Trainer<'a> {
        let program = experiment.program().gradient();
        let training = experiment.plan().training();
        Trainer {
            experiment,
            replay: Replay::with_products(&program, experiment.plan().executor(), training.products(), machine.isa),
            inlets: Inlets::new(&program),
            sequences: data::Schedule::new(experiment),
            rates: training.schedule(),
            optimiser: optimisers::optimiser(training, point, groups(experiment)),
            step: 0,
            tokens: 0,
        }
    }

    /// Steps done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Tokens trained on.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// The parameters.
    pub fn point(&self) -> &[f32] {
        self.optimiser.point()
    }

    /// Does one step, unless the loss or the gradient is not finite: then the parameters stay as they are.
    ///
    /// # Errors
    /// [`LabError::NotFinite`].
    pub fn advance(&mut self, machine: &mut Machine) -> Result<Step, LabError> {
        let training = self.experiment.plan().training();
        let step = self.step;
        let addresses = self.sequences.step(step);
        let source = Drawn {
            experiment: self.experiment,
            purpose: Purpose::Train,
            addresses: &addresses,
            inlets: &self.inlets,
            step,
        };
        let sum = self.replay.gradient(&mut machine.team, self.optimiser.point(), addresses.len(), &source);
        let norm = libm::sqrt(flat::sum_squares(machine.isa, &sum.gradient)) / sum.weight;
        let done = Step { loss: sum.loss / sum.weight, gradient_norm: norm, rate: self.rates.rate(step) };
        self.require_finite(done)?;
        let clip = if training.clip > 0.0 { clip_factor(norm, training.clip) } else { 1.0 };
        let mut next = tell(&mut *self.optimiser, machine, &sum, clip, done.rate);
        while next == Next::Look {
            let sum = self.replay.gradient(&mut machine.team, self.optimiser.point(), addresses.len(), &source);
            next = tell(&mut *self.optimiser, machine, &sum, 1.0, done.rate);
        }
        self.step += 1;
        self.tokens += self.experiment.tokens_per_step();
        Ok(done)
    }

    fn require_finite(&self, Step { loss, gradient_norm, .. }: Step) -> Result<(), LabError> {
        let rate = self.experiment.plan().training().rate;
        for (what, value) in [("loss", loss), ("gradient norm", gradient_norm)] {
            if !value.is_finite() {
                return Err(LabError::NotFinite { step: self.step + 1, what, value, rate });
            }
        }
        Ok(())
    }

    /// Everything needed to go on to the same bits, except what a run knows besides: `best`, `unreported` and `lines`.
    pub fn state(&self) -> TrainingState {
        let (optimiser_steps, arrays) = self.optimiser.state();
        TrainingState {
            step: self.step,
            point: self.point().to_vec(),
            optimiser_steps,
            optimiser: arrays.into_iter().map(|(name, array)| (name, array.to_vec())).collect(),
            best: None,
            unreported: (0.0, 0),
            lines: (0, StepLine::hash(&[])),
            tokens: self.tokens,
        }
    }
}

/// Tells what was found at the optimiser's point, with the gradient shortened by `clip`.
fn tell(optimiser: &mut dyn Optimiser, machine: &mut Machine, sum: &Gradient<f32>, clip: f64, rate: f64) -> Next {
    let scale = (clip / sum.weight) as f32;
    let found = Found { loss: sum.loss / sum.weight, gradient: &sum.gradient, scale };
    optimiser.tell(machine.isa, &mut machine.team, found, rate)
}

fn first_point(experiment: &Experiment) -> Result<Vec<f32>, LabError> {
    let plan = experiment.plan();
    let Some(init) = &plan.training().init else {
        return Ok(start(experiment.program(), plan.model(), plan.training().seed));
    };
    let (path, layout) = (Path::new(&init.path), experiment.layout());
    let point = read_weights(path, plan.model(), &layout)?;
    if layout.weights_hash(&point) != init.weights_hash {
        return Err(LabError::File {
            path: path.into(),
            problem: "these weights are not those that the plan was made with (training.init)".into(),
            remedy: "put back what was there, or run the recipe anew".into(),
        });
    }
    Ok(point)
}

/// Arrays of two dimensions decay, gains and biases do not.
fn groups(experiment: &Experiment) -> Vec<Group> {
    let decay = experiment.plan().training().decay;
    let group = |p: infimum_engine::Parameter| {
        let decay = if is_vector(&p.name) { 0.0 } else { decay };
        Group { range: p.range, decay, rate_factor: 1.0 }
    };
    experiment.program().parameters().into_iter().map(group).collect()
}
