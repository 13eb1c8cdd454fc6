//! Jack Cai's adders: three channels of tokens beside three of positions; queries and keys read positions, values read tokens, and the
//! head goes through the table of tokens.

use super::arrays::Arrays;
use super::reading::Reading;
use super::{Family, Translation};

pub(super) struct Split;

/// Digits, `+`, `=`, end, padding.
const ALPHABET: usize = 14;
const HEADS: usize = 2;

impl Family for Split {
    fn name(&self) -> &'static str {
        "split"
    }

    fn about(&self) -> &'static str {
        "adders of Jack Cai: tokens beside positions, two heads, least significant digit first"
    }

    fn signature(&self) -> &'static [&'static str] {
        &["tok_emb.weight", "z10_enc", "special_enc", "head_proj.weight", "q_proj.weight", "out_proj.weight"]
    }

    fn translate(&self, arrays: &mut Arrays) -> Result<Translation, String> {
        arrays.ignore("causal_mask");
        require_places(arrays)?;
        let (token, place) = (arrays.shape("tok_emb.weight")?[1], arrays.shape("special_enc")?[1]);
        let channels = arrays.shape("q_proj.weight")?[0];
        if channels % HEADS != 0 {
            return Err(format!(
                "its queries have {channels} channels, which the family's {HEADS} heads do not divide"
            ));
        }
        let mut model = Model { reading: Reading::new(arrays), token, place, channels };
        model.tokens()?;
        model.places()?;
        model.attention()?;
        let hidden = model.mlp()?;
        let centred = model.norms()?;
        let Reading { weights, numbers, .. } = model.reading;
        let norm = if centred { "layer" } else { "rms" };
        let recipe = format!(
            "[world]\nkind = \"addition\"\ndigits = 10\noperand_order = \"least-first\"\nplus = [10]\nequals = [11]\nend = [12]\n\
             alphabet = {ALPHABET}\n\n[model]\nwidth = {}\nlayers = 1\nheads = {HEADS}\nhead_width = {}\nmlp_hidden = {hidden}\n\
             bias = true\nnorm = \"{norm}\"\nnorm_epsilon = 1e-5\nnorm_bias = {centred}\n\n[model.weights]\n{weights}",
            token + place,
            channels / HEADS,
        );
        Ok(Translation { recipe, numbers })
    }
}

/// Where a file says which place each of 34 positions has, it has to be the family's: from 0 the digits of a number, 2 with a number
/// what stands between, 1 the sum's last digit.
fn require_places(arrays: &mut Arrays) -> Result<(), String> {
    let of = |position: usize| match position {
        10 | 21 | 33 => [2, [10, 21, 33].iter().position(|special| *special == position).expect("it is one of them")],
        32 => [1, 0],
        _ => [0, [0, 11, 22].iter().rev().find(|first| **first <= position).map_or(0, |first| position - first)],
    };
    for (name, which) in [("_pos_sources", 0), ("_pos_indices", 1)] {
        if !arrays.has(name) {
            continue;
        }
        let found = arrays.numbers(name, [1, 34])?;
        if let Some(at) = (0..34).find(|at| found[*at] != of(*at)[which] as f32) {
            return Err(format!(
                "its `{name}` says {} of position {at}, where the family has {}",
                found[at],
                of(at)[which]
            ));
        }
    }
    Ok(())
}

/// A model while it is read.
struct Model<'a> {
    reading: Reading<'a>,
    /// Channels of tokens, of positions, and of all heads.
    token: usize,
    place: usize,
    channels: usize,
}

impl Model<'_> {
    fn width(&self) -> usize {
        self.token + self.place
    }

    /// An array as a weight of its own.
    fn free(&mut self, stored: &str, name: &str, [rows, columns]: [usize; 2]) -> Result<(), String> {
        self.reading.line(name, &format!("free({rows}, {columns}, deviation = glorot)"));
        self.reading.take(stored, name, [rows, columns])
    }

    fn tokens(&mut self) -> Result<(), String> {
        let (token, width) = (self.token, self.width());
        self.free("tok_emb.weight", "tokens", [ALPHABET, token])?;
        self.reading.line("wte", &format!("beside(tokens, zeros({ALPHABET}, {}))", self.place));
        self.free("head_proj.weight", "head", [token, width])?;
        self.reading.line("lm_head", "tokens * head");
        Ok(())
    }

    /// Both operands and the sum share the places of their digits, which are free or on a spiral; the sum's last has its own.
    fn places(&mut self) -> Result<(), String> {
        let place = self.place;
        if self.reading.arrays.has("digit_enc") {
            self.free("digit_enc", "digits", [10, place])?;
        } else {
            self.reading.line("digits", "spiral(10, 10, free(), free(), free(), free())");
            for (stored, ours) in [("amp", "amplitude"), ("phase", "phase"), ("slope", "slope"), ("offset", "offset")] {
                self.reading.take(&format!("pos_spiral_{stored}"), &format!("digits.{ours}"), [1, 1])?;
            }
        }
        self.free("z10_enc", "tenth", [1, place])?;
        self.free("special_enc", "special", [3, place])?;
        let places = "stack(digits, rows(special, 0, 1), digits, rows(special, 1, 1), digits, tenth)";
        self.reading.line("wpe", &format!("beside(zeros(33, {}), {places})", self.token));
        Ok(())
    }

    fn attention(&mut self) -> Result<(), String> {
        let (token, place, channels, width) = (self.token, self.place, self.channels, self.width());
        for (part, name) in [("q", "queries"), ("k", "keys")] {
            self.free(&format!("{part}_proj.weight"), name, [channels, place])?;
            self.reading.line(&format!("h.0.attn.{part}"), &format!("beside(zeros({channels}, {token}), {name})"));
        }
        self.free("v_proj.weight", "values", [channels, token])?;
        self.reading.line("h.0.attn.v", &format!("beside(values, zeros({channels}, {place}))"));
        self.reading.take("out_proj.weight", "transformer.h.0.attn.c_proj.weight", [width, channels])?;
        ["q", "k", "v", "c_proj"].iter().for_each(|part| self.reading.line(&format!("h.0.attn.{part}.bias"), "0"));
        Ok(())
    }

    /// Reads the MLP and gives its hidden width.
    fn mlp(&mut self) -> Result<usize, String> {
        let (hidden, width) = (self.reading.arrays.shape("ffn.0.weight")?[0], self.width());
        for (stored, ours, [outputs, inputs]) in
            [("ffn.0", "c_fc", [hidden, width]), ("ffn.2", "c_proj", [width, hidden])]
        {
            let ours = format!("transformer.h.0.mlp.{ours}");
            self.reading.take(&format!("{stored}.weight"), &format!("{ours}.weight"), [outputs, inputs])?;
            self.reading.take(&format!("{stored}.bias"), &format!("{ours}.bias"), [1, outputs])?;
        }
        Ok(hidden)
    }

    /// Reads the norms and says whether they are LayerNorm's, which have biases here, or RMSNorm's.
    fn norms(&mut self) -> Result<bool, String> {
        let (centred, width) = (self.reading.arrays.has("ln_f.bias"), self.width());
        for (stored, ours) in [("ln1", "h.0.ln_1"), ("ln2", "h.0.ln_2"), ("ln_f", "ln_f")] {
            let parts: &[&str] = if centred { &["weight", "bias"] } else { &["weight"] };
            for part in parts {
                self.reading.take(&format!("{stored}.{part}"), &format!("transformer.{ours}.{part}"), [1, width])?;
            }
        }
        Ok(centred)
    }
}
