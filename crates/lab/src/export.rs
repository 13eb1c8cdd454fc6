//! A world's data as files that other programs train on: nanoGPT's `train.bin`, `val.bin` and a `meta.json`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::Path;

use infimum_worlds::markov::Markov;
use infimum_worlds::text::Tokens;
use infimum_worlds::{Settings, Split, World, windows};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::folder::{CHAIN, TRAIN, VALIDATION};
use crate::foreign::numpy::{self, Array};
use crate::{LabError, Plan, chain, whole_file};

const META: &str = "meta.json";

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
/// `meta.json` into `folder`, which is created if need be; for a chain of order 1 with at most 4,096 states also `chain.npz`
/// (`start`, one number a state, and `transitions`, a row a state; f64). Each file is written whole or not at all.
///
/// # Errors
/// A folder or file that cannot be written; a plan whose data are a folder's.
pub fn export(plan: &Plan, folder: &Path) -> Result<Exported, LabError> {
    require_drawn(plan)?;
    fs::create_dir_all(folder).map_err(LabError::io("create the folder", folder))?;
    each_file(plan, |name, fill| whole_file::write(&folder.join(name), "write the data", fill))
}

fn require_drawn(plan: &Plan) -> Result<(), LabError> {
    let Some(folder) = &plan.data().folder else { return Ok(()) };
    let allowed = "its data are files already, and data export writes those that [world] draws";
    Err(LabError::value("data.folder", format!("{:?}", folder.path), allowed, "leave data.folder out"))
}

/// Refuses where [`export`] would replace a file by another: draws the sequences and compares them with what is in `folder`.
///
/// # Errors
/// [`LabError::Replaces`]; a file that cannot be read; a plan whose data are a folder's.
pub fn refuse_to_replace(plan: &Plan, folder: &Path) -> Result<(), LabError> {
    require_drawn(plan)?;
    if [TRAIN, VALIDATION, META, CHAIN].iter().all(|name| fs::symlink_metadata(folder.join(name)).is_err()) {
        return Ok(());
    }
    each_file(plan, |name, fill| compare(&folder.join(name), fill)).map(|_| ())
}

/// Writes the content of a file.
pub(crate) type Fill<'f> = &'f mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// Hands the name of each file and its content to `each`, in the order in which they are written.
fn each_file(plan: &Plan, mut each: impl FnMut(&str, Fill<'_>) -> Result<(), LabError>) -> Result<Exported, LabError> {
    let (world, wanted) = (plan.build_world()?, plan.export());
    // The validation blocks may depend on how many training blocks came before: those are drawn, and not kept.
    let mut data = |name, split, validation| {
        let mut written = (0, 0);
        let mut fill = |file: &mut dyn Write| {
            written = (0, 0);
            blocks(&*world, wanted.train_sequences, validation, split, file, &mut written)
        };
        each(name, &mut fill).map(|()| written)
    };
    let (train_sequences, train_tokens) = data(TRAIN, Split::Train, 0)?;
    let (validation_sequences, validation_tokens) = data(VALIDATION, Split::Validation, wanted.validation_sequences)?;
    let exported = Exported { train_sequences, validation_sequences, train_tokens, validation_tokens };
    let meta = serde_json::to_string_pretty(&meta(plan, &*world, exported)).expect("it is plain JSON") + "\n";
    each(META, &mut |file| file.write_all(meta.as_bytes()))?;
    if let Some(chain) = chain::chain(&*world) {
        let law = law(chain);
        each(CHAIN, &mut |file| numpy::encode_npz(file, &law))?;
    }
    Ok(exported)
}

fn law(chain: &Markov) -> BTreeMap<String, Array> {
    let states = chain.states();
    let start = Array { shape: vec![states], data: chain::start(chain) };
    let transitions = Array { shape: vec![states, states], data: chain::transitions(chain) };
    BTreeMap::from([("start".to_string(), start), ("transitions".to_string(), transitions)])
}

/// Writes the blocks of one split and counts them and their tokens: a text may have fewer than are wanted. After a write has failed, the
/// other blocks are left out.
fn blocks(
    world: &dyn World,
    train: usize,
    validation: usize,
    wanted: Split,
    file: &mut dyn Write,
    (sequences, tokens): &mut (usize, u64),
) -> io::Result<()> {
    let mut result = Ok(());
    let mut bytes = Vec::new();
    world.export(train, validation, &mut |split, block| {
        if split == wanted && result.is_ok() {
            bytes.clear();
            bytes.extend(block.iter().flat_map(|token| token.to_le_bytes()));
            *sequences += 1;
            *tokens += block.len() as u64;
            result = file.write_all(&bytes);
        }
    });
    result
}

/// Refuses where the file at `path` is there and has another content.
pub(crate) fn compare(path: &Path, fill: Fill<'_>) -> Result<(), LabError> {
    let replaces = || LabError::Replaces { path: path.into() };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Ok(found) if !found.is_file() => return Err(replaces()),
        found => found.map(|_| ()).map_err(LabError::io("read", path))?,
    }
    let file = File::open(path).map_err(LabError::io("read", path))?;
    let mut twin = Twin { file: BufReader::new(file), differs: false };
    let compared = fill(&mut twin).and_then(|()| twin.end());
    if twin.differs { Err(replaces()) } else { compared.map_err(LabError::io("read", path)) }
}

