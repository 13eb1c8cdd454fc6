//! Grids: every cell's runs are those that it has alone, whatever trains beside it, and nothing is trained twice.

use std::path::Path;
use std::sync::Mutex;

use infimum_lab::seeds;
use infimum_lab::sweep::{self, Cell, Varied};

use super::*;

fn varied(texts: &[&str]) -> Vec<Varied> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn hashes(cells: &[Cell]) -> Vec<String> {
    let runs = cells.iter().flat_map(|cell| &cell.seeds);
    runs.map(|run| run.finished().expect("it is finished").weights_hash.clone()).collect()
}

/// The runs of each combination alone, one after another.
fn alone(set: &[[&str; 2]], numbers: &[u64]) -> Vec<String> {
    let hash = |overrides: &[&str], seed: u64| {
        let experiment = experiment(overrides).with_seed(seed);
        run(&experiment, &mut machine(1), &[]).2.weights_hash
    };
    set.iter().flat_map(|overrides| numbers.iter().map(move |seed| hash(overrides, *seed))).collect()
}

#[test]
fn a_grid_leaves_what_its_cells_leave_alone_and_goes_on_where_it_was_stopped() {
    let (grid, numbers) = (varied(&["model.width=4,8", "training.rate=1e-2,3e-3"]), [3, 7]);
    let expected = alone(
        &[
            ["model.width=4", "training.rate=1e-2"],
            ["model.width=4", "training.rate=3e-3"],
            ["model.width=8", "training.rate=1e-2"],
            ["model.width=8", "training.rate=3e-3"],
        ],
        &numbers,
    );
    for threads in [1, 2, 3, 9] {
        let runs = folder();
        let recipe = runs.path().join("small.toml");
        std::fs::write(&recipe, SMALL).unwrap();
        let cells = || sweep::cells(&recipe, &[], &grid, Some(&numbers), runs.path()).unwrap();
        let steps = Mutex::new(0);
        let stop = AtomicBool::new(false);
        let tell = |_, _, event: Event<'_>| {
            if matches!(event, Event::Step { .. }) {
                let mut steps = steps.lock().unwrap();
                *steps += 1;
                stop.fetch_or(*steps >= 130, Ordering::Relaxed);
            }
        };
        let mut first = cells();
        sweep::train(&mut first, (Isa::best(), threads), runs.path(), &tell, &stop);
        assert!(first.iter().flat_map(|cell| &cell.seeds).any(|run| !run.is_finished()), "it was stopped");
        stop.store(false, Ordering::Relaxed);
        let mut second = cells();
        sweep::train(&mut second, (Isa::best(), threads), runs.path(), &tell, &AtomicBool::new(false));
        assert_eq!(hashes(&second), expected, "{threads} threads");
        assert_eq!((hashes(&cells()), *steps.lock().unwrap()), (expected.clone(), 8 * 40), "no step was done twice");
        sweep::train(&mut cells(), (Isa::best(), threads), runs.path(), &tell, &AtomicBool::new(false));
        assert_eq!(*steps.lock().unwrap(), 8 * 40, "nothing was left to do");
        // A run is its plan: that of the cell is found where the recipe is run with the same settings.
        let same = experiment(&["model.width=8", "training.rate=3e-3"]);
        let found = seeds::find(&same, runs.path(), &numbers).unwrap();
        assert!(found.iter().all(seeds::SeedRun::is_finished));
    }
}

#[test]
fn a_grid_that_cannot_be_planned_is_refused_with_the_cell_before_anything_is_written() {
    let scratch = folder();
    let (recipe, runs) = (scratch.path().join("small.toml"), scratch.path().join("runs"));
    std::fs::write(&recipe, SMALL).unwrap();
    let refused = |set: &[&str], grid: &[&str], seeds: Option<&[u64]>| {
        let set: Vec<String> = set.iter().map(|text| text.to_string()).collect();
        let error = sweep::cells(&recipe, &set, &varied(grid), seeds, &runs).err().expect("it is refused");
        assert!(error.is_user_error() && !runs.exists(), "{error}");
        error.to_string()
    };
    for (set, grid, parts) in [
        (
            &[][..],
            &["model.width=8,7", "training.batch=8,16"][..],
            &["model.width=7, training.batch=8", "model.heads = 2"][..],
        ),
        (&[], &["model.widht=8"], &["model.widht=8", "`width`"]),
        (&[], &["training.rate=1e-3,0.001"], &["training.rate=0.001", "same plan as the cell training.rate=1e-3"]),
        (&["model.width=8"], &["model.width=4"], &["model.width=8 and model.width=4"]),
        (&[], &["model.width=4", "model.width=8"], &["model.width=4 and model.width=8"]),
        (&[], &["training.seed=1,2"], &["--vary = training.seed", "--seeds"]),
        (&["training.seed=4"], &["model.width=4"], &["training.seed=4 and training.seed=0"]),
    ] {
        let message = refused(set, grid, Some(&[0, 1]));
        parts.iter().for_each(|part| assert!(message.contains(part), "{part} in {message}"));
    }
    let many = format!("world.seed={}", (0..200).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    let also = many.replace("world.seed", "training.batch");
    assert!(refused(&[], &[&many, &also], None).contains("40000 cells"));
    assert!(sweep::cells(Path::new("nowhere.toml"), &[], &varied(&["model.width=4"]), None, &runs).is_err());
}

#[test]
fn without_seeds_a_cell_has_the_seed_of_its_recipe() {
    let runs = folder();
    let recipe = runs.path().join("small.toml");
    std::fs::write(&recipe, SMALL).unwrap();
    let cells = sweep::cells(&recipe, &[], &varied(&["model.width=4,8"]), None, runs.path()).unwrap();
    assert_eq!(cells.iter().map(|cell| cell.seeds.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(cells.iter().all(|cell| cell.seeds[0].seed == 5));
}
