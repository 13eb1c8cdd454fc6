//! `run --seeds`: several seeds of one recipe, each with a record of its own, and what they come to together.

use std::sync::{Mutex, PoisonError};

use infimum_lab::seeds::{self, SeedRun};
use infimum_lab::success::Outcome;
use infimum_lab::training::Event;
use infimum_lab::{Experiment, Figure, LabError, Machine, metrics, require_memory};
use serde_json::{Value, json};

use crate::arguments::{Form, Run};
use crate::commands::{list, recipes, runs, successes};
use crate::exit::Stopped;
use crate::number::{count, decimals, fixed};
use crate::several::{Done, Several};
use crate::signals::Stop;
use crate::{output, progress, table};

/// Figures of a row; the others are in the records and with `--json`.
pub(crate) const COLUMNS: usize = 5;

/// Trains what is not finished of these seeds, and prints all.
pub(crate) fn run(arguments: &Run, numbers: &[u64]) -> anyhow::Result<()> {
    let folder = &arguments.runs.runs;
    let plan = recipes::plan(&arguments.recipe, &[format!("training.seed={}", numbers[0])], folder)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut seeds = seeds::find(&experiment, folder, numbers)?;
    let left = seeds.iter().filter(|seed| !seed.is_finished()).count();
    if left == 0 {
        output::say(&format!("all {} seeds are finished; nothing is left to do", numbers.len()));
        return print(&experiment, &seeds, arguments.form);
    }
    let (isa, threads) = runs::budget(&arguments.speed);
    let mut machines = seeds::machines(&experiment, isa, threads, left);
    require_memory(&experiment, &machines[0])?;
    let stop = Stop::listen()?;
    let view = Mutex::new(view(&experiment, &machines, &seeds));
    let tell = |seed, event: Event<'_>| view.lock().unwrap_or_else(PoisonError::into_inner).show(0, seed, &event);
    seeds::train(&experiment, &mut machines, folder, &mut seeds, &tell, stop.asked());
    drop(view);
    ended(&experiment, &mut seeds, &stop, arguments.form)
}

fn view(experiment: &Experiment, machines: &[Machine], seeds: &[SeedRun]) -> Several {
    let (plan, of) = (experiment.plan(), seeds.len() as u64);
    let (finished, steps) = (seeds.iter().filter(|seed| seed.is_finished()).count() as u64, plan.training().steps);
    let skipped = if finished == 0 { String::new() } else { format!(", {finished} of them finished before") };
    let headline = format!(
        "{}: {} parameters, {of} seeds of {} steps{skipped}; {} at once on {}, {}",
        plan.name(),
        count(plan.parameters() as u64),
        count(steps),
        machines.len(),
        runs::threads(machines.iter().map(Machine::threads).sum()),
        machines[0].isa().name()
    );
    let steps = Done { done: steps * finished, of: steps * of };
    Several::new(&headline, vec![String::new()], Done { done: finished, of }, steps)
}

/// What failed with a seed is the command's failure, after the scores of the others; what was stopped is to be gone on with.
fn ended(experiment: &Experiment, seeds: &mut [SeedRun], stop: &Stop, form: Form) -> anyhow::Result<()> {
    let failed: Vec<String> = seeds.iter().filter(|s| s.error.is_some()).map(|s| s.seed.to_string()).collect();
    let (finished, all) = (seeds.iter().filter(|seed| seed.is_finished()).count(), seeds.len());
    if !failed.is_empty() || finished == all {
        print(experiment, seeds, form)?;
    }
    match seeds.iter_mut().find_map(|seed| seed.error.take()) {
        None if finished < all => {
            let message = format!(
                "stopped and saved: {finished} of {all} seeds are finished; go on with the others by the same command"
            );
            Err(Stopped { status: stop.status(), message }.into())
        }
        None => Ok(()),
        Some(error) => {
            let way_out = format!(
                "This is seed {}; of {all} seeds {finished} are finished and {} failed: {}. The same command goes on with them.",
                failed[0],
                failed.len(),
                failed.join(", ")
            );
            Err(anyhow::Error::new(error).context(way_out))
        }
    }
}

/// A row for each seed, and what they come to.
fn print(experiment: &Experiment, seeds: &[SeedRun], form: Form) -> anyhow::Result<()> {
    let (means, success) = (seeds::means(seeds), experiment.plan().success());
    let outcomes = success.map(|success| Outcome::of_seeds(success, seeds)).transpose()?;
    if form.json {
        return output::json(&as_json(experiment, seeds, outcomes.as_deref()));
    }
    let figures = seeds.iter().find_map(SeedRun::finished).map_or(&[][..], |summary| &summary.figures);
    let shown: Vec<&Figure> = figures.iter().filter(|figure| metrics::is_in_tables(figure)).take(COLUMNS).collect();
    let columns: Vec<Column> = shown.iter().map(|figure| Column::of(figure, &means)).collect();
    let titles: Vec<String> = columns.iter().map(|column| format!(">{}", column.figure.name)).collect();
    let mut headings = vec![">seed", "status"];
    headings.extend(titles.iter().map(String::as_str));
    headings.extend(["weights", "record"]);
    let rows = seeds.iter().map(|seed| row(seed, &columns)).chain(together(&columns));
    let mut parts = vec![table::table(&headings, rows), note(seeds, &columns)];
    parts.extend(successes::spreads(&seeds::spreads(seeds), &shown));
    parts.extend(success.zip(outcomes).map(|(success, outcomes)| successes::text(success, seeds, &outcomes)));
    output::print(&parts.join("\n\n"))
}

