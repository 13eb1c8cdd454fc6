//! A plan made real: its world drawn, its program built.

use std::ops::Range;
use std::sync::Arc;

use infimum_engine::{Isa, Program, Team};
use infimum_worlds::text::Part;
use infimum_worlds::{Example, Purpose, Split, Stream, World};

use crate::curriculum::Curriculum;
use crate::data::{self, Address};
use crate::decoder::layout;
use crate::folder::SharedBlocks;
use crate::held_out::HeldOut;
use crate::outputs::{Output, outputs};
use crate::recipe::Source;
use crate::token_stream::TokenStream;
use crate::{LabError, Layout, Plan, RunStage, folder, text};

/// What a run, an evaluation or a sample works with.
pub struct Experiment {
    plan: Plan,
    world: Arc<dyn World>,
    program: Program,
    origin: Arc<Origin>,
    curriculum: Curriculum,
    /// One after another, at least one.
    stages: Arc<[RunStage]>,
    /// Validation and test, where they are not drawn.
    held_out: Option<Arc<HeldOut>>,
    /// Of a text.
    parts: Option<Parts>,
    shared_blocks: Option<SharedBlocks>,
}

/// Where the parts of a text are among its tokens, which are those of [`HeldOut`].
#[derive(Clone)]
struct Parts {
    training: Range<usize>,
    validation: Range<usize>,
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
    /// Draws the plan's world, or reads the data in its folder, and builds its program.
    ///
    /// # Errors
    /// Data that cannot be read, or are not those that the plan was made with.
    pub fn new(plan: Plan) -> Result<Experiment, LabError> {
        if let Some(text) = text::open(plan.world())? {
            let held_out = text::held_out(&text);
            let [training, validation] = [Part::Training, Part::Validation].map(|part| text.part_of(part));
            let experiment = Experiment::of(plan, Box::new(text), |_, _| unreachable!("no blocks"), Some(held_out));
            return Ok(Experiment { parts: Some(Parts { training, validation }), ..experiment });
        }
        let Some(opened) = folder::open(&plan)? else {
            let curriculum = Curriculum::new(&plan.training().curriculum, &plan.stages())?;
            let world = plan.world().build()?;
            return Ok(Experiment { curriculum, ..Experiment::with_world(plan, world) });
        };
        let stream = TokenStream::of(opened.train, opened.world.shape().positions);
        let experiment = Experiment::of(plan, opened.world, |_, _| stream, Some(opened.held_out));
        Ok(Experiment { shared_blocks: Some(opened.shared), ..experiment })
    }

    /// As [`Experiment::new`] with another world in place of the plan's; it must have the same shape. All sequences are drawn
    /// from it, also where the plan has a curriculum or a folder of data.
    pub fn with_world(plan: Plan, world: Box<dyn World>) -> Experiment {
        let exported = |plan: &Plan, world: &dyn World| TokenStream::exported(world, plan.export().train_sequences);
        Experiment::of(plan, world, exported, None)
    }

    fn of(
        plan: Plan,
        world: Box<dyn World>,
        stream: impl FnOnce(&Plan, &dyn World) -> TokenStream,
        held_out: Option<HeldOut>,
    ) -> Experiment {
        let program = plan.program(world.shape());
        assert_eq!(program.weights().parameters(), plan.parameters(), "the world has the shape of the plan's");
        let origin = Arc::new(Origin::new(&plan, || stream(&plan, &*world)));
        let (world, held_out, curriculum) = (world.into(), held_out.map(Arc::new), Curriculum::default());
        let stages = plan.stages().into();
        Experiment { plan, world, program, origin, curriculum, stages, held_out, parts: None, shared_blocks: None }
    }

    /// The experiment of the same plan with another `training.seed`; the two share their world and their data, which the seed
    /// says nothing of.
    pub fn with_seed(&self, seed: u64) -> Experiment {
        let plan = self.plan.with_seed(seed);
        Experiment {
            stages: plan.stages().into(),
            plan,
            world: Arc::clone(&self.world),
            program: self.program.clone(),
            origin: Arc::clone(&self.origin),
            curriculum: self.curriculum.clone(),
            held_out: self.held_out.clone(),
            parts: self.parts.clone(),
            shared_blocks: self.shared_blocks,
        }
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
        if let (Purpose::Validation | Purpose::Test, Some(held_out), Some(cut)) =
            (purpose, &self.held_out, self.world.cut())
        {
            return held_out.draw(cut, purpose, address.index as usize, into);
        }
        match (&*self.origin, self.world.cut()) {
            (Origin::Windows(stream), Some(cut)) if purpose == Purpose::Train => {
                cut.example(&stream.tokens()[stream.place(seed, address)], into);
            }
            (Origin::Counts(_, sequences), _) if purpose == Purpose::Train => {
                into.clone_from(&sequences[address.index as usize]);
            }
            _ if purpose == Purpose::Train => {
                let of = self.sequences_of(self.stage(address.step)) as u64;
                let world = self.curriculum.world(address.step, address.index, of).unwrap_or(&*self.world);
                world.draw_for_training(&mut Stream::new(seed, purpose, address.step, address.index), into);
            }
            _ if purpose == Purpose::Validation => {
                self.world.draw_for_validation(&mut Stream::new(seed, purpose, address.step, address.index), into);
            }
            _ => data::draw(&*self.world, seed, purpose, address, into),
        }
    }

    /// `wanted` test sequences, or as many as there are of data that are not drawn.
    pub fn test_sequences(&self, wanted: usize) -> usize {
        self.held_out.as_ref().map_or(wanted, |held_out| wanted.min(held_out.counts()[1]))
    }

