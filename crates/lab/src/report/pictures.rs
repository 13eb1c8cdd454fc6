//! The model beside the truth: matrices, excess by position, calibration.

use super::axis::Scale;
use super::chart::{Chart, Ink, Point, Series, Stroke};
use super::course::{rule, seed};
use super::heat_map::{Colours, HeatMap, Side};
use super::regular::{Inside, RegularStudy};
use super::sources::Source;
use super::study::Study;
use super::sums::SumsStudy;
use super::transitions::Transitions;

/// A run and what was seen of its model.
pub(super) struct Looked<'a> {
    pub(super) number: usize,
    pub(super) source: &'a Source,
    pub(super) study: Study,
    /// Of a model of sums.
    pub(super) sums: Option<SumsStudy>,
    /// Of a network of words of a regular language.
    pub(super) regular: Option<RegularStudy>,
    /// Of the one of these with the most words right.
    pub(super) inside: Option<Inside>,
}

impl Looked<'_> {
    pub(super) fn ink(&self) -> Ink {
        Ink::Run(self.number)
    }

    /// Name of its series: `single` where there is one run.
    pub(super) fn label(&self, single: &str, runs: usize) -> String {
        if runs > 1 { seed(self.source) } else { single.into() }
    }
}

/// The largest entry in which two matrices differ: (difference, row, column).
pub(super) fn largest_difference(transitions: &Transitions) -> Option<(f64, usize, usize)> {
    let count = transitions.states.count();
    let differences = transitions.learned.iter().zip(&transitions.exact).map(|(a, b)| a - b).enumerate();
    let finite = differences.filter(|(_, d)| d.is_finite());
    let (place, difference) = finite.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    Some((difference, place / count, place % count))
}

/// Calls `show` with the learned matrix, and where a law is known, the true one and the difference.
pub(super) fn matrices<T>(transitions: &Transitions, mut show: impl FnMut(HeatMap<'_>) -> T) -> Vec<T> {
    let most = transitions.learned.iter().chain(&transitions.exact).copied().filter(|x| x.is_finite());
    let colours = Colours::Upwards(most.fold(1e-6, f64::max));
    let difference: Vec<f64> = transitions.learned.iter().zip(&transitions.exact).map(|(a, b)| a - b).collect();
    let largest = largest_difference(transitions).map_or(0.0, |(difference, _, _)| difference.abs());
    let count = transitions.states.count();
    let names = if count < transitions.states.all() {
        ["state now (rank)", "next state (rank)"]
    } else {
        ["state now", "next state"]
    };
    let map = |id: &str, title: &str, entries, unit, colours| HeatMap {
        id: id.into(),
        title: title.into(),
        description: format!("{title}: a picture of {count} by {count} entries."),
        entries,
        sides: names.map(|name| Side::counted(name, count)),
        unit,
        colours,
    };
    let mut shown =
        vec![show(map("learned", "Learned transition matrix", &transitions.learned, "probability", colours))];
    if !transitions.exact.is_empty() {
        shown.push(show(map("true", "True transition matrix", &transitions.exact, "probability", colours)));
        let colours = Colours::Around(largest.max(1e-6));
        let (id, title) = ("difference", "Learned minus true transition matrix");
        shown.push(show(map(id, title, &difference, "difference of probabilities", colours)));
    }
    shown
}

/// Excess by position with its interval; `None` where no law is known.
pub(super) fn positions(looked: &[Looked<'_>]) -> Option<Chart> {
    let first = looked.first().filter(|looked| !looked.study.excess.is_empty())?;
    let mut series: Vec<Series> = looked
        .iter()
        .map(|one| Series {
            label: one.label("model", looked.len()),
            ink: one.ink(),
            stroke: Stroke::Line,
            points: one
                .study
                .excess
                .iter()
                .map(|(x, mean)| {
                    let half = mean.half_width();
                    let interval = half.is_finite().then_some((mean.value - half, mean.value + half));
                    Point { x: *x, y: mean.value, interval }
                })
                .collect(),
        })
        .collect();
    series.push(rule("optimum 0".into(), 0.0));
    let worst = first.study.excess.iter().max_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
    Some(Chart {
        id: "positions",
        title: "Excess by position".into(),
        description: format!(
            "Mean loss above the exact law's at each position, in nats; largest at position {}: {:.5}.",
            worst.0, worst.1.value
        ),
        x: ("position of the predicting token".into(), Scale::Linear),
        y: ("excess, nats per token".into(), Scale::Linear),
        series,
    })
}

/// Predicted probability against observed frequency, and how many bins could not be shown.
pub(super) fn calibration(looked: &[Looked<'_>]) -> Option<(Chart, usize)> {
    let first = looked.first()?;
    let shown = |bins: &[super::calibration::Bin]| -> Vec<Point> {
        let shown = bins.iter().filter(|bin| bin.observed.value > 0.0);
        shown
            .map(|bin| {
                let (half, y) = (bin.observed.half_width(), bin.observed.value);
                Point { x: bin.predicted, y, interval: half.is_finite().then_some((y - half, y + half)) }
            })
            .collect()
    };
    let mut series = Vec::new();
    for one in looked {
        let label = one.label("model", looked.len());
        series.push(Series { label, ink: one.ink(), stroke: Stroke::Dots, points: shown(&one.study.calibration) });
    }
    let exact = shown(&first.study.exact_calibration);
    let exact = exact.into_iter().map(|point| Point { interval: None, ..point }).collect();
    series.push(Series { label: "exact law".into(), ink: Ink::Plain, stroke: Stroke::Faint, points: exact });
    let ends = series
        .iter()
        .flat_map(|s| &s.points)
        .map(|p| p.x)
        .fold((1.0_f64, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
    let diagonal = [ends.0, ends.1].into_iter().filter(|x| *x > 0.0).map(|x| Point::at(x, x)).collect();
    series.push(Series { label: "perfect".into(), ink: Ink::Plain, stroke: Stroke::Dashed, points: diagonal });
    let left_out = looked.iter().flat_map(|l| &l.study.calibration).filter(|bin| bin.observed.value == 0.0).count();
    let chart = Chart {
        id: "calibration",
        title: "Calibration".into(),
        description: format!(
            "Observed frequency against predicted probability in {} bins, on logarithmic axes.",
            first.study.calibration.len()
        ),
        x: ("predicted probability".into(), Scale::Log),
        y: ("observed frequency".into(), Scale::Log),
        series,
    };
    Some((chart, left_out))
}
