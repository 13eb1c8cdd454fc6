//! What can go wrong, in words that a user can act on.

use std::path::{Path, PathBuf};

use infimum_engine::{NUMERICS, ShapeError};
use infimum_worlds::WorldError;
use infimum_worlds::regular::RegularError;

/// The way out of a wrong value.
pub(crate) const CHANGE_IT: &str = "change it in the recipe or with --set";

/// Everything that can go wrong in the lab. The text gives the offending value, the limit, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A recipe that is not TOML.
    #[error("{origin} is not valid TOML: {message}")]
    Syntax {
        /// What was read.
        origin: String,
        /// What the parser says, with the line.
        message: String,
    },
    /// A key that no table of that name has.
    #[error("unknown key `{key}` in {table}{}; {}", line_text(*line), nearest_text(nearest, known))]
    UnknownKey {
        /// The key.
        key: String,
        /// The table it stands in, such as `[model]`.
        table: String,
        /// The line, if it came from a file.
        line: Option<usize>,
        /// The nearest valid key, if one is near.
        nearest: Option<String>,
        /// All valid keys of the table.
        known: Vec<String>,
    },
    /// A key that has to be there.
    #[error("{table} lacks `{key}`: {about}")]
    MissingKey {
        /// The key.
        key: String,
        /// The table it belongs to.
        table: String,
        /// What it is.
        about: String,
    },
    /// A value of the wrong type, out of range, or at odds with another.
    #[error("{key} = {value}{}: {allowed}; {remedy}", line_text(*line))]
    Value {
        /// The whole key, such as `training.rate`.
        key: String,
        /// The value as it was given.
        value: String,
        /// The line, if it came from a file.
        line: Option<usize>,
        /// What is allowed.
        allowed: String,
        /// The way out.
        remedy: String,
    },
    /// A world's settings that make no world.
    #[error("in [world]: {0}")]
    World(Box<WorldError>),
    /// A pattern, an alphabet, a word or an automaton that is none.
    #[error(transparent)]
    Regular(#[from] RegularError),
    /// An argument of the form `a.b=c` that is none.
    #[error("--set {given}: it has to be KEY=VALUE with the whole key, such as training.steps=100")]
    Override {
        /// The argument.
        given: String,
    },
    /// Two settings of one key.
    #[error("{first} and {second} set the same key; leave one of them out{}", seed_text(second))]
    Twice {
        /// The first, `a.b=c`.
        first: String,
        /// The second.
        second: String,
    },
    /// A plan that is to be run with changes.
    #[error("{} is a plan, which is run as it is, without {given}; change the recipe instead", path.display())]
    Changed {
        /// The plan.
        path: PathBuf,
        /// The first change, `a.b=c`.
        given: String,
    },
    /// More memory than the machine has.
    #[error(
        "this takes about {} of memory, and {limit} {}; the most, {}, is for {what}: {remedy}",
        size(*needed), size(*available), size(*most)
    )]
    Memory {
        /// Bytes in all.
        needed: u64,
        /// Bytes that there are.
        available: u64,
        /// What says so, such as `this machine has`.
        limit: &'static str,
        /// Bytes of the largest part.
        most: u64,
        /// What the largest part is.
        what: &'static str,
        /// The way out.
        remedy: &'static str,
    },
    /// A file that would be replaced by another.
    #[error("{} is there already and differs from what would be written; write to another folder, or replace it with --force", path.display())]
    Replaces {
        /// The file.
        path: PathBuf,
    },
    /// A model that the programs for which weights are to be written do not have.
    #[error(
        "--names nanogpt: the run has {lacking}, and neither nanoGPT nor nanoMarkov has such a model; leave --names out to write \
         the checkpoint's own arrays"
    )]
    Inexpressible {
        /// What they lack.
        lacking: String,
    },
    /// A file of weights whose name does not say what it is.
    #[error("cannot tell from the name of {} what to write; let it end in .npz or .safetensors", path.display())]
    Ending {
        /// The file.
        path: PathBuf,
    },
    /// A cell of a grid that makes no plan.
    #[error("in the cell {cell}: {source}")]
    Cell {
        /// Its settings.
        cell: String,
        /// What is wrong with it.
        source: Box<LabError>,
    },
    /// Two sets of runs that cannot be compared, or runs that are no set.
    #[error("{given}: {problem}; {remedy}")]
    Incomparable {
        /// What was given.
        given: String,
        /// What is wrong with it.
        problem: String,
        /// The way out.
        remedy: String,
    },
    /// A plan of another version of the arithmetic.
    #[error(
        "the plan has numerics = {found}, this version computes with numerics = {NUMERICS} and would give other bits; \
         use the version that wrote it, or run its recipe anew"
    )]
    Numerics {
        /// What the plan says.
        found: u32,
    },
    /// No recipe of that name or path.
    #[error("there is no recipe `{name}`: neither a file nor built in; built in are {}", known.join(", "))]
    NoRecipe {
        /// The name asked for.
        name: String,
        /// The recipes that are built in.
        known: Vec<String>,
    },
    /// Reading or writing failed.
    #[error("cannot {action} {}: {source}{}", path.display(), way_out(source))]
    Io {
        /// What was attempted, such as `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that is not what it should be.
    #[error("{}: {problem}; {remedy}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// The way out.
        remedy: String,
    },
    /// There is no such record.
    #[error("{}: there is no record of a run{}", path.display(), alternatives("; records nearby: ", near))]
    MissingRecord {
        /// Where it was looked for.
        path: PathBuf,
        /// Records nearby, nearest name first.
        near: Vec<String>,
    },
    /// The record has no such checkpoint.
    #[error("{} has no checkpoint `{wanted}`; {way_out}", record.display())]
    MissingCheckpoint {
        /// The record.
        record: PathBuf,
        /// The checkpoint asked for.
        wanted: String,
        /// The checkpoints that are there, or why there is none and what to do.
        way_out: String,
    },
    /// Another process writes the record.
    #[error("another process is writing the record {}; wait until it ends, or end it", path.display())]
    Busy {
        /// The record.
        path: PathBuf,
    },
    /// The loss or the gradient is no number any more.
    #[error(
        "step {step}: the {what} is {value}; likely causes: training.rate = {rate} is too high, training.warmup is too \
         short, or training.clip is off"
    )]
    NotFinite {
        /// The step, counted from 1.
        step: u64,
        /// `loss` or `gradient norm`.
        what: &'static str,
        /// Its value.
        value: f64,
        /// `training.rate`, the highest of the course.
        rate: f64,
    },
    /// The alarm of [`crate::alarm`].
    #[error(
        "impossible: better than the optimum. The excess on {sequences} {set} sequences is {excess:.6} nats, with standard \
         error {standard_error:.6}; below -4 standard errors - 1e-6 nothing that sees only earlier tokens can be. Likely \
         causes: these sequences were trained on; the sampler does not follow the law (identical or repeated sequences); \
         the model sees the token it predicts; targets are shifted"
    )]
    Impossible {
        /// Mean excess in nats.
        excess: f64,
        /// Its standard error.
        standard_error: f64,
        /// How many sequences.
        sequences: usize,
        /// Which: `test` or `validation`.
        set: &'static str,
    },
    /// Gates that a network does not pass.
    #[error("gates that fail: {failed}; what each means stands in docs/gates.md")]
    Gates {
        /// Their names.
        failed: String,
    },
    /// A program that cannot be built: ours, since plans are checked.
    #[error("the checked plan gives no valid program: {0}")]
    Shape(#[from] ShapeError),
}

