//! What a model's keys say of its heads and of what is done to them, with what is left out resolved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Model, Positions};

/// Added to the variance in every norm where `norm_epsilon` is left out.
pub const NORM_EPSILON: f64 = 1e-5;

impl Model {
    /// What the loss of the world's head `name` counts.
    pub fn loss_weight(&self, name: &str) -> f64 {
        self.loss_weights.get(name).copied().unwrap_or(1.0)
    }

    /// Heads of keys and values.
    pub fn kv_heads(&self) -> usize {
        self.kv_heads.unwrap_or(self.heads)
    }

    /// Channels of a head of queries, and of one of keys.
    pub fn head_width(&self) -> usize {
        self.head_width.unwrap_or(self.width / self.heads.max(1))
    }

    /// Channels of a head of values.
    pub fn value_width(&self) -> usize {
        self.value_width.unwrap_or(self.head_width())
    }

    /// Channels of all heads: of queries, of keys, of values.
    pub fn attention_channels(&self) -> [usize; 3] {
        let all = |heads: usize, of_one: Option<usize>| match of_one {
            Some(channels) => heads * channels,
            None => self.width * heads / self.heads.max(1),
        };
        let of_values = self.value_width.or(self.head_width);
        [all(self.heads, self.head_width), all(self.kv_heads(), self.head_width), all(self.kv_heads(), of_values)]
    }

    /// What is added to the variance, or mean square, in every norm.
    pub fn epsilon(&self) -> f64 {
        self.norm_epsilon.unwrap_or(NORM_EPSILON)
    }

    /// The base of rotary positions.
    pub fn base(&self) -> f64 {
        self.rotary_base.unwrap_or(10_000.0)
    }

    /// Which channels of a head turn together with rotary positions.
    pub fn pairs(&self) -> Pairs {
        self.rotary_pairs.unwrap_or(Pairs::Half)
    }
}

impl Positions {
    /// Whether they are rows that are added to the embedding.
    pub fn are_added(self) -> bool {
        matches!(self, Positions::Learned | Positions::Sinusoidal)
    }
}

/// Which channels of a head turn together with rotary positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairs {
    /// Neighbours, as in the paper: the first and the second, the third and the fourth, …
    Interleaved,
    /// One of each half, as in Llama and Qwen: the first and the first of the second half, …
    Half,
}
