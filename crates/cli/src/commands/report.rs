//! `report`: a run, or several seeds of one recipe, as a page.

use std::path::PathBuf;

use infimum_lab::{Record, report as compose};
use serde::Serialize;

use crate::arguments::Report;
use crate::commands::runs;
use crate::number::bytes;
use crate::{output, progress, table};

/// What was written.
#[derive(Serialize)]
struct Written {
    path: PathBuf,
    bytes: u64,
    missing: Vec<String>,
}

pub(crate) fn report(arguments: &Report) -> anyhow::Result<()> {
    let records: Vec<Record> = match arguments.reported.as_slice() {
        [] => vec![runs::named(None, &arguments.runs)?],
        several => several.iter().map(|run| runs::named(Some(run), &arguments.runs)).collect::<Result<_, _>>()?,
    };
    let (mut machine, sequences) = (runs::machine(&arguments.speed), arguments.sequences.get());
    let total = (sequences * records.len()) as u64;
    let report = progress::counting("looking at the model", "test sequences", total, |tell| {
        compose(&records, &mut machine, sequences, &mut |done, _| tell(done as usize))
    })?;
    let path = arguments.output.clone().unwrap_or_else(|| default_path(&records, &report.recipe));
    report.write(&path, arguments.force)?;
    print(Written { path, bytes: report.html.len() as u64, missing: report.missing }, arguments.form.json)
}

/// `RUN.html` for one run, `RECIPE.html` for several.
fn default_path(records: &[Record], recipe: &str) -> PathBuf {
    let name = if records.len() == 1 { records[0].name() } else { recipe.into() };
    PathBuf::from(format!("{name}.html"))
}

fn print(written: Written, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&written);
    }
    let mut facts = vec![("report", written.path.display().to_string()), ("size", bytes(written.bytes))];
    facts.extend(written.missing.into_iter().map(|sentence| ("lacks", sentence)));
    output::print(&table::facts(&facts))
}
