//! A plan made real: its world drawn, its program built.

use infimum_engine::{Isa, Program, Team};
use infimum_worlds::{Example, Purpose, Stream, World};

use crate::data::{self, Address};
use crate::decoder::layout;
use crate::recipe::Source;
use crate::{LabError, Layout, Plan};

/// What a run, an evaluation or a sample works with.
pub struct Experiment {
    plan: Plan,
    world: Box<dyn World>,
    program: Program,
    /// The training blocks that the world exports, one after another, where the plan cuts its sequences from them.
    stream: Option<Vec<u16>>,
}

impl Experiment {
    /// Draws the plan's world and builds its program.
    ///
    /// # Errors
    /// None for a plan that was checked; the type leaves room for worlds that read files.
    pub fn new(plan: Plan) -> Result<Experiment, LabError> {
        let world = plan.world().build()?;
        Ok(Experiment::with_world(plan, world))
    }

    /// As [`Experiment::new`] with another world in place of the plan's; it must have the same shape.
    pub fn with_world(plan: Plan, world: Box<dyn World>) -> Experiment {
        let program = plan.program(world.shape());
        assert_eq!(program.weights().parameters(), plan.parameters(), "the world has the shape of the plan's");
        let stream = (plan.data().source == Source::Export).then(|| stream(&*world, plan.export().train_sequences));
        Experiment { plan, world, program, stream }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The world.
    pub fn world(&self) -> &dyn World {
        &*self.world
    }

    /// The model's program, with dropout.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The tokens that training windows are cut from; none where sequences are drawn from the world.
    pub(crate) fn stream(&self) -> &[u16] {
        self.stream.as_deref().unwrap_or_default()
    }

    /// Draws the sequence of `purpose` at `address`, from the plan's seed.
    pub fn draw(&self, purpose: Purpose, address: Address, into: &mut Example) {
        let seed = self.plan.training().seed;
        match (&self.stream, self.world.cut()) {
            (Some(tokens), Some(cut)) if purpose == Purpose::Train => {
                let length = self.world.shape().positions + 1;
                let places = (tokens.len() - length + 1) as u64;
                let first = Stream::new(seed, purpose, address.step, address.index).below(places) as usize;
                cut.example(&tokens[first..first + length], into);
            }
            _ => data::draw(&*self.world, seed, purpose, address, into),
        }
    }

    /// How the model's parameters stand in a file.
    pub fn layout(&self) -> Layout {
        layout(self.plan.model(), &self.program)
    }

    /// The exact or sampled floor of the loss, in nats per scored token, where the law is known.
    pub fn floor(&self) -> Option<f64> {
        self.world.truth()?.floor(0).value()
    }

    /// Tokens that a step trains on: its scored targets.
    pub fn tokens_per_step(&self) -> u64 {
        (self.plan.training().sequences_per_step() * self.world.shape().scored.len()) as u64
    }
}

fn stream(world: &dyn World, blocks: usize) -> Vec<u16> {
    let mut tokens = Vec::new();
    world.export(blocks, 0, &mut |_, block| tokens.extend_from_slice(block));
    tokens
}

/// What computes: threads and an instruction set. It decides speed, never bits.
#[derive(Debug)]
pub struct Machine {
    pub(crate) isa: Isa,
    pub(crate) team: Team,
}

impl Machine {
    /// `threads` threads (at least 1) with instruction set `isa`.
    pub fn new(isa: Isa, threads: usize) -> Machine {
        Machine { isa, team: Team::new(threads.max(1)) }
    }

    /// The instruction set.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        self.team.threads()
    }
}
