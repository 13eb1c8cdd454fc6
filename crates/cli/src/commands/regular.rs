//! `regular`: languages of patterns, their automata, and what theory says of them.

mod accepts;
mod arcs;
mod compare;
mod construct;
mod extract;
mod show;
mod trace;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use infimum_lab::regular::{self, Verdict, builtin};
use serde_json::json;

use crate::arguments::Form;
use crate::{output, table};

/// What `regular` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Regular {
    /// Show the minimal automaton of a language: table, drawing, monoid, and what theory says of depth.
    #[command(after_help = "\
Examples:
  infimum regular show 'a*b*'
  infimum regular show '~(.*bb.*)&a.*' --alphabet ab --svg automaton.svg
  infimum regular show --class 'even=(aa)*' --class 'short=a{1,3}' --save classes.json
  infimum regular show dyck-2-3 --json

docs/regular.md has the syntax of patterns.")]
    Show(Show),
    /// Print the class of each word: accept, incomplete or reject.
    #[command(after_help = "\
Examples:
  infimum regular accepts 'a+b' --alphabet ab aab ab ba
  infimum regular accepts parity < words.txt

A line of the output is the word, a tab, and its class.")]
    Accepts(Accepts),
    /// Say whether two languages are equal, and on which shortest word they differ.
    #[command(after_help = "\
Examples:
  infimum regular equal 'a*' '(aa)*' --alphabet ab
  infimum regular equal '(01)*' repeat-01")]
    Equal(Equal),
    /// Write an automaton as the weights of a transformer, exact in f32.
    #[command(after_help = "\
Examples:
  infimum regular construct 'a*b*' -o astar-bstar.safetensors
  infimum regular construct parity --method prefix --length 20 -o parity.safetensors
  infimum regular construct s5-identity -o s5.safetensors --json

The file has its plan: eval, params, sample and regular trace read it, and training starts from it (training.init).")]
    Construct(construct::Construct),
    /// Learn the automaton of a network by asking it for the classes of words.
    #[command(after_help = "\
Examples:
  infimum regular extract parity.safetensors
  infimum regular extract parity.safetensors --length 12 --json -o parity.json")]
    Extract(extract::Extract),
    /// Follow words state by state, the network beside the automaton.
    #[command(after_help = "Example:\n  infimum regular trace parity.safetensors 0110 111")]
    Trace(trace::Traced),
    /// Compare a trained network with the automaton of its language: weights, probes, heads, operators, interventions.
    #[command(after_help = "\
Examples:
  infimum regular compare parity-s1
  infimum regular compare parity-s1 --at best --words 4000 --json

docs/regular.md says what each number is.")]
    Compare(compare::Compare),
    /// List the languages that are built in.
    #[command(after_help = "Example:\n  infimum regular list")]
    List(Form),
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A pattern, a built-in name, or @FILE for an automaton as JSON or DOT.
    #[arg(value_name = "PATTERN|NAME|@FILE", required_unless_present = "classes", conflicts_with = "classes")]
    pub(crate) language: Option<String>,
    /// A class and its pattern. Given several times, a word is of the class of the first pattern that it matches.
    #[arg(long = "class", value_name = "NAME=PATTERN", value_parser = class)]
    pub(crate) classes: Vec<(String, String)>,
    /// The symbols of a pattern, in order. Default: those it names, by code point.
    #[arg(long, value_name = "SYMBOLS", allow_hyphen_values = true)]
    pub(crate) alphabet: Option<String>,
    /// Draw the automaton to this file, as SVG; at most 60 states.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Write the automaton to this file, as DOT.
    #[arg(long, value_name = "FILE")]
    pub(crate) dot: Option<PathBuf>,
    /// Write the automaton to this file, as our JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Write the automaton to this file, as regex_transformer's JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) fsm: Option<PathBuf>,
    /// Replace files that are there and have another content.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Accepts {
    /// A pattern, a built-in name, or @FILE for an automaton as JSON or DOT.
    #[arg(value_name = "PATTERN|NAME|@FILE")]
    pub(crate) language: String,
    /// Words. Default: the lines of the standard input, of which an empty one is the empty word.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// The symbols of a pattern, in order. Default: those it names, by code point.
    #[arg(long, value_name = "SYMBOLS", allow_hyphen_values = true)]
    pub(crate) alphabet: Option<String>,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Equal {
    /// A pattern, a built-in name, or @FILE for an automaton as JSON or DOT.
    #[arg(value_name = "PATTERN|NAME|@FILE")]
    pub(crate) first: String,
    /// Another.
    #[arg(value_name = "OTHER")]
    pub(crate) second: String,
    /// The symbols of patterns, in order. Default: those of the other language, or those that both patterns name.
    #[arg(long, value_name = "SYMBOLS", allow_hyphen_values = true)]
    pub(crate) alphabet: Option<String>,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// The name and the pattern of a class.
fn class(given: &str) -> Result<(String, String), String> {
    let (name, pattern) = given.split_once('=').ok_or("it has to be NAME=PATTERN, such as even=(aa)*")?;
    Ok((name.into(), pattern.into()))
}

pub(crate) fn regular(command: &Regular) -> anyhow::Result<()> {
    match command {
        Regular::Show(arguments) => show::show(arguments),
        Regular::Accepts(arguments) => accepts::accepts(arguments),
        Regular::Equal(arguments) => equal(arguments),
        Regular::Construct(arguments) => construct::construct(arguments),
        Regular::Extract(arguments) => extract::extract(arguments),
        Regular::Trace(arguments) => trace::trace(arguments),
        Regular::Compare(arguments) => compare::compare(arguments),
        Regular::List(form) => list(form.json),
    }
}

fn equal(Equal { first, second, alphabet, form }: &Equal) -> anyhow::Result<()> {
    let [a, b] = regular::pair(first, second, alphabet.as_deref())?;
    let verdict = Verdict::of(&a, &b)?;
    if form.json {
        return output::json(&verdict);
    }
    let (Some(word), Some([in_first, in_second])) = (&verdict.shortest, &verdict.classes) else {
        return output::print("equal");
    };
    let only = |word: &Option<String>| word.as_deref().map_or("none".into(), shown);
    let mut facts = vec![
        ("they differ on", shown(word)),
        ("its class in the first", in_first.clone()),
        ("its class in the second", in_second.clone()),
    ];
    if verdict.only_first.is_some() || verdict.only_second.is_some() {
        facts.push(("only the first accepts", only(&verdict.only_first)));
        facts.push(("only the second accepts", only(&verdict.only_second)));
    }
    output::print(&table::facts(&facts))
}

fn shown(word: &str) -> String {
    if word.is_empty() { "the empty word".into() } else { word.into() }
}

fn list(json: bool) -> anyhow::Result<()> {
    if json {
        let entry = |builtin: &builtin::Builtin| json!({ "name": builtin.usage(), "about": builtin.about, "pattern": builtin.pattern() });
        return output::json(&builtin::BUILTINS.iter().map(entry).collect::<Vec<_>>());
    }
    let rows: Vec<(String, String)> = builtin::BUILTINS.iter().map(|b| (b.usage(), b.about.to_string())).collect();
    output::print(&table::facts(&rows))
}
