//! Training over its steps: loss beside the floor, and what is left of it.

use infimum_worlds::{Truth, World};

use super::axis::Scale;
use super::chart::{Chart, Ink, Point, Series, Stroke};
use super::sources::Source;
use crate::{Experiment, Figure, HeadLine, Output};

/// A curve has at most so many points; where there are more, neighbours become one.
const MOST_POINTS: usize = 1000;

pub(super) const STEPS: &str = "steps of training";

/// Training and validation loss of each run, and the floor.
pub(super) fn loss(sources: &[Source], floor: Option<f64>) -> Chart {
    let several = sources.len() > 1;
    let mut series = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        let ink = Ink::Run(number);
        let training = source.lines.iter().map(|line| (line.step, Some(line.loss)));
        let validation = source.lines.iter().map(|line| (line.step, line.validation));
        let (first, second) =
            if several { (String::new(), seed(source)) } else { ("training".into(), "validation".into()) };
        series.push(Series { label: first, ink, stroke: Stroke::Faint, points: thinned(training) });
        series.push(Series { label: second, ink, stroke: Stroke::Line, points: thinned(validation) });
    }
    let level = |nats: f64| rule(format!("floor {nats:.4}"), nats);
    series.extend(floor.map(level));
    series.extend(stages(sources));
    let last = sources.iter().filter_map(|s| s.lines.iter().rev().find_map(|line| line.validation));
    let last: Vec<String> = last.map(|nats| format!("{nats:.5}")).collect();
    let bound = floor.map_or("the floor is not known".into(), |nats| format!("the floor is {nats:.5}"));
    Chart {
        id: "loss",
        title: "Loss over training".into(),
        description: format!(
            "Training and validation loss in nats over the steps; the last validation losses are {}; {bound}.",
            words(&last)
        ),
        x: (STEPS.into(), Scale::Linear),
        y: ("loss, nats per token".into(), Scale::Linear),
        series,
    }
}

/// The loss of each of several heads, and the head's floor; each with a caption.
pub(super) fn heads(sources: &[Source], experiment: &Experiment) -> Vec<(Chart, &'static str)> {
    let outputs = experiment.outputs();
    let charts = outputs.iter().enumerate().map(|(number, output)| head(sources, experiment, number, output));
    if outputs.len() > 1 { charts.collect() } else { vec![] }
}

fn head(sources: &[Source], experiment: &Experiment, number: usize, output: &Output) -> (Chart, &'static str) {
    let (name, mut series) = (output.name, Vec::new());
    for (run, source) in sources.iter().enumerate() {
        let of = |value: fn(&HeadLine) -> Option<f64>| {
            thinned(source.lines.iter().map(|line| (line.step, line.heads.get(number).and_then(value))))
        };
        let label = if sources.len() > 1 { seed(source) } else { "validation".into() };
        let (faint, ink) = (if sources.len() > 1 { String::new() } else { "training".into() }, Ink::Run(run));
        series.push(Series { label: faint, ink, stroke: Stroke::Faint, points: of(|head| Some(head.loss)) });
        series.push(Series { label, ink, stroke: Stroke::Line, points: of(|head| head.validation) });
    }
    let floor = experiment.floor_of(output.head);
    series.extend(floor.map(|nats| rule(format!("floor {nats:.4}"), nats)));
    let last = sources.iter().filter_map(|s| s.lines.iter().rev().find_map(|line| line.heads.get(number)?.accuracy));
    let last: Vec<String> = last.map(|share| format!("{share:.5}")).collect();
    let chart = Chart {
        id: if output.head == 0 { "loss-of-first-head" } else { "loss-of-other-head" },
        title: format!("Loss of head {name} over training"),
        description: format!(
            "Training and validation loss of head {name} in nats over the steps; its last validation accuracy is {}.",
            words(&last)
        ),
        x: (STEPS.into(), Scale::Linear),
        y: ("loss, nats per target".into(), Scale::Linear),
        series,
    };
    (chart, "Pale: training loss, the mean of the steps of a line of the record. Full: loss on validation sequences.")
}

