//! The share of words whose class is right, by their length.

use infimum_worlds::Settings;

use crate::Experiment;
use crate::report::axis::Scale;
use crate::report::chart::{Chart, Ink, Point, Series, Stroke};
use crate::report::course::rule;
use crate::report::pictures::Looked;

/// The head of classes among those of the world.
const CLASS: usize = 1;

/// By length, with the best that can be, and the ends of what is trained on; `None` where no class is told.
pub(super) fn chart(looked: &[Looked<'_>], experiment: &Experiment) -> Option<Chart> {
    let (mut series, mut told) = (vec![], vec![]);
    for one in looked {
        let Some(answers) = one.regular.as_ref().and_then(|study| study.answers.as_ref()) else { continue };
        let point = |(length, trials): (&usize, &crate::statistics::Trials)| Point {
            x: *length as f64,
            y: trials.share(),
            interval: trials.interval(),
        };
        let points: Vec<Point> = answers.by_length.iter().map(point).collect();
        let least = answers.by_length.iter().min_by(|a, b| a.1.share().total_cmp(&b.1.share()))?;
        told.push(format!("{:.4} of all words, least at length {} ({:.4})", answers.right(), least.0, least.1.share()));
        series.push(Series { label: one.label("network", looked.len()), ink: one.ink(), stroke: Stroke::Line, points });
    }
    let ceiling = experiment.world().truth()?.ceiling(CLASS).value()?;
    series.push(rule(format!("ceiling {ceiling}"), ceiling));
    let (shortest, longest) = trained(experiment)?;
    let ends = [shortest, longest].map(|length| Point::at(length as f64, ceiling)).to_vec();
    series.push(Series { label: "trained lengths".into(), ink: Ink::Plain, stroke: Stroke::Upright, points: ends });
    (!told.is_empty()).then(|| Chart {
        id: "class-by-length",
        title: "Right classes by length".into(),
        description: format!(
            "The share of whole words whose class is right, by length, with 95 % intervals: {}. The ceiling is {ceiling}; lengths {shortest} to \
             {longest} are trained on.",
            told.join("; ")
        ),
        x: ("length of the word, symbols".into(), Scale::Whole),
        y: ("share of words".into(), Scale::Linear),
        series,
    })
}

/// The lengths that are trained on: the shortest and the longest.
fn trained(experiment: &Experiment) -> Option<(i64, i64)> {
    let Settings::Regular(settings) = experiment.plan().world() else { return None };
    Some((settings.shortest, settings.trained_longest.unwrap_or(settings.longest)))
}

/// What the chart shows, in words.
pub(super) fn about(experiment: &Experiment) -> String {
    let (shortest, longest) = trained(experiment).expect("a network of words has lengths");
    format!(
        "Of the first {} test words, how many have the class that the network says after their last symbol. Band: 95 % interval (Wilson). \
         Dotted: the ends of the lengths that are trained on, {shortest} to {longest}. The class follows from the symbols, so that a predictor can always be right.",
        super::words()
    )
}
