//! `check`: what a recipe comes to, without running it.

use infimum_lab::{Experiment, Forecast, Machine, Plan, WeightLine, forecast};
use serde_json::json;

use crate::arguments::Check;
use crate::commands::{recipes, runs, show};
use crate::number::{bytes, count, fixed, seconds};
use crate::{output, progress, table};

pub(crate) fn check(arguments: &Check) -> anyhow::Result<()> {
    let plan = recipes::plan(&arguments.recipe, &[])?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut machine = runs::machine(&arguments.speed);
    let forecast = progress::waiting("timing a few sequences", || forecast(&experiment, &mut machine));
    if arguments.form.json {
        return output::json(&json!({ "plan": experiment.plan(), "forecast": forecast }));
    }
    output::print(&text(experiment.plan(), &forecast, &machine))
}

fn text(plan: &Plan, forecast: &Forecast, machine: &Machine) -> String {
    let row = |line: &WeightLine| {
        let [rows, columns] = line.shape;
        vec![line.name.clone(), line.expression.into(), format!("{rows} x {columns}"), count(line.parameters as u64)]
    };
    let arrays = table::table(&["weights", "made", ">shape", ">parameters"], forecast.arrays.iter().map(row));
    let threads = machine.threads();
    let speed = format!("{threads} thread{}, {}", if threads == 1 { "" } else { "s" }, machine.isa().name());
    let measured = format!("from {} sequences timed just now, {speed}", forecast.measured_sequences);
    let facts = [
        ("parameters", count(forecast.parameters as u64)),
        ("floor", format!("{} nats per scored token", fixed(forecast.floor, 6))),
        ("trains on", format!("{} tokens", count(forecast.tokens))),
        ("memory", format!("about {}, beside the world's law", bytes(forecast.bytes))),
        ("time", format!("about {} ({measured})", seconds(forecast.seconds))),
    ];
    format!("{}\n{arrays}\n\n{}", table::facts(&show::summary(plan)), table::facts(&facts))
}
