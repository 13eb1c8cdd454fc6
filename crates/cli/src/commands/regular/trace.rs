//! `regular trace`: a word state by state, the network beside the automaton.

use std::path::PathBuf;

use clap::Args;
use infimum_lab::CheckpointName;
use infimum_lab::regular::{Recogniser, Trace, TraceStep, trace as follow};

use crate::arguments::{Form, Model, Runs, Speed};
use crate::commands::regular::shown;
use crate::commands::{runs, weights};
use crate::{output, table};

#[derive(Args, Debug)]
pub(crate) struct Traced {
    /// A run (its name or its folder), or a file of weights.
    #[arg(value_name = "RUN|FILE")]
    network: PathBuf,
    /// Words; an empty one is the empty word.
    #[arg(value_name = "WORD", required = true)]
    words: Vec<String>,
    /// Which checkpoint of a run: a step, best or last. Default: last.
    #[arg(long, value_name = "STEP|best|last")]
    at: Option<CheckpointName>,
    #[command(flatten)]
    runs: Runs,
    #[command(flatten)]
    speed: Speed,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn trace(arguments: &Traced) -> anyhow::Result<()> {
    let Traced { network, at, runs, .. } = arguments;
    let model = Model { weights: Some(network.clone()), at: *at, recipe: None, set: vec![], runs: runs.clone() };
    let (experiment, weights) = weights::one(&model)?;
    let mut computer = runs::machine(&arguments.speed);
    let traces = follow(&mut Recogniser::new(&experiment, &weights.point, &mut computer)?, &arguments.words)?;
    if arguments.form.json {
        return output::json(&traces);
    }
    output::print(&traces.iter().map(text).collect::<Vec<_>>().join("\n"))
}

fn text(trace: &Trace) -> String {
    let writes_states = trace.steps.iter().any(|step| step.network_state.is_some());
    let headings = [">read", "symbol", ">state", "class", "network", ">probability"];
    let headings: Vec<&str> = headings.into_iter().chain(writes_states.then_some(">its state")).chain([""]).collect();
    let row = |step: &TraceStep| {
        let mut cells = vec![
            step.length.to_string(),
            step.symbol.clone().unwrap_or_default(),
            step.state.to_string(),
            step.truth.clone(),
            step.network.clone(),
            format!("{:.4}", step.probability),
        ];
        cells.extend(writes_states.then(|| step.network_state.map_or(String::new(), |state| state.to_string())));
        cells.push(if step.agrees { "" } else { "differs" }.into());
        cells
    };
    let verdict = if trace.agrees { "the network agrees at every step" } else { "the network differs" };
    let table = table::table(&headings, trace.steps.iter().map(row));
    format!("{}: {verdict}\n\n{table}\n", shown(&trace.word))
}
