//! What a decoder's weights are called in formulas, and their shapes.

use std::collections::BTreeMap;

use infimum_worlds::Shape;

use super::Formulas;
use crate::outputs::{Output, outputs};
use crate::recipe::{Embedding, MlpFirst, Model, Norm, Positions};

/// The weights of a decoder that formulas may give and refer to, as they stand in a file (`[outputs, inputs]` of linear layers).
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    shapes: BTreeMap<String, [usize; 2]>,
    /// Output matrices.
    heads: Vec<String>,
}

impl Slots {
    /// The slots of `model` on sequences of `shape`, with MLPs of hidden width `hidden`.
    pub(super) fn new(formulas: &Formulas, model: &Model, shape: &Shape, hidden: usize) -> Slots {
        let mut slots = Slots::default();
        let (width, alphabet) = (model.width, shape.alphabet);
        if model.embedding == Embedding::Learned {
            slots.add("wte", [alphabet, width]);
        }
        if model.positions == Positions::Learned {
            slots.add("wpe", [shape.positions, width]);
        }
        (0..model.layers).for_each(|block| slots.add_block(formulas, model, &format!("h.{block}"), hidden));
        slots.add_norm(model, "ln_f");
        outputs(model, shape).iter().for_each(|output| slots.add_output(model, output));
        slots
    }

    fn add_block(&mut self, formulas: &Formulas, model: &Model, at: &str, hidden: usize) {
        let width = model.width;
        if model.attention {
            self.add_norm(model, &format!("{at}.ln_1"));
            let apart = splits_attention(formulas, at);
            let channels = model.attention_channels();
            match apart {
                true => ["q", "k", "v"].into_iter().zip(channels).for_each(|(part, outputs)| {
                    self.add_linear(model, &format!("{at}.attn.{part}"), [outputs, width]);
                }),
                false => self.add_linear(model, &format!("{at}.attn.c_attn"), [channels.iter().sum(), width]),
            }
            if model.qk_norm != Norm::None {
                ["q", "k"].iter().for_each(|part| self.add(&format!("{at}.attn.{part}_norm"), [1, model.head_width()]));
            }
            self.add_linear(model, &format!("{at}.attn.c_proj"), [width, model.heads * model.value_width()]);
        }
        if model.mlp {
            self.add_norm(model, &format!("{at}.ln_2"));
            if model.mlp_first == MlpFirst::Free {
                self.add_linear(model, &format!("{at}.mlp.c_fc"), [hidden, width]);
            }
            if model.mlp_gate {
                self.add_linear(model, &format!("{at}.mlp.c_up"), [hidden, width]);
            }
            self.add_linear(model, &format!("{at}.mlp.c_proj"), [width, hidden]);
        }
    }

    /// Heads beside the world's first may have a bias.
    fn add_output(&mut self, model: &Model, output: &Output) {
        let (name, shape) = (output.matrix(), [output.alphabet, model.width]);
        match (output.head, model.tied) {
            (0, true) => {}
            (0, false) => self.add(&name, shape),
            _ => self.add_linear(model, &name, shape),
        }
        self.heads.push(name);
    }

    fn add_norm(&mut self, model: &Model, name: &str) {
        if model.norm == Norm::None {
            return;
        }
        self.add(name, [1, model.width]);
        if model.has_norm_bias() {
            self.add(&format!("{name}.bias"), [1, model.width]);
        }
    }

    fn add_linear(&mut self, model: &Model, name: &str, shape: [usize; 2]) {
        self.add(name, shape);
        if model.bias {
            self.add(&format!("{name}.bias"), [1, shape[0]]);
        }
    }

    fn add(&mut self, name: &str, shape: [usize; 2]) {
        self.shapes.insert(name.into(), shape);
    }

    /// The shape of a slot.
    pub(super) fn shape(&self, name: &str) -> Option<[usize; 2]> {
        self.shapes.get(name).copied()
    }

    /// What the parameters of weight `name` are called.
    pub(super) fn array(&self, name: &str) -> String {
        if self.heads.iter().any(|head| head == name) { format!("{name}.weight") } else { array(name) }
    }

    /// All names.
    pub(super) fn listed(&self) -> String {
        self.shapes.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Whether queries, keys and values of the block `at` are weights of their own, since a formula gives or reads one of them.
pub(super) fn splits_attention(formulas: &Formulas, at: &str) -> bool {
    let parts = ["q", "k", "v"].map(|part| format!("{at}.attn.{part}"));
    formulas.iter().any(|(given, node)| parts.iter().any(|part| part == given || node.mentions(part)))
}

/// What the parameters of weight `name` may be called: whether it is an output matrix, the world's heads say.
pub(super) fn arrays(name: &str) -> Vec<String> {
    let as_head = (name.ends_with("_head") && name != "lm_head").then(|| format!("{name}.weight"));
    [array(name)].into_iter().chain(as_head).collect()
}

/// What the parameters of weight `name` are called: those of the model's weights as in nanoGPT's state dict, others by their
/// name.
pub(super) fn array(name: &str) -> String {
    match name {
        "lm_head" => "lm_head.weight".into(),
        _ if !["wte", "wpe", "ln_f", "ln_f.bias"].contains(&name) && !name.starts_with("h.") => name.into(),
        _ if name.ends_with(".bias") => format!("transformer.{name}"),
        _ => format!("transformer.{name}.weight"),
    }
}
