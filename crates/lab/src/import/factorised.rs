//! yinglunz's adders and those made from them (rezabyt, lichengliu, h3nock): blocks of the GPT-2 kind without biases, whose
//! matrices may be products of two factors (`y = x A B`) and whose queries, keys and values may share them.

use super::arrays::Arrays;
use super::reading::{Reading, given};
use super::{Family, Translation};

pub(super) struct Factorised;

/// Tokens: digits, `+`, `=`, padding, end.
const ALPHABET: usize = 14;

/// The most numbers of a fixed matrix: they stand in a formula of the plan.
const MOST_FIXED: usize = 4096;

impl Family for Factorised {
    fn name(&self) -> &'static str {
        "factorised"
    }

    fn about(&self) -> &'static str {
        "adders of yinglunz, rezabyt, lichengliu, h3nock: low-rank matrices, most significant digit first, reversed sums"
    }

    fn signature(&self) -> &'static [&'static str] {
        &["token_emb.weight", "blocks.0.ln1.weight", "blocks.0.ln2.weight", "ln_f.weight"]
    }

    fn fits(&self, arrays: &Arrays) -> bool {
        arrays.dimensions("token_emb.weight") == Some(2)
    }

    fn translate(&self, arrays: &mut Arrays) -> Result<Translation, String> {
        translate(arrays, Linear::OutputsFirst)
    }
}

/// How whole matrices of linear layers are stored.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Linear {
    /// `[outputs, inputs]`.
    OutputsFirst,
    /// `[inputs, outputs]`.
    InputsFirst,
}

/// The model in arrays of the family's names.
pub(super) fn translate(arrays: &mut Arrays, linear: Linear) -> Result<Translation, String> {
    let [alphabet, width] = arrays.shape("token_emb.weight")?;
    if alphabet != ALPHABET {
        return Err(format!("its `token_emb.weight` has {alphabet} tokens, the family's format {ALPHABET}"));
    }
    let positions = arrays.shape(if arrays.has("pos_emb.A") { "pos_emb.A" } else { "pos_emb.weight" })?[0];
    let digits = (positions / 3).saturating_sub(1);
    if digits == 0 || positions != 3 * digits + 3 {
        return Err(format!("it has {positions} positions; sums of n digits have 3 n + 3 in the family's format"));
    }
    let blocks = (0..).take_while(|block| arrays.has(&format!("blocks.{block}.ln1.weight"))).count();
    let mut model = Model { reading: Reading::new(arrays), width, linear };
    model.reading.take("token_emb.weight", "transformer.wte.weight", [alphabet, width])?;
    if model.reading.arrays.has("lm_head.weight") {
        model.reading.arrays.same("lm_head.weight", "token_emb.weight")?;
    }
    model.positions(positions)?;
    let hidden = (0..blocks).map(|block| model.block(block)).collect::<Result<Vec<_>, _>>()?;
    model.norm("ln_f", "ln_f")?;
    let Reading { arrays, weights, numbers } = model.reading;
    let (hidden, layer) = (hidden.first().copied().unwrap_or(1), arrays.has("ln_f.bias"));
    let heads = arrays.setting("n_head").unwrap_or(1);
    let (norm, epsilon) = if layer { ("layer", "1e-5") } else { ("rms", "1e-8") };
    let recipe = format!(
        "[world]\nkind = \"addition\"\ndigits = {digits}\n\n[model]\nwidth = {width}\nlayers = {blocks}\nheads = {heads}\n\
             mlp_hidden = {hidden}\nnorm = \"{norm}\"\nnorm_epsilon = {epsilon}\nnorm_bias = {layer}\ntied = true\n\n\
             [model.weights]\n{weights}"
    );
    Ok(Translation { recipe, numbers })
}

/// A model while it is read.
struct Model<'a> {
    reading: Reading<'a>,
    width: usize,
    linear: Linear,
}

/// The two factors of queries, keys or values, or their one matrix.
#[derive(Clone, PartialEq)]
enum Part {
    Matrix(String),
    Factors(String, String),
}

