//! Files of automata: read by what stands in them, written whole or not at all.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use infimum_worlds::regular::{Machine, RegularError, dot as dot_text, fsm_json, machine_json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use crate::{LabError, export, whole_file};

/// The largest file of an automaton. Reading one holds at most eight times its size and 64 MB.
pub const MOST_FILE_BYTES: u64 = 1 << 25;

const REMEDY: &str = "give a file that `infimum regular show` wrote, regex_transformer's JSON, or a digraph in DOT";

/// Reads a machine from our JSON, regex_transformer's, or DOT, whatever the file is called.
///
/// # Errors
/// No file, one that is too large, not UTF-8, or none of the three; the error names the file, the place and what was expected.
pub fn read(path: &Path) -> Result<Machine, LabError> {
    let text = text(path)?;
    parse(&text).map_err(|error| refuse(path, error.to_string()))
}

fn parse(text: &str) -> Result<Machine, RegularError> {
    /// regex_transformer's JSON has its automaton under this key.
    #[derive(Deserialize)]
    struct Probe {
        fsm: Option<IgnoredAny>,
    }
    if !text.trim_start().starts_with('{') {
        return dot_text::parse(text);
    }
    match serde_json::from_str(text) {
        Ok(Probe { fsm: Some(_) }) => fsm_json::parse(text, sha256),
        _ => machine_json::parse(text),
    }
}

fn text(path: &Path) -> Result<String, LabError> {
    let metadata = fs::metadata(path).map_err(LabError::io("read", path))?;
    if !metadata.is_file() {
        return Err(refuse(path, "is a folder, a pipe or a device, not a file".into()));
    }
    if metadata.len() > MOST_FILE_BYTES {
        return Err(refuse(path, format!("has {} bytes, an automaton has at most {MOST_FILE_BYTES}", metadata.len())));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_FILE_BYTES).read_to_end(&mut bytes))
        .map_err(LabError::io("read", path))?;
    String::from_utf8(bytes).map_err(|_| refuse(path, "is not UTF-8".into()))
}

fn refuse(path: &Path, problem: String) -> LabError {
    LabError::File { path: path.into(), problem, remedy: REMEDY.into() }
}

/// The machine in our JSON.
pub fn own(machine: &Machine) -> String {
    serde_json::to_string(&machine_json::written(machine)).expect("names and numbers can be written")
}

/// The machine in regex_transformer's JSON.
pub fn fsm(machine: &Machine) -> String {
    fsm_json::written(machine, sha256)
}

/// The machine in DOT.
pub fn dot(machine: &Machine) -> String {
    dot_text::written(machine)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a text to a file, whole or not at all. A file that is there and differs is replaced only if `force`.
///
/// # Errors
/// [`LabError::Replaces`]; whatever the system refuses.
pub fn write(path: &Path, text: &str, force: bool) -> Result<(), LabError> {
    if !force {
        export::compare(path, &mut |file| file.write_all(text.as_bytes()))?;
    }
    whole_file::write_bytes(path, "write the file", text.as_bytes())
}
