//! A plan made real: its world drawn, its program built.

use infimum_engine::{Isa, Program, Team};
use infimum_worlds::{Example, Purpose, World};

use crate::data::{self, Address};
use crate::decoder::layout;
use crate::recipe::Source;
use crate::token_stream::TokenStream;
use crate::{LabError, Layout, Plan};

/// What a run, an evaluation or a sample works with.
pub struct Experiment {
    plan: Plan,
    world: Box<dyn World>,
    program: Program,
    origin: Origin,
}

/// Where training sequences come from.
pub(crate) enum Origin {
    /// Drawn from the world.
    World,
    /// Windows of a stream, cut anywhere.
    Windows(TokenStream),
    /// A stream through what follows what in it: the sequences of every step.
    Counts(TokenStream, Vec<Example>),
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
        let origin = Origin::new(&plan, &*world);
        Experiment { plan, world, program, origin }
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

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Draws the sequence of `purpose` at `address`, from the plan's seed.
    pub fn draw(&self, purpose: Purpose, address: Address, into: &mut Example) {
        let seed = self.plan.training().seed;
        match (&self.origin, self.world.cut()) {
            (Origin::Windows(stream), Some(cut)) if purpose == Purpose::Train => {
                cut.example(&stream.tokens()[stream.place(seed, address)], into);
            }
            (Origin::Counts(_, sequences), _) if purpose == Purpose::Train => {
                into.clone_from(&sequences[address.index as usize]);
            }
            _ => data::draw(&*self.world, seed, purpose, address, into),
        }
    }

    /// Sequences of a training step.
    pub fn sequences_per_step(&self) -> usize {
        match &self.origin {
            Origin::Counts(_, sequences) => sequences.len(),
            _ => self.plan.training().sequences_per_step(),
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
        match &self.origin {
            Origin::Counts(stream, _) => stream.tokens().len() as u64 - 1,
            _ => (self.sequences_per_step() * self.world.shape().scored.len()) as u64,
        }
    }
}

impl Origin {
    fn new(plan: &Plan, world: &dyn World) -> Origin {
        let stream = || TokenStream::new(world, plan.export().train_sequences);
        match plan.data().source {
            Source::Fresh | Source::Fixed => Origin::World,
            Source::Export => Origin::Windows(stream()),
            Source::Counts => {
                let stream = stream();
                let sequences = stream.pairs();
                Origin::Counts(stream, sequences)
            }
        }
    }

    /// Tokens held in memory.
    pub(crate) fn tokens(&self) -> usize {
        match self {
            Origin::World => 0,
            Origin::Windows(stream) | Origin::Counts(stream, _) => stream.tokens().len(),
        }
    }
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
