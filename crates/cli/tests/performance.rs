//! docs/performance.md is what bench/performance_page.py writes from what was measured.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether the script says that `page` is what it would write; `None` without a Python.
fn is_written(page: &Path) -> Option<bool> {
    let script = root().join("bench/performance_page.py");
    Some(Command::new("python3").arg(script).arg("--check").arg(page).status().ok()?.success())
}

#[test]
fn the_page_is_written_by_the_bench() {
    let page = root().join("docs/performance.md");
    let Some(same) = is_written(&page) else {
        println!("notice: there is no python3, docs/performance.md was not compared");
        return;
    };
    assert!(same, "run bench/compare --page");
    let spoilt = std::env::temp_dir().join(format!("infimum-page-{}.md", std::process::id()));
    std::fs::write(&spoilt, std::fs::read_to_string(page).unwrap().replace(" ms", " us")).unwrap();
    assert_eq!(is_written(&spoilt), Some(false), "a figure that was changed by hand is noticed");
    std::fs::remove_file(spoilt).unwrap();
}
