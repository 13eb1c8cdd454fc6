//! Several seeds of one plan. Each leaves the record that it leaves alone; how many train at once decides speed, never bits.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use infimum_engine::{Isa, Team, Work};

use crate::statistics::Spread;
use crate::student::mean_and_half_width;
use crate::training::{self, Event};
use crate::{Experiment, Figure, LabError, Machine, Plan, Record, Status, Summary, memory};

/// Floating point operations of a step, as [`Work`] counts them, from which threads share a step as well as they would share
/// runs: some ten milliseconds of one processor, beside which a hand-off between threads is nothing.
const LONG_STEP_FLOP: f64 = 2e9;

/// A seed and what has become of it.
#[derive(Debug)]
pub struct SeedRun {
    /// `training.seed`.
    pub seed: u64,
    /// Its record, once there is one.
    pub record: Option<Record>,
    /// How it ended, once it has; an interrupted one goes on.
    pub summary: Option<Summary>,
    /// What kept it from being finished.
    pub error: Option<LabError>,
}

/// Who is told what happens to which seed, on whichever thread trains it.
pub type Progress<'p> = &'p (dyn Fn(u64, Event<'_>) + Sync);

/// The same where runs of several plans train together: the first number says which plan.
pub type CellProgress<'p> = &'p (dyn Fn(usize, u64, Event<'_>) + Sync);

/// What there is of each of `seeds` in the folder `runs`: a record counts if its plan is that of the experiment with this seed.
///
/// # Errors
/// A summary that cannot be read.
pub fn find(experiment: &Experiment, runs: &Path, seeds: &[u64]) -> Result<Vec<SeedRun>, LabError> {
    let found = |&seed: &u64| {
        let plan = experiment.plan().with_seed(seed);
        let record = Record::of_plan(runs, &record_name(&plan), &plan.to_toml());
        let summary = record.as_ref().map(Record::summary).transpose()?.flatten();
        Ok(SeedRun { seed, record, summary, error: None })
    };
    seeds.iter().map(found).collect()
}

/// What the record of a plan is called: its recipe and its seed.
pub fn record_name(plan: &Plan) -> String {
    format!("{}-s{}", plan.name(), plan.training().seed)
}

/// Shares `threads` threads among `seeds` runs: a machine for each that trains at once.
///
/// Where a step takes less than 2 x 10^9 floating point operations, there is one run to a thread, as long as there are as many seeds, and memory
/// for them. Larger models train one after another, on all threads.
pub fn machines(experiment: &Experiment, isa: Isa, threads: usize, seeds: usize) -> Vec<Machine> {
    let shared = trains_beside_others(experiment, isa, threads, seeds);
    split(isa, threads, if shared { seeds } else { 1 })
}

/// Whether threads do better with a run of this experiment each than with one together, where there are `runs` runs.
pub(crate) fn trains_beside_others(experiment: &Experiment, isa: Isa, threads: usize, runs: usize) -> bool {
    let at_once = threads.min(runs).max(1);
    let each = threads.div_ceil(at_once);
    at_once > 1 && is_short(experiment) && memory::fits(experiment, &Machine::new(isa, each), at_once)
}

/// A machine for each of `runs` runs that train at once, at most one for each thread.
pub(crate) fn split(isa: Isa, threads: usize, runs: usize) -> Vec<Machine> {
    let at_once = threads.min(runs).max(1);
    let threads_of = |number| threads / at_once + usize::from(number < threads % at_once);
    (0..at_once).map(|number| Machine::new(isa, threads_of(number))).collect()
}

/// Whether a step is so short that threads do better with a run each.
fn is_short(experiment: &Experiment) -> bool {
    let work = Work::of(&experiment.program().gradient());
    work.step_flop(experiment.sequences_per_step()) < LONG_STEP_FLOP
}

/// Trains every seed that is not finished, a run on each machine at a time, in the order of `seeds`; each goes on from its record
/// or gets one in `runs`. When `stop` becomes true, those that train stop after their step and save, and no other begins.
///
/// What went wrong with a seed stands beside it, and the others go on.
pub fn train(
    experiment: &Experiment,
    machines: &mut [Machine],
    runs: &Path,
    seeds: &mut [SeedRun],
    progress: Progress<'_>,
    stop: &AtomicBool,
) {
    let left = seeds.iter_mut().filter(|seed| !seed.is_finished());
    let mut jobs: Vec<Job<'_>> = left.map(|run| Job { experiment, run, cell: 0 }).collect();
    train_jobs(&mut jobs, machines, runs, &|_, seed, event| progress(seed, event), stop);
}

/// A run that is not finished, and the plan of which it is a seed.
pub(crate) struct Job<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) run: &'a mut SeedRun,
    /// Which plan, among those that train together.
    pub(crate) cell: usize,
}

/// As [`train`], of runs of several plans.
pub(crate) fn train_jobs(
    jobs: &mut [Job<'_>],
    machines: &mut [Machine],
    runs: &Path,
    progress: CellProgress<'_>,
    stop: &AtomicBool,
) {
    Team::new(machines.len()).each(jobs, machines, |_, job, machine| {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let (cell, seed) = (job.cell, job.run.seed);
        let experiment = job.experiment.with_seed(seed);
        let tell = |seed, event: Event<'_>| progress(cell, seed, event);
        job.run.error = job.run.train(&experiment, machine, runs, &tell, stop).err();
    });
}

/// The mean over finished seeds of every figure that all of them have, with its 95 % interval (Student's t); the optimum and the
/// baseline are those of the first.
pub fn means(seeds: &[SeedRun]) -> Vec<Figure> {
    let mean = |(figure, values): (&Figure, Vec<f64>)| {
        let (mean, half) = mean_and_half_width(&values)?;
        Some(Figure { value: mean, low: Some(mean - half), high: Some(mean + half), ..figure.clone() })
    };
    values(seeds).into_iter().filter_map(mean).collect()
}

/// Where the values of finished seeds lie, of every figure that all of them have.
pub fn spreads(seeds: &[SeedRun]) -> Vec<Spread> {
    let spread = |(figure, values): (&Figure, Vec<f64>)| Spread::of(&figure.name, &figure.unit, &values);
    values(seeds).into_iter().filter_map(spread).collect()
}

/// Every figure that all finished seeds have, as that of the first, and its values.
fn values(seeds: &[SeedRun]) -> Vec<(&Figure, Vec<f64>)> {
    let summaries: Vec<&Summary> = seeds.iter().filter_map(SeedRun::finished).collect();
    let of_all = |name: &str| summaries.iter().map(|summary| summary.value(name)).collect::<Option<Vec<f64>>>();
    let figures = summaries.first().map_or(&[][..], |first| &first.figures);
    figures.iter().filter_map(|figure| Some((figure, of_all(&figure.name)?))).collect()
}

impl SeedRun {
    /// Whether nothing is left to do.
    pub fn is_finished(&self) -> bool {
        self.finished().is_some()
    }

    /// The summary of a seed that is finished.
    pub fn finished(&self) -> Option<&Summary> {
        self.summary.as_ref().filter(|summary| summary.status == Status::Finished)
    }

    fn train(
        &mut self,
        experiment: &Experiment,
        machine: &mut Machine,
        runs: &Path,
        progress: Progress<'_>,
        stop: &AtomicBool,
    ) -> Result<(), LabError> {
        let plan = experiment.plan();
        let writer = match self.record.clone() {
            Some(record) => record.write()?,
            None => Record::create(runs, &record_name(plan), &plan.to_toml())?,
        };
        self.record = Some(writer.record().clone());
        let seed = self.seed;
        let result = training::run(experiment, machine, &writer, &mut |event| progress(seed, event), stop);
        self.summary = writer.record().summary()?;
        result.map(|_| ())
    }
}
