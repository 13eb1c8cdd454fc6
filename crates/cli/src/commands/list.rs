//! `list`: every run with its first score.

use infimum_lab::{Figure, LabError, Overview, Record, Status, UNFINISHED};
use serde_json::json;

use crate::arguments::List;
use crate::number::{count, decimals};
use crate::{output, table};

pub(crate) fn list(arguments: &List) -> anyhow::Result<()> {
    let runs = &arguments.runs.runs;
    let overviews: Vec<_> = Record::list(runs)?.into_iter().map(|r| (r.name(), Overview::of(&r))).collect();
    if arguments.form.json {
        return output::json(&overviews.iter().map(as_json).collect::<Vec<_>>());
    }
    if overviews.is_empty() {
        let none = format!("no runs in {}; begin one with `infimum run markov-10`", runs.display());
        return output::print(&none);
    }
    let headings = ["run", "status", ">steps", ">parameters", ">first score", "", ">optimum", "weights"];
    let reasons = overviews.iter().filter_map(|(name, overview)| Some((name, overview.as_ref().err()?)));
    let reasons: String = reasons.map(|(name, error)| format!("\n{name} is unreadable: {error}\n")).collect();
    output::print(&format!("{}\n{reasons}", table::table(&headings, overviews.iter().map(row))))
}

/// How a run ended, in a word.
pub(crate) fn status(status: Option<Status>) -> &'static str {
    match status {
        None => UNFINISHED,
        Some(Status::Finished) => "finished",
        Some(Status::Interrupted) => "interrupted",
        Some(Status::Impossible) => "impossible",
        Some(Status::Diverged) => "diverged",
    }
}

fn as_json((name, overview): &(String, Result<Overview, LabError>)) -> serde_json::Value {
    match overview {
        Ok(overview) => json!(overview),
        Err(error) => json!({ "name": name, "error": error.to_string() }),
    }
}

fn row((name, overview): &(String, Result<Overview, LabError>)) -> Vec<String> {
    let Ok(overview) = overview else { return vec![name.clone(), "unreadable".into()] };
    let figure = overview.figures.first();
    let hash = overview.weights_hash.as_deref().map_or("-", |hash| &hash[..hash.len().min(12)]);
    vec![
        name.clone(),
        status(overview.status).into(),
        format!("{} of {}", count(overview.step), count(overview.steps)),
        count(overview.parameters as u64),
        figure.map_or("-".into(), value),
        figure.map_or(String::new(), |f| format!("{} {}", f.unit, f.name)),
        figure.and_then(|f| f.optimum).map_or("-".into(), |optimum| format!("{optimum}")),
        hash.into(),
    ]
}

fn value(figure: &Figure) -> String {
    let decimals = figure.low.zip(figure.high).map_or(4, |(low, high)| decimals(high - low));
    format!("{:.decimals$}", figure.value)
}
