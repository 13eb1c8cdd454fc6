//! What a report shows of models of sums: how margins lie, where answers are wrong, where the model looks, where the digits are,
//! and what a run that got stuck knows.

mod attention;
mod carry_runs;
mod digit_places;
mod embedding;
mod error_rates;
mod margins;
mod plateau;
pub(super) mod transition;

use infimum_worlds::addition::{Addition, Pair};
use maud::{Markup, html};

use super::attention::HeadAttention;
use super::page::drawn;
use super::pictures::Looked;
use super::subject::Subject;
use crate::evaluation::Evaluator;
use crate::sums::{Portrait, Sums};
use crate::{Experiment, Machine};
use embedding::Plane;

/// Uniform pairs that a report asks a model, and as many by carry run.
const PAIRS: usize = 10_000;

/// What was seen of a model of sums.
pub(super) struct SumsStudy {
    pub(super) portrait: Portrait,
    /// The pair of the smallest margin, as it is asked.
    smallest_question: String,
    attention: Vec<HeadAttention>,
    plane: Plane,
}

impl SumsStudy {
    /// Of the model at `point`; `None` where the world has no sums.
    pub(super) fn of(experiment: &Experiment, machine: &mut Machine, point: &[f32]) -> Option<SumsStudy> {
        let (world, sums) = (experiment.world().sums()?, Sums::of(experiment).ok()?);
        let mut evaluator = Evaluator::new(experiment, machine);
        let portrait = sums.portrait(&mut evaluator.at(point), machine, PAIRS);
        let smallest_question = portrait.smallest.operands.map_or(String::new(), |pair| sums.question(pair));
        let pairs: Vec<Pair> = sums.uniform_pairs(attention::PAIRS);
        let mut subject = Subject { experiment, machine, point };
        let attention = attention::attention(&mut subject, world, &pairs);
        let plane = Plane::of(&embedding::digits(&mut subject, world));
        Some(SumsStudy { portrait, smallest_question, attention, plane })
    }
}

/// Pictures and words; nothing where no model of sums was looked at.
pub(super) fn section(looked: &[Looked<'_>], world: Option<&Addition>) -> Markup {
    let (Some(world), Some(best)) = (world, best(looked)) else { return html! {} };
    let Some(study) = &best.sums else { return html! {} };
    let charts = [
        margins::chart(looked).map(|chart| (chart, margins::about(looked))),
        carry_runs::chart(looked).map(|chart| (chart, carry_runs::about(looked))),
        digit_places::chart(looked).map(|chart| (chart, digit_places::about())),
    ];
    let maps = attention::maps(&study.attention, world);
    let of_best = match looked.len() {
        1 => String::new(),
        _ => format!("Of seed {}, which has the most of the uniform pairs right. ", best.source.seed()),
    };
    html! {
        h2 { "Sums" }
        (plateau::section(looked, world))
        div.charts {
            @for (chart, about) in charts.iter().flatten() { (drawn(chart, about)) }
            @for (number, map) in maps.iter().enumerate() {
                figure {
                    h3 { (map.title) }
                    (map.draw())
                    @if number == 0 { figcaption { (of_best) (attention::about()) } }
                }
            }
            figure {
                h3 { (embedding::TITLE) }
                (embedding::draw(&study.plane))
                figcaption { (of_best) (embedding::about(&study.plane)) }
            }
        }
    }
}

/// The run with the most uniform pairs right; the first of several.
fn best<'l, 's>(looked: &'l [Looked<'s>]) -> Option<&'l Looked<'s>> {
    let right = |one: &Looked<'_>| one.sums.as_ref().map_or(-1.0, |sums| sums.portrait.uniform.value);
    let better = |best: &'l Looked<'s>, one: &'l Looked<'s>| if right(one) > right(best) { one } else { best };
    looked.iter().filter(|one| one.sums.is_some()).reduce(better)
}

#[cfg(test)]
mod tests;
