//! Windows cut from a stream of a Markov chain's blocks, as nanoMarkov trains on.
//!
//! The stream is endless: block after block, each BOS (token `states`) and `length - 1` states drawn afresh. A window is
//! `window + 1` of its tokens in a row, cut so that every place of a block is equally likely to come first; its first
//! `window` tokens are the input and its last `window` the targets. Every position is scored, and BOS is a target like any
//! other. A predictor does not know where in a block the window begins until BOS comes.
//!
//! Floors and baselines are exact. With `p_k` the law of the state at place `k` of a block, `N = p_0 + … + p_{length - 2}`, and
//! order 1, the floor is the entropy of the tokens when the phase is known, `(H(start) + sum of p_k . row entropies) /
//! length`, and the entropy of where BOS comes given the window's first state. The best position-free predictor that sees one
//! token (`bigram`) is as good at every position as the best predictor at the first. Ceilings are exact to 1e-12, too; where
//! a chain of very many contexts forgets so slowly that a matrix of its steps would have more than 4*10^7 entries or take more
//! than 2*10^10 products, the ceiling is unknown.

mod belief;
mod guesses;
mod mixing;
mod occupancy;
mod scores;
mod settings;

use std::sync::OnceLock;

use crate::counting::Counting;
use crate::markov::Markov;
use crate::{Baseline, Belief, Cut, Example, Fact, Floor, Head, Shape, Split, Stream, Truth, World, WorldError};

use belief::WindowBelief;
use occupancy::Occupancy;
use scores::Scores;
pub use settings::Settings;

/// The most hazards: one for each context of `order` states at each place of a block.
const HAZARDS_LIMIT: usize = 50_000_000;

/// Windows of a chain. What follows from the law is computed when first asked for.
pub struct Windows {
    markov: Markov,
    shape: Shape,
    occupancy: OnceLock<Occupancy>,
    scores: OnceLock<Scores>,
}

impl Windows {
    /// Windows of `window` targets over the stream of a chain's blocks. Errors: a window outside 1 to 1,000,000; more than
    /// 5*10^7 pairs of a context of `order` states and a place in a block, since the belief has a number for each.
    pub fn over(markov: Markov, window: usize) -> Result<Windows, WorldError> {
        let window = settings::checked(i64::try_from(window).unwrap_or(i64::MAX))?;
        check_size(&markov)?;
        let alphabet = markov.states() + 1;
        let heads = vec![Head { name: "token", alphabet }];
        let shape = Shape { positions: window, alphabet, heads, scored: 0..window };
        Ok(Windows { markov, shape, occupancy: OnceLock::new(), scores: OnceLock::new() })
    }

    /// The chain.
    pub fn markov(&self) -> &Markov {
        &self.markov
    }

    /// The number of targets of a window.
    pub fn window(&self) -> usize {
        self.shape.positions
    }

    fn occupancy(&self) -> &Occupancy {
        self.occupancy.get_or_init(|| Occupancy::new(self.markov.law(), self.markov.length()))
    }

    fn scores(&self) -> &Scores {
        self.scores.get_or_init(|| Scores::new(&self.markov, self.occupancy(), self.window()))
    }
}

fn refill(into: &mut Vec<u16>, from: &[u16]) {
    into.clear();
    into.extend_from_slice(from);
}

fn check_size(markov: &Markov) -> Result<(), WorldError> {
    let most = HAZARDS_LIMIT / markov.law().contexts.full();
    if markov.length() <= most {
        return Ok(());
    }
    let (states, order) = (markov.states(), markov.order());
    let allowed = format!(
        "at most {most} with {states} states and order {order}, since the belief of a window has a number for each of \
         {states}^{order} contexts at each place of a block, {HAZARDS_LIMIT} in all"
    );
    let remedy = match most {
        0 | 1 => "lower states or order, or take kind = \"markov\", whose sequences begin with BOS",
        _ => "lower length, states or order, or take kind = \"markov\", whose sequences begin with BOS",
    };
    let (value, remedy) = (markov.length().to_string(), remedy.to_string());
    Err(WorldError::Range { key: "length", value, allowed, remedy })
}

