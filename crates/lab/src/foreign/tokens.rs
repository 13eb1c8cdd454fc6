//! Files of tokens, `train.bin` and `val.bin`, and what `meta.json` or `meta.pkl` beside them says.
//!
//! A file is tokens of 16 bits, little-endian, and nothing else.

use std::path::{Path, PathBuf};
use std::slice::ChunksExact;

use serde::Deserialize;

use super::pickle::{self, Node, Pickle};
use super::{Fault, bytes};
use crate::LabError;
use crate::weights_file::shown;

/// The most tokens that 16 bits tell apart.
const VOCABULARY: u64 = 1 << 16;

const REMEDY: &str =
    "give a file of 16-bit tokens (numpy.uint16, written with tofile) beside the meta.json or meta.pkl of its data set";

/// What the data set says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The file that says it.
    pub path: PathBuf,
    /// Tokens are below it, 1 to 65,536.
    pub vocab_size: usize,
    /// The number of states of the chain.
    pub n_states: Option<usize>,
    /// The token that begins a block.
    pub bos_token: Option<u16>,
    /// Tokens of a block.
    pub block_size: Option<usize>,
}

/// The tokens of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    path: PathBuf,
    tokens: Vec<u16>,
    meta: Meta,
}

/// Reads a file of tokens and the `meta.json`, or else the `meta.pkl`, in the same folder.
///
/// # Errors
/// When a file cannot be read, there is no meta file, the tokens are none or half a token, or one is not below
/// `vocab_size`; the first such one and its place are named.
pub fn read(path: &Path) -> Result<Tokens, LabError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    decode(path, &bytes(path, "read the tokens", REMEDY)?, read_meta(folder)?)
}

/// Reads the bytes of a file of tokens; `path` is for the text of errors.
///
/// # Errors
/// As [`read`].
pub fn decode(path: &Path, file: &[u8], meta: Meta) -> Result<Tokens, LabError> {
    let tokens = checked(file, &meta).map_err(|fault| fault.at(path, REMEDY))?;
    Ok(Tokens { path: path.into(), tokens, meta })
}

/// Reads the `meta.json` of a folder, or else its `meta.pkl`.
///
/// # Errors
/// When there is neither, or it cannot be read, or its values are out of range.
pub fn read_meta(folder: &Path) -> Result<Meta, LabError> {
    let (json, pickled) = (folder.join("meta.json"), folder.join("meta.pkl"));
    if json.exists() {
        let text = bytes(&json, "read what the data set says of itself", REMEDY)?;
        decode_meta_json(&json, &text)
    } else if pickled.exists() {
        meta_of(&pickle::read(&pickled)?)
    } else {
        let problem = "has neither a meta.json nor a meta.pkl, which tell how many tokens there are";
        Err(Fault::from(problem).at(folder, "give the folder that the data set was generated in"))
    }
}

/// Reads the text of a `meta.json`; `path` is for the text of errors.
///
/// # Errors
/// When it is no JSON object, or its values are out of range.
pub fn decode_meta_json(path: &Path, text: &[u8]) -> Result<Meta, LabError> {
    let said = serde_json::from_slice::<Said>(text)
        .map_err(|error| Fault(format!("is not what is wanted: {}", shown(&error.to_string(), 200))));
    said.and_then(|said| said.check(path)).map_err(|fault| fault.at(path, REMEDY))
}

/// What the dict of a `meta.pkl` says.
///
/// # Errors
/// When it is no dict, or its values are out of range.
pub fn meta_of(pickle: &Pickle) -> Result<Meta, LabError> {
    let root = pickle.root();
    let said = |name: &'static str| match root.get(name).map(Node::integer) {
        None => Ok(None),
        Some(Some(value)) => Ok(Some(value)),
        Some(None) => Err(Fault(format!("its `{name}` is no integer"))),
    };
    let read = || {
        root.entries().ok_or("is no pickled dict")?;
        let (vocab_size, n_states) = (said("vocab_size")?, said("n_states")?);
        Said { vocab_size, n_states, bos_token: said("bos_token")?, block_size: said("block_size")? }
            .check(pickle.path())
    };
    read().map_err(|fault: Fault| fault.at(pickle.path(), REMEDY))
}