/// Excess on validation sequences on a logarithmic axis, with simple predictors; `None` where no law is known.
pub(super) fn excess(sources: &[Source], world: &dyn World) -> Option<Chart> {
    let truth = world.truth()?;
    let mut series: Vec<Series> =
        sources.iter().enumerate().map(|(number, source)| validation(number, source, sources.len())).collect();
    let tests = sources.iter().enumerate().filter_map(|(number, source)| test(number, source));
    series.extend(
        tests
            .enumerate()
            .map(|(place, test)| Series { label: if place == 0 { "test".into() } else { String::new() }, ..test }),
    );
    series.extend(simple_predictors(truth)?);
    series.extend(stages(sources));
    let last = sources.iter().filter_map(|s| s.lines.iter().rev().find_map(|line| line.excess));
    let last: Vec<String> = last.map(|nats| format!("{nats:.6}")).collect();
    Some(Chart {
        id: "excess",
        title: "Excess over training".into(),
        description: format!(
            "Loss above the floor of the same validation sequences in nats, on a logarithmic axis; at the end {}.",
            words(&last)
        ),
        x: (STEPS.into(), Scale::Linear),
        y: ("excess, nats per token".into(), Scale::Log),
        series,
    })
}

fn validation(number: usize, source: &Source, runs: usize) -> Series {
    let label = if runs > 1 { seed(source) } else { "validation".into() };
    let points = thinned(source.lines.iter().map(|line| (line.step, line.excess)));
    Series { label, ink: Ink::Run(number), stroke: Stroke::Line, points }
}

fn test(number: usize, source: &Source) -> Option<Series> {
    let figure = named(source, "excess_loss")?;
    let point = Point { x: source.step() as f64, y: figure.value, interval: figure.low.zip(figure.high) };
    Some(Series { label: String::new(), ink: Ink::Run(number), stroke: Stroke::Dots, points: vec![point] })
}

/// A rule for each predictor of the ladder that is worse than the truth.
fn simple_predictors(truth: &dyn Truth) -> Option<Vec<Series>> {
    let floor = truth.floor(0).value()?;
    let above = truth.baselines(0).into_iter().filter_map(|b| Some((b.name, b.nats.value()? - floor)));
    let above: Vec<(&str, f64)> = above.filter(|(_, above)| *above > 1e-9).collect();
    Some(above.iter().map(|(name, above)| rule(format!("{name} {above:.4}"), *above)).collect())
}

/// The test score of that name.
pub(super) fn named<'a>(source: &'a Source, name: &str) -> Option<&'a Figure> {
    source.summary.as_ref()?.figures.iter().find(|figure| figure.name == name)
}

/// How a run is called among others of its recipe.
pub(super) fn seed(source: &Source) -> String {
    format!("seed {}", source.seed())
}

/// A dashed line at `y`.
pub(super) fn rule(label: String, y: f64) -> Series {
    Series { label, ink: Ink::Plain, stroke: Stroke::Rule, points: vec![Point::at(0.0, y)] }
}

/// Where stages of training end and others begin, as far as the runs have come; all runs have the same.
fn stages(sources: &[Source]) -> Option<Series> {
    let last = sources.iter().map(Source::step).max()?;
    let begins = sources.first()?.plan.stages().into_iter().map(|stage| stage.begins);
    let points: Vec<Point> = begins.filter(|step| (1..last).contains(step)).map(|x| Point::at(x as f64, 0.0)).collect();
    let mark = |points| Series { label: "a stage begins".into(), ink: Ink::Plain, stroke: Stroke::Upright, points };
    (!points.is_empty()).then(|| mark(points))
}

/// Points of the lines that have a finite value; means of neighbours where there are too many.
pub(super) fn thinned(lines: impl Iterator<Item = (u64, Option<f64>)>) -> Vec<Point> {
    let points: Vec<Point> =
        lines.filter_map(|(step, y)| Some(Point::at(step as f64, y.filter(|y| y.is_finite())?))).collect();
    let together = points.len().div_ceil(MOST_POINTS).max(1);
    let mean = |points: &[Point], of: fn(&Point) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    points.chunks(together).map(|points| Point::at(mean(points, |p| p.x), mean(points, |p| p.y))).collect()
}

fn words(values: &[String]) -> String {
    if values.is_empty() { "not known yet".into() } else { values.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_curves_keep_their_mean_and_lose_what_is_no_number() {
        let lines = (0..2500).map(|step| (step, (step % 500 != 0).then_some(step as f64)));
        let points = thinned(lines.chain([(9, Some(f64::NAN)), (9, Some(f64::INFINITY))]));
        assert_eq!(points.len(), 2495_usize.div_ceil(3));
        assert!(points.iter().all(|point| point.x == point.y));
    }
}
