//! `model_args`: what a checkpoint says of its model.

use std::collections::BTreeMap;

use infimum_worlds::Shape;
use serde_json::{Map, Value as Json, json};

use super::{Node, Value};
use crate::recipe::{Activation, Embedding, MlpFirst, Model, NORM_EPSILON, Norm, Positions};

/// The most characters that `model_args` may have as JSON; ours have about 450.
const MOST_CHARACTERS: usize = 4096;
/// The most characters of a text in them that are looked at.
const MOST_OF_A_TEXT: usize = 40;

/// Switches of nanoMarkov that no model here has.
const ABSENT: [&str; 3] = ["lm_head_project", "mlp_key_bias", "reluify"];
const SIZES: [&str; 3] = ["n_layer", "n_embd", "n_head"];
const FILTER: &str = "mlp_filter";
/// Sizes that are the rows of a table.
const TABLES: [(&str, &str); 3] = [
    ("vocab_size", "transformer.wte.weight"),
    ("vocab_size", "lm_head.weight"),
    ("block_size", "transformer.wpe.weight"),
];

/// A switch of nanoMarkov, and what it means where it is not said, as in nanoGPT's checkpoints.
struct Switch {
    key: &'static str,
    default: bool,
    /// Whether it is on for one of our models.
    of: fn(&Model) -> bool,
}

const SWITCHES: [Switch; 6] = [
    Switch { key: "use_ln", default: true, of: |model| model.norm == Norm::Layer },
    Switch { key: "mlp_only", default: false, of: |model| !model.attention },
    Switch { key: "pos_ape", default: true, of: |model| model.positions == Positions::Learned },
    Switch { key: "one_hot_embed", default: false, of: |model| model.embedding == Embedding::OneHot },
    Switch { key: "lm_head_tied", default: true, of: |model| model.tied },
    Switch { key: "mlp_first_matrix_identity", default: false, of: |model| model.mlp_first == MlpFirst::Identity },
];

/// One value, as far as it is looked at.
#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Flag(bool),
    Size(usize),
    Text(String),
    Other,
}

/// A checkpoint's `model_args`, as far as they are looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arguments(BTreeMap<&'static str, Argument>);

impl Arguments {
    fn gathered(get: impl Fn(&str) -> Option<Argument>) -> Arguments {
        let keys = ABSENT.into_iter().chain(SIZES).chain([FILTER]).chain(SWITCHES.map(|switch| switch.key));
        let keys = keys.chain(TABLES.map(|(key, _)| key));
        Arguments(keys.filter_map(|key| Some((key, get(key)?))).collect())
    }

    /// Those of a pickle.
    pub(super) fn pickled(node: Node<'_>) -> Arguments {
        Arguments::gathered(|key| node.get(key).map(of_node))
    }

    /// Those of a text of JSON, as we write them.
    pub(super) fn parse(text: &str) -> Result<Arguments, String> {
        let length = text.chars().count();
        if length > MOST_CHARACTERS {
            return Err(format!("has model_args of {length} characters, more than {MOST_CHARACTERS}"));
        }
        let object: Map<String, Json> = serde_json::from_str(text)
            .map_err(|error| format!("has model_args that are no object of JSON: {error}"))?;
        Ok(Arguments::gathered(|key| object.get(key).map(of_json)))
    }

    fn flag(&self, key: &str, default: bool) -> Result<bool, String> {
        match self.0.get(key) {
            None => Ok(default),
            Some(Argument::Flag(flag)) => Ok(*flag),
            Some(_) => Err(format!("has a model_args.{key} that is neither True nor False")),
        }
    }

    /// Whether their model uses its norms.
    pub(super) fn use_norms(&self) -> Result<bool, String> {
        self.flag("use_ln", true)
    }

    /// Compares them with the model, which they have to mean.
    pub(super) fn check(&self, model: &Model) -> Result<(), String> {
        for key in ABSENT {
            if self.flag(key, false)? {
                return Err(format!("has model_args.{key} = True, which no model here has"));
            }
        }
        // What blocks consist of says nothing where there are none.
        let of_blocks = |key: &str| ["mlp_only", "mlp_first_matrix_identity"].contains(&key);
        for Switch { key, default, of } in SWITCHES.iter().filter(|s| model.layers > 0 || !of_blocks(s.key)) {
            let (theirs, ours) = (self.flag(key, *default)?, of(model));
            if theirs != ours {
                return Err(format!("has model_args.{key} = {theirs}, and the recipe's model has {ours}"));
            }
        }
        let norms = self.use_norms()?;
        if model.attention && model.layers > 0 && model.parallel == norms {
            return Err(format!(
                "has model_args.use_ln = {norms}, with which its model means model.parallel = {}",
                !norms
            ));
        }
        self.check_sizes(model)?;
        self.check_activation(model)?;
        match lacking(model) {
            Some(lacking) => Err(format!("has model_args, and no model that they can mean has {lacking}")),
            None => Ok(()),
        }
    }

