//! `compare`: whether two sets of runs differ.

use infimum_lab::comparison::{Compared, Comparison, Side, Verdict, compare as compare_sides};

use crate::arguments::Compare;
use crate::number::{decimals, fixed, p, percent};
use crate::{output, table};

pub(crate) fn compare(arguments: &Compare) -> anyhow::Result<()> {
    let side = |given: &str| Side::select(&arguments.runs.runs, given);
    let (a, b) = (side(&arguments.first)?, side(&arguments.second)?);
    let comparison = compare_sides(&a, &b, arguments.figure.as_deref())?;
    if arguments.form.json {
        return output::json(&comparison);
    }
    output::print(&text(&comparison))
}

fn text(comparison: &Comparison) -> String {
    let mut parts = vec![verdict(comparison), table::facts(&facts(comparison)).trim_end().to_string()];
    if comparison.smallest_p > comparison.level {
        parts.push(format!(
            "So few runs cannot show a difference, whatever their results: the smallest p that they could give is {}. Train more seeds.",
            p(comparison.smallest_p)
        ));
    }
    if !comparison.differing.is_empty() {
        let text = |value: &Option<String>| value.clone().unwrap_or("not set".into());
        let rows = comparison.differing.iter().map(|d| vec![d.key.clone(), text(&d.a), text(&d.b)]);
        parts.push(format!("The plans differ in\n{}", table::table(&["key", "A", "B"], rows)));
    }
    let left: Vec<String> = comparison.left_out.iter().map(|left| format!("{} ({})", left.run, left.reason)).collect();
    if !left.is_empty() {
        parts.push(format!("Left out: {}.", left.join(", ")));
    }
    parts.join("\n\n")
}

fn verdict(comparison: &Comparison) -> String {
    let word = match comparison.verdict {
        Verdict::Differ => "differ",
        Verdict::Undecided => "undecided",
    };
    let exact = if comparison.exact { "" } else { ", by the normal law" };
    let pairs = comparison.pairs.map(|pairs| format!(", {pairs} pairs with the same seeds")).unwrap_or_default();
    format!("{word}: p = {} ({}{exact}{pairs}; level {})", p(comparison.p), comparison.test, comparison.level)
}

fn facts(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let Comparison { figure, unit, effect, low, high, a, b, .. } = comparison;
    let places = low.zip(*high).map_or(4, |(low, high)| decimals(high - low));
    let ends = match low.zip(*high) {
        Some((low, high)) => format!("{low:.places$} to {high:.places$}"),
        None => "none that so few runs allow".into(),
    };
    let mut facts = vec![
        ("compared", format!("{figure}, {unit}")),
        ("A", side(a)),
        ("B", side(b)),
        ("A - B", format!("{effect:.places$} (95 % interval {ends})")),
    ];
    facts.extend(comparison.odds_ratio.map(|ratio| ("odds ratio", fixed(Some(ratio), 2))));
    facts.extend(comparison.permutation_p.map(|value| ("all signs", format!("p = {} (mean within pairs)", p(value)))));
    facts
}

fn side(side: &Compared) -> String {
    let Compared { given, of, successes, value, low, high, spread } = side;
    let runs = match (successes, low.zip(*high), spread) {
        (Some(successes), Some((low, high)), _) => {
            let interval = format!("{} to {}", percent(low), percent(high));
            format!("{successes} of {of}, {} (95 % interval {interval})", percent(*value))
        }
        (_, _, Some(spread)) => {
            let places = decimals(spread.most - spread.least);
            let [median, lower, upper] = [*value, spread.lower_quartile, spread.upper_quartile];
            format!("{of} runs, median {median:.places$} (half of them {lower:.places$} to {upper:.places$})")
        }
        _ => format!("{of} runs"),
    };
    format!("{given}: {runs}")
}