/// Values as they stand in a file.
#[derive(Deserialize)]
struct Said {
    vocab_size: Option<i64>,
    n_states: Option<i64>,
    bos_token: Option<i64>,
    block_size: Option<i64>,
}

impl Said {
    fn check(self, path: &Path) -> Result<Meta, Fault> {
        let vocab_size = within("vocab_size", self.vocab_size, 1, VOCABULARY)?.ok_or("says no `vocab_size`")?;
        let bos = within("bos_token", self.bos_token, 0, vocab_size as u64 - 1)?;
        Ok(Meta {
            path: path.into(),
            vocab_size,
            n_states: within("n_states", self.n_states, 1, vocab_size as u64)?,
            bos_token: bos.map(|token| token as u16),
            block_size: within("block_size", self.block_size, 1, u64::from(u32::MAX))?,
        })
    }
}

fn within(name: &str, value: Option<i64>, least: u64, most: u64) -> Result<Option<usize>, Fault> {
    let Some(value) = value else { return Ok(None) };
    match u64::try_from(value) {
        Ok(value) if (least..=most).contains(&value) => Ok(Some(value as usize)),
        _ => Err(Fault(format!("its `{name}` is {value}, of {least} to {most}"))),
    }
}

fn checked(file: &[u8], meta: &Meta) -> Result<Vec<u16>, Fault> {
    let (pairs, rest) = file.as_chunks::<2>();
    if file.is_empty() || !rest.is_empty() {
        return Err(Fault(format!("is {} bytes long, which is no number of tokens of 2 bytes", file.len())));
    }
    let tokens: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    match tokens.iter().position(|token| usize::from(*token) >= meta.vocab_size) {
        None => Ok(tokens),
        Some(at) => Err(Fault(format!(
            "its token {at}, counted from 0, is {}, where {} says that tokens are below vocab_size = {}",
            tokens[at],
            meta.path.display(),
            meta.vocab_size
        ))),
    }
}

impl Tokens {
    /// The file that they were read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All tokens in their order, each below `vocab_size`; at least one.
    pub fn tokens(&self) -> &[u16] {
        &self.tokens
    }

    /// All tokens in their order, without what is said of them.
    pub fn into_tokens(self) -> Vec<u16> {
        self.tokens
    }

    /// What the data set says of itself.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The blocks of `block_size` tokens that the file consists of, each beginning with `bos_token` where one is said.
    ///
    /// # Errors
    /// When no `block_size` is said, the file is no whole number of blocks, or a block begins with another token.
    pub fn blocks(&self) -> Result<ChunksExact<'_, u16>, LabError> {
        self.checked_blocks().map_err(|fault| fault.at(&self.path, REMEDY))
    }

    fn checked_blocks(&self) -> Result<ChunksExact<'_, u16>, Fault> {
        let Meta { path, block_size, bos_token, .. } = &self.meta;
        let size = block_size
            .ok_or_else(|| Fault(format!("is cut into blocks of a size that {} does not say", path.display())))?;
        if !self.tokens.len().is_multiple_of(size) {
            return Err(Fault(format!(
                "has {} tokens, which is no whole number of blocks of block_size = {size}, as {} says",
                self.tokens.len(),
                path.display()
            )));
        }
        let blocks = self.tokens.chunks_exact(size);
        let wrong = bos_token.and_then(|bos| blocks.clone().position(|block| block[0] != bos));
        match wrong {
            None => Ok(blocks),
            Some(block) => Err(Fault(format!(
                "its token {}, counted from 0, begins a block with {}, where {} says bos_token = {}",
                block * size,
                self.tokens[block * size],
                path.display(),
                bos_token.unwrap_or_default()
            ))),
        }
    }
}

#[cfg(test)]
mod tests;
