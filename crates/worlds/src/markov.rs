//! Markov chains of order 1 to 4 with BOS and aligned sequences.
//!
//! A sequence is a block of `length` tokens: BOS (token `states`) and `length - 1` states. It is aligned: the block's first
//! `length - 1` tokens are the input and its last `length - 1` the targets, so every position is scored and BOS is never a
//! target.
//!
//! A chain of order `k` has a row of probabilities for every context of `k` states, and, since the first states of a
//! sequence have fewer before them, one for every shorter context. The row of the empty context is the start law. All rows
//! are drawn independently from the same symmetric Dirichlet law; in a sparse chain each has exactly `keep` successors,
//! but the start law is always dense. The law therefore has `states + keep * (states + … + states^k)` non-zeros.
//!
//! Floors, ceilings and baselines are exact: the law of the context is propagated from position to position, until a step
//! moves it by less than 1e-16 (L1), from where on it counts as stationary. A chain is reducible if the contexts that a
//! sequence can reach fall into more than one communicating class. If only one of these is never left, the long run is still
//! one law with one entropy rate; if several are, there is one entropy rate for each, and they are never averaged.

mod belief;
mod classes;
mod contexts;
mod dirichlet;
mod fidelity;
mod forward;
mod given;
mod law;
mod published;
mod settings;
mod spread;
mod stationary;

use std::sync::OnceLock;

use crate::counting::Counting;
use crate::{Baseline, Belief, Example, Fact, Floor, Head, Shape, Split, Stream, Truth, World, WorldError};

use belief::ChainBelief;
use classes::Classes;
pub(crate) use contexts::{Context, Contexts};
pub(crate) use dirichlet::scale_to_one;
pub use fidelity::{Fidelity, published_divergence};
pub(crate) use forward::{Forward, LADDER, Rows, surprise};
pub(crate) use law::Law;
use settings::Plan;
pub(crate) use settings::within;
pub use settings::{Generator, NON_ZEROS_LIMIT, Settings};
pub(crate) use spread::{Spread, Walk};
pub use stationary::{Method, Stationary};

/// A Markov chain, its law drawn. What follows from the law is computed when first asked for.
pub struct Markov {
    plan: Plan,
    shape: Shape,
    law: Law,
    rows: OnceLock<Rows>,
    forward: OnceLock<Forward>,
    long_run: OnceLock<LongRun>,
}

/// What happens in the long run.
struct LongRun {
    classes: Classes,
    /// Of the largest recurrent classes, `SOLVED` at most, largest first.
    stationary: Vec<Stationary>,
}

/// How many recurrent classes get a stationary law.
const SOLVED: usize = 10;

impl Markov {
    pub(crate) fn draw_law(plan: Plan) -> Markov {
        let law = match plan.generator {
            Generator::Philox => dirichlet::draw(&plan),
            Generator::NumpyLegacy => published::draw(&plan).0,
        };
        Markov::of_law(plan, law)
    }

    /// The chain of order 1 whose first state has the law `start` (`n` entries) and whose transitions are `transitions`
    /// (`n * n` entries; entry `a * n + b` is the probability of state `b` after state `a`), in blocks of `length` tokens,
    /// BOS included. Rows are scaled to sum to 1. Exported blocks are drawn as those of a `philox` chain with seed 0.
    ///
    /// Errors: fewer than 2 or more than 65,535 states, more than 10^8 probabilities, a length outside 2 to 1,000,000, as
    /// many entries as no square matrix over these states has, an entry that is negative or no finite number, a row whose sum
    /// is further than 1e-9 from 1.
    pub fn from_law(start: &[f64], transitions: &[f64], length: usize) -> Result<Markov, WorldError> {
        given::check(start, transitions, length).map(|(plan, law)| Markov::of_law(plan, law))
    }

    fn of_law(plan: Plan, law: Law) -> Markov {
        let alphabet = plan.states + 1;
        let heads = vec![Head { name: "token", alphabet }];
        let positions = plan.length - 1;
        let shape = Shape { positions, alphabet, heads, scored: 0..positions };
        Markov { plan, shape, law, rows: OnceLock::new(), forward: OnceLock::new(), long_run: OnceLock::new() }
    }

