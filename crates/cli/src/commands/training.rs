//! What `run` and `resume` share: training with its live line, and the scores at the end.

use infimum_lab::training::{self, Event};
use infimum_lab::{
    CheckpointName, Experiment, Figure, LabError, Machine, Plan, Record, RecordWriter, SharedBlocks, Status, StepLine,
    Summary, record_plan,
};

use crate::arguments::Form;
use crate::commands::{runs, stages};
use crate::exit::Stopped;
use crate::moment::{Moment, Validation};
use crate::number::{count, seconds};
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
    let plan = record_plan(record)?;
    let facts = [
        ("record", runs::argument(record)),
        ("weights", summary.weights_hash.clone()),
        ("scored", format!("its checkpoint {}, on {}", plan.scored_checkpoint(), tested(&summary.figures))),
        ("trained", format!("{}, {} tokens", trained(&plan, summary.steps), count(summary.tokens))),
        ("time", seconds(summary.seconds)),
        ("pictures", format!("infimum report {}", runs::argument(record))),
    ];
    output::print(&format!("{}\n\n{}", table::figures(&summary.figures), table::facts(&facts)))
}

/// How many steps, and why not all.
fn trained(plan: &Plan, steps: u64) -> String {
    let stop = plan.training().stop.as_ref().filter(|_| steps < plan.training().steps);
    let ended = stop.map(|stop| {
        let figure = stop.figure.as_deref().unwrap_or("validation loss");
        format!(" of {}, since no {figure} of {} validations was better", count(plan.training().steps), stop.patience)
    });
    format!("{} steps{}", count(steps), ended.unwrap_or_default())
}

/// What is known of the test sequences: `shared_sequences` counts those that were trained on.
fn tested(figures: &[Figure]) -> String {
    match figures.iter().find(|figure| figure.name == "shared_sequences").map(|figure| figure.value) {
        Some(0.0) => "sequences that were not trained on".into(),
        Some(share) => {
            format!("test sequences, {:.2} % of which were also trained on (shared_sequences)", 100.0 * share)
        }
        None => "test sequences".into(),
    }
}

/// A failure that the record survived says how to go on.
fn explained(error: LabError, record: &Record) -> anyhow::Error {
    let (run, saved) = (runs::argument(record), record.newest_checkpoint().is_ok_and(|newest| newest.is_some()));
    let way_out = match (&error, saved) {
        (LabError::Io { .. }, true) => {
            format!("The record is intact up to its last checkpoint; go on with: infimum resume {run}")
        }
        (LabError::Io { .. }, false) if record.plan().is_ok() => {
            format!("No checkpoint had been written; begin again with: infimum resume {run}")
        }
        (LabError::NotFinite { .. }, _) => what_is_left(record),
        _ => return error.into(),
    };
    anyhow::Error::new(error).context(way_out)
}

/// What a run leaves whose loss is no longer a number.
fn what_is_left(record: &Record) -> String {
    let (run, last) = (runs::argument(record), CheckpointName::Last);
    match record.checkpoints() {
        Ok(names) if names.contains(&last) => format!("Checkpoint {last} of {run} is from before it."),
        _ => format!("{run} has no checkpoint, since there was no validation before it."),
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
    /// That some blocks are in both of a folder's files.
    shared: Option<String>,
    progress: Progress,
    now: Moment,
    /// The figure of `[success]`.
    figure: Option<String>,
}

impl View {
    fn new(experiment: &Experiment, machine: &Machine, record: &Record) -> View {
        let (plan, threads) = (experiment.plan(), machine.threads());
        let parameters = count(plan.parameters() as u64);
        let threads = runs::threads(threads);
        let title = format!("{}: {parameters} parameters, {threads}, {}", record.name(), machine.isa().name());
        let steps = plan.training().steps;
        let now = Moment { steps, is_fixed: experiment.stages()[0].data.sequences.is_some(), ..Moment::default() };
        let some = experiment.shared_blocks().filter(|blocks| blocks.shared > 0);
        let shared = some.map(|SharedBlocks { shared, of }| {
            let (shared, of) = (count(shared as u64), count(of as u64));
            format!(
                "{shared} of the {of} blocks of val.bin are also in train.bin, as chance has it in so small a world"
            )
        });
        let figure = plan.success().map(|success| success.figure.clone());
        View { title, shared, progress: Progress::new(steps), now, figure }
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Started { step, steps, tokens_per_step, floor } => {
                self.now.floor = floor;
                let from = if step == 0 { String::new() } else { format!(", on from step {}", count(step)) };
                let steps =
                    format!("{} steps of {} tokens{from}; losses in nats", count(steps), count(tokens_per_step));
                self.progress.line(&format!("{}, {steps}", self.title));
                self.shared.iter().for_each(|line| self.progress.line(line));
            }
            Event::Stage { number, of, stage, tokens_per_step } => {
                (self.now.stage, self.now.is_fixed) = (Some((number, of)), stage.data.sequences.is_some());
                self.progress.line(&format!("stage {number} of {of}: {}", stages::text(stage, tokens_per_step)));
            }
            Event::Step { step, loss, tokens_per_second, seconds_left } => {
                self.now = Moment { step, loss, tokens_per_second, seconds_left, ..self.now };
                let now = self.now;
                self.progress.at(step, |width| now.fitting(width));
            }
            Event::Line(line) => self.line(line),
            Event::Testing { done, of } => self.testing(done, of),
            Event::Retracing { done, of } => self.retracing(done, of),
            Event::Ended(_) => {}
        }
    }

    fn line(&mut self, line: &StepLine) {
        let Some(loss) = line.validation else { return };
        let validation = Validation { step: line.step, loss, excess: line.excess };
        self.now.validation = Some(validation);
        let criterion = self.criterion(line);
        let said = match line.heads.is_empty() {
            true => self.now.validated(line.loss, validation),
            false => self.now.validated_heads(line, validation),
        };
        self.progress.milestone(&(said + &criterion));
    }

    /// The figure that says whether a run is a success, on validation and on training sequences.
    fn criterion(&self, line: &StepLine) -> String {
        let (Some(name), Some(value)) = (&self.figure, line.criterion) else { return String::new() };
        let training =
            line.training_criterion.map_or(String::new(), |value| format!(", on training sequences {value:.4}"));
        format!(", {name} {value:.4}{training}")
    }

    fn testing(&mut self, done: usize, of: usize) {
        let text = |_| format!("scoring: {} of {} test sequences", count(done as u64), count(of as u64));
        self.progress.at(self.now.steps, text);
    }

    fn retracing(&mut self, done: u64, of: u64) {
        let text = |_| format!("what would counting have learnt? {} of {} training sequences", count(done), count(of));
        self.progress.at(self.now.steps, text);
    }
}
