//! What takes the steps, and the keys that each optimiser has of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What takes the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Adam with decoupled decay (Loshchilov and Hutter 2019).
    #[default]
    Adamw,
    /// Adam whose decay is part of the gradient (L2).
    Adam,
    /// Gradient descent with momentum; its decay is part of the gradient. Its keys: `[training.sgd]`.
    Sgd,
    /// AdamW on gradients whose slow part is amplified (Grokfast-EMA, Lee et al. 2024). Its keys: `[training.grokfast]`.
    Grokfast,
    /// L-BFGS with a line search, on a set of sequences that every step sees whole. Its keys: `[training.lbfgs]`.
    Lbfgs,
}

impl Optimiser {
    pub(crate) fn is_adamw(&self) -> bool {
        *self == Optimiser::Adamw
    }

    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Optimiser::Adamw => "adamw",
            Optimiser::Adam => "adam",
            Optimiser::Sgd => "sgd",
            Optimiser::Grokfast => "grokfast",
            Optimiser::Lbfgs => "lbfgs",
        }
    }
}

/// The keys of gradient descent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sgd {
    /// How much of the sum of gradients is kept from step to step.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub momentum: f64,
    /// Whether a step looks ahead, by Nesterov's rule. Needs a momentum.
    pub nesterov: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Sgd { momentum: 0.9, nesterov: false }
    }
}

/// The keys of Grokfast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grokfast {
    /// How much of the mean of gradients is kept from step to step.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub alpha: f64,
    /// How often that mean is added to the gradient.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub lambda: f64,
}

impl Default for Grokfast {
    fn default() -> Self {
        Grokfast { alpha: 0.98, lambda: 2.0 }
    }
}

/// The keys of L-BFGS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lbfgs {
    /// How many moves it remembers; each takes two arrays as long as all parameters.
    #[schemars(range(min = 1, max = 100))]
    pub history: usize,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Lbfgs { history: 10 }
    }
}
