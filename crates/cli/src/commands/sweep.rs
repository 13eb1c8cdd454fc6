//! `sweep`: a grid of plans, each with several seeds, and one table.

use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use infimum_lab::seeds::{self, SeedRun};
use infimum_lab::success::{Outcome, Successes};
use infimum_lab::sweep::{self, Cell};
use infimum_lab::training::Event;
use infimum_lab::{Figure, Isa, LabError, metrics};
use serde_json::{Value, json};

use crate::arguments::Sweep;
use crate::commands::{recipes, runs, seeds as seed_table, successes};
use crate::exit::Stopped;
use crate::number::{count, decimals};
use crate::several::{Done, Several};
use crate::signals::Stop;
use crate::{output, progress, table};

/// Plans all cells, trains what is not finished of their runs, and prints a row for each cell.
pub(crate) fn sweep(arguments: &Sweep) -> anyhow::Result<()> {
    let (folder, seeds) = (&arguments.runs.runs, arguments.seeds.as_ref().map(|list| list.seeds()));
    let recipe = recipes::name(&arguments.recipe)?;
    let plan = || sweep::cells(recipe, &arguments.recipe.set, &arguments.vary, seeds, folder);
    let mut cells = progress::waiting("planning every cell", plan)?;
    let budget = runs::budget(&arguments.speed);
    sweep::require_memory_of(&cells, budget)?;
    let all = cells.iter().flat_map(|cell| &cell.seeds);
    if all.clone().all(SeedRun::is_finished) {
        output::say(&format!("all {} runs are finished; nothing is left to do", all.count()));
        return print(&cells, arguments);
    }
    let stop = Stop::listen()?;
    let view = Mutex::new(view(&cells, budget));
    let tell =
        |cell, seed, event: Event<'_>| view.lock().unwrap_or_else(PoisonError::into_inner).show(cell, seed, &event);
    sweep::train(&mut cells, budget, folder, &tell, stop.asked());
    drop(view);
    ended(&mut cells, &stop, arguments)
}

fn view(cells: &[Cell], (isa, threads): (Isa, usize)) -> Several {
    let (mut runs, mut steps) = (Done::default(), Done::default());
    for cell in cells {
        let each = cell.experiment.plan().training().steps;
        let (of, done) = (cell.seeds.len() as u64, cell.seeds.iter().filter(|run| run.is_finished()).count() as u64);
        (runs.of, runs.done) = (runs.of + of, runs.done + done);
        (steps.of, steps.done) = (steps.of + each * of, steps.done + each * done);
    }
    let skipped = if runs.done == 0 { String::new() } else { format!(", {} of them finished before", runs.done) };
    let headline = format!(
        "{}: {} cells, {} runs of {} steps in all{skipped}; on {}, {}",
        cells[0].experiment.plan().name(),
        cells.len(),
        runs.of,
        count(steps.of),
        runs::threads(threads),
        isa.name()
    );
    let names = cells.iter().map(|cell| format!("{}, ", called(cell))).collect();
    Several::new(&headline, names, runs, steps)
}

