//! One training step after another: sequences, gradient, clipping, optimiser.

use std::path::Path;

use infimum_engine::{Course, Found, Gradient, Group, Next, Optimiser, Schedule, clip_factor};
use infimum_kernels::flat;

use crate::average::Averaged;
use crate::data::{self, Address};
use crate::gradient::{Batch, Gradients};
use crate::pull::Pull;
use crate::{
    Experiment, LabError, Machine, Mined, RunStage, StepLine, TrainingState, is_vector, mined, optimisers,
    read_weights, start,
};

/// Training between two steps.
pub struct Trainer<'a> {
    experiment: &'a Experiment,
    gradients: Gradients<'a>,
    sequences: data::Schedule,
    /// That of the next step.
    stage: &'a RunStage,
    rates: Schedule,
    /// The step that the rates are counted from.
    rates_begin: u64,
    optimiser: Box<dyn Optimiser>,
    pull: Option<Pull>,
    average: Option<Averaged>,
    mined: Option<Mined>,
    step: u64,
    tokens: u64,
}

/// What a step saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The loss of its sequences before the update: over the model's heads the sum of weight times mean nats.
    pub loss: f64,
    /// The mean nats of each of the model's heads.
    pub losses: Vec<f64>,
    /// Euclidean length of the gradient of the mean loss, and of the pull where there is one, before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub rate: f64,
    /// How many mined sequences its own were mixed with, where its stage mines.
    pub mined: Option<u64>,
}

impl<'a> Trainer<'a> {
    /// Before the first step, at random start values or at the weights that the plan names.
    ///
    /// # Errors
    /// Weights to start from, or to be pulled to, that cannot be read, or are not those that the plan was made with.
    pub fn start(experiment: &'a Experiment, machine: &Machine) -> Result<Trainer<'a>, LabError> {
        Trainer::at(experiment, machine, 0, first_point(experiment)?)
    }

    /// At `state`, which a trainer of the same plan has given. Weights to start from are not read again.
    ///
    /// # Errors
    /// Weights to be pulled to that cannot be read, or are not those that the plan was made with.
    pub fn resume(
        experiment: &'a Experiment,
        machine: &Machine,
        state: TrainingState,
    ) -> Result<Trainer<'a>, LabError> {
        let TrainingState { step, tokens, point, optimiser_steps, optimiser: mut arrays, mined, .. } = state;
        let mut trainer = Trainer::at(experiment, machine, step, point.clone())?;
        let trained = match &mut trainer.average {
            Some(average) => average.restore(step, point, &mut arrays),
            None => point,
        };
        trainer.optimiser.restore(trained, optimiser_steps, arrays);
        (trainer.tokens, trainer.mined) = (tokens, mined);
        Ok(trainer)
    }

