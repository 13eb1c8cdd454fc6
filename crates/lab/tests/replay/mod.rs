//! The trainer that runs use, on sequences and from weights that a test gives.

use std::collections::BTreeMap;

use infimum_engine::Program;
use infimum_lab::{Experiment, Isa, Machine, Plan, Recipe, Step, Trainer, TrainingState};
use infimum_worlds::{Example, Fact, Purpose, Shape, Split, Stream, Truth, World};

/// Trains for as many steps as there are batches, from the weights that `start` gives for the program's parameters. The
/// recipe's world only says what shape the sequences have.
pub(crate) fn replay(recipe: &str, batches: Vec<Vec<Example>>, start: impl Fn(&Program) -> Vec<f64>) -> Vec<Step> {
    let plan = Plan::new(&Recipe::parse(recipe, "replay.toml", &[]).unwrap()).unwrap();
    let steps = batches.len();
    let world = Given::new(plan.build_world().unwrap().shape().clone(), plan.training().seed, batches);
    let experiment = Experiment::with_world(plan, Box::new(world));
    let mut machine = Machine::new(Isa::best(), 2);
    let mut trainer = Trainer::start(&experiment, &machine).unwrap();
    let point = start(experiment.program()).iter().map(|x| *x as f32).collect();
    trainer = Trainer::resume(&experiment, &machine, TrainingState { point, ..trainer.state() }).unwrap();
    (0..steps).map(|_| trainer.advance(&mut machine).unwrap()).collect()
}

/// Gives sequences instead of drawing them. Which one is asked for, the first number of its stream tells.
struct Given {
    shape: Shape,
    sequences: BTreeMap<u64, Example>,
}

impl Given {
    fn new(shape: Shape, seed: u64, batches: Vec<Vec<Example>>) -> Given {
        let numbered = batches.into_iter().enumerate().flat_map(|(step, batch)| {
            let key = move |index| Stream::new(seed, Purpose::Train, step as u64, index as u64).uniform().to_bits();
            batch.into_iter().enumerate().map(move |(index, sequence)| (key(index), sequence))
        });
        Given { shape, sequences: numbered.collect() }
    }
}

impl World for Given {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        into.clone_from(&self.sequences[&stream.uniform().to_bits()]);
    }

    fn truth(&self) -> Option<&dyn Truth> {
        None
    }

    fn facts(&self) -> Vec<Fact> {
        vec![]
    }

    fn export(&self, _: usize, _: usize, _: &mut dyn FnMut(Split, &[u16])) {}
}
