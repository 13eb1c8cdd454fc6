//! The sections of a recipe: each key with its type, range, default and description.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::average::Average;
use super::heads::Pairs;
use super::optimisers::{Grokfast, Lbfgs, Optimiser, Sgd};
use super::pull::Pull;
use super::stages::TrainingStage;
use super::stop::Stop;

/// A decoder of the GPT-2 kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Channels of the residual stream.
    #[schemars(range(min = 1, max = 16384))]
    pub width: usize,
    /// What a token becomes.
    pub embedding: Embedding,
    /// Blocks. 0 leaves embedding and head.
    #[schemars(range(min = 0, max = 1000))]
    pub layers: usize,
    /// Attention heads; each owns `width / heads` channels, or `head_width`. 1, or left out, where `attention` is false.
    #[schemars(range(min = 1, max = 16384))]
    pub heads: usize,
    /// Heads of keys and values, a divisor of `heads`: each is read by as many heads of queries. Default: `heads`.
    #[schemars(range(min = 1, max = 16384))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_heads: Option<usize>,
    /// Channels of a head of queries, and of one of keys. Default: `width / heads`.
    #[schemars(range(min = 1, max = 16384))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_width: Option<usize>,
    /// Channels of a head of values. Default: as many as of one of keys.
    #[schemars(range(min = 1, max = 16384))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_width: Option<usize>,
    /// The norm of each head of queries and of keys, over its own channels, before they are compared. Its gain is shared by the
    /// heads; there is no bias.
    #[serde(skip_serializing_if = "Norm::is_none")]
    pub qk_norm: Norm,
    /// The MLP's hidden width is `mlp_ratio * width`.
    #[schemars(range(min = 1, max = 64))]
    pub mlp_ratio: usize,
    /// The MLP's hidden width, where it is no multiple of the width; `mlp_ratio` is then left out.
    #[schemars(range(min = 1, max = 1_048_576))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mlp_hidden: Option<usize>,
    /// The MLP's first matrix.
    pub mlp_first: MlpFirst,
    /// Whether the nonlinearity's channels are multiplied by a second linear of the MLP's input: with `activation = "silu"` it
    /// is SwiGLU, with `"gelu"` GEGLU.
    #[serde(skip_serializing_if = "is_false")]
    pub mlp_gate: bool,
    /// The MLP's nonlinearity.
    pub activation: Activation,
    /// The norm before attention, before the MLP and before the head.
    pub norm: Norm,
    /// Added to the variance, or mean square, in every norm. Default 0.00001, as GPT-2.
    #[schemars(range(min = 1e-30, max = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm_epsilon: Option<f64>,
    /// Whether linears and norms have a bias (the head of the next token never has one; other heads are linears).
    pub bias: bool,
    /// Whether norms have a bias. Default: as `bias`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm_bias: Option<bool>,
    /// Whether the head of the next token is the token embedding, transposed.
    pub tied: bool,
    /// What tells positions apart.
    pub positions: Positions,
    /// Of rotary positions: pair `i` of a head turns by `rotary_base^(-2 i / head_width)` from a position to the next.
    /// Default 10000.
    #[schemars(range(min = 1.0, max = 1e12))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotary_base: Option<f64>,
    /// Of rotary positions: which channels of a head turn together. Default: those of its two halves.
    #[schemars(with = "Pairs")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotary_pairs: Option<Pairs>,
    /// Whether blocks have attention.
    pub attention: bool,
    /// Whether blocks have an MLP.
    pub mlp: bool,
    /// Whether the MLP reads the block's input, side by side with attention, instead of the sum after attention.
    pub parallel: bool,
    /// Probability that a channel is dropped after the embedding, attention and MLP, in training. 0 to below 1.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub dropout: f64,
    /// Standard deviation of the start values of token embedding, learned positions and untied heads.
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0.0))]
    pub embedding_deviation: f64,
    /// Standard deviation of start values; arrays that write into the residual stream get it divided by `sqrt(2 layers)`.
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0.0))]
    pub start_deviation: f64,
    /// What the loss of each head of the world counts, by the head's name, such as `{ token = 1.0, class = 0.5 }`: the loss is the sum
    /// over heads of this times the mean nats of the head's targets. 1 for heads that are left out; 0 leaves the head out of the model.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub loss_weights: BTreeMap<String, f64>,
    /// Weights that are no free arrays, each with the formula that gives it, such as `wpe = "low_rank(3)"`. Formulas may name
    /// weights of their own and share them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, String>,
}