impl From<WorldError> for LabError {
    fn from(error: WorldError) -> LabError {
        LabError::World(Box::new(error))
    }
}

impl LabError {
    /// Whether the user can mend it (exit status 2), or it is a fault of ours or of the run (1).
    pub fn is_user_error(&self) -> bool {
        match self {
            LabError::Cell { source, .. } => source.is_user_error(),
            other => !matches!(
                other,
                LabError::Shape(_) | LabError::Impossible { .. } | LabError::NotFinite { .. } | LabError::Gates { .. }
            ),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LabError {
        let path = path.to_path_buf();
        move |source| LabError::Io { action, path, source }
    }

    pub(crate) fn value(key: &str, value: impl ToString, allowed: impl ToString, remedy: impl ToString) -> LabError {
        let (key, value, allowed) = (key.to_string(), value.to_string(), allowed.to_string());
        LabError::Value { key, value, line: None, allowed, remedy: remedy.to_string() }
    }
}

/// `--seed` is a setting, too.
fn seed_text(given: &str) -> &'static str {
    if given.starts_with("training.seed=") { " (--seed N is training.seed=N)" } else { "" }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        n if n >= 1e12 => format!("{:.1} TB", n / 1e12),
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n => format!("{:.0} MB", n / 1e6),
    }
}

fn line_text(line: Option<usize>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

fn nearest_text(nearest: &Option<String>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("valid keys are {}", known.join(", ")),
    }
}

/// What to do when the system refuses; empty where its reason says it all.
fn way_out(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as Kind;
    match source.kind() {
        Kind::StorageFull => "; what was there before is intact: free some space, or write elsewhere",
        Kind::QuotaExceeded => "; what was there before is intact: free some of your quota, or write elsewhere",
        Kind::FileTooLarge => {
            "; what was there before is intact: raise the limit on file size (ulimit -f), or write elsewhere"
        }
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => "; choose a place that you may read and write",
        Kind::NotFound => "; check the path",
        _ => "",
    }
}

fn alternatives(introduction: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{introduction}{}", names.join(", ")) }
}
