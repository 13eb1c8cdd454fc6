//! `regular extract`: the automaton of a network.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use infimum_lab::LabError;
use infimum_lab::regular::{self, Extracted, Machine, Recogniser, Sampled, Search, extract as learn};
use serde::Serialize;

use crate::arguments::{Form, Model, Speed};
use crate::commands::regular::shown;
use crate::commands::{runs, weights};
use crate::number::count;
use crate::progress::Progress;
use crate::{output, table};

/// Larger automata have no table here.
const MOST_ROWS: usize = 100;

#[derive(Args, Debug)]
pub(crate) struct Extract {
    #[command(flatten)]
    model: Model,
    /// What the network should be: a pattern over its alphabet, a built-in name, or @FILE. Default: the language of its world.
    #[arg(long, value_name = "PATTERN|NAME|@FILE")]
    pattern: Option<String>,
    /// The longest words to ask, in symbols. Default: the longest that the network reads.
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    length: Option<usize>,
    /// Seconds after which nothing more is learnt. Comparing what was learnt ends a quarter of that later at most, but for words that are under way.
    #[arg(long, value_name = "X", default_value = "60", value_parser = crate::arguments::duration)]
    seconds: f64,
    /// Seed of random words.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write the automaton to this file: as DOT if it is called so, else as our JSON.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a file that is there and has another content.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    speed: Speed,
    #[command(flatten)]
    form: Form,
}

/// As JSON.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    extracted: &'a Extracted,
    seconds: f64,
    automaton: serde_json::Value,
}

pub(crate) fn extract(arguments: &Extract) -> anyhow::Result<()> {
    let (experiment, weights) = weights::one(&arguments.model)?;
    let mut computer = runs::machine(&arguments.speed);
    let mut recogniser = Recogniser::new(&experiment, &weights.point, &mut computer)?;
    let truth = arguments.pattern.as_deref().map(|pattern| given(pattern, recogniser.truth())).transpose()?;
    let Extract { length, seconds, seed, .. } = *arguments;
    let search = Search { truth: truth.as_ref(), length, seconds, seed };
    let started = Instant::now();
    let extracted = {
        let mut progress = Progress::unknown("learning");
        learn(&mut recogniser, search, &mut |states, words| {
            progress.at(words, |_| format!("learning: {} states, {} words asked", count(states as u64), count(words)));
        })?
    };
    let seconds = started.elapsed().as_secs_f64();
    if let Some(path) = &arguments.output {
        regular::write(path, &file(path, &extracted.machine), arguments.force)?;
    }
    if arguments.form.json {
        let automaton = serde_json::from_str(&regular::own(&extracted.machine))?;
        return output::json(&Told { extracted: &extracted, seconds, automaton });
    }
    output::print(&text(&weights.name, &extracted, seconds))
}

/// The language that was given, over the network's alphabet.
fn given(pattern: &str, own: &Machine) -> Result<Machine, LabError> {
    let is_file = pattern.starts_with('@');
    let is_name = regular::builtin::named(pattern).is_some();
    let alphabet = (!is_file && !is_name).then(|| own.alphabet().spelt());
    regular::machine(pattern, alphabet.as_deref())
}

fn file(path: &Path, machine: &Machine) -> String {
    let is_dot = path.extension().is_some_and(|extension| extension == "dot" || extension == "gv");
    if is_dot { regular::dot(machine) } else { regular::own(machine) }
}

fn text(name: &str, extracted: &Extracted, seconds: f64) -> String {
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    let complete = match &extracted.stopped {
        None => "yes: it passed every test".to_string(),
        Some(reason) => format!("no: {reason}"),
    };
    let more = if extracted.agrees_wherever_tried { ", the longest of which all were tried" } else { "" };
    let shortest = match &extracted.shortest_disagreement {
        Some(found) => format!("{}: {} by the network, {} in truth", shown(&found.word), found.network, found.truth),
        None => "none was found".into(),
    };
    let beyond = match extracted.states_beyond {
        Some(states) => format!("right if the network has at most {states} states more than were learnt"),
        None => "not gone through: its words are too many or longer than is asked, or the time was up".into(),
    };
    let words = count(extracted.words_asked);
    let facts = [
        ("network", name.to_string()),
        ("states", extracted.states.to_string()),
        ("complete", complete),
        (
            "equals the truth",
            format!("{}; the truth has {} states", yes(extracted.equals_truth), extracted.truth_states),
        ),
        ("agrees with the network", format!("on all words of up to {} symbols{more}", extracted.agrees_up_to_length)),
        ("on longer words", longer(extracted)),
        ("W-method", beyond),
        (
            "network and truth differ",
            format!("{shortest}; all words of up to {} symbols were tried", extracted.tried_up_to_length),
        ),
        ("asked", format!("{words} words of up to {} symbols, in {seconds:.1} s", extracted.length)),
    ];
    let states = match extracted.states {
        1..=MOST_ROWS => super::show::states(&extracted.machine),
        more => format!("{more} states: --json and -o have them all.\n"),
    };
    format!("{}\n{states}", table::facts(&facts))
}

/// Beyond the words that were all tried, if the time was not up before.
fn longer(extracted: &Extracted) -> String {
    let one = |sample: &Sampled| format!("{} of {} of {} symbols", sample.agree, sample.words, sample.length);
    match &extracted.longer[..] {
        [] if extracted.tried_up_to_length < extracted.length => "not tried: the time was up".into(),
        [] => "there are none".into(),
        samples => samples.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}
