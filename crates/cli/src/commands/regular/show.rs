//! `regular show`: an automaton as table and drawing, with its monoid and what theory says.

use infimum_lab::LabError;
use infimum_lab::regular::{self, Machine, Portrait, symbols_text, word_text};

use super::{Show, arcs};
use crate::{output, table};

/// Larger automata have no table here.
const MOST_ROWS: usize = 100;
/// With more symbols a row says where to by which, not by each.
const MOST_COLUMNS: usize = 8;
/// Theory's statements are broken into lines of about this length.
const LINE: usize = 100;

pub(crate) fn show(arguments: &Show) -> anyhow::Result<()> {
    let alphabet = arguments.alphabet.as_deref();
    let (name, machine) = match &arguments.language {
        Some(language) => (language.clone(), regular::machine(language, alphabet)?),
        None => (listed(&arguments.classes), regular::of_classes(&arguments.classes, alphabet)?),
    };
    machine.require_choice().map_err(LabError::from)?;
    write(arguments, &name, &machine)?;
    let portrait = Portrait::of(&name, &machine)?;
    if arguments.form.json { output::json(&portrait) } else { output::print(&text(&machine, &portrait)) }
}

/// Classes with their patterns, as they were given.
fn listed(classes: &[(String, String)]) -> String {
    let each: Vec<String> = classes.iter().map(|(name, pattern)| format!("{name}={pattern}")).collect();
    each.join(", ")
}

/// The files that are asked for.
fn write(arguments: &Show, name: &str, machine: &Machine) -> Result<(), LabError> {
    let mut files = Vec::new();
    if let Some(path) = &arguments.svg {
        files.push((path, regular::drawing(name, machine)?));
    }
    files.extend(arguments.dot.iter().map(|path| (path, regular::dot(machine))));
    files.extend(arguments.save.iter().map(|path| (path, regular::own(machine))));
    files.extend(arguments.fsm.iter().map(|path| (path, regular::fsm(machine))));
    files.iter().try_for_each(|(path, text)| regular::write(path, text, arguments.force))
}

fn text(machine: &Machine, portrait: &Portrait<'_>) -> String {
    let yes = |known: Option<bool>| match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known: the monoid is too large",
    };
    let more = if portrait.monoid_whole { "" } else { "more than " };
    let groups: Vec<String> = portrait.groups.iter().map(usize::to_string).collect();
    let facts = [
        ("language", portrait.language.clone()),
        ("alphabet", machine.alphabet().spelt()),
        ("states", portrait.states.to_string()),
        ("monoid", format!("{more}{} elements", portrait.monoid)),
        (
            "groups in it",
            if groups.is_empty() { "trivial ones".into() } else { format!("of order {}", groups.join(", ")) },
        ),
        ("aperiodic", yes(portrait.aperiodic).into()),
        ("solvable", yes(portrait.solvable).into()),
        ("depth", portrait.depth.into()),
    ];
    let known = facts
        .iter()
        .filter(|(name, _)| *name != "groups in it" || portrait.aperiodic.is_some() && portrait.monoid_whole);
    let known: Vec<(&str, String)> = known.cloned().collect();
    let theory: Vec<String> = portrait.theory.iter().map(|statement| wrapped(statement)).collect();
    let drawing =
        arcs::drawing(machine).unwrap_or_else(|| "Too large to draw here; --svg and --dot write files.\n".into());
    [table::facts(&known), states(machine), drawing, words(portrait), theory.join("")].join("\n")
}

/// The states: class, where each symbol leads, and the least word that leads there.
pub(super) fn states(machine: &Machine) -> String {
    let automaton = machine.automaton();
    if automaton.states() > MOST_ROWS {
        return format!("{} states: --json, --save and --dot have them all.\n", automaton.states());
    }
    let (access, names) = (automaton.access(), machine.alphabet().names());
    let wide = names.len() > MOST_COLUMNS;
    let symbols: Vec<String> =
        (0..names.len() as u16).map(|symbol| format!(">{}", symbols_text(machine, &[symbol]))).collect();
    let leads = if wide { vec!["next".to_string()] } else { symbols };
    let headings: Vec<&str> =
        [">state", "class"].into_iter().chain(leads.iter().map(String::as_str)).chain(["least word"]).collect();
    let row = |state: u32| {
        let class = machine.classes()[usize::from(automaton.output(state))].clone();
        let next: Vec<String> = if wide {
            let edge = |(to, symbols): &(u32, Vec<u16>)| format!("{} → {to}", symbols_text(machine, symbols));
            vec![machine.edges(state).iter().map(edge).collect::<Vec<_>>().join("; ")]
        } else {
            automaton.row(state).iter().map(u32::to_string).collect()
        };
        let word = access.word(state).map_or("-".into(), |word| word_text(machine, &word));
        [vec![state.to_string(), class], next, vec![word]].concat()
    };
    table::table(&headings, (0..automaton.states() as u32).map(row)) + "\n"
}

/// How many words there are of each length and class.
fn words(portrait: &Portrait<'_>) -> String {
    let headings: Vec<String> = portrait.classes.iter().map(|class| format!(">{class}")).collect();
    let headings: Vec<&str> = [">words of length"].into_iter().chain(headings.iter().map(String::as_str)).collect();
    let rows = portrait.words.iter().map(|counts| {
        let of_class = counts.of_class.iter().map(u64::to_string);
        std::iter::once(counts.length.to_string()).chain(of_class).collect()
    });
    table::table(&headings, rows) + "\n"
}

/// A statement as an item of a list, in lines.
fn wrapped(statement: &str) -> String {
    let (mut text, mut length) = (String::from("-"), 1);
    for word in statement.split_whitespace() {
        if length + word.chars().count() >= LINE {
            text += "\n ";
            length = 1;
        }
        text += &format!(" {word}");
        length += 1 + word.chars().count();
    }
    text + "\n"
}
