//! Rates of wrong answers and digits, with their intervals.

use crate::Figure;
use crate::report::axis::Scale;
use crate::report::chart::{Chart, Point, Series, Stroke};
use crate::report::pictures::Looked;
use crate::sums::Portrait;

/// Points of several runs stand side by side over so much of the way to the next.
const BESIDE: f64 = 0.5;

/// What a chart of error rates says of itself.
pub(super) struct Words {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) of_what: &'static str,
    pub(super) x: &'static str,
    pub(super) y: &'static str,
}

/// 1 less each of the `rates` of a run, over 0, 1, 2 and so on; `None` where there are none.
pub(super) fn chart(looked: &[Looked<'_>], words: Words, rates: fn(&Portrait) -> &[Figure]) -> Option<Chart> {
    let of =
        |one: &Looked<'_>| one.sums.as_ref().map_or(vec![], |sums| rates(&sums.portrait).iter().map(error).collect());
    let errors: Vec<Vec<Error>> = looked.iter().map(of).collect();
    if errors.iter().all(Vec::is_empty) {
        return None;
    }
    let point = |run: usize, number: usize, error: &Error| Point {
        x: number as f64 + BESIDE * run as f64 / looked.len() as f64,
        y: error.rate,
        interval: error.interval,
    };
    let series = |(run, (one, errors)): (usize, (&Looked<'_>, &Vec<Error>))| Series {
        label: one.label("model", looked.len()),
        ink: one.ink(),
        stroke: Stroke::Dots,
        points: errors.iter().enumerate().map(|(number, error)| point(run, number, error)).collect(),
    };
    let told = errors.iter().map(|errors| errors.iter().map(|error| format!("{:.6}", error.rate)).collect::<Vec<_>>());
    let told: Vec<String> = told.map(|rates| rates.join(", ")).collect();
    Some(Chart {
        id: words.id,
        title: words.title.into(),
        description: format!("{}, from 0 on, with 95 % intervals: {}.", words.of_what, told.join("; ")),
        x: (words.x.into(), Scale::Whole),
        y: (words.y.into(), Scale::Log),
        series: looked.iter().zip(&errors).enumerate().map(series).collect(),
    })
}

/// The other side of a rate of what is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Error {
    pub(super) rate: f64,
    pub(super) interval: Option<(f64, f64)>,
}

pub(super) fn error(right: &Figure) -> Error {
    Error { rate: 1.0 - right.value, interval: right.low.zip(right.high).map(|(low, high)| (1.0 - high, 1.0 - low)) }
}

/// How all of these are read.
pub(super) const READ: &str =
    "Bars: 95 % intervals (Wilson). A bar without a dot: none was wrong, and the rate is at most about its upper end.";
