//! When a run began to be right: exact match over its steps, and the step of the transition.

use crate::StepLine;
use crate::metrics::EXACT_MATCH;
use crate::report::axis::Scale;
use crate::report::chart::{Chart, Ink, Point, Series, Stroke};
use crate::report::course::{STEPS, seed, thinned};
use crate::report::sources::Source;
use crate::success::reached;

/// The share of right answers from which on a run without a criterion has begun to be right.
const HALF: f64 = 0.5;

/// The step at which a run began to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Transition {
    /// The first validation at which the plan's criterion held.
    Criterion(u64),
    /// The first validation at which more than half of the answers were right.
    Half(u64),
}

impl Transition {
    /// By the plan's criterion; where it never held, or there is none, by half of the answers. `None` for a run that had neither.
    pub(in crate::report) fn of(source: &Source) -> Option<Transition> {
        let criterion = source.plan.success().and_then(|success| reached(success, &source.lines));
        let half = || source.lines.iter().find(|line| exact_match(source, line).is_some_and(|share| share > HALF));
        criterion.map(Transition::Criterion).or_else(|| half().map(|line| Transition::Half(line.step)))
    }

    fn step(self) -> u64 {
        match self {
            Transition::Criterion(step) | Transition::Half(step) => step,
        }
    }
}

/// Exact match of a validation. Lines of before it was kept have it where it is the criterion.
fn exact_match(source: &Source, line: &StepLine) -> Option<f64> {
    let is_criterion = || source.plan.success().is_some_and(|success| success.figure == EXACT_MATCH);
    line.exact_match.or_else(|| line.criterion.filter(|_| is_criterion()))
}

/// Exact match of each run over the steps; `None` where no line has any.
pub(in crate::report) fn chart(sources: &[Source]) -> Option<Chart> {
    let curve = |(number, source): (usize, &Source)| {
        let label = if sources.len() > 1 { seed(source) } else { "validation".into() };
        let points = thinned(source.lines.iter().map(|line| (line.step, exact_match(source, line))));
        Series { label, ink: Ink::Run(number), stroke: Stroke::Line, points }
    };
    let mut series: Vec<Series> = sources.iter().enumerate().map(curve).collect();
    if series.iter().all(|curve| curve.points.is_empty()) {
        return None;
    }
    series.extend(marks(sources));
    let told: Vec<String> = sources.iter().map(|source| format!("seed {} {}", source.seed(), told(source))).collect();
    Some(Chart {
        id: "exact-match",
        title: "Exact match over training".into(),
        description: format!("Share of right answers on validation sequences over the steps: {}.", told.join("; ")),
        x: (STEPS.into(), Scale::Linear),
        y: ("exact match, share of answers".into(), Scale::Linear),
        series,
    })
}

/// An upright line for the transition of each run; the legend has an entry for each kind.
pub(in crate::report) fn marks(sources: &[Source]) -> Vec<Series> {
    let (mut series, mut named) = (Vec::new(), [false; 2]);
    for (number, source) in sources.iter().enumerate() {
        let Some(transition) = Transition::of(source) else { continue };
        let (kind, label) = match transition {
            Transition::Criterion(_) => (0, "criterion reached"),
            Transition::Half(_) => (1, "above a half"),
        };
        let label = if named[kind] { String::new() } else { label.into() };
        named[kind] = true;
        let points = vec![Point::at(transition.step() as f64, HALF)];
        series.push(Series { label, ink: Ink::Run(number), stroke: Stroke::Upright, points });
    }
    series
}

fn told(source: &Source) -> String {
    let last = source.lines.iter().rev().find_map(|line| exact_match(source, line));
    let last = last.map_or("has no validation".into(), |share| format!("ends at {share:.4}"));
    match Transition::of(source) {
        Some(Transition::Criterion(step)) => format!("reached its criterion at step {step} and {last}"),
        Some(Transition::Half(step)) => format!("was above a half from step {step} on and {last}"),
        None => format!("never was above a half and {last}"),
    }
}

/// What the chart shows, in words.
pub(in crate::report) fn about(sources: &[Source]) -> String {
    let criterion = match sources[0].plan.success() {
        Some(success) => {
            format!("the first validation with {success} (the recipe's criterion), or, where there is none, ")
        }
        None => String::new(),
    };
    let none: Vec<String> = sources.iter().filter(|source| Transition::of(source).is_none()).map(seed).collect();
    let none = match &none[..] {
        [] => String::new(),
        [_] if sources.len() == 1 => " This run has none.".into(),
        names => format!(" Without a transition: {}.", names.join(", ")),
    };
    format!(
        "Share of answers that are right as a whole, on validation sequences. Dotted: the transition, {criterion}the first \
         validation above a half.{none}"
    )
}