impl Cut for Windows {
    fn example(&self, tokens: &[u16], into: &mut Example) {
        let window = self.window();
        assert_eq!(tokens.len(), window + 1, "a window of {window} targets is a stretch of {} tokens", window + 1);
        let alphabet = self.shape.alphabet;
        let outside = tokens.iter().find(|&&token| usize::from(token) >= alphabet);
        assert!(outside.is_none(), "token {outside:?} is outside the alphabet of {alphabet}");
        into.targets.resize_with(1, Vec::new);
        into.weights.resize_with(1, Vec::new);
        refill(&mut into.tokens, &tokens[..window]);
        refill(&mut into.targets[0], &tokens[1..]);
        into.weights[0].clear();
        into.weights[0].resize(window, 1.0);
    }
}

impl World for Windows {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Draws the place in a block where the window begins, then blocks from the one that it begins in, one word of the stream
    /// a state.
    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let (length, bos) = (self.markov.length(), self.markov.states() as u16);
        let begin = stream.below(length as u64) as usize;
        let mut tokens = Vec::with_capacity(self.window() + 2 * length);
        while tokens.len() < begin + self.window() + 1 {
            tokens.push(bos);
            self.markov.draw_states(stream, |_, state| tokens.push(state));
        }
        self.example(&tokens[begin..][..=self.window()], into);
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    /// Those of the chain, and how long blocks and windows are.
    fn facts(&self) -> Vec<Fact> {
        let mut facts = self.markov.facts();
        facts.push(Fact::count("length", self.markov.length(), "tokens a block"));
        facts.push(Fact::count("window", self.window(), "targets"));
        facts
    }

    /// Sees the last `order` tokens, back to the latest BOS, and no position.
    fn counting(&self) -> Option<Counting> {
        Counting::with_bos(self.markov.states(), self.markov.order()).ok()
    }

    fn chain(&self) -> Option<&Markov> {
        Some(&self.markov)
    }

    fn cut(&self) -> Option<&dyn Cut> {
        Some(self)
    }

    fn parts(&self) -> &'static [&'static str] {
        &["transitions", "start", "bos"]
    }

    /// `bos` is BOS, `start` the state after it.
    fn part(&self, example: &Example, position: usize) -> Option<usize> {
        let is_bos = |token: u16| usize::from(token) == self.markov.states();
        Some(match (is_bos(example.tokens[position]), is_bos(example.targets[0][position])) {
            (_, true) => 2,
            (true, false) => 1,
            (false, false) => 0,
        })
    }

    /// The chain's blocks, as they stand in data files, not windows of them.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        self.markov.export(train, validation, each);
    }
}

impl Truth for Windows {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(WindowBelief::new(self.markov.law(), self.occupancy(), self.markov.length()))
    }

    fn floor(&self, head: usize) -> Floor {
        assert_eq!(head, 0, "a window has one head");
        Floor::Exact(mean(&self.scores().floor))
    }

    fn ceiling(&self, head: usize) -> Floor {
        assert_eq!(head, 0, "a window has one head");
        let ceiling = &self.scores().ceiling;
        if ceiling.len() == self.window() { Floor::Exact(mean(ceiling)) } else { Floor::Unknown }
    }

    fn floor_by_position(&self, head: usize) -> Vec<Floor> {
        assert_eq!(head, 0, "a window has one head");
        self.scores().floor.iter().copied().map(Floor::Exact).collect()
    }

    /// `uniform` (over states and BOS), `unigram`, then the best position-free predictors that see 1, … `order` tokens back,
    /// or all tokens of the window where there are fewer: `bigram` and so on; last `pipeline`, the best predictor that sees the
    /// window so far, which is the floor.
    fn baselines(&self, head: usize) -> Vec<Baseline> {
        assert_eq!(head, 0, "a window has one head");
        let mut baselines = self.scores().baselines.clone();
        baselines.push(Baseline { name: "pipeline", nats: self.floor(head), accuracy: self.ceiling(head) });
        baselines
    }

    /// Those of the chain.
    fn states(&self) -> Option<usize> {
        Truth::states(&self.markov)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
