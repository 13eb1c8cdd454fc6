//! The adders of the kind that staghado, tbukic and vijec publish: one block as Qwen3's, without biases, with RMSNorm, QK-norm,
//! rotary positions of base 3, SwiGLU and a tied head, over the ten digits alone.
//!
//! staghado's names and half-split pairs were confirmed by score; tbukic's and vijec's arcs and interleaved pairs are from
//! their source.

use super::arrays::Arrays;
use super::reading::Reading;
use super::{Family, Translation};

/// staghado's, as a state of an MLX model.
pub(super) struct Minimal;

/// tbukic's and vijec's, whose table of tokens is an arc.
pub(super) struct MinimalArc;

/// The names of one of the two, by ours.
struct Names {
    prefix: &'static str,
    norms: [&'static str; 3],
    attention: &'static str,
    pairs: &'static str,
}

const MINIMAL: Names = Names {
    prefix: "model.layers.0.",
    norms: ["model.layers.0.input_layernorm", "model.layers.0.post_attention_layernorm", "model.norm"],
    attention: "self_attn",
    pairs: "half",
};

const ARC: Names = Names {
    prefix: "block.",
    norms: ["block.ln1", "block.ln2", "final_norm"],
    attention: "attn",
    pairs: "interleaved",
};

impl Family for Minimal {
    fn name(&self) -> &'static str {
        "minimal"
    }

    fn about(&self) -> &'static str {
        "adders of staghado: a Qwen3 block over ten digits, rotary positions in halves"
    }

    fn signature(&self) -> &'static [&'static str] {
        &["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "model.norm.weight"]
    }

    fn translate(&self, arrays: &mut Arrays) -> Result<Translation, String> {
        let mut model = Model::new(arrays, &MINIMAL);
        let width = model.reading.arrays.shape("model.embed_tokens.weight")?[1];
        model.reading.take("model.embed_tokens.weight", "transformer.wte.weight", [10, width])?;
        model.block(width)
    }
}

impl Family for MinimalArc {
    fn name(&self) -> &'static str {
        "minimal-arc"
    }

    fn about(&self) -> &'static str {
        "adders of tbukic and vijec: a Qwen3 block over ten digits on an arc, rotary positions in pairs"
    }

    fn signature(&self) -> &'static [&'static str] {
        &["arc_A", "arc_start", "arc_stride", "block.attn.q_proj.weight", "final_norm.weight"]
    }

    fn translate(&self, arrays: &mut Arrays) -> Result<Translation, String> {
        let mut model = Model::new(arrays, &ARC);
        let width = model.reading.arrays.shape("block.ln1.weight")?[1];
        let arc = "beside(arc(10, free(), free(), free()), zeros(10, 1))";
        model.reading.line("wte", arc);
        for (stored, ours) in [("arc_A", "radius"), ("arc_start", "start"), ("arc_stride", "stride")] {
            model.reading.take(stored, &format!("transformer.wte.weight.0.{ours}"), [1, 1])?;
        }
        model.block(width)
    }
}

/// A model while it is read.
struct Model<'a> {
    reading: Reading<'a>,
    names: &'static Names,
}

