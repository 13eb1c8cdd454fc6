//! A grid of plans: a recipe with some keys varied, each combination with several seeds. Runs are those that `seeds` trains, with the
//! same records, so a grid that is begun again skips what is finished.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use infimum_engine::Isa;

use crate::recipe::text::overlap;
use crate::seeds::{self, CellProgress, Job, SeedRun};
use crate::{Experiment, LabError, Machine, Plan, require_memory};

/// The most cells of a grid.
const MOST_CELLS: usize = 10_000;

/// A key of a recipe and the values that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Varied {
    /// The whole key, such as `model.width`.
    pub key: String,
    /// Its values, as they are typed.
    pub values: Vec<String>,
}

/// One combination of values.
pub struct Cell {
    /// Each varied key with its value.
    pub settings: Vec<(String, String)>,
    /// Its plan, with the first seed.
    pub experiment: Experiment,
    /// Its seeds, and what has become of them.
    pub seeds: Vec<SeedRun>,
}

impl std::str::FromStr for Varied {
    type Err = String;

    /// `KEY=VALUE,VALUE,...`. Commas within brackets, braces or quotes belong to a value.
    fn from_str(text: &str) -> Result<Varied, String> {
        let (key, values) = text.split_once('=').ok_or("it has to be KEY=VALUE,VALUE,... with the whole key")?;
        let (key, values) = (key.trim().to_string(), parts(values));
        if key.is_empty() || values.iter().any(String::is_empty) {
            return Err(format!("`{text}` lacks a key or a value; give KEY=VALUE,VALUE,..."));
        }
        match values.iter().enumerate().find(|(place, value)| values[..*place].contains(value)) {
            Some((_, twice)) => Err(format!("{key} has the value {twice} twice; leave one of them out")),
            None => Ok(Varied { key, values }),
        }
    }
}

/// The parts between commas that stand in no brackets and no quotes.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0, false);
    for c in text.chars() {
        quoted ^= c == '"';
        match c {
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 && !quoted {
            parts.push(String::new());
        } else {
            parts.last_mut().expect("there is always one").push(c);
        }
    }
    parts.iter().map(|part| part.trim().to_string()).collect()
}

/// All combinations, the last key varying fastest.
fn combinations(varied: &[Varied]) -> Vec<Vec<(String, String)>> {
    varied.iter().fold(vec![vec![]], |combinations, Varied { key, values }| {
        let longer = |combination: Vec<(String, String)>| {
            values.iter().map(move |value| [&combination[..], &[(key.clone(), value.clone())]].concat())
        };
        combinations.into_iter().flat_map(longer).collect()
    })
}

