//! `regular compare`: a trained network beside the automaton of its language.

use std::path::PathBuf;

use clap::Args;
use infimum_lab::regular::comparison::{self, Comparison, Effort, HeadCircuits, Likeness, RawHead};
use infimum_lab::{CheckpointName, Experiment, record_plan, require_memory};

use crate::arguments::{Form, Runs, Speed};
use crate::commands::runs;
use crate::number::{count, fixed};
use crate::{output, progress, table};

#[derive(Args, Debug)]
pub(crate) struct Compare {
    /// A run on words of a language: its name or its folder. Default: the newest run.
    run: Option<PathBuf>,
    /// Which checkpoint: a step, best or last.
    #[arg(long, value_name = "STEP|best|last", default_value = "last")]
    at: CheckpointName,
    /// Words to draw; of the strings that they begin with about half are held out, wherever they stand.
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u64).range(2..=20_000))]
    words: u64,
    /// Interventions at each site.
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u64).range(1..=20_000))]
    interventions: u64,
    #[command(flatten)]
    speed: Speed,
    #[command(flatten)]
    runs: Runs,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn compare(arguments: &Compare) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    let plan = record_plan(&record)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    let point = record.load(arguments.at, &experiment.layout())?.point;
    let mut line = progress::Progress::new(1);
    let effort = Effort { words: arguments.words as usize, interventions: arguments.interventions as usize };
    let found = comparison::compare(&experiment, &mut machine, &point, effort, &mut |done, of| {
        line.at(0, |_| format!("comparing: pass {done} of {of}"));
    })?;
    drop(line);
    if arguments.form.json { output::json(&found) } else { output::print(&text(&found)) }
}

fn text(found: &Comparison) -> String {
    [head(found), raw(found), sites(found), heads(found), operators(found), interchange(found)].join("\n")
}

fn head(found: &Comparison) -> String {
    let words = found.words;
    table::facts(&[
        ("language", found.language.clone()),
        ("states", found.states.to_string()),
        ("words", count(words.drawn as u64)),
        (
            "strings read so far",
            format!("{} for probes, {} held out", count(words.fit as u64), count(words.held_out as u64)),
        ),
        ("strings on both sides", words.shared_strings.to_string()),
        (
            "positions held out",
            format!(
                "{} of {}, in {} of {} states",
                count(words.held_out_positions as u64),
                count((words.fit_positions + words.held_out_positions) as u64),
                words.held_out_states,
                found.states
            ),
        ),
        ("accuracy of the best constant", format!("{:.4}", found.chance)),
    ])
}

fn raw(found: &Comparison) -> String {
    let headings = [
        ">block",
        ">head",
        "symbol",
        ">cosine",
        ">95 % by chance",
        ">p",
        ">transposed",
        ">Pearson",
        ">Frobenius",
        ">relative error",
    ];
    let row = |head: &RawHead| {
        let RawHead { published, transposed, null_of_bases: null, .. } = head;
        vec![
            head.block.to_string(),
            head.head.to_string(),
            head.symbol.clone(),
            fixed(published.cosine, 3),
            format!("{:.3} to {:.3}", null.low, null.high),
            format!("{:.3}", null.p),
            fixed(transposed.cosine, 3),
            fixed(published.pearson, 3),
            format!("{:.3}", published.frobenius),
            format!("{:.3}", published.relative_error),
        ]
    };
    let rows = match &found.raw.unavailable {
        Some(why) => format!("not to be had: {why}"),
        None => table::table(&headings, found.raw.heads.iter().map(row)),
    };
    format!("The published comparison of weights, for the record.\n{}\n{rows}\n", found.raw.warning)
}

