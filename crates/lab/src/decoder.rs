//! The model family: a decoder of the GPT-2 kind as a program for one sequence.
//!
//! Weights have the names and shapes of nanoGPT's state dict: a linear is stored `[outputs, inputs]`, queries, keys and
//! values are the rows of one array. Sites, in the order of computation: `wte`, `x`, for each block `h.0.ln_1`,
//! `h.0.attn.q`, `.k`, `.v`, `.y`, `.out`, `h.0.x_mid`, `h.0.ln_2`, `h.0.mlp.fc`, `.act`, `.out`, `h.0.x`, then `ln_f`,
//! `logits`, `nats`, and of each further head of the world `class.logits`, `class.nats`, by its name. A block with attention only goes from `h.0.attn.out` to `h.0.x`; what is switched off or fixed to the
//! identity has no site. With a norm of heads, rotary positions, shared keys or ALiBi, `h.0.attn.q` and `.k` are followed by
//! `.q_norm`, `.q_turned`, `.k_shared`, `.v_shared`, `.q_placed`, and so on; with a gate `h.0.mlp.act` by `.up` and `.gated`.

mod heads;

use std::ops::Range;
use std::sync::Arc;

use infimum_engine::{Builder, Constant, NormKind, Program, Rows, ShapeError, Tied, Transposed, Value, Weight};
use infimum_worlds::Shape;

use crate::Layout;
use crate::formula::{WeightTable, identity};
use crate::outputs::{Output, outputs};
use crate::recipe::{Activation, Embedding, MlpFirst, Model, Norm, Positions};

/// The program of `model` on sequences of `shape`: token inputs `tokens` and `targets`, float input `weights` (of the loss), and
/// the latter two of each further head, such as `class.targets`.
///
/// # Errors
/// Sizes that do not fit each other, such as heads that do not divide the width; a [`crate::Plan`] has none of them.
pub fn decoder(model: &Model, shape: &Shape) -> Result<Program, ShapeError> {
    decoder_with_hidden(model, shape, model.hidden())
}

/// As [`decoder`], with MLPs of hidden width `hidden` in place of [`Model::hidden`].
pub(crate) fn decoder_with_hidden(model: &Model, shape: &Shape, hidden: usize) -> Result<Program, ShapeError> {
    let weights = WeightTable::new(model, shape, hidden)?;
    let mut d = Decoder { b: Builder::new(), weights, model, shape };
    let mut x = d.embedding()?;
    let embedding = x.1;
    for block in 0..model.layers {
        x.0 = d.block(&format!("h.{block}"), x.0)?;
    }
    let x = d.norm("ln_f", x.0)?;
    let outputs = outputs(model, shape);
    let losses = outputs.iter().map(|output| d.output(output, x, embedding)).collect::<Result<Vec<_>, _>>()?;
    d.weights.require_all_used()?;
    let losses: Vec<(Value, &str)> = losses.iter().map(|(nats, weights)| (*nats, weights.as_str())).collect();
    d.b.finish_all(&losses, shape.scored.clone())
}

/// Whether the array of that name has one dimension: gains and biases. They do not decay and start at 1 and 0.
pub fn is_vector(name: &str) -> bool {
    name.ends_with(".bias") || name.contains(".ln_") || name.contains("_norm.")
}

/// How the parameters of `program`, a decoder of `model`, stand in a file.
pub fn layout(model: &Model, program: &Program) -> Layout {
    let (head, table) = ("lm_head.weight".to_string(), "transformer.wte.weight".to_string());
    let has_table = program.parameters().iter().any(|parameter| parameter.name == table);
    let layout = match (model.embedding, model.tied) {
        (Embedding::Learned, true) if has_table => Layout::new(program.parameters(), vec![(head, table)]),
        (Embedding::Learned, _) => Layout::new(program.parameters(), vec![]),
        (Embedding::OneHot, tied) => {
            let names = if tied { vec![table, head] } else { vec![table] };
            let identities = names.into_iter().map(|name| (name, model.width)).collect();
            Layout::new(program.parameters(), vec![]).with_identities(identities)
        }
    };
    layout.with_frozen(program.frozen())
}

