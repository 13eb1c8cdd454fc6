//! A folder of somebody's data for a world of windows: `train.bin`, `val.bin`, what they say of themselves, and, where it
//! stands beside them, their law.

mod law;
mod shared;
mod unknown;

use std::io;
use std::path::{self, Path};
use std::sync::Arc;

use infimum_worlds::markov;
use infimum_worlds::windows::{self, Windows};
use infimum_worlds::{Settings, World};

use crate::foreign::tokens::{self, Meta};
use crate::held_out::HeldOut;
use crate::recipe::DataLaw;
use crate::{FolderPlan, LabError, Plan};
use law::FoundLaw;
use unknown::Unknown;

pub(crate) use law::CHAIN;
pub use shared::SharedBlocks;
pub(crate) const TRAIN: &str = "train.bin";
pub(crate) const VALIDATION: &str = "val.bin";

/// The fewest windows for validation, and for the test.
pub(crate) const LEAST_WINDOWS: usize = 16;

const OTHER_DATA: &str = "give the folder of the data that [world] describes, or change [world]";

/// The data of a folder, read and checked.
pub(crate) struct Opened {
    /// Windows of the data, with the law that they follow.
    pub(crate) world: Box<dyn World>,
    /// The blocks to train on.
    pub(crate) train: Arc<Vec<u16>>,
    /// What is not trained on.
    pub(crate) held_out: HeldOut,
    /// How many blocks are in both files.
    pub(crate) shared: SharedBlocks,
    hash: String,
}

/// Reads the folder of a plan that is being made: what the plan holds of it, and how many windows it has for validation and
/// for the test.
///
/// # Errors
/// Files that cannot be read, or do not fit each other or the world; a law that nobody names.
pub(crate) fn resolve(plan: &Plan, path: &str, law: Option<DataLaw>) -> Result<(FolderPlan, [usize; 2]), LabError> {
    let (opened, law) = given(plan.world(), path, law)?;
    let counts = opened.held_out.counts();
    Ok((FolderPlan { path: absolute("data.folder", path)?, law, data_hash: opened.hash }, counts))
}

/// The world of data in a folder that a recipe names.
///
/// # Errors
/// As [`resolve`].
pub(crate) fn world(world: &Settings, path: &str, law: Option<DataLaw>) -> Result<Box<dyn World>, LabError> {
    given(world, path, law).map(|(opened, _)| opened.world)
}

fn given(world: &Settings, path: &str, law: Option<DataLaw>) -> Result<(Opened, DataLaw), LabError> {
    let folder = Path::new(path);
    require_folder(folder, || format!("let data.folder name a folder that has {TRAIN} and {VALIDATION}"))?;
    let law = match law {
        Some(law) => law,
        None => {
            tokens::read_meta(folder)?;
            law::require(folder)?
        }
    };
    Ok((read(world, folder, law)?, law))
}

/// A record is used from any folder, so its plan has the whole path of what the recipe's `key` names.
///
/// # Errors
/// A path that no plan can hold.
pub(crate) fn absolute(key: &str, path: &str) -> Result<String, LabError> {
    let whole = path::absolute(path).map_err(LabError::io("look at", Path::new(path)))?;
    whole.into_os_string().into_string().map_err(|whole| {
        let allowed = format!("a plan is Unicode text, and the whole path, {}, is not", whole.to_string_lossy());
        LabError::value(key, format!("{path:?}"), allowed, "rename it, or give the path of a copy")
    })
}

/// Reads the folder of a plan, if it has one.
///
/// # Errors
/// As [`resolve`]; other data than those that the plan was made with.
pub(crate) fn open(plan: &Plan) -> Result<Option<Opened>, LabError> {
    let Some(FolderPlan { path, law, data_hash }) = &plan.data().folder else { return Ok(None) };
    let folder = found(Path::new(path));
    require_folder(folder, || {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
        format!(
            "put it back, or start the command in a folder that has the data, or a link to them, as `{name}`; their hash says whether \
             they are those of the plan"
        )
    })?;
    let opened = read(plan.world(), folder, *law)?;
    if opened.hash == *data_hash {
        return Ok(Some(opened));
    }
    Err(LabError::File {
        path: folder.into(),
        problem: "these data are not those that the plan was made with (data.folder)".into(),
        remedy: "put back what was there, or run the recipe anew".into(),
    })
}

/// Where the folder of a plan is now: where it was, or else, if it is there, under its name in the working directory.
fn found(path: &Path) -> &Path {
    let here = path.file_name().map(Path::new).filter(|here| here.is_dir());
    if path.exists() { path } else { here.unwrap_or(path) }
}

fn read(world: &Settings, folder: &Path, law: DataLaw) -> Result<Opened, LabError> {
    let settings = settings(world)?;
    let [train, validation] = [TRAIN, VALIDATION].map(|name| blocks(&folder.join(name), &settings.chain));
    let (train, validation) = (Arc::new(train?), Arc::new(validation?));
    let found = if law == DataLaw::Unknown { None } else { law::find(folder, &settings.chain)? };
    let windows = windows(settings, folder, law, found.as_ref())?;
    if law != DataLaw::Unknown {
        law::require_possible(&folder.join(TRAIN), &train, windows.markov())?;
        law::require_possible(&folder.join(VALIDATION), &validation, windows.markov())?;
    }
    let held_out = HeldOut::new(validation.clone(), windows.window(), windows.markov().length());
    require_enough(folder, &train, &held_out, windows.window())?;
    let shared = shared::count(folder, &train, &validation, windows.markov().length())?;
    let hash = hash(&train, &validation, found.filter(|_| law == DataLaw::Folder));
    let world: Box<dyn World> = match law {
        DataLaw::World | DataLaw::Folder => Box::new(windows),
        DataLaw::Unknown => Box::new(Unknown { windows, train: train.clone(), validation }),
    };
    Ok(Opened { world, train, held_out, shared, hash })
}

