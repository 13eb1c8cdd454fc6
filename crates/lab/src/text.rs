//! Texts that recipes name: files, or those that are built in.

mod byte_pairs;
mod merges;

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use infimum_worlds::text::{self, Pairs, Part, Text, Tokens};
use infimum_worlds::{Settings, World};

use crate::error::CHANGE_IT;
use crate::folder::LEAST_WINDOWS;
use crate::held_out::HeldOut;
use crate::recipe::Source;
use crate::{LabError, StagePlan, folder, foreign};
use byte_pairs::BytePairs;

/// Name and bytes of every text that is built in. As with recipes, a file of that name does not hide one: `./NAME` is the file.
const BUILT_IN: &[(&str, &[u8])] = &[
    ("shakespeare", include_bytes!("../../../recipes/text/shakespeare.txt")),
    ("tinytalks", include_bytes!("../../../recipes/text/tinytalks.txt")),
];

const REMEDY: &str = "give a file of text, or the name of a text that is built in: shakespeare, tinytalks";

/// The settings of a recipe's world; those of a text with its whole path, its hash and its alphabet.
///
/// # Errors
/// A text that cannot be read, is empty, is not the one of the hash, or is no UTF-8 where its tokens are characters.
pub(crate) fn resolved(settings: &Settings) -> Result<Settings, LabError> {
    let Settings::Text(settings) = settings else { return Ok(settings.clone()) };
    let bytes = bytes(settings)?;
    let mut settings = match settings.tokens {
        Tokens::Characters => settings.with_alphabet(characters(settings, &bytes)?)?,
        Tokens::Bytes | Tokens::BytePairs => settings.clone(),
    };
    settings.hash = Some(blake3::hash(&bytes).to_hex().to_string());
    settings.file = absolute(&settings.file)?;
    Ok(Settings::Text(settings))
}

/// The world of a text, read; `None` for other worlds.
///
/// # Errors
/// As [`resolved`]; characters that are not in the alphabet; a text that is too short.
pub(crate) fn open(settings: &Settings) -> Result<Option<Text>, LabError> {
    let Settings::Text(settings) = settings else { return Ok(None) };
    let bytes = bytes(settings)?;
    let text = match settings.tokens {
        Tokens::Characters => settings.of(cut(settings, &settings.spelling(characters(settings, &bytes)?)?)?)?,
        Tokens::Bytes => settings.of(cut(settings, &bytes)?.map(|part| part.into_iter().map(u16::from).collect()))?,
        Tokens::BytePairs => {
            let parts = cut(settings, &bytes)?;
            let [training, ..] = &parts;
            let pairs = learn(settings, training)?;
            settings.of(parts.map(|part| pairs.tokens(&part)))?.with_pairs(Arc::new(pairs))
        }
    };
    for (key, part) in [("world.validation", Part::Validation), ("world.test", Part::Test)] {
        let windows = text.windows(part).len();
        let allowed = format!("its part of the text has {windows} windows, and {LEAST_WINDOWS} are needed at least");
        let share = if part == Part::Test { settings.test } else { settings.validation };
        if windows < LEAST_WINDOWS {
            return Err(LabError::value(key, share, allowed, "raise it, give a longer text, or lower world.window"));
        }
    }
    Ok(Some(text))
}

/// The parts of a text by position.
fn cut<T: Clone>(settings: &text::Settings, all: &[T]) -> Result<[Vec<T>; 3], LabError> {
    let parts: [Range<usize>; 3] = settings.parts(all.len())?;
    Ok(parts.map(|part| all[part].to_vec()))
}

/// The pairs of the part that is trained on.
fn learn(settings: &text::Settings, training: &[u8]) -> Result<BytePairs, LabError> {
    let pairs = settings.pairs()?;
    BytePairs::learn(training, pairs).map_err(|most| {
        let vocabulary = 256 + pairs;
        let allowed = format!(
            "the part that is trained on has {most} pairs to merge, {} tokens with the bytes: then no two neighbours of at \
             most {} bytes together stand there twice",
            256 + most,
            merges::LONGEST
        );
        let remedy = match most {
            0 => "give a longer text, or set world.tokens = \"bytes\" and leave it out",
            _ => "lower it, or give a longer text",
        };
        LabError::value("world.vocabulary", vocabulary, allowed, remedy)
    })
}

/// The windows of validation and test.
pub(crate) fn held_out(text: &Text) -> HeldOut {
    let [validation, test] = [Part::Validation, Part::Test].map(|part| text.windows(part));
    HeldOut::of(Arc::clone(text.tokens()), text.shape().positions, validation, test)
}

/// Refuses what goes with worlds that are drawn: training on blocks, where a text is cut anywhere as it is, and on other worlds.
///
/// # Errors
/// Another source than fresh or fixed windows; a curriculum.
pub(crate) fn check(settings: &Settings, source: Source, curriculum: &[StagePlan]) -> Result<(), LabError> {
    if !matches!(settings, Settings::Text(_)) {
        return Ok(());
    }
    if matches!(source, Source::Export | Source::Counts) {
        let value = format!("{source:?}").to_lowercase();
        let allowed =
            "it has to be \"fresh\" or \"fixed\" in the world text, whose windows are cut from the text itself";
        return Err(LabError::value("data.source", format!("{value:?}"), allowed, CHANGE_IT));
    }
    if curriculum.is_empty() {
        return Ok(());
    }
    let allowed = "it has to be left out in the world text, whose windows are all of one text";
    Err(LabError::value("training.curriculum", format!("{} stages", curriculum.len()), allowed, CHANGE_IT))
}

fn bytes(settings: &text::Settings) -> Result<Vec<u8>, LabError> {
    let path = Path::new(&settings.file);
    let refuse = |problem: &str, remedy: &str| LabError::File {
        path: path.into(),
        problem: problem.into(),
        remedy: remedy.into(),
    };
    let bytes = match (built_in(&settings.file), fs::metadata(path)) {
        (Some(bytes), _) => bytes.to_vec(),
        (None, Ok(_)) => foreign::bytes(path, "read the text", REMEDY)?,
        (None, Err(error)) if error.kind() == ErrorKind::NotFound => {
            return Err(refuse("there is no such file", REMEDY));
        }
        (None, Err(error)) => return Err(LabError::io("read the text", path)(error)),
    };
    if bytes.is_empty() {
        return Err(refuse("is empty", "give a file with a text in it"));
    }
    let hash = blake3::hash(&bytes).to_hex().to_string();
    match &settings.hash {
        Some(expected) if *expected != hash => {
            let remedy = "put back the text that it belongs to, or leave world.hash out and run the recipe anew";
            Err(refuse(&format!("is another text than that of world.hash, {expected}"), remedy))
        }
        _ => Ok(bytes),
    }
}

fn built_in(name: &str) -> Option<&'static [u8]> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

fn characters<'b>(settings: &text::Settings, bytes: &'b [u8]) -> Result<&'b str, LabError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let problem = format!("is not UTF-8: its byte {at}, counted from 0, is {:#04x}", bytes[at]);
        let remedy = "write it in UTF-8, or set world.tokens = \"bytes\"".into();
        LabError::File { path: settings.file.as_str().into(), problem, remedy }
    })
}

/// The whole path of a file; a text that is built in keeps its name.
fn absolute(file: &str) -> Result<String, LabError> {
    if built_in(file).is_some() { Ok(file.into()) } else { folder::absolute("world.file", file) }
}