    /// The number of states `n`; BOS is token `n`.
    pub fn states(&self) -> usize {
        self.plan.states
    }

    /// Tokens of a block: BOS and `length - 1` states.
    pub fn length(&self) -> usize {
        self.plan.length
    }

    /// How many states back the next one depends on.
    pub fn order(&self) -> usize {
        self.plan.order
    }

    /// The non-zero probabilities of the next state after the states `last` (oldest first, at most `order` of them; none for
    /// the start law): (state, probability), states ascending. Panics on more states than the order or a state out of range.
    pub fn row<'a>(&'a self, last: &[u16]) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        assert!(last.len() <= self.order(), "{} states are more than the order, {}", last.len(), self.order());
        let context = last.iter().fold(Context::default(), |context, &state| {
            assert!(usize::from(state) < self.states(), "state {state} is out of range");
            self.law.contexts.advance(context, usize::from(state))
        });
        self.law.row(self.law.contexts.row(context)).iter()
    }

    /// The stationary laws of the recurrent classes, largest class first; of more than ten classes, the ten largest. A chain
    /// whose long run is one law has exactly one.
    pub fn stationary(&self) -> &[Stationary] {
        &self.long_run().stationary
    }

    pub(crate) fn law(&self) -> &Law {
        &self.law
    }

    pub(crate) fn rows(&self) -> &Rows {
        self.rows.get_or_init(|| Rows::new(&self.law))
    }

    pub(crate) fn forward(&self) -> &Forward {
        self.forward.get_or_init(|| Forward::new(&self.law, self.rows(), self.shape.positions))
    }

    fn long_run(&self) -> &LongRun {
        self.long_run.get_or_init(|| {
            let classes = Classes::new(&self.law);
            let mut largest: Vec<_> = classes.recurrent.iter().collect();
            largest.sort_by_key(|class| std::cmp::Reverse(class.members.len()));
            let solve = |class: &&_| Stationary::new(&self.law, self.rows(), class);
            let stationary = largest.iter().take(SOLVED).map(solve).collect();
            LongRun { classes, stationary }
        })
    }

    /// Draws the states of a block, one word of the stream each: `each(place, state)`, places from 0.
    pub(crate) fn draw_states(&self, stream: &mut Stream, mut each: impl FnMut(usize, u16)) {
        let (law, contexts) = (&self.law, &self.law.contexts);
        let (mut context, whole) = (Context::default(), contexts.order.min(self.shape.positions));
        for position in 0..whole {
            let state = law.successor(contexts.row(context), stream.uniform());
            context = contexts.advance(context, state);
            each(position, state as u16);
        }
        // The row of a full context is its code.
        let mut code = context.code;
        for position in whole..self.shape.positions {
            let state = law.successor(code, stream.uniform());
            code = contexts.advance_full(code, state);
            each(position, state as u16);
        }
    }
}

impl World for Markov {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    /// One word of the stream a state, whatever the generator of the law.
    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let positions = self.shape.positions;
        into.tokens.resize(positions, 0);
        into.targets.resize_with(1, Vec::new);
        into.targets[0].resize(positions, 0);
        into.weights.resize_with(1, Vec::new);
        into.weights[0].clear();
        into.weights[0].resize(positions, 1.0);
        let targets = &mut into.targets[0];
        self.draw_states(stream, |position, state| targets[position] = state);
        into.tokens[0] = self.plan.states as u16;
        into.tokens[1..].copy_from_slice(&into.targets[0][..positions - 1]);
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn counting(&self) -> Option<Counting> {
        Counting::new(self.states(), self.order()).ok()
    }

    fn chain(&self) -> Option<&Markov> {
        Some(self)
    }

