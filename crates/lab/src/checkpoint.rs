//! Checkpoints: one safetensors file with the model under its usual names, the optimiser's arrays as `optimiser.<array>`, and
//! in the metadata the plan and everything else that training needs to go on to the same bits.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use infimum_engine::NUMERICS;

use crate::weights_file::{self, Tensor, TensorView, Tensors};
use crate::{LabError, Layout, Mined, TrainingState};

const OPTIMISER: &str = "optimiser.";
const OF_HEADS: &str = "unreported_losses_of_heads";

/// Writes a checkpoint whole or not at all. `plan` is the text of the plan.
///
/// # Errors
/// Whatever the system refuses; the checkpoint that was there before is then intact.
pub fn write(path: &Path, plan: &str, layout: &Layout, state: &TrainingState) -> Result<(), LabError> {
    let mut tensors = layout.views(&state.point);
    tensors.extend(state.optimiser.iter().map(|(name, array)| {
        assert_eq!(array.len(), state.point.len(), "`{name}` has one scalar for each parameter");
        TensorView { name: format!("{OPTIMISER}{name}"), shape: vec![array.len()], data: array }
    }));
    weights_file::write(path, "write the checkpoint", &tensors, &metadata(plan, layout, state))
}

/// Reads a checkpoint of the model with this `layout`, to go on with: the text of its plan and the state.
///
/// # Errors
/// When the file is no checkpoint, was written with other numerics, or does not fit the layout.
pub fn read(path: &Path, layout: &Layout) -> Result<(String, TrainingState), LabError> {
    let Tensors { tensors, metadata } = weights_file::read(path)?;
    let header = parse(&metadata).map_err(|problem| not_ours(path, problem))?;
    let (optimiser, model): (Vec<Tensor>, Vec<Tensor>) =
        tensors.into_iter().partition(|t| t.name.starts_with(OPTIMISER));
    let optimiser = optimiser.into_iter().map(|tensor| array(tensor, layout)).collect::<Result<_, _>>();
    let optimiser = optimiser.map_err(|problem| not_ours(path, problem))?;
    let point = layout.gather(model, path)?;
    Ok((header.plan, TrainingState { point, optimiser, ..header.state }))
}

/// Whether a file of weights says at which step of training they were: imported ones do not.
pub(crate) fn is_of_training(weights: &Tensors) -> bool {
    weights.metadata.contains_key("step")
}

fn metadata(plan: &str, layout: &Layout, state: &TrainingState) -> BTreeMap<String, String> {
    let tied: Vec<String> = layout.tied().iter().map(|(name, target)| format!("{name}={target}")).collect();
    let mut texts = vec![
        ("infimum", env!("CARGO_PKG_VERSION").to_string()),
        ("numerics", NUMERICS.to_string()),
        ("plan", plan.to_string()),
        ("step", state.step.to_string()),
        ("tokens", state.tokens.to_string()),
        ("optimiser_steps", state.optimiser_steps.to_string()),
        ("unreported_loss", state.unreported.0.to_string()),
        ("unreported_steps", state.unreported.1.to_string()),
        ("lines", state.lines.0.to_string()),
        ("lines_hash", state.lines.1.clone()),
        ("tied", tied.join(" ")),
    ];
    if !state.unreported_of_heads.is_empty() {
        let losses: Vec<String> = state.unreported_of_heads.iter().map(f64::to_string).collect();
        texts.push((OF_HEADS, losses.join(" ")));
    }
    if let Some(mined) = &state.mined {
        let numbers: Vec<String> = mined.numbers.iter().map(u64::to_string).collect();
        texts.extend([("mined_step", mined.step.to_string()), ("mined", numbers.join(" "))]);
    }
    if let Some((step, value)) = state.best {
        texts.extend([("best_step", step.to_string()), ("best_value", value.to_string())]);
    }
    texts.into_iter().map(|(key, text)| (key.to_string(), text)).collect()
}