impl Model<'_> {
    fn norm(&mut self, stored: &str, ours: &str) -> Result<(), String> {
        self.reading.take(&format!("{stored}.weight"), &format!("transformer.{ours}.weight"), [1, self.width])?;
        if self.reading.arrays.has(&format!("{stored}.bias")) {
            self.reading.take(&format!("{stored}.bias"), &format!("transformer.{ours}.bias"), [1, self.width])?;
        }
        Ok(())
    }

    fn positions(&mut self, positions: usize) -> Result<(), String> {
        if !self.reading.arrays.has("pos_emb.A") {
            return self.reading.take("pos_emb.weight", "transformer.wpe.weight", [positions, self.width]);
        }
        let rank = self.reading.arrays.shape("pos_emb.A")?[1];
        self.reading.line("wpe", &format!("low_rank({rank})"));
        self.reading.take("pos_emb.A", "transformer.wpe.weight.left", [positions, rank])?;
        self.reading.take("pos_emb.B", "transformer.wpe.weight.right", [rank, self.width])
    }

    /// Reads a block and gives the hidden width of its MLP.
    fn block(&mut self, block: usize) -> Result<usize, String> {
        let (stored, ours) = (format!("blocks.{block}"), format!("h.{block}"));
        self.norm(&format!("{stored}.ln1"), &format!("{ours}.ln_1"))?;
        self.attention(&stored, &ours)?;
        self.matrix(&format!("{stored}.attn.proj"), &format!("{ours}.attn.c_proj"), [self.width, self.width])?;
        self.norm(&format!("{stored}.ln2"), &format!("{ours}.ln_2"))?;
        let first = format!("{stored}.mlp.fc1");
        let hidden = match (self.reading.arrays.has(&format!("{first}.B")), self.linear) {
            (true, _) => self.reading.arrays.shape(&format!("{first}.B"))?[1],
            (false, Linear::OutputsFirst) => self.reading.arrays.shape(&format!("{first}.weight"))?[0],
            (false, Linear::InputsFirst) => self.reading.arrays.shape(&format!("{first}.weight"))?[1],
        };
        self.matrix(&first, &format!("{ours}.mlp.c_fc"), [hidden, self.width])?;
        self.matrix(&format!("{stored}.mlp.fc2"), &format!("{ours}.mlp.c_proj"), [self.width, hidden])?;
        Ok(hidden)
    }

    /// A matrix, whole, or as factors `A` `[inputs, rank]` and `B` `[rank, outputs]`, to which a fixed one may be added.
    fn matrix(&mut self, stored: &str, ours: &str, [outputs, inputs]: [usize; 2]) -> Result<(), String> {
        let (a, b, whole) = (format!("{stored}.A"), format!("{stored}.B"), format!("{stored}.weight"));
        let parameter = format!("transformer.{ours}.weight");
        if !self.reading.arrays.has(&a) {
            return match self.linear {
                Linear::OutputsFirst => self.reading.take(&whole, &parameter, [outputs, inputs]),
                Linear::InputsFirst => self.reading.take_transposed(&whole, &parameter, [outputs, inputs]),
            };
        }
        let rank = self.reading.arrays.shape(&a)?[1];
        let fixed = self.fixed(stored, [outputs, inputs])?;
        let parameter = if fixed.is_some() { format!("{parameter}.left") } else { parameter };
        let fixed = fixed.map_or(String::new(), |numbers| format!(" + {numbers}"));
        self.reading.line(ours, &format!("low_rank({rank}){fixed}"));
        self.reading.take_transposed(&b, &format!("{parameter}.left"), [outputs, rank])?;
        self.reading.take_transposed(&a, &format!("{parameter}.right"), [rank, inputs])
    }

    /// The formula of the matrix that is added to factors, unless the model was built not to add it.
    fn fixed(&mut self, stored: &str, [outputs, inputs]: [usize; 2]) -> Result<Option<String>, String> {
        let name = format!("{stored}.W_fixed");
        if !self.reading.arrays.has(&name) {
            return Ok(None);
        }
        let part = if stored.contains(".attn.") { "attn" } else { "mlp" };
        let numbers = self.reading.arrays.transposed(&name, [outputs, inputs])?;
        if numbers.len() > MOST_FIXED {
            return Err(format!(
                "its `{name}` has {} numbers, and a plan carries at most {MOST_FIXED} fixed ones",
                numbers.len()
            ));
        }
        let is_added = self.reading.arrays.setting(&format!("fixed_full_rank_{part}")) != Some(0);
        Ok(is_added.then(|| given([outputs, inputs], &numbers)))
    }

    fn attention(&mut self, stored: &str, ours: &str) -> Result<(), String> {
        let (at, width) = (format!("{stored}.attn"), self.width);
        if self.reading.arrays.has(&format!("{at}.qkv.weight")) || self.reading.arrays.has(&format!("{at}.qkv.A")) {
            return self.matrix(&format!("{at}.qkv"), &format!("{ours}.attn.c_attn"), [3 * width, width]);
        }
        let parts = ["q", "k", "v"].map(|part| self.part(&at, part));
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
        for (number, (name, part)) in ["q", "k", "v"].iter().zip(&parts).enumerate() {
            let weight = format!("{ours}.attn.{name}");
            match parts[..number].iter().position(|earlier| earlier == part) {
                Some(earlier) => self.reading.line(&weight, &format!("{ours}.attn.{}", ["q", "k", "v"][earlier])),
                None => self.attention_part(&weight, part, width)?,
            }
        }
        Ok(())
    }

    fn attention_part(&mut self, weight: &str, part: &Part, width: usize) -> Result<(), String> {
        let (a, b) = match part {
            Part::Matrix(stored) => {
                self.reading.line(weight, "free()");
                return self.reading.take(stored, &format!("transformer.{weight}.weight"), [width, width]);
            }
            Part::Factors(a, b) => (a.clone(), b.clone()),
        };
        let rank = self.reading.arrays.shape(&a)?[1];
        let (left, right) = (helper(&b), helper(&a));
        self.reading.line(weight, &format!("{left} * {right}"));
        self.factor(&b, &left, [width, rank])?;
        self.factor(&a, &right, [rank, width])
    }

    /// A factor under a name of its own, once.
    fn factor(&mut self, stored: &str, name: &str, [rows, columns]: [usize; 2]) -> Result<(), String> {
        if self.reading.numbers.contains_key(name) {
            return Ok(());
        }
        self.reading.line(name, &format!("free({rows}, {columns}, deviation = glorot)"));
        self.reading.take_transposed(stored, name, [rows, columns])
    }

    /// Where queries, keys or values are stored: alone, or shared with others.
    fn part(&self, at: &str, part: &str) -> Result<Part, String> {
        let shared = ["qkv", "qk", "kv"].into_iter().filter(|names| names.contains(part));
        let modules = shared.clone().map(|names| format!("{at}.{names}_shared")).chain([format!("{at}.{part}_proj")]);
        for module in modules {
            let (weight, a, b) = (format!("{module}.weight"), format!("{module}.A"), format!("{module}.B"));
            if self.reading.arrays.has(&weight) {
                return Ok(Part::Matrix(weight));
            }
            if self.reading.arrays.has(&a) {
                return Ok(Part::Factors(a, b));
            }
        }
        let endings = || ["", part].into_iter().chain(["qk", "kv"].into_iter().filter(|names| names.contains(part)));
        let factor = |side: &str| {
            let names = endings().map(|ending| format!("{at}.qkv_{side}{ending}"));
            names.into_iter().find(|name| self.reading.arrays.has(name))
        };
        match (factor("A"), factor("B")) {
            (Some(a), Some(b)) => Ok(Part::Factors(a, b)),
            _ => Err(format!("it lacks the weights of `{part}` at `{at}`; it holds {}", self.reading.arrays.listed())),
        }
    }
}

/// What a shared factor is called in formulas: the array's name without its place, and with the block's number.
fn helper(stored: &str) -> String {
    stored.replace("blocks.", "block_").replace(".attn", "")
}
