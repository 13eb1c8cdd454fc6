//! What gates look at.

use std::sync::Mutex;

use infimum_engine::{Feed, Gradient, Replay, Source};
use infimum_worlds::strings::Strings;
use infimum_worlds::{Example, Purpose, Stream};

use crate::data::{Address, Given, Inlets, Schedule, set};
use crate::recipe::Model;
use crate::retrace::trained_on;
use crate::trainer::first_point;
use crate::training::Weights;
use crate::{Experiment, LabError, Machine};

/// A network with the data that it was trained on: a run's, or in tests one that is broken on purpose.
pub(super) trait Network {
    /// Its plan, world and program.
    fn experiment(&self) -> &Experiment;

    /// The parameters.
    fn point(&self) -> &[f32];

    /// The parameters before the first step; `None` of weights that come from elsewhere.
    fn start(&self) -> Option<&[f32]>;

    /// Draws the sequence of `purpose` at `address`.
    fn draw(&self, purpose: Purpose, address: Address, into: &mut Example);

    /// The strings that the world holds out, where it is a set of strings.
    fn held_out(&self) -> Vec<Example>;

    /// The arrays at `sites`, all positions of each: `[sequence][site][position * channel]`, computed as in evaluations. What stands at the
    /// sites of `replaced` is replaced, by an array for each sequence.
    fn read(&mut self, examples: &[Example], replaced: &[Replaced], sites: &[&str]) -> Vec<Vec<Vec<f32>>>;

    /// The loss and the gradient of these sequences with these parameters, computed as in training, without dropout.
    fn gradient_at(&mut self, point: &[f32], examples: &[Example]) -> Gradient<f32>;

    /// What computes.
    fn machine(&mut self) -> &mut Machine;

    /// How many of these sequences were trained on, and how many sequences were; `None` of weights that come from elsewhere.
    fn trained_on(&mut self, examples: &[Example]) -> Option<(usize, u64)>;
}

/// What stands at a site instead.
#[derive(Clone)]
pub(super) struct Replaced {
    pub(super) site: String,
    /// One for each sequence.
    pub(super) arrays: Vec<Vec<f32>>,
}

impl dyn Network + '_ {
    /// As [`Network::gradient_at`], with its own parameters.
    pub(super) fn gradient(&mut self, examples: &[Example]) -> Gradient<f32> {
        let point = self.point().to_vec();
        self.gradient_at(&point, examples)
    }

    /// The model's settings.
    pub(super) fn model(&self) -> &Model {
        self.experiment().plan().model()
    }

    /// Layers with attention.
    pub(super) fn layers_of_attention(&self) -> usize {
        if self.model().attention { self.model().layers } else { 0 }
    }

    /// The first `count` sequences of `purpose`; of the test, or all that there are.
    pub(super) fn examples(&self, purpose: Purpose, count: usize) -> Vec<Example> {
        let count = if purpose == Purpose::Test { self.experiment().test_sequences(count) } else { count };
        self.at(purpose, &set(0..count))
    }

    /// `count` sequences of what the last step drew from.
    pub(super) fn training_examples(&self, count: usize) -> Vec<Example> {
        let experiment = self.experiment();
        let last = experiment.plan().training().steps.saturating_sub(1);
        self.at(Purpose::Train, &Schedule::new(experiment).alike(last, count))
    }

    fn at(&self, purpose: Purpose, addresses: &[Address]) -> Vec<Example> {
        let example = |address: &Address| {
            let mut example = Example::default();
            self.draw(purpose, *address, &mut example);
            example
        };
        addresses.iter().map(example).collect()
    }

    /// Sequences of one token each, at every position, with the targets and weights of no sequence.
    pub(super) fn constant(&self, token: u16) -> Example {
        let shape = self.experiment().world().shape();
        Example {
            tokens: vec![token; shape.positions],
            targets: vec![vec![0; shape.positions]; shape.heads.len()],
            weights: vec![vec![0.0; shape.positions]; shape.heads.len()],
        }
    }
}

/// Random numbers of a gate.
pub(super) fn stream(gate: u64) -> Stream {
    Stream::new(0, Purpose::Check, gate, 0)
}

/// A network as it is.
pub(super) struct Trained<'t> {
    experiment: &'t Experiment,
    machine: &'t mut Machine,
    point: &'t [f32],
    start: Option<Vec<f32>>,
    steps: Option<u64>,
}

impl<'t> Trained<'t> {
    pub(super) fn new(
        experiment: &'t Experiment,
        machine: &'t mut Machine,
        Weights { point, steps }: Weights<'t>,
    ) -> Result<Trained<'t>, LabError> {
        let start = steps.map(|_| first_point(experiment)).transpose()?;
        Ok(Trained { experiment, machine, point, start, steps })
    }
}

impl Network for Trained<'_> {
    fn experiment(&self) -> &Experiment {
        self.experiment
    }

    fn point(&self) -> &[f32] {
        self.point
    }

    fn start(&self) -> Option<&[f32]> {
        self.start.as_deref()
    }

    fn draw(&self, purpose: Purpose, address: Address, into: &mut Example) {
        self.experiment.draw(purpose, address, into);
    }

    fn held_out(&self) -> Vec<Example> {
        self.experiment.world().strings().map(Strings::held_out).unwrap_or_default()
    }

    fn read(&mut self, examples: &[Example], replaced: &[Replaced], sites: &[&str]) -> Vec<Vec<Vec<f32>>> {
        let shape = self.experiment.world().shape();
        let mut program = self.experiment.program().without_dropout();
        for Replaced { site, .. } in replaced {
            program = program.replace(site).expect("the site is the program's");
        }
        let program = program.outputs_at(sites, 0..shape.positions).expect("the sites are the program's");
        let inlets = Inlets::new(&program, shape);
        let place = |replaced: &Replaced| program.input_index(&replaced.site).expect("it is an input now");
        let places: Vec<usize> = replaced.iter().map(place).collect();
        let source = |sequence: usize, feed: &mut Feed| {
            Given { examples, inlets: &inlets }.fill(sequence, feed);
            for (place, replaced) in places.iter().zip(replaced) {
                feed.arrays[*place].copy_from_slice(&replaced.arrays[sequence]);
            }
        };
        let found: Vec<Mutex<Vec<Vec<f32>>>> = examples.iter().map(|_| Mutex::default()).collect();
        let keep = |sequence: usize, arrays: &[&[f32]]| {
            *found[sequence].lock().expect("nothing panics") = arrays.iter().map(|array| array.to_vec()).collect();
        };
        let mut replay = Replay::new(&program, self.experiment.plan().executor(), self.machine.isa);
        replay.outputs(&mut self.machine.team, self.point, examples.len(), &source, &keep);
        found.into_iter().map(|arrays| arrays.into_inner().expect("nothing panics")).collect()
    }

    fn gradient_at(&mut self, point: &[f32], examples: &[Example]) -> Gradient<f32> {
        let program = self.experiment.program().without_dropout().gradient();
        let inlets = Inlets::new(&program, self.experiment.world().shape());
        let mut replay = Replay::new(&program, self.experiment.plan().executor(), self.machine.isa);
        replay.gradient(&mut self.machine.team, point, examples.len(), &Given { examples, inlets: &inlets })
    }

    fn machine(&mut self) -> &mut Machine {
        self.machine
    }

    fn trained_on(&mut self, examples: &[Example]) -> Option<(usize, u64)> {
        trained_on(self.experiment, self.steps?, self.machine, examples)
    }
}