    /// The same at other rates, counted from the next step; until its stage ends.
    pub(crate) fn at_rates(self, rates: Schedule) -> Trainer<'a> {
        Trainer { rates, rates_begin: self.step, ..self }
    }

    /// The same at another rate, which stays after so many steps of warm-up; until its stage ends.
    pub(crate) fn at_constant_rate(self, rate: f64, warmup: u64) -> Trainer<'a> {
        let steps = self.rates.steps;
        self.at_rates(Schedule { course: Course::Constant, rate, last_rate: rate, warmup, steps })
    }

    /// At `point` after `step` steps, with an optimiser that knows nothing of them.
    ///
    /// # Errors
    /// Weights to be pulled to that cannot be read, or are not those that the plan was made with.
    pub(crate) fn at(
        experiment: &'a Experiment,
        machine: &Machine,
        step: u64,
        point: Vec<f32>,
    ) -> Result<Trainer<'a>, LabError> {
        let (training, stage) = (experiment.plan().training(), experiment.stage(step));
        let average = training.average.map(|average| Averaged::new(&average, point.len()));
        Ok(Trainer {
            experiment,
            gradients: Gradients::new(experiment, machine),
            sequences: data::Schedule::new(experiment),
            stage,
            rates: stage.training.schedule(),
            rates_begin: stage.begins,
            optimiser: optimisers::optimiser(&stage.training, point, groups(experiment, stage)),
            pull: Pull::of(experiment)?,
            average,
            mined: None,
            step,
            tokens: 0,
        })
    }

    /// Steps done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The stage of the next step; after the last, the last.
    pub fn stage(&self) -> &'a RunStage {
        self.stage
    }

    /// What the last search for errors found, where the stage has one.
    pub fn mined(&self) -> Option<&Mined> {
        self.mined.as_ref()
    }

    /// Tokens trained on.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// The parameters, or where the plan has an average, that of theirs: what is evaluated.
    pub fn point(&self) -> &[f32] {
        self.average.as_ref().and_then(Averaged::point).unwrap_or(self.optimiser.point())
    }

    /// Does one step, unless the loss or the gradient is not finite: then the parameters stay as they are.
    ///
    /// # Errors
    /// [`LabError::NotFinite`].
    pub fn advance(&mut self, machine: &mut Machine) -> Result<Step, LabError> {
        let (stage, step) = (self.stage, self.step);
        let addresses = self.addresses(machine);
        let batch = Batch::new(self.experiment, machine, addresses, step);
        let mut sum = self.gradients.sum(machine, self.optimiser.point(), &batch);
        let of = batch.weighting.divisor(&sum);
        let (loss, losses, rate) =
            (sum.loss / of, batch.weighting.losses(&sum), self.rates.rate(step - self.rates_begin));
        self.pull(&mut sum, of);
        let norm = libm::sqrt(flat::sum_squares(machine.isa, &sum.gradient)) / of;
        let mined = self.mined.as_ref().map(|mined| mined.numbers.len() as u64);
        let done = Step { loss, losses, gradient_norm: norm, rate, mined };
        self.require_finite(&done)?;
        let limit = stage.training.clip;
        let clip = if limit > 0.0 { clip_factor(norm, limit) } else { 1.0 };
        let mut next = tell(&mut *self.optimiser, machine, (&sum, of), clip, rate);
        while next == Next::Look {
            let mut sum = self.gradients.sum(machine, self.optimiser.point(), &batch);
            self.pull(&mut sum, of);
            next = tell(&mut *self.optimiser, machine, (&sum, of), 1.0, rate);
        }
        self.step += 1;
        let (step, point) = (self.step, self.optimiser.point());
        self.average.iter_mut().for_each(|average| average.look(step, point));
        self.tokens += self.experiment.tokens_of(stage);
        if self.step == stage.ends() {
            self.enter(self.experiment.stage(self.step));
        }
        Ok(done)
    }

    /// Adds the pull at the optimiser's point, if there is one.
    fn pull(&self, sum: &mut Gradient<f32>, of: f64) {
        self.pull.iter().for_each(|pull| pull.add(self.step, self.optimiser.point(), sum, of));
    }

    /// How far the parameters are from the weights that they are pulled to.
    pub fn pull_distance(&self) -> Option<f64> {
        self.pull.as_ref().map(|pull| pull.distance(self.point()))
    }

    /// The sequences of the next step. Before, it is looked for errors where that is due.
    fn addresses(&mut self, machine: &mut Machine) -> Vec<Address> {
        let (step, stage) = (self.step, self.stage);
        let mut addresses = self.sequences.step(step);
        let Some(mining) = &stage.mined else { return addresses };
        if mining.is_due(stage.begins, step) {
            self.mined = Some(mined::mine(self.experiment, machine, self.optimiser.point(), mining, step));
        }
        let seed = self.experiment.plan().training().seed;
        self.mined.iter().for_each(|mined| mined.mix(mining, seed, step, &mut addresses));
        addresses
    }

    /// Begins a stage where the one before ended, with an optimiser that knows nothing of it.
    fn enter(&mut self, stage: &'a RunStage) {
        if stage.begins != self.step {
            return; // That was the last stage.
        }
        let point = self.optimiser.point().to_vec();
        self.optimiser = optimisers::optimiser(&stage.training, point, groups(self.experiment, stage));
        (self.stage, self.rates, self.rates_begin, self.mined) = (stage, stage.training.schedule(), stage.begins, None);
    }

    fn require_finite(&self, Step { loss, gradient_norm, .. }: &Step) -> Result<(), LabError> {
        let rate = self.stage.training.rate;
        for (what, value) in [("loss", loss), ("gradient norm", gradient_norm)] {
            if !value.is_finite() {
                return Err(LabError::NotFinite { step: self.step + 1, what, value: *value, rate });
            }
        }
        Ok(())
    }

    /// Everything needed to go on to the same bits, except what a run knows besides: `best`, `unreported`, `unreported_of_heads` and `lines`.
    pub fn state(&self) -> TrainingState {
        let (optimiser_steps, arrays) = self.optimiser.state();
        let mut arrays = arrays.into_iter().map(|(name, array)| (name, array.to_vec())).collect();
        self.average.iter().for_each(|average| average.save(self.optimiser.point(), &mut arrays));
        TrainingState {
            step: self.step,
            point: self.point().to_vec(),
            optimiser_steps,
            optimiser: arrays,
            best: None,
            unreported: (0.0, 0),
            unreported_of_heads: vec![],
            lines: (0, StepLine::hash(&[])),
            tokens: self.tokens,
            mined: self.mined.clone(),
        }
    }
}

/// Tells what was found at the optimiser's point, a sum and what it is divided by, with the gradient shortened by `clip`.
fn tell(
    optimiser: &mut dyn Optimiser,
    machine: &mut Machine,
    (sum, of): (&Gradient<f32>, f64),
    clip: f64,
    rate: f64,
) -> Next {
    let scale = (clip / of) as f32;
    let found = Found { loss: sum.loss / of, gradient: &sum.gradient, scale };
    optimiser.tell(machine.isa, &mut machine.team, found, rate)
}

/// Random start values, or the weights that the plan names.
pub(crate) fn first_point(experiment: &Experiment) -> Result<Vec<f32>, LabError> {
    let plan = experiment.plan();
    let Some(init) = &plan.training().init else {
        return Ok(start(experiment.program(), plan.model(), plan.training().seed));
    };
    let (path, layout) = (Path::new(&init.path), experiment.layout());
    let point = read_weights(path, plan.model(), &layout)?;
    layout.require_hash(&point, &init.weights_hash, path, "training.init")?;
    Ok(point)
}

/// Arrays of two dimensions decay, gains and biases do not.
fn groups(experiment: &Experiment, stage: &RunStage) -> Vec<Group> {
    let decay = stage.training.decay;
    let group = |p: infimum_engine::Parameter| {
        let decay = if is_vector(&p.name) { 0.0 } else { decay };
        Group { range: p.range, decay, rate_factor: 1.0 }
    };
    experiment.program().parameters().into_iter().map(group).collect()
}
