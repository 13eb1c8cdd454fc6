//! Runs of an automaton as a world: after every symbol stands the state that it leads to.
//!
//! A sequence is `BOS`, a symbol, the state after it, the next symbol, the state after that, and so on. Symbols are drawn uniformly;
//! states follow. So the law is uniform over symbols at every other position and certain in between, and a predictor of it can
//! write runs by itself, which is how a transformer of fixed depth follows any automaton: step by step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Machine, RegularError, given};
use crate::markov::within;
use crate::{Baseline, Belief, Example, Fact, Floor, Head, Known, Shape, Split, Stream, Truth, World, WorldError};

/// Runs of an automaton as they stand in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A pattern, the name of a language that is built in (`infimum regular list`), or an automaton as JSON.
    #[schemars(example = "a*b*")]
    pub language: String,
    /// The symbols of a pattern, in order; without it those that the pattern names, by code point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<String>,
    /// How many symbols a run reads.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 1000))]
    pub length: i64,
    /// The seed of exported data.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

fn one() -> i64 {
    1
}

fn twenty() -> i64 {
    20
}

impl Settings {
    /// Checks the settings and makes the world. Errors: no language, or one with nothing to learn; values out of range; more
    /// states and symbols than there are tokens.
    pub fn build(&self) -> Result<Steps, WorldError> {
        let machine = self.machine()?;
        machine.require_choice()?;
        let why = ["a run reads a symbol", "longer runs are not drawn"];
        let length = within("length", self.length, 1..=1000, why)?;
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        Ok(Steps::new(machine, length, seed as u64))
    }

    /// The automaton. Errors: no language.
    pub fn machine(&self) -> Result<Machine, RegularError> {
        given::machine(&self.language, self.alphabet.as_deref())
    }

    /// Few and many states, short runs and long ones.
    pub fn small_instances() -> Vec<Settings> {
        let of = |language: &str, length| Settings { language: language.into(), alphabet: None, length, seed: one() };
        let json = r#"{"alphabet":["x","y"],"classes":["no","yes"],"class":[0,1],"next":[[1,0],[0,1]]}"#;
        vec![of("parity", 1), of("s3", 5), of("a*b*", 3), of("repeat-01", 4), of(json, 3)]
    }
}

/// Runs of an automaton on random symbols.
pub struct Steps {
    machine: Machine,
    shape: Shape,
    seed: u64,
}

impl Steps {
    fn new(machine: Machine, length: usize, seed: u64) -> Steps {
        let alphabet = machine.alphabet().len() + machine.automaton().states() + 1;
        let shape = Shape {
            positions: 2 * length,
            alphabet,
            heads: vec![Head { name: "token", alphabet }],
            scored: 0..2 * length,
        };
        Steps { machine, shape, seed }
    }

    fn symbols(&self) -> usize {
        self.machine.alphabet().len()
    }

    /// The token that stands for a state.
    fn token(&self, state: u32) -> u16 {
        (self.symbols() + state as usize) as u16
    }

    /// The token that begins every sequence.
    fn begin(&self) -> u16 {
        self.shape.alphabet as u16 - 1
    }

    /// A run: one token more than there are positions.
    fn block(&self, stream: &mut Stream) -> Vec<u16> {
        let (mut state, mut block) = (0, vec![self.begin()]);
        while block.len() <= self.shape.positions {
            let symbol = stream.below(self.symbols() as u64) as u16;
            state = self.machine.automaton().next(state, symbol);
            block.extend([symbol, self.token(state)]);
        }
        block
    }

    /// How frequent each token is among targets: every other one is a symbol, and states by how often runs are there.
    fn frequencies(&self) -> Vec<f64> {
        let (automaton, length) = (self.machine.automaton(), self.shape.positions / 2);
        let each = 1.0 / self.symbols() as f64;
        let mut shares = vec![0.0; self.shape.alphabet];
        shares[..self.symbols()].fill(each / 2.0);
        let mut here = vec![0.0; automaton.states()];
        here[0] = 1.0;
        for _ in 0..length {
            let mut there = vec![0.0; automaton.states()];
            for (state, p) in here.iter().enumerate() {
                automaton.row(state as u32).iter().for_each(|next| there[*next as usize] += p * each);
            }
            let tokens = &mut shares[self.symbols()..];
            tokens.iter_mut().zip(&there).for_each(|(share, p)| *share += p / (2 * length) as f64);
            here = there;
        }
        shares
    }
}

