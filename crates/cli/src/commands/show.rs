//! `show`: one run in full.

use infimum_lab::{HeadLine, Overview, Plan, Record, StepLine, record_plan};
use serde::Serialize;

use crate::arguments::Show;
use crate::commands::{list, runs};
use crate::number::{count, seconds};
use crate::{output, table};

pub(crate) fn show(arguments: &Show) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    if arguments.csv {
        return output::print(&csv(&record.metrics()?));
    }
    let (overview, plan) = (Overview::of(&record)?, record_plan(&record)?);
    if arguments.form.json {
        return output::json(&Shown { overview, plan });
    }
    output::print(&text(&record, &overview, &plan)?)
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    overview: Overview,
    plan: Plan,
}

/// A plan in a few lines, one for each section.
pub(crate) fn summary(plan: &Plan) -> Vec<(String, String)> {
    let text = plan.to_toml();
    let mut sections = vec![("plan".to_string(), Vec::new())];
    for line in text.lines().filter(|line| !line.is_empty()) {
        let last = sections.last_mut().expect("there is always one");
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => sections.push((name.to_string(), Vec::new())),
            None => last.1.push(line.to_string()),
        }
    }
    sections.into_iter().map(|(name, lines)| (name, lines.join(", "))).collect()
}

fn text(record: &Record, overview: &Overview, plan: &Plan) -> anyhow::Result<String> {
    let time = record.summary()?.map_or("-".into(), |summary| seconds(summary.seconds));
    let mut facts = vec![
        ("run".to_string(), runs::argument(record)),
        ("status".into(), list::status(overview.status).into()),
        ("steps".into(), format!("{} of {}", count(overview.step), count(overview.steps))),
        ("time".into(), time),
        ("parameters".into(), count(overview.parameters as u64)),
        ("weights".into(), overview.weights_hash.clone().unwrap_or("none yet".into())),
        ("checkpoints".into(), checkpoints(record)?),
    ];
    facts.extend(summary(plan));
    let facts = table::facts(&facts);
    match overview.figures.is_empty() {
        true => Ok(facts),
        false => Ok(format!("{facts}\n{}\n", table::figures(&overview.figures))),
    }
}

fn checkpoints(record: &Record) -> anyhow::Result<String> {
    let names: Vec<String> = record.checkpoints()?.iter().map(ToString::to_string).collect();
    Ok(if names.is_empty() { "none yet".into() } else { names.join(", ") })
}

/// A column that is there if some line has it.
type Column = (&'static str, fn(&StepLine) -> Option<f64>);

const COLUMNS: [Column; 8] = [
    ("criterion", |line| line.criterion),
    ("training_criterion", |line| line.training_criterion),
    ("stop", |line| line.stop),
    ("exact_match", |line| line.exact_match),
    ("parameter_norm", |line| line.parameter_norm),
    ("stage", |line| line.stage.map(|stage| stage as f64)),
    ("mined", |line| line.mined.map(|mined| mined as f64)),
    ("pull_distance", |line| line.pull_distance),
];

/// The metrics over the steps; what was not measured is empty.
fn csv(lines: &[StepLine]) -> String {
    let there: Vec<Column> =
        COLUMNS.into_iter().filter(|(_, of)| lines.iter().any(|line| of(line).is_some())).collect();
    let names: String = there.iter().map(|(name, _)| format!(",{name}")).collect();
    let heads = lines.first().into_iter().flat_map(|line| line.heads.iter().flat_map(HeadLine::columns));
    let heads: String = heads.map(|(column, _)| format!(",{column}")).collect();
    let mut text = format!("step,tokens,rate,loss,gradient_norm,validation,excess{names}{heads},seconds\n");
    let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for line in lines {
        let StepLine { step, tokens, rate, loss, gradient_norm, validation, excess, seconds, .. } = line;
        let [validation, excess] = [validation, excess].map(|value| optional(*value));
        let more: String = there.iter().map(|(_, of)| format!(",{}", optional(of(line)))).collect();
        let heads = line.heads.iter().flat_map(HeadLine::columns);
        let heads: String = heads.map(|(_, value)| format!(",{}", optional(value))).collect();
        text +=
            &format!("{step},{tokens},{rate},{loss},{gradient_norm},{validation},{excess}{more}{heads},{seconds}\n");
    }
    text
}
