//! Planted faults are named, and runs without one are not blamed. `crates/lab/examples/faults.rs` prints the table of all.

#[path = "explain/faults.rs"]
mod faults;

use std::path::PathBuf;

use faults::{FAULTS, HEALTHY, planted, shipped};
use infimum_lab::explain::CAUSES;

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
        let found = planted(fault, 1, &folder.0);
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

#[test]
fn runs_that_learned_are_not_blamed() {
    let folder = Folder::new("healthy");
    for healthy in HEALTHY.into_iter().take(2) {
        let found = shipped(healthy, &folder.0);
        assert!(found.is_empty(), "{}: {found:?}", healthy.0);
    }
}