impl World for Steps {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let block = self.block(stream);
        into.tokens.clear();
        into.tokens.extend_from_slice(&block[..self.shape.positions]);
        into.targets = vec![block[1..].to_vec()];
        into.weights = vec![vec![1.0; self.shape.positions]];
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        vec![
            Fact::count("automaton_states", self.machine.automaton().states(), ""),
            Fact::words("alphabet", self.machine.alphabet().spelt()),
        ]
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            each(split, &self.block(&mut stream));
        }
    }
}

impl Truth for Steps {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(Place { world: self, at: At::Before })
    }

    fn floor(&self, _head: usize) -> Floor {
        Floor::Exact(libm::log(self.symbols() as f64) / 2.0)
    }

    fn ceiling(&self, _head: usize) -> Floor {
        Floor::Exact((1.0 + 1.0 / self.symbols() as f64) / 2.0)
    }

    fn floor_by_position(&self, _head: usize) -> Vec<Floor> {
        let symbol = libm::log(self.symbols() as f64);
        let nats = |position: usize| if position.is_multiple_of(2) { symbol } else { 0.0 };
        (0..self.shape.positions).map(|position| Floor::Exact(nats(position))).collect()
    }

    fn baselines(&self, _head: usize) -> Vec<Baseline> {
        let (tokens, shares) = ((self.shape.alphabet - 1) as f64, self.frequencies());
        let entropy = shares.iter().filter(|p| **p > 0.0).map(|p| -p * libm::log(*p)).sum();
        let likeliest = shares.iter().copied().fold(0.0, f64::max);
        let score = |name, nats, hits| Baseline { name, nats: Floor::Exact(nats), accuracy: Floor::Exact(hits) };
        vec![score("uniform", libm::log(tokens), 1.0 / tokens), score("unigram", entropy, likeliest)]
    }

    fn states(&self) -> Option<usize> {
        Some(self.machine.automaton().states())
    }
}

/// What has been read.
#[derive(Clone, Copy)]
enum At {
    Before,
    /// The beginning, or a state: a symbol is next.
    State(u32),
    /// A symbol, after which this state is next.
    Symbol(u32),
    /// What no sequence has.
    Lost,
}

struct Place<'a> {
    world: &'a Steps,
    at: At,
}

impl Belief for Place<'_> {
    fn restart(&mut self) {
        self.at = At::Before;
    }

    fn observe(&mut self, token: u16) {
        let world = self.world;
        assert!(usize::from(token) < world.shape.alphabet, "token {token} of an alphabet of {}", world.shape.alphabet);
        self.at = match self.at {
            At::Before if token == world.begin() => At::State(0),
            At::State(state) if usize::from(token) < world.symbols() => {
                At::Symbol(world.machine.automaton().next(state, token))
            }
            At::Symbol(state) if token == world.token(state) => At::State(state),
            _ => At::Lost,
        };
    }

    fn law(&self, _head: usize, p: &mut [f64]) -> Known {
        assert_eq!(p.len(), self.world.shape.alphabet, "a law over the tokens");
        let possible = match self.at {
            At::Before => self.world.begin()..self.world.begin() + 1,
            At::State(_) => 0..self.world.symbols() as u16,
            At::Symbol(state) => self.world.token(state)..self.world.token(state) + 1,
            At::Lost => return Known::No,
        };
        p.fill(0.0);
        p[usize::from(possible.start)..usize::from(possible.end)].fill(1.0 / possible.len() as f64);
        Known::Yes
    }

    fn state(&self) -> Option<usize> {
        match self.at {
            At::State(state) | At::Symbol(state) => Some(state as usize),
            At::Before | At::Lost => None,
        }
    }
}
