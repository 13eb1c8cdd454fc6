//! What only all keys of a model's heads and positions together can tell.

use super::require;
use crate::LabError;
use crate::recipe::{MlpFirst, Model, Norm, Positions};

/// Sizes of heads, their norm, and what tells positions apart in attention.
pub(super) fn check(m: &Model) -> Result<(), LabError> {
    check_sizes(m)?;
    let within = [(Positions::Rotary, "\"rotary\""), (Positions::Alibi, "\"alibi\"")];
    if let Some((_, name)) = within.iter().find(|(positions, _)| *positions == m.positions) {
        let allowed = "another where model.attention = false, since it is attention that sees it".into();
        require(m.attention, "model.positions", name, allowed)?;
    }
    check_rotary(m)?;
    let allowed = "\"none\" where model.attention = false".into();
    require(m.attention || m.qk_norm == Norm::None, "model.qk_norm", name_of(m.qk_norm), allowed)?;
    let normed = m.norm != Norm::None || m.qk_norm != Norm::None;
    let allowed = "left out where there is no norm".into();
    require(normed || m.norm_epsilon.is_none(), "model.norm_epsilon", m.epsilon(), allowed)?;
    let allowed = "false where there is no MLP, or its first matrix is the identity".into();
    require(!m.mlp_gate || m.mlp && m.mlp_first == MlpFirst::Free, "model.mlp_gate", m.mlp_gate, allowed)
}

fn check_sizes(m: &Model) -> Result<(), LabError> {
    let sizes =
        [("model.kv_heads", m.kv_heads), ("model.head_width", m.head_width), ("model.value_width", m.value_width)];
    for (key, given) in sizes {
        let allowed = "left out where model.attention = false".into();
        require(m.attention || given.is_none(), key, given.unwrap_or_default(), allowed)?;
    }
    let divides = m.head_width.is_some() || m.heads >= 1 && m.width.is_multiple_of(m.heads);
    let allowed = format!("a divisor of model.width, {}", m.width);
    require(!m.attention || divides, "model.heads", m.heads, allowed)?;
    let divides = m.kv_heads() >= 1 && m.heads.is_multiple_of(m.kv_heads());
    require(divides, "model.kv_heads", m.kv_heads(), format!("a divisor of model.heads, {}", m.heads))
}

fn check_rotary(m: &Model) -> Result<(), LabError> {
    let (rotary, only) = (m.positions == Positions::Rotary, "set with model.positions = \"rotary\" only");
    require(rotary || m.rotary_base.is_none(), "model.rotary_base", m.base(), only.into())?;
    let given = format!("{:?}", m.pairs()).to_lowercase();
    require(rotary || m.rotary_pairs.is_none(), "model.rotary_pairs", given, only.into())?;
    let pairs = m.head_width().is_multiple_of(2);
    let allowed =
        "even with model.positions = \"rotary\", which turns pairs of channels; it is model.width / model.heads \
                   where it is left out"
            .into();
    require(!rotary || pairs, "model.head_width", m.head_width(), allowed)
}

fn name_of(norm: Norm) -> &'static str {
    match norm {
        Norm::Layer => "\"layer\"",
        Norm::Rms => "\"rms\"",
        Norm::None => "\"none\"",
    }
}