/// What is written to it has to stand in the file already; the first byte that does not ends the writing.
struct Twin {
    file: BufReader<File>,
    differs: bool,
}

impl Twin {
    fn require(&mut self, same: bool) -> io::Result<()> {
        self.differs |= !same;
        if same { Ok(()) } else { Err(io::Error::other("the files differ")) }
    }

    fn end(&mut self) -> io::Result<()> {
        let left = self.file.read(&mut [0])?;
        self.require(left == 0)
    }
}

impl Write for Twin {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut there = Vec::with_capacity(bytes.len());
        self.file.by_ref().take(bytes.len() as u64).read_to_end(&mut there)?;
        self.require(there == bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What each token of byte pairs spells, in hexadecimal digits; `None` for other worlds, whose settings say it.
fn token_bytes(plan: &Plan, world: &dyn World) -> Option<Vec<String>> {
    let text = world.text()?;
    let spelt = |token: usize| text.bytes(token as u16).iter().map(|byte| format!("{byte:02x}")).collect();
    let are_pairs = matches!(plan.world(), Settings::Text(settings) if settings.tokens == Tokens::BytePairs);
    are_pairs.then(|| (0..world.shape().alphabet).map(spelt).collect())
}

fn meta(plan: &Plan, world: &dyn World, exported: Exported) -> Map<String, Value> {
    let mut meta = Map::new();
    if let Settings::Markov(chain) | Settings::MarkovWindows(windows::Settings { chain, .. }) = plan.world() {
        meta.insert("n_states".into(), json!(chain.states));
        meta.insert("bos_token".into(), json!(chain.states));
        meta.insert("block_size".into(), json!(chain.length));
        meta.insert("seed".into(), json!(chain.seed));
        meta.insert("sparsity".into(), json!(chain.sparsity.unwrap_or(0.0)));
    } else {
        meta.insert("block_size".into(), json!(world.shape().positions + 1));
    }
    meta.insert("vocab_size".into(), json!(world.shape().alphabet));
    meta.insert("train_sequences".into(), json!(exported.train_sequences));
    meta.insert("val_sequences".into(), json!(exported.validation_sequences));
    meta.insert("train_tokens".into(), json!(exported.train_tokens));
    meta.insert("val_tokens".into(), json!(exported.validation_tokens));
    meta.insert("dtype".into(), json!("uint16"));
    meta.extend(token_bytes(plan, world).map(|spelt| ("token_bytes".into(), json!(spelt))));
    meta.insert("world".into(), serde_json::to_value(plan.world()).expect("settings are plain"));
    meta
}
