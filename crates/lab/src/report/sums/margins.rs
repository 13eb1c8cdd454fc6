//! How far from wrong sums are: a histogram of their margins.

use crate::digits::count;
use crate::report::axis::Scale;
use crate::report::chart::{Chart, Ink, Point, Series, Stroke};
use crate::report::pictures::Looked;
use crate::sums::Portrait;

/// Columns of the histogram, about.
const COLUMNS: f64 = 40.0;

/// How many uniform pairs have which margin; columns of all runs have the same edges, and one of them is at 0.
pub(super) fn chart(looked: &[Looked<'_>]) -> Option<Chart> {
    let portraits: Vec<(&Looked<'_>, &Portrait)> =
        looked.iter().filter_map(|one| Some((one, &one.sums.as_ref()?.portrait))).collect();
    let finite = || portraits.iter().flat_map(|(_, portrait)| &portrait.margins).filter(|margin| margin.is_finite());
    let (low, high) = finite().fold((0.0_f64, 0.0_f64), |(low, high), &m| (low.min(m.into()), high.max(m.into())));
    let width = width((high - low).max(1e-6));
    let mut series: Vec<Series> = portraits
        .iter()
        .map(|(one, portrait)| Series {
            label: one.label("pairs", looked.len()),
            ink: one.ink(),
            stroke: Stroke::Columns,
            points: columns(&portrait.margins, width),
        })
        .collect();
    series.retain(|columns| !columns.points.is_empty());
    if low < 0.0 {
        let points = vec![Point::at(0.0, 1.0)];
        series.push(Series { label: "right from here on".into(), ink: Ink::Plain, stroke: Stroke::Upright, points });
    }
    let pairs = portraits.first()?.1.margins.len();
    Some(Chart {
        id: "margins",
        title: "Margins".into(),
        description: format!(
            "Of {} uniform pairs, how many have which margin, on a logarithmic axis; {}.",
            count(pairs as u64),
            portraits
                .iter()
                .map(|(one, portrait)| smallest(one, portrait, looked.len()))
                .collect::<Vec<_>>()
                .join("; ")
        ),
        x: (format!("margin, nats (columns of {width})"), Scale::Linear),
        y: ("pairs".into(), Scale::Log),
        series,
    })
}

/// 1, 2 or 5 times a power of ten, of which about [`COLUMNS`] make the range.
fn width(range: f64) -> f64 {
    let wished = range / COLUMNS;
    let power = libm::pow(10.0, libm::floor(libm::log10(wished)));
    [1.0, 2.0, 5.0, 10.0].map(|part| part * power).into_iter().find(|width| *width >= wished).unwrap_or(10.0 * power)
}

/// Each column at its left edge, a multiple of `width`, and an empty one at the right end. What is no number is in none.
pub(super) fn columns(margins: &[f32], width: f64) -> Vec<Point> {
    let column = |margin: &f32| (f64::from(*margin) / width).floor() as i64;
    let mut of: Vec<i64> = margins.iter().filter(|margin| margin.is_finite()).map(column).collect();
    of.sort_unstable();
    let [Some(first), Some(last)] = [of.first().copied(), of.last().copied()] else { return vec![] };
    let height = |column: i64| of.partition_point(|of| *of <= column) - of.partition_point(|of| *of < column);
    (first..=last + 1).map(|column| Point::at(column as f64 * width, height(column) as f64)).collect()
}

/// The smallest margin of a run and its pair.
pub(super) fn smallest(one: &Looked<'_>, portrait: &Portrait, runs: usize) -> String {
    let of = if runs > 1 { format!(" of seed {}", one.source.seed()) } else { String::new() };
    let question = one.sums.as_ref().map_or("", |sums| &sums.smallest_question);
    format!("the smallest{of} is {:.4} at {question}", portrait.smallest.figure.value)
}

/// What the chart shows, in words.
pub(super) fn about(looked: &[Looked<'_>]) -> String {
    let portraits = looked.iter().filter_map(|one| Some((one, &one.sums.as_ref()?.portrait)));
    let smallest: Vec<String> =
        portraits.clone().map(|(one, portrait)| smallest(one, portrait, looked.len())).collect();
    let pairs = portraits.clone().map(|(_, portrait)| portrait.margins.len()).next().unwrap_or(0);
    let odd = portraits.flat_map(|(_, portrait)| &portrait.margins).filter(|margin| !margin.is_finite()).count();
    let odd = if odd > 0 {
        format!(" {} margins are no numbers and are left out.", count(odd as u64))
    } else {
        String::new()
    };
    format!(
        "The least, over the digits of an answer, of the right token's logit less the best other's, of {} uniform pairs; below 0 the answer \
         is wrong. Among them {}.{odd}",
        count(pairs as u64),
        smallest.join("; ")
    )
}