fn called(cell: &Cell) -> String {
    cell.settings.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

/// What failed with a run is the command's failure, after the table; what was stopped is to be gone on with.
fn ended(cells: &mut [Cell], stop: &Stop, arguments: &Sweep) -> anyhow::Result<()> {
    let runs: Vec<&SeedRun> = cells.iter().flat_map(|cell| &cell.seeds).collect();
    let (all, finished) = (runs.len(), runs.iter().filter(|run| run.is_finished()).count());
    let failed = runs.iter().filter(|run| run.error.is_some()).count();
    if failed > 0 || finished == all {
        print(cells, arguments)?;
    }
    if failed == 0 && finished < all {
        let message = format!(
            "stopped and saved: {finished} of {all} runs are finished; go on with the others by the same command"
        );
        return Err(Stopped { status: stop.status(), message }.into());
    }
    match first_error(cells) {
        None => Ok(()),
        Some((name, error)) => Err(error).context(format!(
            "This is {name}; of {all} runs {finished} are finished and {failed} failed. The same command goes on with them."
        )),
    }
}

fn first_error(cells: &mut [Cell]) -> Option<(String, LabError)> {
    cells.iter_mut().find_map(|cell| {
        let name = called(cell);
        let run = cell.seeds.iter_mut().find(|run| run.error.is_some())?;
        Some((format!("{name}, seed {}", run.seed), run.error.take()?))
    })
}

fn print(cells: &[Cell], arguments: &Sweep) -> anyhow::Result<()> {
    let outcomes = |cell: &Cell| {
        let success = cell.experiment.plan().success();
        success.map(|success| Outcome::of_seeds(success, &cell.seeds)).transpose()
    };
    let outcomes = cells.iter().map(outcomes).collect::<Result<Vec<_>, _>>()?;
    if arguments.form.json {
        let cells: Vec<Value> = cells.iter().zip(&outcomes).map(|(cell, o)| as_json(cell, o.as_deref())).collect();
        return output::json(&json!({ "cells": cells }));
    }
    let shown = shown(cells);
    let rates = outcomes.iter().any(Option::is_some);
    let mut headings: Vec<String> = arguments.vary.iter().map(|varied| format!(">{}", varied.key)).collect();
    headings.extend([">parameters".into(), ">finished".into()]);
    headings.extend(rates.then(|| "success_rate".into()));
    headings.extend(shown.iter().map(|(figure, _)| format!(">{}", figure.name)));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let rows =
        cells.iter().zip(&outcomes).map(|(cell, outcomes)| row(cell, rates.then_some(outcomes.as_deref()), &shown));
    output::print(&format!("{}\n\n{}", table::table(&headings, rows), note(cells, &shown, rates)))
}

/// The figures of the columns, each with decimals that show the narrowest interval.
fn shown(cells: &[Cell]) -> Vec<(Figure, usize)> {
    let mut shown: Vec<(Figure, usize)> = Vec::new();
    let finished = cells.iter().flat_map(|cell| cell.seeds.iter().find_map(SeedRun::finished));
    for figure in finished.flat_map(|summary| &summary.figures).filter(|figure| metrics::is_in_tables(figure)) {
        if shown.len() < seed_table::COLUMNS && shown.iter().all(|(known, _)| known.name != figure.name) {
            shown.push((figure.clone(), 4));
        }
    }
    for mean in cells.iter().flat_map(|cell| seeds::means(&cell.seeds)) {
        let width = mean.low.zip(mean.high).map_or(0.0, |(low, high)| high - low);
        if let Some((_, places)) = shown.iter_mut().find(|(figure, _)| figure.name == mean.name) {
            *places = decimals(width).max(*places);
        }
    }
    shown
}

fn row(cell: &Cell, outcomes: Option<Option<&[Option<Outcome>]>>, shown: &[(Figure, usize)]) -> Vec<String> {
    let finished = cell.seeds.iter().filter(|run| run.is_finished()).count();
    let mut cells: Vec<String> = cell.settings.iter().map(|(_, value)| value.clone()).collect();
    cells.push(count(cell.experiment.plan().parameters() as u64));
    cells.push(format!("{finished} of {}", cell.seeds.len()));
    cells.extend(outcomes.map(|o| o.and_then(Successes::of).map_or("-".into(), |s| successes::rate(&s))));
    let means = seeds::means(&cell.seeds);
    let alone = cell.seeds.iter().find_map(SeedRun::finished);
    cells.extend(shown.iter().map(|(figure, places)| {
        let mean = means.iter().find(|mean| mean.name == figure.name);
        match (mean.map(|mean| (mean.value, mean.low, mean.high)), alone.and_then(|one| one.value(&figure.name))) {
            (Some((mean, Some(low), Some(high))), _) => format!("{mean:.places$} ({low:.places$} to {high:.places$})"),
            (_, Some(value)) => format!("{value:.places$}"),
            _ => "-".into(),
        }
    }));
    cells
}

fn note(cells: &[Cell], shown: &[(Figure, usize)], rates: bool) -> String {
    let optimum = |(figure, places): &(Figure, usize)| {
        let optimum = figure.optimum.map(|optimum| format!(", optimum {optimum:.places$}")).unwrap_or_default();
        format!("{} in {}{optimum}", figure.name, figure.unit)
    };
    let mut lines = vec![format!("{}.", shown.iter().map(optimum).collect::<Vec<_>>().join("; "))];
    if cells.iter().any(|cell| cell.seeds.len() > 1) {
        lines.push("Means over seeds, and their 95 % intervals (Student's t); a single seed has none.".into());
    }
    if rates {
        lines.push("success_rate: of the runs that have ended, on the test sequences; Wilson's interval.".into());
    }
    lines.join("\n")
}

fn as_json(cell: &Cell, outcomes: Option<&[Option<Outcome>]>) -> Value {
    let mut all = seed_table::as_json(&cell.experiment, &cell.seeds, outcomes);
    let settings: serde_json::Map<String, Value> =
        cell.settings.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let object = all.as_object_mut().expect("it is an object");
    object.insert("settings".into(), settings.into());
    object.insert("parameters".into(), json!(cell.experiment.plan().parameters()));
    all
}