fn require_folder(folder: &Path, remedy: impl FnOnce() -> String) -> Result<(), LabError> {
    let problem = match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => "is no folder",
        Err(error) if error.kind() == io::ErrorKind::NotFound => "this folder does not exist",
        Err(error) => return Err(LabError::io("look at the folder", folder)(error)),
    };
    Err(LabError::File { path: folder.into(), problem: problem.into(), remedy: remedy() })
}

/// What the plan's world is, if its examples are windows of blocks.
fn settings(world: &Settings) -> Result<&windows::Settings, LabError> {
    match world {
        Settings::MarkovWindows(settings) => Ok(settings),
        other => {
            let allowed = "it has to be markov-windows with data.folder";
            Err(LabError::value("world.kind", other.kind(), allowed, crate::error::CHANGE_IT))
        }
    }
}

fn windows(
    settings: &windows::Settings,
    folder: &Path,
    law: DataLaw,
    found: Option<&FoundLaw>,
) -> Result<Windows, LabError> {
    let windows = settings.build()?;
    match (law, found) {
        (DataLaw::Folder, None) => Err(law::missing(folder)),
        (DataLaw::Folder, Some(found)) => {
            Ok(Windows::over(found.markov(windows.markov().length())?, windows.window())?)
        }
        (DataLaw::World, Some(found)) => found.require_same(windows.markov()).map(|()| windows),
        (DataLaw::World, None) | (DataLaw::Unknown, _) => Ok(windows),
    }
}

/// The tokens of a file, whole blocks of the world's chain.
fn blocks(path: &Path, chain: &markov::Settings) -> Result<Vec<u16>, LabError> {
    let read = tokens::read(path)?;
    check_meta(read.meta(), chain)?;
    let (bos, length) = (chain.states as u16, chain.length as usize);
    let refuse = |problem| LabError::File { path: path.into(), problem, remedy: OTHER_DATA.into() };
    let tokens = read.into_tokens();
    if !tokens.len().is_multiple_of(length) {
        let problem =
            format!("has {} tokens, which is no whole number of blocks of world.length = {length}", tokens.len());
        return Err(refuse(problem));
    }
    match (0..tokens.len()).find(|&at| (tokens[at] == bos) != at.is_multiple_of(length)) {
        None => Ok(tokens),
        Some(at) => {
            let wanted =
                if at.is_multiple_of(length) { format!("with BOS, {bos}") } else { format!("with {bos} nowhere else") };
            Err(refuse(format!(
                "its token {at}, counted from 0, is {}, where blocks of world.length = {length} begin {wanted}",
                tokens[at]
            )))
        }
    }
}

/// What the data say of themselves has to be what the world says of them.
fn check_meta(meta: &Meta, chain: &markov::Settings) -> Result<(), LabError> {
    let (states, length) = (chain.states as usize, chain.length as usize);
    for (name, said, key, value, wanted) in [
        ("n_states", meta.n_states, "world.states", states, states),
        ("vocab_size", Some(meta.vocab_size), "world.states", states, states + 1),
        ("bos_token", meta.bos_token.map(usize::from), "world.states", states, states),
        ("block_size", meta.block_size, "world.length", length, length),
    ] {
        if let Some(said) = said.filter(|said| *said != wanted) {
            let allowed = format!("{} says {name} = {said}, where this would be {wanted}", meta.path.display());
            return Err(LabError::value(key, value, allowed, OTHER_DATA));
        }
    }
    Ok(())
}

fn require_enough(folder: &Path, train: &[u16], held_out: &HeldOut, window: usize) -> Result<(), LabError> {
    let refuse = |name, problem| {
        let remedy = "give more data, or lower world.window".into();
        Err(LabError::File { path: folder.join(name), problem, remedy })
    };
    if train.len() <= window {
        return refuse(TRAIN, format!("has {} tokens, too few for a window of {}", train.len(), window + 1));
    }
    let [validation, test] = held_out.counts();
    if validation < LEAST_WINDOWS {
        let windows = validation + test;
        let problem = format!(
            "has {windows} windows of {window} targets that share none, too few for {LEAST_WINDOWS} of validation and as many of the test"
        );
        return refuse(VALIDATION, problem);
    }
    Ok(())
}

/// Of all that decides the bits of a run.
fn hash(train: &[u16], validation: &[u16], law: Option<FoundLaw>) -> String {
    let mut hasher = blake3::Hasher::new();
    for tokens in [train, validation] {
        hasher.update(&(tokens.len() as u64).to_le_bytes());
        for portion in tokens.chunks(1 << 15) {
            hasher.update(&portion.iter().flat_map(|token| token.to_le_bytes()).collect::<Vec<u8>>());
        }
    }
    for p in law.iter().flat_map(FoundLaw::numbers) {
        hasher.update(&p.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
