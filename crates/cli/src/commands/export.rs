//! `export`: weights as a file for other programs.

use std::path::PathBuf;

use infimum_lab::{ExportedWeights, export_weights};
use serde::Serialize;

use crate::arguments::{ExportWeights, Model};
use crate::commands::{runs, weights};
use crate::number::count;
use crate::{output, progress, table};

/// What was written.
#[derive(Serialize)]
struct Written {
    path: PathBuf,
    /// Steps of training; `None` for weights that come from elsewhere.
    step: Option<u64>,
    #[serde(flatten)]
    weights: ExportedWeights,
}

pub(crate) fn export(arguments: &ExportWeights) -> anyhow::Result<()> {
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.npz", name(&arguments.model)?)),
    };
    let (experiment, model) = progress::waiting("drawing the world", || weights::one(&arguments.model))?;
    let (names, force) = (arguments.names, arguments.force);
    let write = || export_weights(&experiment, &model.point, &path, names, force);
    let weights = progress::waiting("writing the weights", write)?;
    print(Written { path, step: model.steps, weights }, arguments.form.json)
}

/// What the model is called: as its run, or as its file without the ending.
fn name(model: &Model) -> anyhow::Result<String> {
    match &model.weights {
        Some(file) if file.is_file() => Ok(file.file_stem().unwrap_or_default().to_string_lossy().into_owned()),
        run => Ok(runs::named(run.as_ref(), &model.runs)?.name()),
    }
}

fn print(written: Written, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&written);
    }
    let Written { path, step, weights: ExportedWeights { arrays, scalars } } = written;
    let facts = [
        ("weights", path.display().to_string()),
        ("of step", step.map_or("not known".into(), count)),
        ("arrays", format!("{arrays}, {} scalars", count(scalars as u64))),
    ];
    output::print(&table::facts(&facts))
}