impl<'a> Model<'a> {
    fn new(arrays: &'a mut Arrays, names: &'static Names) -> Model<'a> {
        Model { reading: Reading::new(arrays), names }
    }

    /// An array that may be left out, or equal `other` to the bit, where the two are tied.
    fn take_or_tie(
        &mut self,
        stored: &str,
        weight: &str,
        shape: [usize; 2],
        other: (&str, &str),
    ) -> Result<(), String> {
        let tied = !self.reading.arrays.has(stored) || self.reading.arrays.same(stored, other.0).is_ok();
        match tied {
            true => self.reading.line(weight, other.1),
            false => self.reading.take(stored, &format!("transformer.{weight}.weight"), shape)?,
        }
        Ok(())
    }

    fn block(mut self, width: usize) -> Result<Translation, String> {
        let names = self.names;
        let projection = |part: &str| format!("{}{}.{part}_proj.weight", names.prefix, names.attention);
        let head = self.reading.arrays.shape(&format!("{}{}.q_norm.weight", names.prefix, names.attention))?[1];
        let channels = self.reading.arrays.shape(&projection("q"))?[0];
        let heads = channels / head.max(1);
        if head == 0 || channels != heads * head {
            return Err(format!("its queries have {channels} channels, which heads of {head} do not divide"));
        }
        self.attention(width, channels, head)?;
        self.norms(width)?;
        let hidden = self.mlp(width)?;
        let recipe = format!(
            "[world]\nkind = \"addition\"\ndigits = 10\noperand_order = \"least-first\"\nbegin = [0]\nplus = [0, 0]\nequals = [0]\n\
             end = []\n\n[model]\nwidth = {width}\nlayers = 1\nheads = {heads}\nhead_width = {head}\nmlp_hidden = {hidden}\n\
             mlp_gate = true\nactivation = \"silu\"\nnorm = \"rms\"\nnorm_epsilon = 1e-6\nqk_norm = \"rms\"\ntied = true\n\
             positions = \"rotary\"\nrotary_base = 3.0\nrotary_pairs = {:?}\n\n[model.weights]\n{}",
            names.pairs, self.reading.weights
        );
        Ok(Translation { recipe, numbers: self.reading.numbers })
    }

    fn attention(&mut self, width: usize, channels: usize, head: usize) -> Result<(), String> {
        let at = format!("{}{}", self.names.prefix, self.names.attention);
        let name = |part: &str| format!("{at}.{part}_proj.weight");
        self.reading.line("h.0.attn.q", "free()");
        self.reading.take(&name("q"), "transformer.h.0.attn.q.weight", [channels, width])?;
        let angle = format!("{at}.k_proj.theta");
        if self.reading.arrays.has(&angle) {
            self.reading.line("h.0.attn.k", "rotate(h.0.attn.q, free())");
            self.reading.take(&angle, "transformer.h.0.attn.k.weight.angle", [1, 1])?;
            self.reading.line("h.0.attn.v", "h.0.attn.q");
        } else {
            let query = name("q");
            self.take_or_tie(&name("k"), "h.0.attn.k", [channels, width], (&query, "h.0.attn.q"))?;
            let key = if self.reading.arrays.has(&name("k")) { name("k") } else { query };
            self.take_or_tie(&name("v"), "h.0.attn.v", [channels, width], (&key, "h.0.attn.k"))?;
        }
        match self.reading.arrays.has(&name("o")) {
            true => self.reading.take(&name("o"), "transformer.h.0.attn.c_proj.weight", [width, channels])?,
            false => self.reading.line("h.0.attn.c_proj", "transpose(h.0.attn.q)"),
        }
        self.reading.take(&format!("{at}.q_norm.weight"), "transformer.h.0.attn.q_norm.weight", [1, head])?;
        let query_norm = format!("{at}.q_norm.weight");
        self.take_or_tie(&format!("{at}.k_norm.weight"), "h.0.attn.k_norm", [1, head], (&query_norm, "h.0.attn.q_norm"))
    }

    fn norms(&mut self, width: usize) -> Result<(), String> {
        let [first, second, last] = self.names.norms.map(|name| format!("{name}.weight"));
        self.reading.take(&first, "transformer.h.0.ln_1.weight", [1, width])?;
        self.take_or_tie(&second, "h.0.ln_2", [1, width], (&first, "h.0.ln_1"))?;
        self.take_or_tie(&last, "ln_f", [1, width], (&first, "h.0.ln_1"))
    }

    /// Reads the MLP and gives its hidden width.
    fn mlp(&mut self, width: usize) -> Result<usize, String> {
        let name = |part: &str| format!("{}mlp.{part}_proj.weight", self.names.prefix);
        let (gate, up, down) = (name("gate"), name("up"), name("down"));
        let hidden = self.reading.arrays.shape(&gate)?[0];
        self.reading.take(&gate, "transformer.h.0.mlp.c_fc.weight", [hidden, width])?;
        self.take_or_tie(&up, "h.0.mlp.c_up", [hidden, width], (&gate, "h.0.mlp.c_fc"))?;
        let angle = format!("{}mlp.down_proj.theta", self.names.prefix);
        if self.reading.arrays.has(&angle) {
            // down(h) = Up' R h, so that its transpose is Up turned back.
            self.reading.line("h.0.mlp.c_proj", "transpose(rotate(h.0.mlp.c_up, -1 * free()))");
            self.reading.take(&angle, "transformer.h.0.mlp.c_proj.weight.of.angle.right", [1, 1])?;
        } else {
            self.reading.take(&down, "transformer.h.0.mlp.c_proj.weight", [width, hidden])?;
        }
        Ok(hidden)
    }
}
