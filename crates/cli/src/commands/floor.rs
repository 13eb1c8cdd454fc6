//! `floor`: what no predictor can beat.

use infimum_lab::{Fact, FloorLine, Floors, Quantity};

use crate::arguments::Floor;
use crate::commands::recipes;
use crate::number::fixed;
use crate::{output, progress, table};

/// Floors that differ by less are printed as one range of positions.
const SAME_NATS: f64 = 5e-7;
/// More ranges than this are thinned out.
const MOST_ROWS: usize = 20;

pub(crate) fn floor(arguments: &Floor) -> anyhow::Result<()> {
    let world = recipes::world(&arguments.recipe)?;
    let floors = progress::waiting("computing the floors", || Floors::of(&*world));
    if arguments.form.json {
        return output::json(&floors);
    }
    output::print(&text(&floors))
}

fn text(floors: &Floors) -> String {
    let ceilings = floors.ceilings.iter().map(|line| vec![line.name.clone(), fixed(line.value, 6), line.about.clone()]);
    let ranges = by_position(&floors.floors);
    let (shown, note) = if ranges.len() <= MOST_ROWS {
        (ranges, String::new())
    } else {
        (thinned(ranges), "\nEvery position: --json.".to_string())
    };
    let positions: Vec<_> = shown.into_iter().map(|(range, nats)| vec![range, fixed(nats, 6)]).collect();
    let some = !positions.is_empty();
    let tables = [
        Some(losses(&floors.floors)),
        Some(table::table(&["ceiling", ">value", "what"], ceilings)),
        // The floors of a text are known at no position.
        some.then(|| format!("{}{note}", table::table(&["position", ">floor, nats"], positions.into_iter()))),
        Some(world(floors.facts.iter().filter(|fact| fact.unit != "nats"))),
    ];
    format!("{}\n", tables.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
}

/// The means, of a text in bits per byte, too.
fn losses(floors: &[FloorLine]) -> String {
    let bits = floors.iter().any(|line| line.bits_per_byte.is_some());
    let row = |line: &FloorLine| {
        let numbers = [Some(line.nats), bits.then_some(line.bits_per_byte)].into_iter().flatten();
        let words = [line.kind.to_string(), line.about.clone()];
        [line.name.clone()].into_iter().chain(numbers.map(|number| fixed(number, 6))).chain(words).collect()
    };
    let head = if bits {
        &["loss", ">nats", ">bits per byte", "kind", "what"][..]
    } else {
        &["loss", ">nats", "kind", "what"]
    };
    table::table(head, floors.iter().filter(|line| line.position.is_none()).map(row))
}

/// What is true of a world, as a table.
pub(crate) fn world<'f>(facts: impl Iterator<Item = &'f Fact>) -> String {
    let row = |fact: &Fact| {
        let value = match &fact.value {
            Quantity::Count(count) => count.to_string(),
            Quantity::Number(nats) if fact.unit == "nats" => format!("{nats:.6}"),
            Quantity::Number(number) => format!("{number:.3e}"),
            Quantity::Words(words) => words.clone(),
        };
        vec![fact.name.clone(), value, fact.unit.to_string()]
    };
    table::table(&["world", "value", "unit"], facts.map(row))
}

/// The rows numbered 1, 2, 4, 8, … and the last four.
fn thinned<T>(rows: Vec<T>) -> Vec<T> {
    let last = rows.len() - 4;
    let kept = rows.into_iter().enumerate().filter(|(row, _)| (row + 1).is_power_of_two() || *row >= last);
    kept.map(|(_, row)| row).collect()
}

/// Ranges of positions with the same floor.
fn by_position(floors: &[FloorLine]) -> Vec<(String, Option<f64>)> {
    let mut ranges: Vec<(usize, usize, Option<f64>)> = Vec::new();
    for line in floors {
        let Some(position) = line.position else { continue };
        match ranges.last_mut() {
            Some((_, last, nats)) if *last + 1 == position && same(*nats, line.nats) => *last = position,
            _ => ranges.push((position, position, line.nats)),
        }
    }
    let name = |first, last| if first == last { format!("{first}") } else { format!("{first} to {last}") };
    ranges.into_iter().map(|(first, last, nats)| (name(first, last), nats)).collect()
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    a == b || a.zip(b).is_some_and(|(a, b)| (a - b).abs() < SAME_NATS)
}