    /// Compares them with the tables that stand beside them: `name` with its shape.
    pub(super) fn check_tables<'t>(&self, tables: impl Iterator<Item = (&'t str, &'t [usize])>) -> Result<(), String> {
        for (name, shape) in tables {
            let of =
                TABLES.iter().filter(|(_, table)| *table == name).find_map(|(key, _)| Some((key, self.0.get(key)?)));
            if let (Some((key, Argument::Size(size))), Some(rows)) = (of, shape.first())
                && size != rows
            {
                return Err(format!("has model_args.{key} = {size}, and its {name} has {rows} rows"));
            }
        }
        Ok(())
    }

    /// Sizes that the shapes of the tensors do not show, or that are better named than shown.
    fn check_sizes(&self, model: &Model) -> Result<(), String> {
        let heads = if model.attention { Some(model.heads) } else { None };
        for (key, ours) in SIZES.into_iter().zip([Some(model.layers), Some(model.width), heads]) {
            match (self.0.get(key), ours) {
                (Some(Argument::Size(theirs)), Some(ours)) if *theirs != ours => {
                    return Err(format!("has model_args.{key} = {theirs}, and the recipe's model has {ours}"));
                }
                (Some(Argument::Size(_)) | None, _) => {}
                (Some(_), _) => return Err(format!("has a model_args.{key} that is no size")),
            }
        }
        Ok(())
    }

    fn check_activation(&self, model: &Model) -> Result<(), String> {
        let ours = filter(model.activation);
        let theirs = match self.0.get(FILTER) {
            None => "GELU",
            Some(Argument::Text(theirs)) => theirs,
            Some(_) => return Err(format!("has a model_args.{FILTER} that is no text")),
        };
        if theirs == ours {
            return Ok(());
        }
        Err(format!("has model_args.{FILTER} = {theirs:?}, and the recipe's model.activation is {ours:?}"))
    }
}

fn of_node(node: Node<'_>) -> Argument {
    match (node.value(), node.tuple::<1>().map(|[only]| only.value())) {
        // A trailing comma in nanoMarkov's defaults makes `(True,)` of `True`.
        (Value::Bool(flag), _) | (_, Some(Value::Bool(flag))) => Argument::Flag(flag),
        (Value::Text(text), _) => Argument::Text(text.chars().take(MOST_OF_A_TEXT).collect()),
        _ => node.size().map_or(Argument::Other, Argument::Size),
    }
}

fn of_json(value: &Json) -> Argument {
    match value {
        Json::Bool(flag) => Argument::Flag(*flag),
        Json::String(text) => Argument::Text(text.chars().take(MOST_OF_A_TEXT).collect()),
        value => value.as_u64().and_then(|n| usize::try_from(n).ok()).map_or(Argument::Other, Argument::Size),
    }
}

/// nanoMarkov's name of an activation.
fn filter(activation: Activation) -> &'static str {
    match activation {
        Activation::Gelu => "GELU",
        Activation::GeluTanh => "gelu-tanh",
        Activation::Silu => "SILU",
        Activation::Relu => "RELU",
        Activation::Relu2 => "RELU2",
        Activation::Relu3 => "RELU3",
    }
}

/// What of a model neither nanoGPT nor nanoMarkov can express, as a key of the recipe; `None` where one of them can.
pub(super) fn lacking(model: &Model) -> Option<&'static str> {
    let (blocks, both) = (model.layers > 0, model.layers > 0 && model.attention && model.mlp);
    let cases = [
        (model.norm == Norm::Rms, "model.norm = \"rms\""),
        (model.positions == Positions::Sinusoidal, "model.positions = \"sinusoidal\""),
        (model.positions == Positions::Rotary, "model.positions = \"rotary\""),
        (model.positions == Positions::Alibi, "model.positions = \"alibi\""),
        (blocks && !model.qk_norm.is_none(), "model.qk_norm, another than \"none\""),
        (blocks && model.attention && !has_whole_heads(model), "heads of other widths than model.width / model.heads"),
        (blocks && model.mlp_gate, "model.mlp_gate = true"),
        (blocks && model.activation == Activation::Silu, "model.activation = \"silu\""),
        (model.norm == Norm::Layer && model.epsilon() != NORM_EPSILON, "model.norm_epsilon, another than 1e-5"),
        (blocks && !model.mlp, "model.mlp = false"),
        (blocks && !model.hidden().is_multiple_of(model.width), "model.mlp_hidden, no multiple of model.width"),
        (model.has_norm_bias() != model.bias, "model.norm_bias, another than model.bias"),
        (model.activation == Activation::GeluTanh, "model.activation = \"gelu-tanh\""),
        (both && model.norm == Norm::Layer && model.parallel, "model.parallel = true with norms"),
        (both && model.norm == Norm::None && !model.parallel, "model.parallel = false without norms"),
        (
            model.bias && !is_plain(model),
            "model.bias = true in a model that is not GPT-2's, which nanoMarkov alone has",
        ),
    ];
    cases.into_iter().find_map(|(lacks, key)| lacks.then_some(key))
}

/// Whether the channels are those of the stream divided among the heads, of queries as of keys and values.
fn has_whole_heads(model: &Model) -> bool {
    model.attention_channels() == [model.width; 3]
}

/// Whether it is nanoGPT's own model, which needs none of nanoMarkov's switches.
fn is_plain(model: &Model) -> bool {
    let own = SWITCHES.iter().all(|switch| (switch.of)(model) == switch.default);
    own && !model.parallel && model.hidden() == 4 * model.width && filter(model.activation) == "GELU"
}

/// The `model_args` with which nanoGPT, or else nanoMarkov, builds `model` for sequences of `shape`.
pub(super) fn of_model(model: &Model, shape: &Shape) -> Map<String, Json> {
    let mut arguments = Map::new();
    let mut say = |key: &str, value: Json| _ = arguments.insert(key.into(), value);
    for (key, size) in SIZES.into_iter().zip([model.layers, model.width, model.heads]) {
        say(key, json!(size));
    }
    say("block_size", json!(shape.positions));
    say("vocab_size", json!(shape.alphabet));
    say("bias", json!(model.bias));
    say("dropout", json!(model.dropout));
    if !is_plain(model) {
        SWITCHES.iter().for_each(|switch| say(switch.key, json!((switch.of)(model))));
        ABSENT.iter().for_each(|key| say(key, json!(false)));
        say("mlp_ratio", json!(model.hidden() / model.width));
        say(FILTER, json!(filter(model.activation)));
    }
    arguments
}
