//! What several runs of one plan come to: how they lie, how often they succeed, and when.

use infimum_lab::Figure;
use infimum_lab::recipe::Success;
use infimum_lab::seeds::SeedRun;
use infimum_lab::statistics::{CurvePoint, Spread, TimeToSuccess};
use infimum_lab::success::{Outcome, RATE, Successes};
use serde_json::{Map, Value, json};

use crate::number::{count, decimals, percent};
use crate::table;

/// Where the values of the figures in `shown` lie; nothing for fewer than two runs.
pub(crate) fn spreads(spreads: &[Spread], shown: &[&Figure]) -> Option<String> {
    let headings = ["metric", "unit", ">median", ">lower quartile", ">upper quartile", ">least", ">most"];
    let shown = spreads.iter().filter(|spread| spread.of > 1 && shown.iter().any(|figure| figure.name == spread.name));
    let rows: Vec<Vec<String>> = shown.map(spread_row).collect();
    (!rows.is_empty()).then(|| table::table(&headings, rows))
}

fn spread_row(spread: &Spread) -> Vec<String> {
    let Spread { name, unit, least, lower_quartile, median, upper_quartile, most, .. } = spread;
    let decimals = decimals(most - least);
    let values = [median, lower_quartile, upper_quartile, least, most].map(|value| format!("{value:.decimals$}"));
    [name.clone(), unit.clone()].into_iter().chain(values).collect()
}

/// The rate of success, and the steps to it.
pub(crate) fn text(success: &Success, seeds: &[SeedRun], outcomes: &[Option<Outcome>]) -> String {
    let Some(successes) = Successes::of(outcomes) else {
        return format!("Success is {success}. No seed has ended, so nothing is known of it.");
    };
    let facts = [
        ("success", format!("{success}, on the test sequences at the end")),
        (RATE, rate(&successes)),
        ("steps to it", median(&successes.time)),
    ];
    let mut parts = vec![table::facts(&facts).trim_end().to_string()];
    parts.extend(disagreements(seeds, outcomes));
    if !successes.time.curve.is_empty() {
        parts.push(curve(&successes.time.curve));
        let note = "Steps are those of the first validation, on its own sequences, at which the criterion held (Kaplan and Meier; runs that never \
                    got there count up to their end).\n`from` and `to`: the 95 % interval (Rothman).";
        parts.push(note.into());
    }
    parts.join("\n\n")
}

/// `5 of 8, 62.5 % (95 % interval 30.6 to 86.3 %)`.
pub(crate) fn rate(successes: &Successes) -> String {
    let (trials, (low, high)) = (successes.trials, successes.trials.interval().expect("a run has ended"));
    let interval = format!("{} to {}", percent(low), percent(high));
    format!("{} of {}, {} (95 % interval {interval})", trials.successes, trials.of, percent(trials.share()))
}

fn median(time: &TimeToSuccess) -> String {
    let step = |step: Option<u64>| step.map_or("never".into(), count);
    match time.median {
        None => format!("not reached by half of the runs (95 % interval of the median: {} to never)", step(time.low)),
        Some(median) => {
            format!("median {} (95 % interval {} to {})", count(median), step(time.low), step(time.high))
        }
    }
}

/// Seeds that got there in a validation and do not have it on the test sequences, and the other way round.
fn disagreements(seeds: &[SeedRun], outcomes: &[Option<Outcome>]) -> Vec<String> {
    let those = |wanted: fn(&Outcome) -> bool, what: &str| {
        let pairs = seeds.iter().zip(outcomes).filter(|(_, outcome)| outcome.as_ref().is_some_and(wanted));
        let seeds: Vec<String> = pairs.map(|(seed, _)| seed.seed.to_string()).collect();
        (!seeds.is_empty()).then(|| format!("{what}: seed {}.", seeds.join(", ")))
    };
    let lost =
        those(|o| !o.succeeded && o.reached.is_some(), "It held at a validation and does not on the test sequences");
    let unseen =
        those(|o| o.succeeded && o.reached.is_none(), "It holds on the test sequences and did at no validation");
    [lost, unseen].into_iter().flatten().collect()
}

fn curve(points: &[CurvePoint]) -> String {
    let headings = [">steps", ">runs left", ">got there", ">share by then", ">from", ">to"];
    let row = |point: &CurvePoint| {
        let shares = [point.share, point.low, point.high].map(percent);
        let counts = [count(point.step), point.at_risk.to_string(), point.reached.to_string()];
        counts.into_iter().chain(shares).collect()
    };
    table::table(&headings, points.iter().map(row))
}

/// The criterion, the rate and the times, each null where there is none.
pub(crate) fn as_json(success: Option<&Success>, outcomes: Option<&[Option<Outcome>]>) -> Map<String, Value> {
    let successes = outcomes.and_then(Successes::of);
    let rate = successes.as_ref().map(|successes| {
        let mut rate = json!(successes.rate());
        let counts = json!(successes.trials);
        rate.as_object_mut().expect("a figure is an object").extend(counts.as_object().expect("they are two").clone());
        rate
    });
    let values =
        [("success", json!(success)), (RATE, json!(rate)), ("time_to_success", json!(successes.map(|s| s.time)))];
    values.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}
