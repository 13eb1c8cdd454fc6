//! `check`: what a recipe comes to, without running it.

use std::path::Path;

use infimum_lab::{Experiment, Fact, Forecast, Machine, WeightLine, forecast, require_memory, world_facts};
use serde_json::json;

use crate::arguments::{Check, RUNS};
use crate::commands::{floor, recipes, runs, show, stages};
use crate::number::{bytes, count, fixed, seconds};
use crate::{output, progress, table};

pub(crate) fn check(arguments: &Check) -> anyhow::Result<()> {
    let plan = recipes::plan(&arguments.recipe, &[], Path::new(RUNS))?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    let forecast = progress::waiting("timing a few sequences", || forecast(&experiment, &machine));
    let world = progress::waiting("looking at the world", || world_facts(&experiment));
    if arguments.form.json {
        return output::json(&json!({ "plan": experiment.plan(), "world": world, "forecast": forecast }));
    }
    output::print(&text(&experiment, &world, &forecast, &machine))
}

fn text(experiment: &Experiment, world: &[Fact], forecast: &Forecast, machine: &Machine) -> String {
    let row = |line: &WeightLine| {
        let [rows, columns] = line.shape;
        vec![line.name.clone(), line.expression.into(), format!("{rows} x {columns}"), count(line.parameters as u64)]
    };
    let arrays = table::table(&["weights", "made", ">shape", ">parameters"], forecast.arrays.iter().map(row));
    let mut facts: Vec<(String, String)> = [
        ("parameters", count(forecast.parameters as u64)),
        ("floor", format!("{} nats per scored token", fixed(forecast.floor, 6))),
        ("trains on", format!("{} tokens", count(forecast.tokens))),
        ("memory", format!("about {}, an estimate", bytes(forecast.bytes))),
        ("time", format!("about {}, an estimate {}", seconds(forecast.seconds), measured(forecast, machine))),
    ]
    .map(|(name, value)| (name.into(), value))
    .into();
    facts.extend(stages::lines(experiment));
    let (plan, world) = (table::facts(&show::summary(experiment.plan())), floor::world(world.iter()));
    format!("{plan}\n{world}\n\n{arrays}\n\n{}", table::facts(&facts))
}

/// What the forecast of time is made from.
fn measured(forecast: &Forecast, machine: &Machine) -> String {
    let threads = machine.threads();
    let speed = format!("{threads} thread{}, {}", if threads == 1 { "" } else { "s" }, machine.isa().name());
    let of = match forecast.extrapolated {
        1.0 => String::new(),
        times => format!(" of a model with {} of the operations", share(1.0 / times)),
    };
    format!("from {} sequences{of} timed just now on one thread, for {speed}", forecast.measured_sequences)
}

/// A share in percent, or one in so many.
fn share(share: f64) -> String {
    if share >= 0.01 { format!("{:.0} %", 100.0 * share) } else { format!("one in {}", count((1.0 / share) as u64)) }
}
