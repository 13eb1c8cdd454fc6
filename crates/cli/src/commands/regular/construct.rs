//! `regular construct`: an automaton as the weights of a transformer.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use infimum_lab::regular::{self, About, Agreement, Construction, Method, Recogniser, Wanted, Words};
use infimum_lab::{Experiment, Machine};
use serde::Serialize;

use crate::arguments::{Form, Speed};
use crate::commands::runs;
use crate::number::count;
use crate::{output, progress, table};

#[derive(Args, Debug)]
pub(crate) struct Construct {
    /// A pattern, a built-in name, or @FILE for an automaton as JSON or DOT.
    #[arg(value_name = "PATTERN|NAME|@FILE")]
    language: String,
    /// The symbols of a pattern, in order. Default: those it names, by code point.
    #[arg(long, value_name = "SYMBOLS", allow_hyphen_values = true)]
    alphabet: Option<String>,
    /// How: reset, counter, prefix or steps. Default: the first of them that can.
    #[arg(long, value_name = "METHOD")]
    method: Option<Method>,
    /// The longest words that the network reads, in symbols.
    #[arg(long, value_name = "N", default_value = "64", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    length: usize,
    /// The file to write, as safetensors.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write a recipe of its world and its model to this file, to train the model from it, or pulled to it, or from random weights.
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Replace files that are there and have another content.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    speed: Speed,
    #[command(flatten)]
    form: Form,
}

/// What is said of what was written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    about: &'a About,
    file: String,
    checked: Agreement,
}

pub(crate) fn construct(arguments: &Construct) -> anyhow::Result<()> {
    let Construct { language, alphabet, method, length, output, .. } = arguments;
    let machine = regular::machine(language, alphabet.as_deref())?;
    let name = regular::name_near(output);
    let spoken = Some(language.as_str()).filter(|language| !language.starts_with('@'));
    let wanted = Wanted { name: &name, language: spoken, machine: &machine, length: *length, method: *method };
    let construction = progress::waiting("writing the automaton as weights", || regular::construct(wanted))?;
    let checked = check(&construction.point, construction.plan.clone(), &mut runs::machine(&arguments.speed))?;
    construction.write(output, arguments.force)?;
    if let Some(recipe) = &arguments.recipe {
        regular::write(recipe, &text_of_recipe(&construction, output, recipe), arguments.force)?;
    }
    let written = Written { about: &construction.about, file: output.display().to_string(), checked };
    if arguments.form.json { output::json(&written) } else { output::print(&text(&written)) }
}

/// A recipe that says what to do with it.
fn text_of_recipe(construction: &Construction, weights: &Path, recipe: &Path) -> String {
    let (weights, recipe) = (weights.display(), recipe.display());
    format!(
        "# World and model of {weights}, for training from it, or from random weights with a pull to it:\n#\n\
         #   infimum run {recipe} --set training.init={weights} --set training.rate=1e-4\n\
         #   infimum run {recipe} --set 'training.pull={{ weights = \"{weights}\", coefficient = 0.01 }}'\n\n{}",
        construction.recipe()
    )
}

/// The network's own answers beside the automaton's.
fn check(point: &[f32], plan: infimum_lab::Plan, computer: &mut Machine) -> anyhow::Result<Agreement> {
    let experiment = Experiment::new(plan)?;
    let mut recogniser = Recogniser::new(&experiment, point, computer)?;
    let automaton = recogniser.truth().automaton().clone();
    let words = Words::affordable(&recogniser);
    let total = words.asked(automaton.symbols());
    let compared = progress::counting("checking", "words", total, |tell| {
        Agreement::of(&mut recogniser, &automaton, words, &mut |done| {
            tell(done as usize);
            true
        })
    });
    let agreement = compared.expect("nobody ended it");
    let right = agreement.least_wrong.is_none() && agreement.random_wrong == 0;
    ensure!(right, "the network does not do what was constructed: it differs from the automaton, {agreement:?}");
    Ok(agreement)
}

fn text(written: &Written<'_>) -> String {
    let Written { about, file, checked } = written;
    let exact = match about.attention_margin {
        0.0 => "attention is uniform".into(),
        margin => format!("attention prefers its key by {margin:.0} nats"),
    };
    let of_points = about.points.map(|points| format!(", maps of {points} points")).unwrap_or_default();
    let facts = [
        ("file", file.clone()),
        ("method", format!("{}{of_points}", about.method.name())),
        ("automaton", format!("{} states", about.states)),
        ("blocks", about.layers.to_string()),
        ("width", format!("{}, {} hidden units", about.width, count(about.hidden as u64))),
        ("parameters", count(about.parameters as u64)),
        ("reads", format!("words of up to {} symbols", about.length)),
        ("exact", format!("{exact}; logits are apart by {:.0} nats or more", about.class_margin)),
        ("in f32", format!("so up to {} symbols, if made for them", count(about.exact_to_length as u64))),
        (
            "checked",
            format!(
                "all {} words of up to {} symbols, and {} random ones of {}",
                count(checked.words),
                checked.up_to_length,
                count(checked.random as u64),
                about.length
            ),
        ),
    ];
    table::facts(&facts)
}
