//! evindor's MicroAdder: tokens on an arc in two channels, positions on a spiral in three; queries and keys look at positions,
//! values at tokens, and the head is shared with values and the MLP.

use super::arrays::Arrays;
use super::reading::Reading;
use super::{Family, Translation};

pub(super) struct MicroAdder;

/// Channels of tokens, and of positions.
const TOKEN: usize = 2;
const PLACE: usize = 3;
const WIDTH: usize = TOKEN + PLACE;

impl Family for MicroAdder {
    fn name(&self) -> &'static str {
        "micro-adder"
    }

    fn about(&self) -> &'static str {
        "evindor's MicroAdder: an arc of tokens beside a spiral of positions, least significant digit first"
    }

    fn signature(&self) -> &'static [&'static str] {
        &["tok_arc_A", "tok_arc_start", "tok_arc_stride", "spiral_amp", "head_proj.weight"]
    }

    fn translate(&self, arrays: &mut Arrays) -> Result<Translation, String> {
        let mut model = Reading::new(arrays);
        model.tokens()?;
        model.places()?;
        model.norms()?;
        let query = model.attention()?;
        let hidden = model.mlp()?;
        let Reading { weights, numbers, .. } = model;
        let recipe = format!(
            "[world]\nkind = \"addition\"\ndigits = 10\noperand_order = \"least-first\"\nplus = [0]\nequals = [0]\nend = [0]\n\n\
             [model]\nwidth = {WIDTH}\nlayers = 1\nheads = 1\nhead_width = {query}\nvalue_width = {WIDTH}\n\
             mlp_hidden = {hidden}\nnorm = \"rms\"\nnorm_epsilon = 1e-5\n\n[model.weights]\n{weights}"
        );
        Ok(Translation { recipe, numbers })
    }
}

/// The parts of the family's model.
impl Reading<'_> {
    /// The name that an array has in the files of one block alone, or in those of several.
    fn stored(&self, alone: &str, block: &str) -> String {
        if self.arrays.has(alone) { alone.into() } else { format!("blocks.0.{block}") }
    }

    fn tokens(&mut self) -> Result<(), String> {
        self.line("tokens", "arc(10, free(), free(), free())");
        self.line("wte", &format!("beside(tokens, zeros(10, {PLACE}))"));
        for (stored, ours) in [("tok_arc_A", "radius"), ("tok_arc_start", "start"), ("tok_arc_stride", "stride")] {
            self.take(stored, &format!("tokens.{ours}"), [1, 1])?;
        }
        if self.arrays.has("tok_arc_B") {
            self.arrays.same("tok_arc_B", "tok_arc_A")?;
        }
        self.line("lm_head", "tokens * head");
        self.line("head", &format!("free({TOKEN}, {WIDTH}, deviation = glorot)"));
        self.take("head_proj.weight", "head", [TOKEN, WIDTH])
    }

    /// The spiral is fixed, and the same for both operands and the sum; `+` and the end stand at 0.
    fn places(&mut self) -> Result<(), String> {
        let mut spiral = [0.0; 4];
        for (number, name) in spiral.iter_mut().zip(["spiral_amp", "spiral_phase", "spiral_slope", "spiral_offset"]) {
            *number = self.arrays.numbers(name, [1, 1])?[0];
        }
        let [amplitude, phase, slope, offset] = spiral;
        self.line("spiral", &format!("spiral(10, 10, {amplitude}, {phase}, {slope}, {offset})"));
        for name in ["_plus_pos", "_eos_pos"] {
            if self.arrays.numbers(name, [1, PLACE])?.iter().any(|x| *x != 0.0) {
                return Err(format!("its `{name}` is not 0, as the family's is"));
            }
        }
        let zeros = format!("zeros(1, {PLACE})");
        let places = format!("stack(spiral, {zeros}, spiral, equals, spiral, tenth)");
        self.line("wpe", &format!("beside(zeros(33, {TOKEN}), {places})"));
        for (name, stored) in [("equals", "special_pos_equals"), ("tenth", "z_hi_pos")] {
            self.line(name, &format!("free(1, {PLACE})"));
            self.take(stored, name, [1, PLACE])?;
        }
        Ok(())
    }

    fn norms(&mut self) -> Result<(), String> {
        let [first, second, last] = [("norm1", "ln1"), ("norm2", "ln2"), ("norm_f", "")].map(|(alone, block)| {
            let last = if self.arrays.has("ln_f.weight") { "ln_f.weight" } else { "norm_f.weight" };
            if block.is_empty() {
                last.into()
            } else {
                self.stored(&format!("{alone}.weight"), &format!("{block}.weight"))
            }
        });
        self.take(&first, "transformer.h.0.ln_1.weight", [1, WIDTH])?;
        self.arrays.same(&second, &first)?;
        self.arrays.same(&last, &first)?;
        self.line("h.0.ln_2", "h.0.ln_1");
        self.line("ln_f", "h.0.ln_1");
        Ok(())
    }

    /// Reads attention and gives the channels of queries.
    fn attention(&mut self) -> Result<usize, String> {
        let mask = self.stored("causal_mask", "attn.causal_mask");
        self.arrays.ignore(&mask);
        let matrix = self.stored("q_proj.weight", "attn.q_proj.weight");
        let query = self.arrays.shape(&matrix)?[0];
        self.line("compare", &format!("free({query}, {PLACE}, deviation = glorot)"));
        self.take(&matrix, "compare", [query, PLACE])?;
        self.line("h.0.attn.k", &format!("beside(zeros({query}, {TOKEN}), compare)"));
        self.line("h.0.attn.q", "rotate(h.0.attn.k, free())");
        let angle = self.stored("q_phase_angle", "attn.q_phase_angle");
        self.take(&angle, "transformer.h.0.attn.q.weight.angle", [1, 1])?;
        self.line("h.0.attn.v", &format!("beside(transpose(head), zeros({WIDTH}, {PLACE}))"));
        let (a, b) = (self.stored("out_proj.A", "attn.out_proj.A"), self.stored("out_proj.B", "attn.out_proj.B"));
        let rank = self.arrays.shape(&a)?[1];
        self.line("h.0.attn.c_proj", &format!("low_rank({rank})"));
        self.take_transposed(&b, "transformer.h.0.attn.c_proj.weight.left", [WIDTH, rank])?;
        self.take_transposed(&a, "transformer.h.0.attn.c_proj.weight.right", [rank, WIDTH])?;
        Ok(query)
    }

    /// Reads the MLP and gives its hidden width; its second matrix may be the head, transposed.
    fn mlp(&mut self) -> Result<usize, String> {
        let first = self.stored("fc1.weight", "ffn.fc1.weight");
        let hidden = self.arrays.shape(&first)?[0];
        self.take(&first, "transformer.h.0.mlp.c_fc.weight", [hidden, WIDTH])?;
        let second = self.stored("fc2.weight", "ffn.fc2.weight");
        match self.arrays.has(&second) {
            true => self.take(&second, "transformer.h.0.mlp.c_proj.weight", [WIDTH, hidden])?,
            false => self.line("h.0.mlp.c_proj", "transpose(head)"),
        }
        Ok(hidden)
    }
}
