//! The tables of a report: figures, seeds, parameters, facts.

use maud::{Markup, html};

use super::course::{named, seed};
use super::sources::Source;
use crate::audit::Audit;
use crate::digits::{count, decimals, fixed};
use crate::metrics::METRICS;
use crate::student::mean_and_half_width;
use crate::{Experiment, Figure};

/// Scores on test sequences: of one run with optimum, baseline and interval; of several, each and their mean. `None` where no
/// run has any.
pub(super) fn figures(sources: &[Source]) -> Option<Markup> {
    let scored = |source: &&Source| source.summary.as_ref().is_some_and(|summary| !summary.figures.is_empty());
    let first = sources.iter().find(scored)?.summary.as_ref()?;
    Some(if sources.len() == 1 { of_one(&first.figures) } else { of_several(sources, &first.figures) })
}

fn of_one(figures: &[Figure]) -> Markup {
    html! {
        table id="figures" {
            thead { tr {
                th { "metric" } th.number { "value" } th { "unit" } th.number { "optimum" } th.number { "baseline" }
                th.number { "95 % interval" }
            } }
            tbody { @for figure in figures {
                @let decimals = figure.low.zip(figure.high).map_or(4, |(low, high)| decimals(high - low));
                tr {
                    th scope="row" { (figure.name) }
                    td.number { (fixed(Some(figure.value), decimals)) }
                    td { (figure.unit) }
                    td.number { (fixed(figure.optimum, decimals)) }
                    td.number { (fixed(figure.baseline, decimals)) }
                    td.number { (interval(figure.low.zip(figure.high), decimals)) }
                }
            } }
        }
        (formulas(figures))
    }
}

fn of_several(sources: &[Source], figures: &[Figure]) -> Markup {
    html! {
        table id="figures" {
            thead { tr {
                th { "metric" } th { "unit" } th.number { "optimum" } th.number { "baseline" }
                @for source in sources { th.number { (seed(source)) } }
                th.number { "mean" } th.number { "95 % interval over seeds" }
            } }
            tbody { @for figure in figures {
                @let values: Vec<Option<f64>> = sources.iter().map(|s| named(s, &figure.name).map(|f| f.value)).collect();
                @let mean = mean_and_half_width(&values.iter().flatten().copied().collect::<Vec<_>>());
                @let decimals = mean.map_or(4, |(_, half)| decimals(2.0 * half));
                tr {
                    th scope="row" { (figure.name) }
                    td { (figure.unit) }
                    td.number { (fixed(figure.optimum, decimals)) }
                    td.number { (fixed(figure.baseline, decimals)) }
                    @for value in &values { td.number { (fixed(*value, decimals)) } }
                    td.number { (fixed(mean.map(|(mean, _)| mean), decimals)) }
                    td.number { (interval(mean.map(|(mean, half)| (mean - half, mean + half)), decimals)) }
                }
            } }
        }
        p.note { "The interval is Student's t over the seeds that have a score; that of a single seed over its test sequences is in its own report." }
        (formulas(figures))
    }
}

fn interval(ends: Option<(f64, f64)>, decimals: usize) -> String {
    ends.map_or("-".into(), |(low, high)| format!("{low:.decimals$} to {high:.decimals$}"))
}

/// What each name means.
fn formulas(figures: &[Figure]) -> Markup {
    let known = METRICS.iter().filter(|metric| figures.iter().any(|figure| figure.name == metric.name()));
    html! {
        details {
            summary { "Formulas" }
            dl { @for metric in known { dt { (metric.name()) } dd { (metric.formula()) } } }
        }
    }
}

/// Where each parameter went.
pub(super) fn parameters(experiment: &Experiment) -> Markup {
    let audit = Audit::of(experiment.program());
    html! {
        table id="parameters" {
            thead { tr { th { "array" } th { "made by" } th.number { "rows" } th.number { "columns" } th.number { "parameters" } } }
            tbody { @for line in &audit.arrays {
                tr {
                    th scope="row" { (line.name) }
                    td { (line.expression) }
                    td.number { (count(line.shape[0] as u64)) }
                    td.number { (count(line.shape[1] as u64)) }
                    td.number { (count(line.parameters as u64)) }
                }
            } }
            tfoot { tr { th scope="row" { "all" } td {} td {} td {} td.number { (count(audit.free as u64)) } } }
        }
        @for (name, target) in experiment.layout().tied() { p.note { (name) " repeats " (target) "." } }
    }
}

/// What says which runs these are: seed, steps, how they ended, weights, version.
pub(super) fn runs(sources: &[Source], hashes: &[Option<String>]) -> Markup {
    html! {
        table id="runs" {
            thead { tr {
                th { "run" } th.number { "seed" } th { "status" } th.number { "steps" } th.number { "tokens" } th.number { "seconds" }
                th { "version" } th { "hash of the weights" }
            } }
            tbody { @for (source, hash) in sources.iter().zip(hashes) {
                @let summary = source.summary.as_ref();
                @let tokens = summary.map(|s| s.tokens).or(source.lines.last().map(|line| line.tokens));
                tr {
                    th scope="row" { (source.name) }
                    td.number { (source.seed()) }
                    td { (status(source)) }
                    td.number { (count(source.step())) " of " (count(source.plan.training().steps)) }
                    td.number { (tokens.map_or("-".into(), count)) }
                    td.number { (summary.map_or("-".into(), |s| format!("{:.1}", s.seconds))) }
                    td { (summary.map_or("-", |s| &s.version)) }
                    td.hash { (summary.map(|s| &s.weights_hash).or(hash.as_ref()).map_or("-", |hash| hash)) }
                }
            } }
        }
    }
}

/// How a run ended, in the word of its record.
fn status(source: &Source) -> String {
    let status = source.summary.as_ref().map(|summary| summary.status);
    let word = status.and_then(|status| serde_json::to_value(status).ok());
    word.and_then(|word| word.as_str().map(str::to_string)).unwrap_or(crate::UNFINISHED.into())
}