impl Default for Model {
    fn default() -> Self {
        Model {
            width: 64,
            embedding: Embedding::Learned,
            layers: 2,
            heads: 4,
            kv_heads: None,
            head_width: None,
            value_width: None,
            qk_norm: Norm::None,
            mlp_ratio: 4,
            mlp_hidden: None,
            mlp_first: MlpFirst::Free,
            mlp_gate: false,
            activation: Activation::Gelu,
            norm: Norm::Layer,
            norm_epsilon: None,
            bias: false,
            norm_bias: None,
            tied: false,
            positions: Positions::Learned,
            rotary_base: None,
            rotary_pairs: None,
            attention: true,
            mlp: true,
            parallel: false,
            dropout: 0.0,
            embedding_deviation: 0.02,
            start_deviation: 0.02,
            loss_weights: BTreeMap::new(),
            weights: BTreeMap::new(),
        }
    }
}

impl Model {
    /// The MLP's hidden width.
    pub fn hidden(&self) -> usize {
        self.mlp_hidden.unwrap_or(self.mlp_ratio * self.width)
    }

    /// Whether norms have a bias.
    pub fn has_norm_bias(&self) -> bool {
        self.norm_bias.unwrap_or(self.bias)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Which other programs can follow a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Track {
    /// None.
    #[default]
    None,
    /// TensorBoard, and what reads its event files: one is kept in the record.
    Tensorboard,
}

impl Track {
    pub(crate) fn is_none(&self) -> bool {
        *self == Track::None
    }
}

/// What a token becomes at the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Embedding {
    /// A free row for each token.
    Learned,
    /// The fixed unit vector of the token: 1 at its own channel. The width has to be the world's alphabet. A tied head is the
    /// same fixed table, so that the logits are the channels.
    OneHot,
}

/// The MLP's first matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MlpFirst {
    /// Free.
    Free,
    /// The identity, fixed: the nonlinearity is applied to the channels themselves. `mlp_ratio` has to be 1.
    Identity,
}

/// An elementwise nonlinearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x` times the part of a standard normal below `x`.
    Gelu,
    /// GELU through `tanh`, as GPT-2.
    GeluTanh,
    /// `x / (1 + e^-x)`.
    Silu,
    /// `max(x, 0)`.
    Relu,
    /// `max(x, 0)^2`.
    Relu2,
    /// `max(x, 0)^3`.
    Relu3,
}

/// A norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// Mean 0, variance 1, then a gain.
    Layer,
    /// Mean square 1, then a gain.
    Rms,
    /// No norm.
    None,
}

impl Norm {
    pub(crate) fn is_none(&self) -> bool {
        *self == Norm::None
    }
}

/// What tells positions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Positions {
    /// One free row for each position, added to the embedding.
    Learned,
    /// The fixed waves of Vaswani et al. 2017, added to the embedding.
    Sinusoidal,
    /// Heads of queries and keys are turned by angles that grow with the position (Su et al. 2021).
    Rotary,
    /// Scores of attention fall with the distance of the key, by `2^(-8 h / heads)` a position in head `h`, of 1 to `heads`
    /// (ALiBi, Press et al. 2022).
    Alibi,
    /// Nothing but the causal order of attention.
    None,
}

/// How a model learns: steps of an optimiser on the mean loss of the sequences of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Steps in all. Default 1000, unless `data.epochs` says how long.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// What takes the steps.
    pub optimiser: Optimiser,
    /// Sequences of a micro-batch. Default 64.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Micro-batches of a step: a step sees `batch * accumulation` sequences. Default 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accumulation: Option<usize>,
    /// The highest learning rate.
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0.0))]
    pub rate: f64,
    /// The learning rate of the last step (linear, cosine). Default: a tenth of `rate`.
    #[schemars(range(min = 0.0, max = 100.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_rate: Option<f64>,
    /// The course of the learning rate after warm-up.
    pub schedule: Course,
    /// Steps over which the rate rises. Default: a twentieth of the steps, at most 100.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<u64>,
    /// Weight decay of arrays with two dimensions; gains and biases do not decay.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub decay: f64,
    /// Decay of the mean gradient (adamw, adam, grokfast).
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub beta1: f64,
    /// Decay of the mean squared gradient (adamw, adam, grokfast).
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub beta2: f64,
    /// Added to the root of the mean square.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub epsilon: f64,
    /// Longest gradient over all parameters; longer ones are scaled down. 0 turns it off.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub clip: f64,
    /// What products with weights multiply, forward and backward. Sums and everything else are f32, and so are evaluations.
    pub products: Products,
    /// Seed of start values, sequences and dropout.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: u64,
    /// Start from these weights with a fresh optimiser: a `.safetensors` file, or a run, by its folder or its
    /// name (its best weights).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// Weights that the parameters are pulled to.
    #[schemars(with = "Pull")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull: Option<Pull>,
    /// The keys of `optimiser = "sgd"`.
    #[schemars(with = "Sgd")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sgd: Option<Sgd>,
    /// The keys of `optimiser = "grokfast"`.
    #[schemars(with = "Grokfast")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grokfast: Option<Grokfast>,
    /// The keys of `optimiser = "lbfgs"`.
    #[schemars(with = "Lbfgs")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lbfgs: Option<Lbfgs>,
    /// What is taken for the weights, if not the last point.
    #[schemars(with = "Average")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<Average>,
    /// When training ends before its last step.
    #[schemars(with = "Stop")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Stages that train on other worlds than `[world]`, one after another; after the last, training is on `[world]`, and
    /// validation and test are so from the beginning. Needs `data.source = "fresh"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub curriculum: Vec<Stage>,
    /// Stages with an optimiser, a schedule and data of their own, one after another; `steps` is then left out, since each stage
    /// has its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<TrainingStage>,
}