/// What a cell is called.
fn called(settings: &[(String, String)]) -> String {
    settings.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

/// Plans every cell of a grid: `recipe` with the keys of `set`, each `a.b=c`, and of the cell. Without `seeds` each has the recipe's own.
/// What there is already is found in the folder `runs`. Nothing is trained and nothing written.
///
/// # Errors
/// A cell that makes no plan, with its settings; two cells that make the same; more than 10,000 cells.
pub fn cells(
    recipe: &Path,
    set: &[String],
    varied: &[Varied],
    seeds: Option<&[u64]>,
    runs: &Path,
) -> Result<Vec<Cell>, LabError> {
    check_grid(varied)?;
    let mut cells: Vec<(Cell, String)> = Vec::new();
    for settings in combinations(varied) {
        let name = called(&settings);
        let in_cell = |error| LabError::Cell { cell: name.clone(), source: Box::new(error) };
        let own = settings.iter().map(|(key, value)| format!("{key}={value}"));
        let seed = seeds.map(|seeds| format!("training.seed={}", seeds[0]));
        let overrides: Vec<String> = set.iter().cloned().chain(own).chain(seed).collect();
        let plan = Plan::load(recipe, &overrides, runs).map_err(in_cell)?;
        let text = plan.to_toml();
        if let Some((same, _)) = cells.iter().find(|(_, other)| *other == text) {
            let allowed = format!("it makes the same plan as the cell {}", called(&same.settings));
            return Err(LabError::value("--vary", name, allowed, "leave one of them out"));
        }
        let own = [plan.training().seed];
        let experiment = Experiment::new(plan).map_err(in_cell)?;
        let found = seeds::find(&experiment, runs, seeds.unwrap_or(&own)).map_err(in_cell)?;
        cells.push((Cell { settings, experiment, seeds: found }, text));
    }
    Ok(cells.into_iter().map(|(cell, _)| cell).collect())
}

fn check_grid(varied: &[Varied]) -> Result<(), LabError> {
    if let Some(seed) = varied.iter().find(|varied| overlap(&varied.key, "training.seed")) {
        let allowed = "seeds are no cells, but what each cell is trained with";
        return Err(LabError::value("--vary", &seed.key, allowed, "give them with --seeds"));
    }
    let cells = varied.iter().fold(1_usize, |cells, varied| cells.saturating_mul(varied.values.len()));
    let (allowed, remedy) = (format!("a grid has at most {MOST_CELLS} cells"), "vary fewer keys, or fewer values");
    if cells > MOST_CELLS { Err(LabError::value("--vary", format!("{cells} cells"), allowed, remedy)) } else { Ok(()) }
}

/// Trains every run of every cell that is not finished. Runs with short steps share the threads, one each; after them come those with
/// long steps, one after another on all threads. Who trains beside whom decides speed, never bits.
pub fn train(
    cells: &mut [Cell],
    (isa, threads): (Isa, usize),
    runs: &Path,
    progress: CellProgress<'_>,
    stop: &AtomicBool,
) {
    let left = cells.iter().flat_map(|cell| &cell.seeds).filter(|run| !run.is_finished()).count();
    let (mut beside, mut alone) = (Vec::new(), Vec::new());
    for (number, Cell { experiment, seeds, .. }) in cells.iter_mut().enumerate() {
        let experiment = &*experiment;
        let jobs = seeds.iter_mut().filter(|run| !run.is_finished());
        let jobs = jobs.map(|run| Job { experiment, run, cell: number });
        let shared = seeds::trains_beside_others(experiment, isa, threads, left);
        if shared { beside.extend(jobs) } else { alone.extend(jobs) }
    }
    let mut machines = seeds::split(isa, threads, beside.len());
    seeds::train_jobs(&mut beside, &mut machines, runs, progress, stop);
    drop(machines);
    seeds::train_jobs(&mut alone, &mut [Machine::new(isa, threads)], runs, progress, stop);
}

/// Refuses cells of which one run alone is more than the machine has memory for.
///
/// # Errors
/// As [`require_memory`], with the cell.
pub fn require_memory_of(cells: &[Cell], (isa, threads): (Isa, usize)) -> Result<(), LabError> {
    let machine = Machine::new(isa, threads);
    cells.iter().try_for_each(|cell| {
        let in_cell = |error| LabError::Cell { cell: called(&cell.settings), source: Box::new(error) };
        require_memory(&cell.experiment, &machine).map_err(in_cell)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_stands_between_commas() {
        let varied = |text: &str| text.parse::<Varied>().map(|v| (v.key, v.values));
        let values = |values: &[&str]| values.iter().map(|value| value.to_string()).collect::<Vec<_>>();
        assert_eq!(varied("model.width=32, 64"), Ok(("model.width".into(), values(&["32", "64"]))));
        let tables = "training.curriculum=[],[{ until = 5, world = { min_digits = 1 } }]";
        let expected = values(&["[]", "[{ until = 5, world = { min_digits = 1 } }]"]);
        assert_eq!(varied(tables), Ok(("training.curriculum".into(), expected)));
        assert_eq!(varied("name=\"a,b\",c"), Ok(("name".into(), values(&["\"a,b\"", "c"]))));
        for (text, part) in
            [("width", "KEY=VALUE"), ("=1", "lacks"), ("a=", "lacks"), ("a=1,,2", "lacks"), ("a=1,2,1", "1 twice")]
        {
            assert!(varied(text).is_err_and(|message| message.contains(part)), "{text}");
        }
    }

    #[test]
    fn every_combination_is_there_once() {
        let grid = combinations(&["a=1,2".parse().unwrap(), "b=x,y,z".parse().unwrap()]);
        let names: Vec<String> = grid.iter().map(|settings| called(settings)).collect();
        assert_eq!(names, ["a=1, b=x", "a=1, b=y", "a=1, b=z", "a=2, b=x", "a=2, b=y", "a=2, b=z"]);
        assert_eq!(combinations(&[]).len(), 1);
    }
}