struct Decoder<'a> {
    b: Builder,
    weights: WeightTable,
    model: &'a Model,
    shape: &'a Shape,
}

impl Decoder<'_> {
    /// The weight `name` as it stands in a file: free, or what `[model.weights]` says.
    fn weight(&mut self, name: &str) -> Result<Weight, ShapeError> {
        self.weights.get(&mut self.b, name)
    }

    fn bias(&mut self, name: &str) -> Result<Option<Weight>, ShapeError> {
        let name = format!("{name}.bias");
        if self.weights.has(&name) { self.weight(&name).map(Some) } else { Ok(None) }
    }

    /// Token embedding plus positions, and the table.
    fn embedding(&mut self) -> Result<(Value, Weight), ShapeError> {
        let (positions, alphabet, width) = (self.shape.positions, self.shape.alphabet, self.model.width);
        let ids = self.b.ids("tokens", positions, alphabet)?;
        let table = match self.model.embedding {
            Embedding::Learned => self.weight("wte")?,
            Embedding::OneHot => self.b.weight("transformer.wte.weight", identity(alphabet, width))?,
        };
        let mut x = self.b.embed("wte", ids, table)?;
        let rows = match self.model.positions {
            Positions::None | Positions::Rotary | Positions::Alibi => None,
            Positions::Learned => Some(self.weight("wpe")?),
            Positions::Sinusoidal => Some(self.b.weight("transformer.wpe.weight", waves(positions, width))?),
        };
        if let Some(rows) = rows {
            x = self.b.add_rows("x", x, rows)?;
        }
        Ok((self.b.dropout("x.dropout", x, self.model.dropout)?, table))
    }

    fn block(&mut self, at: &str, input: Value) -> Result<Value, ShapeError> {
        let mut x = input;
        if self.model.attention {
            let out = self.attention(at, x)?;
            let site = if self.model.mlp { "x_mid" } else { "x" };
            x = self.b.add(&format!("{at}.{site}"), x, out)?;
        }
        if self.model.mlp {
            let out = self.mlp(at, if self.model.parallel { input } else { x })?;
            x = self.b.add(&format!("{at}.x"), x, out)?;
        }
        Ok(x)
    }

    /// Queries, keys and values are linears of their own, so that pruning can leave out queries.
    fn attention(&mut self, at: &str, x: Value) -> Result<Value, ShapeError> {
        let x = self.norm(&format!("{at}.ln_1"), x)?;
        let (mut parts, mut first) = (Vec::new(), 0);
        for (part, count) in ["q", "k", "v"].into_iter().zip(self.model.attention_channels()) {
            let (w, bias) = self.attention_part(at, part, first..first + count)?;
            parts.push(self.b.linear(&format!("{at}.attn.{part}"), x, w, bias)?);
            first += count;
        }
        let y = self.attend(at, [parts[0], parts[1], parts[2]])?;
        let out = self.linear(&format!("{at}.attn.c_proj"), &format!("{at}.attn.out"), y)?;
        self.b.dropout(&format!("{at}.attn.dropout"), out, self.model.dropout)
    }

    /// Matrix and bias of queries, keys or values: weights of their own where formulas speak of them, otherwise the rows `rows` of
    /// `c_attn`.
    fn attention_part(
        &mut self,
        at: &str,
        part: &str,
        rows: Range<usize>,
    ) -> Result<(Weight, Option<Weight>), ShapeError> {
        let own = format!("{at}.attn.{part}");
        let name = format!("transformer.{own}.weight");
        if self.weights.has(&own) {
            let stored = self.weight(&own)?;
            return Ok((self.transposed(&name, stored)?, self.bias(&own)?));
        }
        let joint = self.weight(&format!("{at}.attn.c_attn"))?;
        let bias = self.bias(&format!("{at}.attn.c_attn"))?;
        let bias = bias.map(|b| self.bias_part(&own, b, rows.clone())).transpose()?;
        let rows = self.b.weight(&name, Rows { of: joint, first: rows.start, count: rows.len() })?;
        Ok((self.transposed(&name, rows)?, bias))
    }

    /// Some columns of a joint bias: rows of its transpose, transposed back.
    fn bias_part(&mut self, at: &str, joint: Weight, columns: Range<usize>) -> Result<Weight, ShapeError> {
        let name = format!("transformer.{at}.bias");
        let column = self.transposed(&format!("{name}.joint"), joint)?;
        let rows =
            self.b.weight(&format!("{name}.rows"), Rows { of: column, first: columns.start, count: columns.len() })?;
        self.transposed(&name, rows)
    }

    fn mlp(&mut self, at: &str, x: Value) -> Result<Value, ShapeError> {
        let x = self.norm(&format!("{at}.ln_2"), x)?;
        let first = match self.model.mlp_first {
            MlpFirst::Free => self.linear(&format!("{at}.mlp.c_fc"), &format!("{at}.mlp.fc"), x)?,
            MlpFirst::Identity => x,
        };
        let act = self.b.activation(&format!("{at}.mlp.act"), first, activation(self.model.activation))?;
        let x = match self.model.mlp_gate {
            true => {
                let up = self.linear(&format!("{at}.mlp.c_up"), &format!("{at}.mlp.up"), x)?;
                self.b.multiply(&format!("{at}.mlp.gated"), act, up)?
            }
            false => act,
        };
        let out = self.linear(&format!("{at}.mlp.c_proj"), &format!("{at}.mlp.out"), x)?;
        self.b.dropout(&format!("{at}.mlp.dropout"), out, self.model.dropout)
    }

    /// Nats of a head, and the name of their weights.
    fn output(&mut self, output: &Output, x: Value, embedding: Weight) -> Result<(Value, String), ShapeError> {
        let (matrix, is_first) = (output.matrix(), output.head == 0);
        let name = format!("{matrix}.weight");
        let stored = match is_first && self.model.tied {
            true => self.b.weight(&name, Tied { to: embedding })?,
            false => self.weight(&matrix)?,
        };
        let w = self.transposed(&name, stored)?;
        let bias = self.bias(&matrix)?;
        let logits = self.b.linear(&output.site("logits"), x, w, bias)?;
        let targets = self.b.ids(&output.site("targets"), self.shape.positions, output.alphabet)?;
        Ok((self.b.cross_entropy(&output.site("nats"), logits, targets)?, output.site("weights")))
    }

    /// A linear stored `[outputs, inputs]`.
    fn linear(&mut self, name: &str, site: &str, x: Value) -> Result<Value, ShapeError> {
        let stored = self.weight(name)?;
        let w = self.transposed(&format!("transformer.{name}.weight"), stored)?;
        let bias = self.bias(name)?;
        self.b.linear(site, x, w, bias)
    }

    fn transposed(&mut self, name: &str, of: Weight) -> Result<Weight, ShapeError> {
        self.b.weight(&format!("{name}.transposed"), Transposed { of })
    }

    fn norm(&mut self, at: &str, x: Value) -> Result<Value, ShapeError> {
        let kind = match self.model.norm {
            Norm::None => return Ok(x),
            Norm::Layer => NormKind::Layer,
            Norm::Rms => NormKind::Rms,
        };
        let (gain, bias) = (self.weight(at)?, self.bias(at)?);
        self.b.norm(at, x, infimum_engine::Norm { kind, epsilon: self.model.epsilon() }, Some(gain), bias)
    }
}