/// The metadata of a checkpoint; the arrays of the state are still empty.
struct Header {
    plan: String,
    state: TrainingState,
}

fn parse(metadata: &BTreeMap<String, String>) -> Result<Header, String> {
    let numerics: u32 = entry(metadata, "numerics")?;
    if numerics != NUMERICS {
        return Err(format!(
            "was written with numerics = {numerics}, and this version, with {NUMERICS}, would give other bits"
        ));
    }
    let _hash: String = entry(metadata, weights_file::SEAL)?;
    let state = TrainingState {
        step: entry(metadata, "step")?,
        tokens: entry(metadata, "tokens")?,
        optimiser_steps: entry(metadata, "optimiser_steps")?,
        best: best(metadata)?,
        mined: mined(metadata)?,
        lines: (entry(metadata, "lines")?, entry(metadata, "lines_hash")?),
        unreported: (finite(metadata, "unreported_loss")?, entry(metadata, "unreported_steps")?),
        unreported_of_heads: of_heads(metadata)?,
        point: Vec::new(),
        optimiser: Vec::new(),
    };
    Ok(Header { plan: entry(metadata, "plan")?, state })
}

/// Sums of losses, with blanks between them; none where there is one head.
fn of_heads(metadata: &BTreeMap<String, String>) -> Result<Vec<f64>, String> {
    let texts = metadata.get(OF_HEADS).map(String::as_str).unwrap_or_default().split_whitespace();
    texts.map(|text| finite(&BTreeMap::from([(OF_HEADS.to_string(), text.to_string())]), OF_HEADS)).collect()
}

fn best(metadata: &BTreeMap<String, String>) -> Result<Option<(u64, f64)>, String> {
    // Checkpoints of before runs could be stopped by a figure.
    let value = if metadata.contains_key("best_nats") { "best_nats" } else { "best_value" };
    if !metadata.contains_key("best_step") && !metadata.contains_key(value) {
        return Ok(None);
    }
    Ok(Some((entry(metadata, "best_step")?, finite(metadata, value)?)))
}

fn mined(metadata: &BTreeMap<String, String>) -> Result<Option<Mined>, String> {
    if !metadata.contains_key("mined_step") && !metadata.contains_key("mined") {
        return Ok(None);
    }
    let text: String = entry(metadata, "mined")?;
    let numbers = text.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>();
    let numbers = numbers.map_err(|_| "has something else than numbers as `mined` in its metadata".to_string())?;
    Ok(Some(Mined { step: entry(metadata, "mined_step")?, numbers }))
}

fn finite(metadata: &BTreeMap<String, String>, key: &str) -> Result<f64, String> {
    let value: f64 = entry(metadata, key)?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(format!("has {key} = {value} in its metadata, which is not a finite number"))
    }
}

fn entry<T: FromStr>(metadata: &BTreeMap<String, String>, key: &str) -> Result<T, String> {
    let text = metadata.get(key).ok_or_else(|| format!("has no `{key}` in its metadata"))?;
    let shown: String = text.chars().take(50).flat_map(char::escape_debug).collect();
    text.parse().map_err(|_| format!("has {key} = `{shown}` in its metadata, which is not a number of that kind"))
}

fn array(tensor: Tensor, layout: &Layout) -> Result<(String, Vec<f32>), String> {
    let (name, found, wanted) = (tensor.name, tensor.shape, layout.scalars());
    if found != [wanted] {
        let shown: String = name.chars().take(100).flat_map(char::escape_debug).collect();
        return Err(format!("has `{shown}` of shape {found:?}, where the plan's model has {wanted} parameters"));
    }
    Ok((name[OPTIMISER.len()..].to_string(), tensor.data))
}

fn not_ours(path: &Path, problem: String) -> LabError {
    let remedy = "go on from another checkpoint of the record (delete this one, and resume takes the newest that is left), start \
                  anew with these weights as training.init, or score them with eval --recipe"
        .into();
    LabError::File { path: path.into(), problem, remedy }
}

#[cfg(test)]
pub(crate) mod tests;
