//! The live line of several runs that train together.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use infimum_lab::Status;
use infimum_lab::training::Event;

use crate::number::{count, seconds, short};
use crate::progress::Progress;

/// Time between two changes of the live line.
const TICK: Duration = Duration::from_millis(50);

/// Turns the events of all runs into one live line. A run is known by the number of its plan and its seed.
pub(crate) struct Several {
    progress: Progress,
    began: Instant,
    /// Of the line that is shown.
    next: Instant,
    /// What comes before the seed where a run is named: one for each plan.
    names: Vec<String>,
    runs: usize,
    finished: usize,
    /// Steps of all runs.
    total: u64,
    /// Steps that were done before.
    before: u64,
    /// Steps of each run that is not finished.
    steps: BTreeMap<(usize, u64), u64>,
    /// Steps of finished runs.
    finished_steps: u64,
}

/// How much there is of something, and how much of it is done.
#[derive(Clone, Copy, Default)]
pub(crate) struct Done {
    pub(crate) done: u64,
    pub(crate) of: u64,
}

impl Several {
    /// Says `headline`; `names` are put before the seed, one for each plan.
    pub(crate) fn new(headline: &str, names: Vec<String>, runs: Done, steps: Done) -> Several {
        let mut progress = Progress::new(steps.of);
        progress.line(headline);
        let now = Instant::now();
        Several {
            progress,
            began: now,
            next: now,
            names,
            runs: runs.of as usize,
            finished: runs.done as usize,
            total: steps.of,
            before: steps.done,
            steps: BTreeMap::new(),
            finished_steps: steps.done,
        }
    }

    /// Takes what happens to a run.
    pub(crate) fn show(&mut self, plan: usize, seed: u64, event: &Event<'_>) {
        match event {
            Event::Started { step, .. } => {
                self.before += step;
                self.steps.insert((plan, seed), *step);
            }
            Event::Step { step, .. } => _ = self.steps.insert((plan, seed), *step),
            Event::Ended(summary) if summary.status == Status::Finished => {
                self.finished += 1;
                self.finished_steps += self.steps.remove(&(plan, seed)).unwrap_or(0);
                let first = summary.figures.first().map(|f| format!(": {} {:.6} {}", f.name, f.value, f.unit));
                let name = &self.names[plan];
                self.progress.milestone(&format!("{name}seed {seed} is finished{}", first.unwrap_or_default()));
            }
            Event::Stage { .. }
            | Event::Line(_)
            | Event::Testing { .. }
            | Event::Retracing { .. }
            | Event::Ended(_) => {}
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
        let what = if self.names.len() > 1 { "runs" } else { "seeds" };
        let runs = format!("{} of {} {what} finished", self.finished, self.runs);
        let speed = format!("{} steps/s {left} left", short(per_second));
        [
            format!("{runs}, step {} of {} in all, {speed}", count(done), count(self.total)),
            format!("{runs} {speed}"),
            format!("{}/{} {left} left", self.finished, self.runs),
        ]
    }
}