fn activation(kind: Activation) -> infimum_engine::Activation {
    match kind {
        Activation::Gelu => infimum_engine::Activation::GeluErf,
        Activation::GeluTanh => infimum_engine::Activation::GeluTanh,
        Activation::Silu => infimum_engine::Activation::Silu,
        Activation::Relu => infimum_engine::Activation::Relu,
        Activation::Relu2 => infimum_engine::Activation::Relu2,
        Activation::Relu3 => infimum_engine::Activation::Relu3,
    }
}

/// The fixed waves of Vaswani et al. 2017, section 3.5: `sin(p / 10000^(2i/d))` at channel `2i`, its cosine at `2i + 1`.
fn waves(positions: usize, width: usize) -> Constant {
    let wave = |p: usize, c: usize| {
        let angle = p as f64 / libm::pow(10000.0, (c - c % 2) as f64 / width as f64);
        if c.is_multiple_of(2) { libm::sin(angle) as f32 } else { libm::cos(angle) as f32 }
    };
    let scalars = (0..positions).flat_map(|p| (0..width).map(move |c| wave(p, c))).collect();
    Constant { rows: positions, columns: width, scalars: Arc::new(scalars), frozen: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use infimum_worlds::Head;

    fn shape(positions: usize, alphabet: usize) -> Shape {
        Shape { positions, alphabet, heads: vec![Head { name: "token", alphabet }], scored: 0..positions }
    }

    fn parameters(model: &Model, positions: usize, alphabet: usize) -> usize {
        decoder(model, &shape(positions, alphabet)).unwrap().weights().parameters()
    }

    /// nanoMarkov's models (counted from its source; its own counts leave positions out and have the fixed
    /// tables in).
    #[test]
    fn published_models_have_their_published_number_of_parameters() {
        for (name, expected) in [
            ("mm10", 411_648),
            ("mm100", 1_665_536),
            ("mm1000", 13_231_104),
            ("mm100-sparse75", 1_665_536),
            ("mm1000-sparse75", 13_231_104),
            ("c1", 878_592),
            ("c2", 242_688),
            ("c3", 148_571),
            ("c4", 87_365),
            ("c5", 107_666),
            ("c6", 46_460),
            ("c7", 61_509),
            ("c8", 87_062),
            ("c9", 61_206),
            ("c10", 51_308),
            ("c11", 20_402),
            ("c12", 10_201),
        ] {
            let text = crate::recipes::built_in(&format!("published/nanomarkov-{name}")).expect(name);
            let recipe = crate::Recipe::parse(text, name, &[]).unwrap();
            let states = if name.starts_with("mm1000") {
                1000
            } else if name == "mm10" {
                10
            } else {
                100
            };
            let positions = if name == "mm10" { 128 } else { 256 };
            assert_eq!(parameters(&recipe.model, positions, states + 1), expected, "{name}");
        }
    }

    #[test]
    fn switches_add_and_remove_the_arrays_they_name() {
        let base = Model { width: 8, layers: 1, heads: 2, ..Model::default() };
        let count = |model: Model| parameters(&model, 5, 7);
        let (embedding, attention, mlp, norms) = (7 * 8 + 5 * 8 + 7 * 8, 4 * 64, 8 * 64, 3 * 8);
        assert_eq!(count(base.clone()), embedding + attention + mlp + norms);
        assert_eq!(count(Model { attention: false, ..base.clone() }), embedding + mlp + norms - 8);
        assert_eq!(count(Model { mlp: false, ..base.clone() }), embedding + attention + norms - 8);
        assert_eq!(count(Model { norm: Norm::None, ..base.clone() }), embedding + attention + mlp);
        assert_eq!(count(Model { tied: true, ..base.clone() }), embedding - 56 + attention + mlp + norms);
        assert_eq!(
            count(Model { positions: Positions::Sinusoidal, ..base.clone() }),
            embedding - 40 + attention + mlp + norms
        );
        assert_eq!(count(Model { bias: true, ..base.clone() }), embedding + attention + mlp + 2 * norms + 32 + 40);
        assert_eq!(count(Model { layers: 0, ..base }), embedding + 8);
    }

    #[test]
    fn waves_have_the_published_values() {
        let waves = waves(3, 4);
        let expected = [[0.0, 1.0, 0.0, 1.0], [0.841470985, 0.540302306, 0.00999983333, 0.999950000]];
        for (given, expected) in waves.scalars.iter().zip(expected.as_flattened()) {
            assert!((f64::from(*given) - expected).abs() <= 1e-7);
        }
    }
}
