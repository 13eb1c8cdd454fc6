//! A user in a folder of their own, who types commands.

#![allow(dead_code, reason = "no test file uses all of it")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The smallest recipe that does everything: 2 words of a group of lanes, evaluations, kept checkpoints.
pub(crate) const TINY: &str = "\
name = \"tiny\"
[world]
kind = \"markov\"
states = 3
length = 8
seed = 1
[model]
width = 4
layers = 1
heads = 2
mlp_ratio = 1
[training]
steps = 40
batch = 40
[evaluation]
every = 2
sequences = 16
test_sequences = 40
keep_every = 20
";

/// A folder that is gone at the end.
pub(crate) struct Session {
    folder: PathBuf,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Session {
    /// An empty folder with `tiny.toml`.
    pub(crate) fn new(name: &str) -> Session {
        let folder = std::env::temp_dir().join(format!("infimum-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        let session = Session { folder };
        session.write("tiny.toml", TINY);
        session
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("the session's folder can be written");
    }

    /// `infimum` with these arguments, not yet started.
    pub(crate) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infimum"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs `infimum` with these arguments.
    pub(crate) fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Outcome {
        outcome(self.command(arguments))
    }

    /// Runs `infimum` with the words of `line`, which has to succeed; its standard output.
    pub(crate) fn good(&self, line: &str) -> String {
        let outcome = self.run(&words(line));
        assert_eq!(outcome.status, Some(0), "infimum {line}\n{}", outcome.stderr);
        outcome.stdout
    }

    /// Runs `infimum` with the words of `line`, which has to be refused with one message that contains `parts`.
    pub(crate) fn refused(&self, line: &str, parts: &[&str]) -> String {
        refused(line, self.run(&words(line)), parts)
    }

    /// What `infimum LINE --json` prints.
    pub(crate) fn json(&self, line: &str) -> serde_json::Value {
        serde_json::from_str(&self.good(&format!("{line} --json"))).expect("it is JSON")
    }

    /// The hash of the final weights of `run`, as `show` prints it.
    pub(crate) fn hash(&self, run: &str) -> String {
        let shown = self.good(&format!("show {run}"));
        let line = shown.lines().find(|line| line.starts_with("weights ")).expect("show prints the hash");
        let hash = line.split_whitespace().last().expect("the hash is there").to_string();
        assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
        hash
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

pub(crate) fn outcome(mut command: Command) -> Outcome {
    let output = command.output().expect("the binary starts");
    Outcome {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("results are UTF-8"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A mistake of the user: exit status 2, nothing on the standard output, one message with `parts` in it.
pub(crate) fn refused(what: &str, outcome: Outcome, parts: &[&str]) -> String {
    let Outcome { status, stdout, stderr } = outcome;
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{what}\n{stderr}");
    let messages = stderr.lines().filter(|line| line.starts_with("error: ")).count();
    assert!(messages == 1 && !stderr.contains("panicked") && !stderr.contains("mistake of ours"), "{what}\n{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{what}: `{part}` is missing in\n{stderr}");
    }
    stderr
}
