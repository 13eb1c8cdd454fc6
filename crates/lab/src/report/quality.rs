//! How a model came to write: loss, continuations and samples at every checkpoint that was kept.

use maud::{Markup, html};

use super::sources::Source;
use crate::continuation::{Continuations, continuations};
use crate::digits::{count, decimals};
use crate::statistics::Trials;
use crate::{Draw, Experiment, LabError, Machine, sample, spell};

/// Test sequences that each checkpoint is asked to continue.
pub(super) const SEQUENCES: usize = 256;
const TEMPERATURES: [f64; 3] = [0.5, 1.0, 2.0];
/// Letters of a sample that are shown.
const MOST_LETTERS: usize = 120;

/// What a checkpoint says.
pub(super) struct Kept {
    step: u64,
    continuations: Continuations,
    /// At each temperature.
    samples: Vec<String>,
}

/// Checkpoints that are looked at: those that were kept of the first run, where its model says what comes next.
pub(super) fn steps(sources: &[Source], experiment: &Experiment) -> Vec<u64> {
    if says_what_comes(experiment) { sources[0].steps() } else { vec![] }
}

fn says_what_comes(experiment: &Experiment) -> bool {
    experiment.require_first_head().is_ok()
}

/// Looks at each of the first run's checkpoints. `tell` is told how many are done.
///
/// # Errors
/// A checkpoint that is damaged.
pub(super) fn series(
    source: &Source,
    experiment: &Experiment,
    machine: &mut Machine,
    steps: &[u64],
    tell: &mut dyn FnMut(usize),
) -> Result<Vec<Kept>, LabError> {
    let mut kept = Vec::with_capacity(steps.len());
    for &step in steps {
        let point = source.point(step, experiment)?;
        let continuations = continuations(experiment, machine, &point, SEQUENCES);
        let mut drawn =
            |temperature| sample(experiment, machine, &point, 1, temperature, Draw::default().seed).swap_remove(0);
        let samples = TEMPERATURES.iter().map(|temperature| shortened(&spell(experiment, &drawn(*temperature))));
        kept.push(Kept { step, continuations, samples: samples.collect() });
        tell(kept.len());
    }
    Ok(kept)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// The section; nothing of a model that does not say what comes next.
pub(super) fn section(kept: &[Kept], source: &Source, experiment: &Experiment) -> Markup {
    html! {
        @if says_what_comes(experiment) {
            h2 { "From checkpoint to checkpoint" }
            @match kept.last() {
                Some(last) => (table(kept, last, source, experiment)),
                None => p.note id="no-quality" { (nothing_kept(source)) }
            }
        }
    }
}

/// Why there is no table, and how there comes to be one.
fn nothing_kept(source: &Source) -> Markup {
    let (every, steps) = (source.plan.evaluation().keep_every, source.plan.training().steps);
    html! {
        @if every > 0 {
            "No checkpoint was kept up to step " (count(source.step())) ": "
            code { "evaluation.keep_every = " (every) } " keeps the first after step " (count(every)) "."
        } @else {
            "No checkpoint was kept on the way. A run with " code { "--set evaluation.keep_every=" ((steps / 5).max(1)) }
            " keeps some, and loss, exact continuations and samples of each stand here."
        }
    }
}

fn table(kept: &[Kept], last: &Kept, source: &Source, experiment: &Experiment) -> Markup {
    let (length, by_law) = (last.continuations.length, last.continuations.exact_by_law);
    let floor = experiment.floor_of(0);
    html! {
        p.note {
            "Every checkpoint that seed " (source.seed()) " kept, on the first " (count(last.continuations.exact.of)) " test sequences. "
            @if let Some(floor) = floor { "No loss can be below " (format!("{floor:.5}")) " nats in the mean. " }
            "Exact: the likeliest token, again and again, writes the rest of a test sequence, "
            (format!("{length:.1}")) " tokens in the mean, "
            @if experiment.world().strings().is_some() { "after its first half, or up to its answer, to its end; these strings are trained on" }
            @else if experiment.world().has_one_answer() { "after its prompt" } @else { "after its first half" }
            "; with Wilson's 95 % interval. Tokens right: before its first miss, in the mean."
            @if let Some(law) = by_law { " The exact law's own likeliest tokens do so in " (percent(law)) "." }
            " Samples are of seed 1."
        }
        div.wide { table id="quality" {
            thead { tr {
                th.number { "step" } th.number { "loss, nats" } th.number { "exact" } th.number { "tokens right" }
                @for temperature in TEMPERATURES { th { "sample at temperature " (temperature) } }
            } }
            tbody { @for one in kept { (row(one)) } }
        } }
    }
}

fn row(Kept { step, continuations, samples }: &Kept) -> Markup {
    let half = continuations.loss.half_width();
    let decimals = decimals(2.0 * half);
    html! {
        tr {
            th.number scope="row" { (count(*step)) }
            td.number { (format!("{:.decimals$} ± {half:.decimals$}", continuations.loss.value)) }
            td.number { (percent(continuations.exact)) }
            td.number { (format!("{:.1}", continuations.right)) }
            @for sample in samples { td.sample { code { (sample) } } }
        }
    }
}

fn percent(trials: Trials) -> String {
    let (low, high) = trials.interval().unwrap_or((f64::NAN, f64::NAN));
    format!("{:.1} % ({:.1} to {:.1})", 100.0 * trials.share(), 100.0 * low, 100.0 * high)
}