/// What seeds of one plan are and come to, as JSON.
pub(crate) fn as_json(experiment: &Experiment, seeds: &[SeedRun], outcomes: Option<&[Option<Outcome>]>) -> Value {
    let run = |(place, seed)| run_as_json(seed, outcomes.and_then(|outcomes| outcomes[place]));
    let runs: Vec<Value> = seeds.iter().enumerate().map(run).collect();
    let mut all = json!({ "seeds": runs, "means": seeds::means(seeds), "spreads": seeds::spreads(seeds) });
    let together = successes::as_json(experiment.plan().success(), outcomes);
    all.as_object_mut().expect("it is an object").extend(together);
    all
}

/// A figure of every row.
struct Column<'f> {
    figure: &'f Figure,
    mean: Option<&'f Figure>,
    decimals: usize,
}

impl<'f> Column<'f> {
    fn of(figure: &'f Figure, means: &'f [Figure]) -> Column<'f> {
        let mean = means.iter().find(|mean| mean.name == figure.name);
        let ends = mean.unwrap_or(figure);
        let decimals = ends.low.zip(ends.high).map_or(4, |(low, high)| decimals(high - low));
        Column { figure, mean, decimals }
    }

    fn cell(&self, value: Option<f64>) -> String {
        fixed(value, self.decimals)
    }
}

fn row(run: &SeedRun, columns: &[Column<'_>]) -> Vec<String> {
    let summary = run.summary.as_ref();
    let value = |name: &str| summary?.figures.iter().find(|f| f.name == name).map(|f| f.value);
    let mut cells = vec![run.seed.to_string(), list::status(summary.map(|s| s.status)).to_string()];
    cells.extend(columns.iter().map(|column| column.cell(value(&column.figure.name))));
    cells.push(summary.map_or("-".into(), |s| s.weights_hash.chars().take(12).collect()));
    cells.push(run.record.as_ref().map_or("-".into(), runs::argument));
    cells
}

/// The rows below the seeds: their mean, its interval, the optimum and the baseline.
fn together(columns: &[Column<'_>]) -> Vec<Vec<String>> {
    let of_mean = |what: fn(&Figure) -> Option<f64>| move |column: &Column<'_>| column.mean.and_then(what);
    let line = |title: &str, value: &dyn Fn(&Column<'_>) -> Option<f64>| {
        let cells = columns.iter().map(|column| column.cell(value(column)));
        [String::new(), title.into()].into_iter().chain(cells).collect()
    };
    vec![
        line("mean", &of_mean(|mean| Some(mean.value))),
        line("from", &of_mean(|mean| mean.low)),
        line("to", &of_mean(|mean| mean.high)),
        line("optimum", &|column| column.figure.optimum),
        line("baseline", &|column| column.figure.baseline),
    ]
}

fn note(seeds: &[SeedRun], columns: &[Column<'_>]) -> String {
    let finished = seeds.iter().filter(|seed| seed.is_finished()).count();
    let units: Vec<String> = columns.iter().map(|c| format!("{} in {}", c.figure.name, c.figure.unit)).collect();
    let units = if units.is_empty() { String::new() } else { format!("{}.\n", units.join(", ")) };
    match finished {
        0 => "No seed is finished, so there are no scores.".into(),
        1 => format!("{units}One seed has no interval; `infimum show RUN` has that over its test sequences."),
        n => format!("{units}`from` and `to`: the 95 % interval of the mean over {n} seeds (Student's t)."),
    }
}

fn run_as_json(run: &SeedRun, outcome: Option<Outcome>) -> Value {
    let summary = run.summary.as_ref();
    json!({
        "seed": run.seed,
        "record": run.record.as_ref().map(runs::argument),
        "status": list::status(summary.map(|s| s.status)),
        "weights_hash": summary.map(|s| &s.weights_hash),
        "seconds": summary.map(|s| s.seconds),
        "figures": summary.map(|s| s.figures.as_slice()).unwrap_or_default(),
        "succeeded": outcome.map(|outcome| outcome.succeeded),
        "reached": outcome.and_then(|outcome| outcome.reached),
        "error": run.error.as_ref().map(LabError::to_string),
    })
}
