//! Tables for people.

use comfy_table::{CellAlignment, Table, presets};
use infimum_lab::Figure;
use infimum_lab::metrics::{self, Noise};
use infimum_lab::sums::{Found, SumScores};

use crate::number::{answer, decimals, fixed};

/// So many wrong sums are shown.
const MOST_WRONG: usize = 20;

/// A table with these headings; columns whose heading begins with `>` are aligned to the right.
pub(crate) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.iter().map(|h| h.trim_start_matches('>')));
    table.add_rows(rows);
    for (column, heading) in table.column_iter_mut().zip(headings) {
        let alignment = if heading.starts_with('>') { CellAlignment::Right } else { CellAlignment::Left };
        column.set_cell_alignment(alignment);
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// The main figures with unit, optimum, baseline and interval, and the names of the others.
pub(crate) fn figures(figures: &[Figure]) -> String {
    let (shown, others): (Vec<&Figure>, Vec<&Figure>) = figures.iter().partition(|f| metrics::is_in_tables(f));
    let names: Vec<&str> = others.iter().map(|figure| figure.name.as_str()).collect();
    let more = (!names.is_empty()).then(|| format!("with --json also: {}", names.join(", ")));
    let parts = [Some(rows(&shown)), more, metrics::noise(figures).map(|noise| note(&noise))];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// Figures with unit, optimum, baseline and interval.
pub(crate) fn rows(figures: &[&Figure]) -> String {
    let headings = ["metric", ">value", "unit", ">optimum", ">baseline", ">95 % interval"];
    table(&headings, figures.iter().map(|figure| row(figure)))
}

/// The scores of a model of sums: figures, what some of them were found at, and rates by carries and digits.
pub(crate) fn sums(scores: &SumScores) -> String {
    let figures: Vec<&Figure> = scores.figures.iter().map(|found| &found.figure).collect();
    let mut parts = vec![rows(&figures)];
    let notes: Vec<String> = scores.figures.iter().flat_map(found_at).collect();
    if !notes.is_empty() {
        parts.push(notes.join("\n"));
    }
    if !scores.by_digit.is_empty() {
        let headings = [">n", ">n places carry", ">longest carry run n", ">digit that counts 10^n"];
        let series = [&scores.by_carries, &scores.by_carry_run, &scores.by_digit];
        let cell = |series: &Vec<Figure>, n: usize| fixed(series.get(n).map(|figure| figure.value), 4);
        let row = |n: usize| std::iter::once(n.to_string()).chain(series.map(|series| cell(series, n))).collect();
        parts.push(table(&headings, (0..scores.by_digit.len()).map(row)));
    }
    parts.join("\n\n")
}

/// What a figure was found at, a line each.
fn found_at(found: &Found) -> Vec<String> {
    let name = &found.figure.name;
    let pair = found.operands.map(|pair| format!("{name} is that of {} + {}", pair.a, pair.b));
    let run = found.carry_run.map(|run| format!("{name} is that of pairs whose longest carry run is {run}"));
    let mask = found.carry_mask.as_ref();
    let mask =
        mask.map(|mask| format!("{name} is that of pairs that carry where 1 stands, highest place first: {mask}"));
    let wrong = found.wrong.iter().take(MOST_WRONG).map(|wrong| {
        let (a, b, margin) = (wrong.operands.a, wrong.operands.b, wrong.margin);
        format!("wrong: {a} + {b} is {}, not {}; margin {margin:.4}", wrong.right, answer(wrong))
    });
    let more = (found.wrong.len() > MOST_WRONG).then(|| "more of them with --json".to_string());
    [pair, run, mask].into_iter().flatten().chain(wrong).chain(more).collect()
}

/// What a score beyond its optimum means.
fn note(noise: &Noise) -> String {
    let (names, lie) = (noise.beyond.join(" and "), if noise.beyond.len() == 1 { "lies" } else { "lie" });
    format!(
        "{names} {lie} beyond the optimum by chance: the test sequences happen to be easier than most.\n\
         The truth itself scores {:.5} nats on these same sequences; excess_loss compares with that.",
        noise.truth_nats
    )
}

fn row(figure: &Figure) -> Vec<String> {
    // A figure "of so many" is a count.
    let decimals = match figure.unit.starts_with("of ") {
        true => 0,
        false => figure.low.zip(figure.high).map_or(4, |(low, high)| decimals(high - low)),
    };
    let interval = match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{low:.decimals$} to {high:.decimals$}"),
        _ => "-".into(),
    };
    let (optimum, baseline) = (fixed(figure.optimum, decimals), fixed(figure.baseline, decimals));
    vec![figure.name.clone(), fixed(Some(figure.value), decimals), figure.unit.clone(), optimum, baseline, interval]
}

/// Names and values, one a line, the values in one column.
pub(crate) fn facts(facts: &[(impl AsRef<str>, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.as_ref().chars().count()).max().unwrap_or(0);
    facts.iter().map(|(name, value)| format!("{:width$}  {value}\n", name.as_ref())).collect()
}