/// A stage of a curriculum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stage {
    /// Steps done when it ends; more than those of the stage before. The last stage may leave it out: it then ends with the run.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Whether it fades: sequences are those of what follows it in a share that grows evenly from 0 to 1.
    pub fade: bool,
    /// Keys of `[world]` with other values. Sequences keep their shape, and those that are held out stay so.
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub world: toml::Table,
}

impl Default for Training {
    fn default() -> Self {
        Training {
            steps: None,
            optimiser: Optimiser::Adamw,
            batch: None,
            accumulation: None,
            rate: 3e-3,
            last_rate: None,
            schedule: Course::Cosine,
            warmup: None,
            decay: 0.1,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            clip: 1.0,
            products: Products::F32,
            seed: 1,
            init: None,
            pull: None,
            sgd: None,
            grokfast: None,
            lbfgs: None,
            average: None,
            stop: None,
            curriculum: vec![],
            stages: vec![],
        }
    }
}

/// What products with weights multiply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Products {
    /// The numbers as they are.
    #[default]
    F32,
    /// Weights, activations and gradients each rounded to the nearest bfloat16, which has eight significant bits; 0 below
    /// `2^-56`. For models from `model.width` 32 on.
    Bf16,
}

impl Products {
    pub(crate) fn is_f32(&self) -> bool {
        *self == Products::F32
    }
}

/// The course of the learning rate after warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// The rate stays.
    Constant,
    /// A straight line to the last rate.
    Linear,
    /// Half a cosine to the last rate.
    Cosine,
}

/// What a model learns from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Where sequences come from.
    pub source: Source,
    /// Size of the fixed set.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequences: Option<u64>,
    /// How often the fixed set is seen, instead of `training.steps`.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// A folder of somebody's data: `train.bin`, `val.bin`, and `meta.json` or `meta.pkl`. With `data.source` `export` or
    /// `counts` its blocks are trained on, in place of those that `data export` writes; validation and test are windows of
    /// its `val.bin`, each target at most once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Whose law the data of `data.folder` follow. Default: the world's, if the folder has that law beside its data.
    #[schemars(with = "DataLaw")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub law: Option<DataLaw>,
}

/// Whose law the data of a folder follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataLaw {
    /// That which `[world]` draws. A law in the folder has to be the same.
    World,
    /// The folder's: its `chain.npz`, as `data export` writes it, or its `model.pkl`, as hmmlearn saves it. It takes the place
    /// of the one that `[world]` draws, so `world.seed`, `world.generator` and what makes a law sparse or peaked say nothing.
    Folder,
    /// Nobody's that is known: there is no floor, and no score that needs one.
    Unknown,
}

/// Where training sequences come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Drawn anew for every step.
    #[default]
    Fresh,
    /// A finite set, drawn once and shuffled anew for every epoch.
    Fixed,
    /// Windows cut from the training blocks that `data export` writes, or from those of `data.folder`, anywhere and anew for
    /// every step. The world has to be one of windows, such as `markov-windows`.
    Export,
    /// All the training blocks that `data export` writes, or those of `data.folder`, in every step: how often which token
    /// follows which. For models that see the last token only (`model.attention` off, `model.positions` none), for which this is the whole of the data.
    /// `training.batch` and `training.accumulation` are then not set.
    Counts,
}

/// What `data export` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Export {
    /// Sequences in `train.bin`.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub train_sequences: usize,
    /// Sequences in `val.bin`.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub validation_sequences: usize,
}

impl Default for Export {
    fn default() -> Self {
        Export { train_sequences: 10_000, validation_sequences: 1_000 }
    }
}
