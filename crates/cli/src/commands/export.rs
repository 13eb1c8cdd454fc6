//! `export`: the weights of a run as a file for other programs.

use std::path::PathBuf;

use infimum_lab::{Experiment, ExportedWeights, export_weights, record_plan};
use serde::Serialize;

use crate::arguments::ExportWeights;
use crate::commands::runs;
use crate::number::count;
use crate::{output, progress, table};

/// What was written.
#[derive(Serialize)]
struct Written {
    path: PathBuf,
    step: u64,
    #[serde(flatten)]
    weights: ExportedWeights,
}

pub(crate) fn export(arguments: &ExportWeights) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.npz", record.name())));
    let experiment = progress::waiting("drawing the world", || Experiment::new(record_plan(&record)?))?;
    let state = record.load(arguments.at, &experiment.layout())?;
    let (names, force) = (arguments.names, arguments.force);
    let write = || export_weights(&experiment, &state.point, &path, names, force);
    let weights = progress::waiting("writing the weights", write)?;
    print(Written { path, step: state.step, weights }, arguments.form.json)
}

fn print(written: Written, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&written);
    }
    let Written { path, step, weights: ExportedWeights { arrays, scalars } } = written;
    let facts = [
        ("weights", path.display().to_string()),
        ("of step", count(step)),
        ("arrays", format!("{arrays}, {} scalars", count(scalars as u64))),
    ];
    output::print(&table::facts(&facts))
}
