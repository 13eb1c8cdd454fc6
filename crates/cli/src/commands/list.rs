//! `list`: every run with its first score, or those of a language, the best first by a figure.

use infimum_lab::{Figure, LabError, Overview, Ranking, Record, Sought, Status, UNFINISHED, record_plan};
use serde_json::json;

use crate::arguments::List;
use crate::number::{count, decimals};
use crate::{output, table};

pub(crate) fn list(arguments: &List) -> anyhow::Result<()> {
    let runs = &arguments.runs.runs;
    let sought = arguments.pattern.as_deref().map(Sought::new).transpose()?;
    let ranking = arguments.best.as_deref().map(Ranking::by).transpose()?;
    let is_sought = |record: &Record| {
        sought.as_ref().is_none_or(|sought| record_plan(record).is_ok_and(|plan| sought.is_of(&plan)))
    };
    let records = Record::list(runs)?.into_iter().filter(is_sought);
    let mut overviews: Vec<_> = records.map(|r| (r.name(), Overview::of(&r))).collect();
    if let Some(ranking) = ranking {
        let key = |overview: &Result<Overview, LabError>| ranking.key(overview.as_ref().map_or(&[], |o| &o.figures));
        overviews.sort_by(|(_, one), (_, other)| key(one).total_cmp(&key(other)));
    }
    if arguments.form.json {
        return output::json(&overviews.iter().map(as_json).collect::<Vec<_>>());
    }
    if overviews.is_empty() {
        let of = arguments.pattern.as_ref().map_or(String::new(), |pattern| format!(" of the language {pattern}"));
        let none = format!("no runs{of} in {}; begin one with `infimum run markov-10`", runs.display());
        return output::print(&none);
    }
    let score = if ranking.is_some() { ">score" } else { ">first score" };
    let headings = ["run", "status", ">steps", ">parameters", score, "", ">optimum", "weights"];
    let reasons = overviews.iter().filter_map(|(name, overview)| Some((name, overview.as_ref().err()?)));
    let reasons: String = reasons.map(|(name, error)| format!("\n{name} is unreadable: {error}\n")).collect();
    output::print(&format!(
        "{}\n{reasons}",
        table::table(&headings, overviews.iter().map(|overview| row(overview, ranking)))
    ))
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

fn row((name, overview): &(String, Result<Overview, LabError>), ranking: Option<Ranking<'_>>) -> Vec<String> {
    let Ok(overview) = overview else { return vec![name.clone(), "unreadable".into()] };
    let figure = match ranking {
        Some(ranking) => ranking.of(&overview.figures),
        None => overview.figures.first(),
    };
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