fn sites(found: &Comparison) -> String {
    let headings = [
        "site",
        ">probe",
        ">explained",
        ">alignment",
        ">shuffled",
        ">random start",
        ">explained there",
        ">alignment there",
    ];
    let rows = found.sites.iter().map(|site| {
        vec![
            site.site.clone(),
            format!("{:.4}", site.accuracy),
            format!("{:.4}", site.explained),
            fixed(site.kernel_alignment, 3),
            format!("{:.4}", site.shuffled_accuracy),
            format!("{:.4}", site.random_start_accuracy),
            format!("{:.4}", site.random_start_explained),
            fixed(site.random_start_kernel_alignment, 3),
        ]
    });
    let left_out = match found.left_out.len() {
        0 => String::new(),
        _ => format!("Too wide to be looked at: {}.\n", found.left_out.join(", ")),
    };
    let alone = match found.words.held_out_states {
        1 => "All held-out strings lead to one state, which a constant names too: these figures say nothing.\n",
        _ => "",
    };
    format!("Linear probes of the state, after strings held out.\n{alone}{}\n{left_out}", table::table(&headings, rows))
}

fn heads(found: &Comparison) -> String {
    if found.heads.is_empty() {
        return "There is no attention to look at.\n".into();
    }
    let symbols = found.symbols.iter().map(|symbol| format!(">{symbol}"));
    let headings: Vec<String> = [">block", ">head", "matrix"].map(String::from).into_iter().chain(symbols).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).chain([">same state", "singular values"]).collect();
    let named = [("", &found.heads), (" at random start", &found.heads_at_random_start)];
    let rows = named.into_iter().flat_map(|(when, heads)| heads.iter().flat_map(move |head| circuits(head, when)));
    let title = "Heads in coordinates of states: the cosine of what they move (OV) and attend by (QK) to the transitions of each symbol.";
    format!("{title}\n{}\n", table::table(&headings, rows))
}

fn circuits(head: &HeadCircuits, when: &str) -> Vec<Vec<String>> {
    let cosine = |likeness: &Likeness| fixed(likeness.cosine, 3);
    let parts = [Some(("OV", &head.ov)), head.qk.as_ref().map(|qk| ("QK", qk))];
    let row = |(name, circuit): (&str, &comparison::Circuit)| {
        let place = [head.block.to_string(), head.head.to_string(), format!("{name}{when}")];
        let values: Vec<String> = circuit.singular_values.iter().take(4).map(|value| format!("{value:.3}")).collect();
        let more = if circuit.singular_values.len() > 4 { " …" } else { "" };
        let symbols = circuit.symbols.iter().map(cosine);
        place.into_iter().chain(symbols).chain([cosine(&circuit.same_state), values.join(" ") + more]).collect()
    };
    parts.into_iter().flatten().map(row).collect()
}

fn operators(found: &Comparison) -> String {
    let title = "Operators of the symbols on decoded states, beside the automaton's.";
    if let Some(why) = found.operators_unavailable {
        return format!("{title}\nnot to be had: {why}\n");
    }
    let headings =
        ["site", ">relative error", ">transitions right", ">relabelled", ">error at random start", ">right there"];
    let rows = found.operators.iter().zip(&found.operators_at_random_start).map(|(own, random)| {
        let moved = own.relabelling.iter().enumerate().filter(|(state, other)| state != *other).count();
        vec![
            own.site.clone(),
            format!("{:.4}", own.relative_error),
            format!("{:.4}", own.transitions_right),
            moved.to_string(),
            format!("{:.4}", random.relative_error),
            format!("{:.4}", random.transitions_right),
        ]
    });
    format!("{title}\n{}\n", table::table(&headings, rows))
}

fn interchange(found: &Comparison) -> String {
    let title = "Another state put in place: how often the network then says what the automaton says of it.";
    if let Some(why) = found.interchange_unavailable {
        return format!("{title}\nnot to be had: {why}\n");
    }
    let headings = ["site", "head", "seen", ">times", ">follows", ">untouched", ">random subspace", ">own state kept"];
    let rows = found.interchange.iter().map(|row| {
        vec![
            row.site.clone(),
            row.head.into(),
            row.place.into(),
            count(row.interventions as u64),
            format!("{:.4}", row.follows),
            format!("{:.4}", row.untouched),
            format!("{:.4}", row.random_subspace),
            format!("{:.4}", row.same_state),
        ]
    });
    format!("{title}\n{}\n", table::table(&headings, rows))
}