    fn parts(&self) -> &'static [&'static str] {
        &["transitions", "start"]
    }

    /// `start` is the state after BOS.
    fn part(&self, example: &Example, position: usize) -> Option<usize> {
        Some(usize::from(usize::from(example.tokens[position]) == self.states()))
    }

    fn facts(&self) -> Vec<Fact> {
        let (rows, long_run) = (self.rows(), self.long_run());
        let full = self.law.contexts.full();
        let successors = if self.law.is_even() { "states a context" } else { "states a context at most" };
        let mut facts = vec![
            Fact::count("states", self.states(), ""),
            Fact::count("order", self.order(), "states back"),
            Fact::count("non_zeros", self.law.non_zeros(), "probabilities"),
            Fact::count("successors", self.plan.keep, successors),
            Fact::number("row_mean_entropy", rows.entropy[..full].iter().sum::<f64>() / full as f64, "nats"),
        ];
        long_run.describe(&mut facts);
        facts
    }

    /// For `numpy-legacy`, the published files: the training blocks continue the generator that drew the law, and the
    /// validation blocks continue after them.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        if self.plan.generator == Generator::NumpyLegacy {
            return published::export(&self.plan, train, validation, each);
        }
        let mut block = vec![self.plan.states as u16; self.plan.length];
        for (split, mut stream) in Split::streams(self.plan.seed, train, validation) {
            self.draw_states(&mut stream, |position, state| block[position + 1] = state);
            each(split, &block);
        }
    }
}

impl Truth for Markov {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(ChainBelief::new(&self.law))
    }

    fn floor(&self, head: usize) -> Floor {
        assert_eq!(head, 0, "a chain has one head");
        Floor::Exact(mean(&self.forward().floor))
    }

    fn ceiling(&self, head: usize) -> Floor {
        assert_eq!(head, 0, "a chain has one head");
        Floor::Exact(mean(&self.forward().ceiling))
    }

    fn floor_by_position(&self, head: usize) -> Vec<Floor> {
        assert_eq!(head, 0, "a chain has one head");
        self.forward().floor.iter().copied().map(Floor::Exact).collect()
    }

    /// `uniform` (over the states), then the best position-free predictors that see 0, 1, … `order - 1` states back.
    fn baselines(&self, head: usize) -> Vec<Baseline> {
        assert_eq!(head, 0, "a chain has one head");
        self.forward().baselines.clone()
    }

    fn states(&self) -> Option<usize> {
        Some(self.law.contexts.rows())
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl LongRun {
    fn describe(&self, facts: &mut Vec<Fact>) {
        let classes = &self.classes;
        facts.push(Fact::count("reachable_contexts", classes.reachable, ""));
        facts.push(Fact::count("communicating_classes", classes.communicating, ""));
        facts.push(Fact::count("recurrent_classes", classes.recurrent.len(), ""));
        facts.push(Fact::count("transient_contexts", classes.transient(), ""));
        let word = if classes.communicating == 1 { "no" } else { "yes" };
        facts.push(Fact::words("reducible", word));
        match &self.stationary[..] {
            [only] => describe_class(facts, only, ""),
            several => self.describe_several(facts, several),
        }
    }

    fn describe_several(&self, facts: &mut Vec<Fact>, several: &[Stationary]) {
        let classes = self.classes.recurrent.len();
        let reason = format!(
            "not one number: where a sequence ends up among {classes} recurrent classes depends on how it begins; below, {} of them",
            if several.len() == classes { "each".to_string() } else { format!("the {} largest", several.len()) },
        );
        facts.push(Fact::words("entropy_rate", reason));
        for (number, class) in several.iter().enumerate() {
            let suffix = format!("_of_class_{}", number + 1);
            facts.push(Fact::count(format!("contexts{suffix}"), class.contexts.len(), ""));
            facts.push(Fact::count(format!("least_context{suffix}"), class.contexts[0] as usize, ""));
            describe_class(facts, class, &suffix);
        }
    }
}

fn describe_class(facts: &mut Vec<Fact>, class: &Stationary, suffix: &str) {
    let method = match class.method {
        Method::Elimination => "elimination without subtraction (GTH)".to_string(),
        Method::Iteration { steps } => format!("{steps} steps of iteration"),
    };
    facts.push(Fact::count(format!("period{suffix}"), class.period, "tokens"));
    facts.push(if class.is_settled() {
        Fact::number(format!("entropy_rate{suffix}"), class.entropy_rate_nats, "nats")
    } else {
        let reason = format!("not known: {method} left a residual of {:.1e}", class.residual);
        Fact::words(format!("entropy_rate{suffix}"), reason)
    });
    facts.push(Fact::words(format!("stationary_method{suffix}"), method));
    facts.push(Fact::number(format!("stationary_residual{suffix}"), class.residual, "L1"));
}
