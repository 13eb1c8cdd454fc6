//! The page: one HTML file that needs nothing beside it, with words around tables and pictures.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::Chart;
use super::course;
use super::norms;
use super::pictures::{self, Looked, largest_difference};
use super::quality::{self, Kept};
use super::regular;
use super::sources::Source;
use super::sums::{self, transition};
use super::tables;
use super::transitions::Transitions;
use crate::digits::count;
use crate::metrics::noise;
use crate::{CheckpointName, Experiment, Output};

/// Everything that is shown.
pub(super) struct Page<'a> {
    pub(super) sources: &'a [Source],
    /// Of the first run; all have the same world and model.
    pub(super) experiment: &'a Experiment,
    /// The runs that have a model to be looked at.
    pub(super) looked: &'a [Looked<'a>],
    /// Hash of the weights that were looked at, for each run.
    pub(super) hashes: &'a [Option<String>],
    /// Checkpoints of the first run.
    pub(super) kept: &'a [Kept],
    pub(super) missing: &'a [String],
}

/// How every report begins, by which one is known.
pub(super) const GENERATOR: &str = "Infimum report";

const LOSS: &str = "Pale: training loss, the mean of the steps of a line of the record. Full: loss on validation sequences, which may lie a \
                    little below the floor by chance of which were drawn.";

const STYLE: &str = include_str!("style.css");

impl Page<'_> {
    pub(super) fn write(&self) -> String {
        let name = self.experiment.plan().name();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="generator" content=(GENERATOR);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy"
                        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                    link rel="icon" href="data:,";
                    title { (name) " – Infimum" }
                    style { (PreEscaped(STYLE)) }
                }
                body { main {
                    h1 { (name) }
                    p { (self.introduction()) }
                    (self.lacks())
                    (self.scores())
                    (self.course())
                    (self.model())
                    (regular::section(self.looked, self.experiment))
                    (quality::section(self.kept, &self.sources[0], self.experiment))
                    (sums::section(self.looked, self.experiment.world().sums()))
                    (self.repeat())
                } }
            }
        };
        page.into_string()
    }

    fn introduction(&self) -> String {
        let plan = self.experiment.plan();
        let parameters = count(plan.parameters() as u64);
        let seeds: Vec<String> = self.sources.iter().map(|source| source.seed().to_string()).collect();
        let seeds = if seeds.len() == 1 { format!("seed {}", seeds[0]) } else { format!("seeds {}", seeds.join(", ")) };
        let floor = match self.experiment.floor() {
            Some(nats) => format!("No predictor can have a lower loss than {nats:.5} nats per token{}.", self.heads()),
            None => "The world's law is not known, and neither is its floor.".into(),
        };
        format!("A transformer of {parameters} parameters on a world of kind {}, {seeds}. {floor}", plan.world().kind())
    }

    /// Which weights the scores are of.
    fn scored(&self) -> &'static str {
        match self.experiment.plan().scored_checkpoint() {
            CheckpointName::Best => "that were best on validation sequences",
            _ => "after the last step",
        }
    }

    /// What the loss is the sum of, where the model has several heads.
    fn heads(&self) -> String {
        let outputs = self.experiment.outputs();
        let part = |output: &Output| format!("{} times that of head {}", output.weight, output.name);
        match &outputs[..] {
            [Output { weight: 1.0, .. }] => String::new(),
            outputs => format!("; the loss is {}", outputs.iter().map(part).collect::<Vec<_>>().join(" plus ")),
        }
    }

    fn lacks(&self) -> Markup {
        html! {
            @if !self.missing.is_empty() {
                div id="missing" class="missing" {
                    "What this report lacks:"
                    ul { @for sentence in self.missing { li { (sentence) "." } } }
                }
            }
        }
    }

    fn scores(&self) -> Markup {
        let note = match self.sources {
            [source] => source.summary.as_ref().and_then(|summary| noise(&summary.figures)),
            _ => None,
        };
        html! {
            h2 { "Scores" }
            @match tables::figures(self.sources) {
                Some(table) => {
                    p.note { "On test sequences, with the weights " (self.scored()) "." }
                    div.wide { (table) }
                }
                None => p { "No run has been scored on test sequences." },
            }
            @if let Some(noise) = note {
                p.note {
                    "Beyond the optimum by chance: " (noise.beyond.join(" and ")) ". The test sequences happen to be easier than most. The truth "
                    "itself scores " (format!("{:.5}", noise.truth_nats)) " nats on these same sequences; excess_loss compares with that."
                }
            }
        }
    }

    fn course(&self) -> Markup {
        if self.sources.iter().all(|source| source.lines.is_empty()) {
            return html! {};
        }
        let mut loss = course::loss(self.sources, self.experiment.floor());
        let exact_match = transition::chart(self.sources);
        let mut marked = "";
        if exact_match.is_some() {
            loss.series.extend(transition::marks(self.sources));
            marked = " Dotted: the transition, as beside exact match.";
        }
        let excess = course::excess(self.sources, self.experiment.world());
        html! {
            h2 { "Training" }
            div.charts {
                @if let Some(chart) = exact_match { (drawn(&chart, &transition::about(self.sources))) }
                (drawn(&loss, &format!("{LOSS}{marked}")))
                @for (chart, about) in course::heads(self.sources, self.experiment) { (drawn(&chart, about)) }
                @if let Some(excess) = excess {
                    (drawn(&excess, "Loss above the truth's on the same validation sequences; every line of the grid is ten times nearer to the \
                        optimum, which has no place on this axis. Values at or below 0 are left out. Dashed: simple predictors. Dot: test sequences, \
                        with its 95 % interval."))
                }
                (drawn(&norms::norms(self.sources), &norms::about(self.sources)))
            }
        }
    }

    fn model(&self) -> Markup {
        let Some(first) = self.looked.first() else { return html! {} };
        let studies: Vec<&Transitions> = self.looked.iter().filter_map(|l| l.study.transitions.as_ref()).collect();
        let sequences = count(first.study.sequences as u64);
        html! {
            h2 { "The model beside the truth" }
            p.note {
                "On the first " (sequences) " test sequences" @if self.looked.len() > 1 { " of each seed" } ", with the weights of checkpoint "
                (self.checkpoints()) "."
            }
            @if let Some(transitions) = Transitions::over_runs(&studies) { (matrices(&transitions, studies.len())) }
            div.charts {
                @if let Some(chart) = pictures::positions(self.looked) { (drawn(&chart, &self.about_positions())) }
                @if let Some((chart, left_out)) = pictures::calibration(self.looked) { (drawn(&chart, &about_calibration(left_out))) }
            }
        }
    }

    /// Which checkpoints were looked at, each once.
    fn checkpoints(&self) -> String {
        let mut names: Vec<_> = self.looked.iter().filter_map(|looked| looked.source.checkpoint()).collect();
        names.dedup();
        names.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
    }

    fn about_positions(&self) -> String {
        let together = self.looked.first().map_or(1, |looked| looked.study.positions_a_point);
        let shared =
            if together > 1 { format!(" Each point is the mean of {together} positions.") } else { String::new() };
        format!("Position 1 has seen one token. Band: 95 % interval over sequences.{shared}")
    }

    fn repeat(&self) -> Markup {
        let plan = self.experiment.plan();
        let several = self.sources.len() > 1;
        html! {
            h2 { "Parameters" }
            div.wide { (tables::parameters(self.experiment)) }
            h2 { "Runs" }
            div.wide { (tables::runs(self.sources, self.hashes)) }
            h2 { "The same again" }
            p {
                "Saved as plan.toml, this plan gives the same bits on every machine"
                @if several { " (that of seed " (plan.training().seed) "; the others differ in training.seed alone)" }
                ":"
            }
            pre { code id="command" { "infimum run plan.toml" } }
            pre { code id="plan" { (plan.to_toml()) } }
            p.note {
                "Numerics " (plan.numerics()) ". This page was written by Infimum " (env!("CARGO_PKG_VERSION")) "; losses are in nats (natural logarithms)."
            }
        }
    }
}

