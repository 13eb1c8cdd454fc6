//! `run --seeds`: several seeds of one recipe, each with a record of its own, and what they come to together.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use infimum_lab::seeds::{self, SeedRun};
use infimum_lab::training::Event;
use infimum_lab::{Experiment, Figure, LabError, Machine, Status, metrics, require_memory};
use serde_json::json;

use crate::arguments::{Form, Run};
use crate::commands::{list, recipes, runs};
use crate::exit::Stopped;
use crate::number::{count, decimals, fixed, seconds, short};
use crate::progress::{self, Progress};
use crate::signals::Stop;
use crate::{output, table};

/// Figures of a row; the others are in the records and with `--json`.
const COLUMNS: usize = 5;
/// Time between two changes of the live line.
const TICK: Duration = Duration::from_millis(50);

/// Trains what is not finished of these seeds, and prints all.
pub(crate) fn run(arguments: &Run, numbers: &[u64]) -> anyhow::Result<()> {
    let folder = &arguments.runs.runs;
    let plan = recipes::plan(&arguments.recipe, &[format!("training.seed={}", numbers[0])], folder)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut seeds = seeds::find(&experiment, folder, numbers)?;
    let left = seeds.iter().filter(|seed| !seed.is_finished()).count();
    if left == 0 {
        output::say(&format!("all {} seeds are finished; nothing is left to do", numbers.len()));
        return print(&seeds, arguments.form);
    }
    let (isa, threads) = runs::budget(&arguments.speed);
    let mut machines = seeds::machines(&experiment, isa, threads, left);
    require_memory(&experiment, &machines[0])?;
    let stop = Stop::listen()?;
    let view = Mutex::new(View::new(&experiment, &machines, &seeds));
    let tell = |seed, event: Event<'_>| view.lock().unwrap_or_else(PoisonError::into_inner).show(seed, &event);
    seeds::train(&experiment, &mut machines, folder, &mut seeds, &tell, stop.asked());
    drop(view);
    ended(&mut seeds, &stop, arguments.form)
}

/// What failed with a seed is the command's failure, after the scores of the others; what was stopped is to be gone on with.
fn ended(seeds: &mut [SeedRun], stop: &Stop, form: Form) -> anyhow::Result<()> {
    let failed: Vec<String> = seeds.iter().filter(|s| s.error.is_some()).map(|s| s.seed.to_string()).collect();
    let (finished, all) = (seeds.iter().filter(|seed| seed.is_finished()).count(), seeds.len());
    if !failed.is_empty() || finished == all {
        print(seeds, form)?;
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

/// A row for each seed, and the mean of those that are finished.
fn print(seeds: &[SeedRun], form: Form) -> anyhow::Result<()> {
    let means = seeds::means(seeds);
    if form.json {
        let seeds: Vec<_> = seeds.iter().map(as_json).collect();
        return output::json(&json!({ "seeds": seeds, "means": means }));
    }
    let figures = seeds.iter().find_map(SeedRun::finished).map_or(&[][..], |summary| &summary.figures);
    let shown: Vec<&Figure> = figures.iter().filter(|figure| metrics::is_in_tables(figure)).take(COLUMNS).collect();
    let columns: Vec<Column> = shown.into_iter().map(|figure| Column::of(figure, &means)).collect();
    let titles: Vec<String> = columns.iter().map(|column| format!(">{}", column.figure.name)).collect();
    let mut headings = vec![">seed", "status"];
    headings.extend(titles.iter().map(String::as_str));
    headings.extend(["weights", "record"]);
    let rows = seeds.iter().map(|seed| row(seed, &columns)).chain(together(&columns));
    output::print(&format!("{}\n\n{}", table::table(&headings, rows), note(seeds, &columns)))
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

fn as_json(run: &SeedRun) -> serde_json::Value {
    let summary = run.summary.as_ref();
    json!({
        "seed": run.seed,
        "record": run.record.as_ref().map(runs::argument),
        "status": list::status(summary.map(|s| s.status)),
        "weights_hash": summary.map(|s| &s.weights_hash),
        "seconds": summary.map(|s| s.seconds),
        "figures": summary.map(|s| s.figures.as_slice()).unwrap_or_default(),
        "error": run.error.as_ref().map(LabError::to_string),
    })
}

/// Turns the events of all runs into one live line.
struct View {
    progress: Progress,
    began: Instant,
    /// Of the line that is shown.
    next: Instant,
    seeds: usize,
    finished: usize,
    /// Steps of all seeds.
    total: u64,
    /// Steps that were done before.
    before: u64,
    /// Steps of each seed that is not finished.
    steps: BTreeMap<u64, u64>,
    /// Steps of finished seeds.
    finished_steps: u64,
}

impl View {
    fn new(experiment: &Experiment, machines: &[Machine], seeds: &[SeedRun]) -> View {
        let (plan, finished) = (experiment.plan(), seeds.iter().filter(|seed| seed.is_finished()).count());
        let steps = plan.training().steps;
        let mut progress = Progress::new(steps * seeds.len() as u64);
        let skipped = if finished == 0 { String::new() } else { format!(", {finished} of them finished before") };
        progress.line(&format!(
            "{}: {} parameters, {} seeds of {} steps{skipped}; {} at once on {}, {}",
            plan.name(),
            count(plan.parameters() as u64),
            seeds.len(),
            count(steps),
            machines.len(),
            runs::threads(machines.iter().map(Machine::threads).sum()),
            machines[0].isa().name()
        ));
        let (now, done) = (Instant::now(), steps * finished as u64);
        let total = steps * seeds.len() as u64;
        let steps = BTreeMap::new();
        View {
            progress,
            began: now,
            next: now,
            seeds: seeds.len(),
            finished,
            total,
            before: done,
            steps,
            finished_steps: done,
        }
    }

    fn show(&mut self, seed: u64, event: &Event<'_>) {
        match event {
            Event::Started { step, .. } => {
                self.before += step;
                self.steps.insert(seed, *step);
            }
            Event::Step { step, .. } => _ = self.steps.insert(seed, *step),
            Event::Ended(summary) if summary.status == Status::Finished => {
                self.finished += 1;
                self.finished_steps += self.steps.remove(&seed).unwrap_or(0);
                let first = summary.figures.first().map(|f| format!(": {} {:.6} {}", f.name, f.value, f.unit));
                self.progress.milestone(&format!("seed {seed} is finished{}", first.unwrap_or_default()));
            }
            Event::Line(_) | Event::Testing { .. } | Event::Retracing { .. } | Event::Ended(_) => {}
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        let now = Instant::now();
        if now >= self.next {
            self.next = now + TICK;
            let (done, forms) = (self.done(), self.forms());
            self.progress.at(done, |width| {
                let fits = |form: &&String| form.chars().count() <= width;
                forms.iter().find(fits).unwrap_or(&forms[forms.len() - 1]).clone()
            });
        }
    }

    fn done(&self) -> u64 {
        self.finished_steps + self.steps.values().sum::<u64>()
    }

    /// From the longest to the shortest.
    fn forms(&self) -> [String; 3] {
        let (done, elapsed) = (self.done(), self.began.elapsed().as_secs_f64());
        let per_second = (done - self.before) as f64 / elapsed;
        let left = seconds((self.total - done) as f64 / per_second);
        let seeds = format!("{} of {} seeds finished", self.finished, self.seeds);
        let speed = format!("{} steps/s {left} left", short(per_second));
        [
            format!("{seeds}, step {} of {} in all, {speed}", count(done), count(self.total)),
            format!("{seeds} {speed}"),
            format!("{}/{} {left} left", self.finished, self.seeds),
        ]
    }
}
