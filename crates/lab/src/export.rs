//! A world's data as files that other programs train on: nanoGPT's `train.bin`, `val.bin` and a `meta.json`.

use std::io::{self, Write};
use std::path::Path;

use infimum_worlds::{Settings, Split, World, windows};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{LabError, Plan, whole_file};

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Sequences in `train.bin`.
    pub train_sequences: usize,
    /// Sequences in `val.bin`.
    pub validation_sequences: usize,
    /// Tokens in `train.bin`.
    pub train_tokens: u64,
    /// Tokens in `val.bin`.
    pub validation_tokens: u64,
}

/// Writes `train.bin` and `val.bin` (tokens as two bytes, little-endian, whole sequences one after another, no header) and
/// `meta.json` into `folder`, which is created if need be. Each file is written whole or not at all.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn export(plan: &Plan, folder: &Path) -> Result<Exported, LabError> {
    std::fs::create_dir_all(folder).map_err(LabError::io("create the folder", folder))?;
    let (world, wanted) = (plan.build_world(), plan.export());
    let (train, validation) = (wanted.train_sequences, wanted.validation_sequences);
    // The validation blocks may depend on how many training blocks came before: those are drawn, and not kept.
    let write = |name: &str, split, validation| {
        let path = folder.join(name);
        let mut tokens = 0;
        let fill = |file: &mut dyn Write| blocks(&*world, train, validation, split, file, &mut tokens);
        whole_file::write(&path, "write the data", fill).map(|()| tokens)
    };
    let train_tokens = write("train.bin", Split::Train, 0)?;
    let validation_tokens = write("val.bin", Split::Validation, validation)?;
    let (train_sequences, validation_sequences) = (train, validation);
    let exported = Exported { train_sequences, validation_sequences, train_tokens, validation_tokens };
    let meta = serde_json::to_string_pretty(&meta(plan, &*world, exported)).expect("it is plain JSON") + "\n";
    whole_file::write_bytes(&folder.join("meta.json"), "write the description", meta.as_bytes())?;
    Ok(exported)
}

/// Writes the blocks of one split and counts their tokens. After a write has failed, the other blocks are left out.
fn blocks(
    world: &dyn World,
    train: usize,
    validation: usize,
    wanted: Split,
    file: &mut dyn Write,
    tokens: &mut u64,
) -> io::Result<()> {
    let mut result = Ok(());
    let mut bytes = Vec::new();
    world.export(train, validation, &mut |split, block| {
        if split == wanted && result.is_ok() {
            bytes.clear();
            bytes.extend(block.iter().flat_map(|token| token.to_le_bytes()));
            *tokens += block.len() as u64;
            result = file.write_all(&bytes);
        }
    });
    result
}

fn meta(plan: &Plan, world: &dyn World, exported: Exported) -> Map<String, Value> {
    let mut meta = Map::new();
    let (Settings::Markov(chain) | Settings::MarkovWindows(windows::Settings { chain, .. })) = plan.world();
    meta.insert("n_states".into(), json!(chain.states));
    meta.insert("bos_token".into(), json!(chain.states));
    meta.insert("block_size".into(), json!(chain.length));
    meta.insert("seed".into(), json!(chain.seed));
    meta.insert("sparsity".into(), json!(chain.sparsity.unwrap_or(0.0)));
    meta.insert("vocab_size".into(), json!(world.shape().alphabet));
    meta.insert("train_sequences".into(), json!(exported.train_sequences));
    meta.insert("val_sequences".into(), json!(exported.validation_sequences));
    meta.insert("train_tokens".into(), json!(exported.train_tokens));
    meta.insert("val_tokens".into(), json!(exported.validation_tokens));
    meta.insert("dtype".into(), json!("uint16"));
    meta.insert("world".into(), serde_json::to_value(plan.world()).expect("settings are plain"));
    meta
}
