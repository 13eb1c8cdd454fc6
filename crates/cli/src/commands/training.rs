//! What `run` and `resume` share: training with its live line, and the scores at the end.

use infimum_lab::training::{self, Event};
use infimum_lab::{Experiment, LabError, Machine, Record, RecordWriter, Status, StepLine, Summary};

use crate::arguments::Form;
use crate::commands::runs;
use crate::exit::Stopped;
use crate::number::{count, fixed, seconds, short};
use crate::progress::Progress;
use crate::signals::Stop;
use crate::{output, table};

/// Trains to the end, or until a signal comes.
pub(crate) fn train(
    experiment: &Experiment,
    machine: &mut Machine,
    writer: &RecordWriter,
    form: Form,
) -> anyhow::Result<()> {
    let (stop, record) = (Stop::listen()?, writer.record());
    let mut view = View::new(experiment, machine, record);
    let result = training::run(experiment, machine, writer, &mut |event| view.show(event), stop.asked());
    drop(view);
    let summary = result.map_err(|error| explained(error, record))?;
    match summary.status {
        Status::Interrupted => Err(stopped(&stop, record, &summary, experiment).into()),
        _ => print(record, &summary, form),
    }
}

/// Prints the scores of a run.
pub(crate) fn print(record: &Record, summary: &Summary, form: Form) -> anyhow::Result<()> {
    if form.json {
        return output::json(&summary.figures);
    }
    let facts = [
        ("record", runs::argument(record)),
        ("weights", summary.weights_hash.clone()),
        ("trained", format!("{} steps, {} tokens", count(summary.steps), count(summary.tokens))),
        ("time", seconds(summary.seconds)),
    ];
    output::print(&format!("{}\n\n{}", table::figures(&summary.figures), table::facts(&facts)))
}

/// A failure that the record survived says how to go on.
fn explained(error: LabError, record: &Record) -> anyhow::Error {
    let way_out = format!(
        "The record is intact up to its last checkpoint; go on with: infimum resume {}",
        runs::argument(record)
    );
    match error {
        LabError::Io { .. } => anyhow::Error::new(error).context(way_out),
        error => error.into(),
    }
}

fn stopped(stop: &Stop, record: &Record, summary: &Summary, experiment: &Experiment) -> Stopped {
    let steps = experiment.plan().training().steps;
    let (done, steps, run) = (count(summary.steps), count(steps), runs::argument(record));
    let message = format!("stopped and saved after step {done} of {steps}; go on with: infimum resume {run}");
    Stopped { status: stop.status(), message }
}

/// Turns the events of a run into the live line.
struct View {
    title: String,
    progress: Progress,
    steps: u64,
    floor: Option<f64>,
    /// Excess at the last validation.
    excess: Option<f64>,
    /// Tokens a second and time left, as they stood after the last step.
    speed: String,
}

impl View {
    fn new(experiment: &Experiment, machine: &Machine, record: &Record) -> View {
        let (plan, threads) = (experiment.plan(), machine.threads());
        let parameters = count(plan.parameters() as u64);
        let threads = if threads == 1 { "1 thread".into() } else { format!("{threads} threads") };
        let title = format!("{}: {parameters} parameters, {threads}, {}", record.name(), machine.isa().name());
        let steps = plan.training().steps;
        View { title, progress: Progress::new(steps), steps, floor: None, excess: None, speed: String::new() }
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Started { step, steps, tokens_per_step, floor } => {
                self.floor = floor;
                let from = if step == 0 { String::new() } else { format!(", on from step {}", count(step)) };
                let steps =
                    format!("{} steps of {} tokens{from}; losses in nats", count(steps), count(tokens_per_step));
                self.progress.line(&format!("{}, {steps}", self.title));
            }
            Event::Step { step, loss, tokens_per_second, seconds_left } => {
                self.speed = format!("{} tokens/s {} left", short(tokens_per_second), seconds(seconds_left));
                let text = self.text(step, &format!("loss {loss:.4} floor {}", fixed(self.floor, 4)));
                self.progress.at(step, || text);
            }
            Event::Line(line) => self.line(line),
            Event::Testing { done, of } => self.testing(done, of),
            Event::Retracing { done, of } => self.retracing(done, of),
            Event::Ended(_) => {}
        }
    }

    fn line(&mut self, line: &StepLine) {
        let Some(validation) = line.validation else { return };
        self.excess = line.excess;
        // The truth's loss on the same sequences, which chance puts above or below the floor.
        let truth = fixed(line.excess.map(|excess| validation - excess), 4);
        let text = self.text(line.step, &format!("validation {validation:.4} truth {truth}"));
        self.progress.milestone(line.step, &text);
    }

    fn testing(&mut self, done: usize, of: usize) {
        let text = || format!("scoring: {} of {} test sequences", count(done as u64), count(of as u64));
        self.progress.at(self.steps, text);
    }

    fn retracing(&mut self, done: u64, of: u64) {
        let text = || format!("what would counting have learnt? {} of {} training sequences", count(done), count(of));
        self.progress.at(self.steps, text);
    }

    /// Short enough for a terminal of 80 columns; losses are in nats. What `losses` says is the model's and the best
    /// possible; the excess is that of the last validation.
    fn text(&self, step: u64, losses: &str) -> String {
        format!("step {step}/{} {losses} excess {} {}", self.steps, fixed(self.excess, 4), self.speed)
    }
}
