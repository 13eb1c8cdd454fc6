//! What is known about the best possible predictor.

use serde::Serialize;

use crate::Example;

/// A number that bounds every predictor, and how it is known. It is never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Floor {
    /// Computed from the law, up to rounding.
    Exact(f64),
    /// Estimated by drawing from the law.
    Sampled {
        /// The mean.
        value: f64,
        /// The standard error of the mean.
        standard_error: f64,
    },
    /// Nobody knows.
    Unknown,
}

impl Floor {
    /// The number, if there is one.
    pub fn value(&self) -> Option<f64> {
        match *self {
            Floor::Exact(value) | Floor::Sampled { value, .. } => Some(value),
            Floor::Unknown => None,
        }
    }
}

/// Whether a head has a law at the present position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The law has been written.
    Yes,
    /// This head has no known law here; nothing has been written.
    No,
}

/// A simple predictor and what it scores, to stand beside a model's score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// What it looks at, such as `uniform` or `unigram`.
    pub name: &'static str,
    /// Its expected loss in nats, mean over the scored positions.
    pub nats: Floor,
    /// The expected accuracy of its best guess, mean over the scored positions.
    pub accuracy: Floor,
}

impl Baseline {
    /// What holds so many tokens for equally likely, of which one comes.
    pub fn even(name: &'static str, tokens: usize) -> Baseline {
        Baseline { name, nats: Floor::Exact(libm::log(tokens as f64)), accuracy: Floor::Exact(1.0 / tokens as f64) }
    }
}

/// The exact law of a world and what follows from it. Means over positions are means over the world's scored positions.
pub trait Truth: Send + Sync {
    /// A belief that has seen nothing.
    fn begin(&self) -> Box<dyn Belief + '_>;

    /// The least expected loss any predictor can have, in nats, mean over the scored positions.
    fn floor(&self, head: usize) -> Floor;

    /// The best expected accuracy any predictor can have, mean over the scored positions.
    fn ceiling(&self, head: usize) -> Floor;

    /// The floor at every position of an example, in nats.
    fn floor_by_position(&self, head: usize) -> Vec<Floor>;

    /// Predictors from simple to better, each with its exact score.
    fn baselines(&self, head: usize) -> Vec<Baseline>;

    /// Every prompt, what comes before the first target and has no law, with its probability; `None` where there are too many to
    /// list. A world where every token has a law has the empty one.
    fn prompts(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        Some(vec![(Vec::new(), 1.0)])
    }

    /// How many values [`Belief::state`] can take, if it takes any.
    fn states(&self) -> Option<usize>;
}

/// What can be known of the next token after the tokens seen so far.
///
/// At position `t` of an example, the law after `observe` of `tokens[0..=t]` is the law of `targets[head][t]`. Before
/// anything is observed, the law is that of the first token.
pub trait Belief {
    /// Forgets everything observed.
    fn restart(&mut self);

    /// Sees the next token of the input. Panics if `token` is not in the world's alphabet.
    fn observe(&mut self, token: u16);

    /// Writes the law of the head's target here into `p`, whose length is the head's alphabet. Panics on any other length.
    fn law(&self, head: usize, p: &mut [f64]) -> Known;

    /// The state that a probe should find inside a network, in `0..Truth::states()`; `None` where there is none.
    fn state(&self) -> Option<usize>;
}

/// Walks a belief, restarted, along an example and calls `each(position, law, target)` at every position where the head has
/// a law and a weight other than 0. This is how anything is scored on the same sequences as the truth: the nats of a
/// position are `-ln law[target]`.
pub fn follow(
    belief: &mut dyn Belief,
    example: &Example,
    head: usize,
    p: &mut [f64],
    each: &mut dyn FnMut(usize, &[f64], u16),
) {
    belief.restart();
    for (position, &token) in example.tokens.iter().enumerate() {
        belief.observe(token);
        if example.weights[head][position] != 0.0 && belief.law(head, p) == Known::Yes {
            each(position, p, example.targets[head][position]);
        }
    }
}
