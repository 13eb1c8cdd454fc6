//! Planted faults are named, and runs without one are not blamed. `crates/lab/examples/faults.rs` prints the table of all.

#[path = "explain/faults.rs"]
mod faults;

use std::path::PathBuf;

use faults::{CHAIN, FAULTS, HEALTHY, SHORT, of_recipe, planted, shipped};
use infimum_lab::explain::{CAUSES, Explanation, Learned};

/// A folder of this process, gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(std::env::temp_dir().join(format!("infimum-explain-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn planted_faults_are_named_first() {
    let folder = Folder::new("faults");
    let missed = FAULTS.iter().filter_map(|fault| {
        let found = planted(fault, 1, &folder.0).causes;
        let first = found.first().map(|diagnosis| diagnosis.cause);
        (first != Some(fault.cause)).then(|| format!("{}: {found:?}", fault.name))
    });
    let missed: Vec<String> = missed.collect();
    assert!(missed.len() <= 1, "{missed:#?}");
}

/// Every cause is planted at least once.
#[test]
fn every_cause_has_a_fault() {
    let planted = |name: &str| FAULTS.iter().any(|fault| fault.cause == name);
    assert!(CAUSES.iter().all(|cause| planted(cause.name)) && FAULTS.len() == 12);
}

fn names(found: &Explanation) -> Vec<&'static str> {
    found.causes.iter().map(|diagnosis| diagnosis.cause).collect()
}

#[test]
fn sound_runs_are_not_blamed() {
    let folder = Folder::new("healthy");
    for healthy in HEALTHY.into_iter().take(5) {
        let found = shipped(healthy, &folder.0);
        let is_text = healthy.0.starts_with("text/");
        assert!(found.causes.is_empty(), "{}: {found:?}", healthy.0);
        assert!(matches!(found.learned, Learned::Yes(_)) || is_text, "{}: {found:?}", healthy.0);
    }
}

/// No run here learnt, so every cause is looked for.
#[test]
fn sound_runs_of_too_few_steps_are_blamed_for_nothing_else() {
    let folder = Folder::new("short");
    let wrong = SHORT.into_iter().filter_map(|short| {
        let found = shipped(short, &folder.0);
        assert!(!matches!(found.learned, Learned::Yes(_)), "{short:?} learnt: {found:?}");
        (names(&found) != ["ended_early"]).then(|| format!("{short:?}: {found:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_run_that_was_stopped_is_to_go_on() {
    let folder = Folder::new("stopped");
    let found = of_recipe(CHAIN, &[], 37, &folder.0);
    let first = &found.causes[0];
    assert!(first.cause == "ended_early" && first.evidence.contains("step 37 of 500"), "{found:?}");
    assert!(first.change.contains(&format!("infimum resume {}", folder.0.display())), "{found:?}");
    assert!(found.causes.len() == 1, "{found:?}");
}

/// With checkpoints from before it, and without any.
#[test]
fn the_rate_of_a_run_that_diverged_is_blamed_first() {
    let folder = Folder::new("diverged");
    for every in ["evaluation.every=1", "evaluation.every=500"] {
        let overrides = ["training.rate=100", "training.clip=0", "model.norm=none", "model.activation=relu3", every];
        let found = of_recipe(CHAIN, &overrides, u64::MAX, &folder.0);
        assert!(matches!(&found.learned, Learned::No(why) if why.contains("no number")), "{found:?}");
        assert_eq!(found.causes[0].cause, "rate_too_high", "{found:?}");
    }
}

/// A small text, without `[training.stop]`.
const TEXT: &str = "name = \"text\"\n[world]\nkind = \"text\"\nfile = \"tinytalks\"\ntokens = \"characters\"\nwindow = 16\n\
                    validation = 0.15\ntest = 0.15\n[model]\nwidth = 32\nlayers = 2\nheads = 4\n[training]\nsteps = 3000\nbatch = 16\n\
                    rate = 3e-3\nwarmup = 100\n[evaluation]\nevery = 100\nsequences = 80\n";

/// Known by heart, and worse than it was; where the best weights are the run's, nothing is wrong with it. A model that sees the last
/// character alone comes to what counting that comes to.
#[test]
fn a_text_that_was_trained_on_for_too_long_is_noticed() {
    let folder = Folder::new("text");
    let said = |overrides: &[&str]| of_recipe(TEXT, overrides, u64::MAX, &folder.0);
    let found = said(&[]);
    assert_eq!(names(&found), ["overfitting"], "{found:?}");
    assert!(found.causes[0].change.contains("a longer text"), "{found:?}");
    let found = said(&["training.stop.patience=1000"]);
    assert_eq!(names(&found), [""; 0], "{found:?}");
    let found = said(&["model.attention=false", "model.positions=none", "model.heads=1", "training.steps=1500"]);
    assert_eq!(names(&found), ["stuck_at_rung"], "{found:?}");
    assert!(found.causes[0].evidence.contains("kneser-ney-2"), "{found:?}");
}

/// A chain that four channels are enough for.
#[test]
fn a_width_that_is_enough_is_not_blamed() {
    let folder = Folder::new("width");
    for concentration in ["world.concentration=0.05", "world.concentration=0.1"] {
        let overrides = [
            "world.order=1",
            "world.states=12",
            "model.width=4",
            "training.rate=0.1",
            "training.steps=40",
            concentration,
        ];
        let found = of_recipe(CHAIN, &overrides, u64::MAX, &folder.0);
        assert!(!names(&found).contains(&"model_too_narrow"), "{found:?}");
    }
}