/// A chart with its title and what stands below it.
pub(super) fn drawn(chart: &Chart, caption: &str) -> Markup {
    html! { figure { h3 { (chart.title) } (chart.draw()) figcaption { (caption) } } }
}

fn matrices(transitions: &Transitions, runs: usize) -> Markup {
    let (shown, all) = (transitions.states.count(), transitions.states.all());
    let maps = pictures::matrices(transitions, |map| html! { figure { h3 { (map.title) } (map.draw()) } });
    let unseen = transitions.occurrences.iter().filter(|n| **n == 0).count();
    html! {
        div.matrices { @for map in maps { (map) } }
        p.note {
            "The learned law over states after each single state, the mean over its occurrences that a state follows; BOS is taken out, and what is left scaled to sum to 1. "
            @if runs > 1 { "It is the mean over " (runs) " seeds. " }
            @if shown < all { "Of " (all) " states the " (shown) " most frequent are shown, most frequent first. " }
            @if unseen > 0 { (unseen) " of them never came; their rows are empty. " }
            @if let Some((difference, row, column)) = largest_difference(transitions) {
                "Largest difference: " (format!("{difference:+.5}")) " at state " (transitions.states.token(row)) ", next state "
                (transitions.states.token(column)) "."
            }
        }
    }
}

fn about_calibration(left_out: usize) -> String {
    let left_out = match left_out {
        0 => String::new(),
        1 => " One bin in which no predicted token came is left out.".into(),
        n => format!(" {n} bins in which no predicted token came are left out."),
    };
    format!(
        "Every prediction of every token, two bins for each factor of two; bars: 95 % interval over sequences. The exact law's own curve shows what \
         chance does to a perfect predictor.{left_out}"
    )
}