    /// The tokens that training windows are cut from, anywhere; `None` where sequences are drawn one by one.
    pub(crate) fn trained_text(&self) -> Option<&[u16]> {
        match (&*self.origin, &self.held_out, &self.parts) {
            (Origin::Windows(stream) | Origin::Counts(stream, _), ..) => Some(stream.tokens()),
            (Origin::World, Some(held_out), Some(parts)) => Some(&held_out.tokens()[parts.training.clone()]),
            (Origin::World, ..) => None,
        }
    }

    /// The tokens that validation windows are cut from; `None` where they are drawn one by one.
    pub(crate) fn validation_text(&self) -> Option<&[u16]> {
        let tokens = self.held_out.as_ref()?.tokens();
        Some(self.parts.as_ref().map_or(tokens, |parts| &tokens[parts.validation.clone()]))
    }

    /// How many blocks of a folder's `val.bin` are also in its `train.bin`; `None` where all sequences are drawn.
    pub fn shared_blocks(&self) -> Option<SharedBlocks> {
        self.shared_blocks
    }

    /// The tokens of `val.bin`: those that the world exports, or those of the data.
    pub(crate) fn validation_tokens(&self) -> Vec<u16> {
        if let Some(held_out) = &self.held_out {
            return held_out.tokens().to_vec();
        }
        let (export, mut tokens) = (self.plan.export(), Vec::new());
        self.world.export(export.train_sequences, export.validation_sequences, &mut |split, block| {
            if split == Split::Validation {
                tokens.extend_from_slice(block);
            }
        });
        tokens
    }

    /// Tokens held in memory.
    pub(crate) fn held_tokens(&self) -> usize {
        self.origin.tokens() + self.held_out.as_ref().map_or(0, |held_out| held_out.tokens().len())
    }

    /// The stages of the run, one after another: at least one.
    pub fn stages(&self) -> &[RunStage] {
        &self.stages
    }

    /// The stage of a step, counted from 0; after the last step, the last.
    pub fn stage(&self, step: u64) -> &RunStage {
        let place = self.stages.iter().position(|stage| step < stage.ends());
        &self.stages[place.unwrap_or(self.stages.len() - 1)]
    }

    /// Sequences of a step of a stage.
    pub fn sequences_of(&self, stage: &RunStage) -> usize {
        match &*self.origin {
            Origin::Counts(_, sequences) => sequences.len(),
            _ => stage.training.sequences_per_step(),
        }
    }

    /// Sequences of a training step, or of the largest where stages differ.
    pub fn sequences_per_step(&self) -> usize {
        self.stages.iter().map(|stage| self.sequences_of(stage)).max().expect("a run has a stage")
    }

    /// How the model's parameters stand in a file.
    pub fn layout(&self) -> Layout {
        layout(self.plan.model(), &self.program)
    }

    /// The heads of the world that the model has, in the world's order.
    pub fn outputs(&self) -> Vec<Output> {
        outputs(self.plan.model(), self.world.shape())
    }

    /// Refuses a model that lacks the world's first head, and so says nothing of the next token.
    ///
    /// # Errors
    /// That its weight in the loss is 0.
    pub fn require_first_head(&self) -> Result<(), LabError> {
        if self.outputs()[0].head == 0 {
            return Ok(());
        }
        let key = format!("model.loss_weights.{}", self.world.shape().heads[0].name);
        let allowed = "this takes a model that has this head, which says what comes next";
        Err(LabError::value(&key, 0, allowed, "take a run whose weight of it is more than 0"))
    }

    /// Refuses weights of the experiment of another plan whose tokens stand for something else. Tokens that nobody spells are the same
    /// for all worlds.
    ///
    /// # Errors
    /// The first token that is spelt otherwise.
    pub fn require_tokens_of(&self, trained: &Experiment) -> Result<(), LabError> {
        let (Some(own), Some(others)) = (self.world.spelling(), trained.world.spelling()) else { return Ok(()) };
        let alphabet = self.world.shape().alphabet.min(trained.world.shape().alphabet) as u16;
        let spelt = |token: u16| [own, others].map(|spelling| spelling.spell(&[token]));
        let Some((token, [here, there])) = (0..alphabet).map(|token| (token, spelt(token))).find(|(_, [a, b])| a != b)
        else {
            return Ok(());
        };
        let allowed =
            format!("it is {there:?} where these weights were trained, so this recipe is not of their alphabet");
        Err(LabError::value(
            &format!("token {token}"),
            format!("{here:?}"),
            allowed,
            "give a recipe of the same alphabet",
        ))
    }

    /// The exact or sampled floor of the loss, where it is known: over the model's heads the sum of weight times the head's floor.
    pub fn floor(&self) -> Option<f64> {
        self.outputs().iter().map(|output| Some(output.weight * self.floor_of(output.head)?)).sum()
    }

    /// The exact or sampled floor of the world's head of this number, in nats per scored target, where it is known.
    pub fn floor_of(&self, head: usize) -> Option<f64> {
        self.world.truth()?.floor(head).value().map(|nats| nats + 0.0) // never -0
    }

    /// Tokens that a step of a stage trains on: its scored targets.
    pub fn tokens_of(&self, stage: &RunStage) -> u64 {
        match &*self.origin {
            Origin::Counts(stream, _) => stream.tokens().len() as u64 - 1,
            _ => (self.sequences_of(stage) * self.world.shape().scored.len()) as u64,
        }
    }

    /// Tokens that all steps train on.
    pub fn tokens(&self) -> u64 {
        self.stages.iter().map(|stage| stage.training.steps * self.tokens_of(stage)).sum()
    }
}

impl Origin {
    fn new(plan: &Plan, stream: impl FnOnce() -> TokenStream) -> Origin {
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

    fn tokens(&self) -> usize {
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
