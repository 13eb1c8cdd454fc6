//! `dissect`: what a model loses without each of its parts.

use infimum_lab::{Dissection, Experiment, record_plan, require_memory};

use crate::arguments::Dissect;
use crate::commands::runs;
use crate::{output, progress, table};

pub(crate) fn dissect(arguments: &Dissect) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    let plan = record_plan(&record)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    let point = record.load(arguments.at, &experiment.layout())?.point;
    let mut line = progress::Progress::new(1);
    let sequences = arguments.sequences as usize;
    let found = infimum_lab::dissect(&experiment, &mut machine, &point, sequences, &mut |done, of| {
        line.at(0, |_| format!("taking apart: pass {done} of {of}"));
    });
    drop(line);
    if arguments.form.json {
        return output::json(&found);
    }
    output::print(&text(&found))
}

fn text(Dissection { losses, tables }: &Dissection) -> String {
    let losses = table::rows(&losses.iter().collect::<Vec<_>>());
    let tables = match tables.len() {
        0 => "Tables are compared with the law of dense chains of order 1 only.".into(),
        _ => table::rows(&tables.iter().collect::<Vec<_>>()),
    };
    format!("{losses}\n\n{tables}\n")
}
