//! Words that must not stay: markers of unfinished work, switched-off tests, and paths of one machine.

use super::rule::{Report, Rule};
use super::scan::{line_of, words};
use super::tree::{File, Tree};

/// In code.
const UNFINISHED_CODE: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];
/// In comments, and in text that is not Rust.
const UNFINISHED_TEXT: &[&str] = &["FIXME", "TODO", "XXX", "HACK"];

pub(crate) const NOTHING_IS_UNFINISHED: Rule = Rule {
    check: nothing_is_unfinished,
    broken: &[
        &[("crates/lab/src/a.rs", "fn a() { todo!() }")],
        &[("crates/lab/tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}")],
        &[("crates/lab/src/a.rs", "// FIXME: b")],
        &[("crates/lab/src/a.rs", "fn a() { dbg!(b); }")],
        &[("docs/a.md", "TODO")],
        &[("a.py", "# XXX")],
    ],
    sound: &[&[("crates/lab/src/a.rs", "fn a() { b(\"todo!\") } // to do"), ("docs/a.md", "mastodon")]],
};

fn nothing_is_unfinished(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in written(tree) {
        report.looked_at += 1;
        let text = file.scan.as_ref().map_or(&file.text, |scan| &scan.comments);
        let code = file.scan.as_ref().map_or("", |scan| &scan.code);
        for (text, marks) in [(text.as_str(), UNFINISHED_TEXT), (code, UNFINISHED_CODE)] {
            for mark in marks {
                words(text, mark).for_each(|at| report.at(&file.path, line_of(text, at), format!("`{mark}`")));
            }
        }
    }
    report
}

/// Text that is ours: not lock files, not licences.
fn written(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.values().filter(|file| !file.path.ends_with(".lock") && !file.path.starts_with("LICENSE"))
}

/// Beginnings of paths that some machine has and another has not.
const MACHINE_FOLDERS: &[&str] = &["/home/", "/root/", "/tmp/", "/Users/", "/mnt/"];

pub(crate) const NO_PATH_OF_ONE_MACHINE: Rule = Rule {
    check: no_path_of_one_machine,
    broken: &[
        &[("docs/a.md", "see /home/me/x")],
        &[("crates/lab/src/a.rs", "const A: &str = \"/tmp/a\";")],
        &[(".ci/run", "cd /root/b")],
    ],
    sound: &[&[("docs/a.md", "see docs/home/x and https://a.org/home/x"), ("crates/lab/tests/a.rs", "\"/tmp/a\"")]],
};

fn no_path_of_one_machine(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in written(tree).filter(|file| !tree.is_test(&file.path)) {
        report.looked_at += 1;
        let tests = file.scan.as_ref().map(|scan| scan.test_items()).unwrap_or_default();
        for folder in MACHINE_FOLDERS {
            for (at, _) in file.text.match_indices(folder) {
                let before = file.text[..at].chars().next_back();
                let begins = !before.is_some_and(|c| c.is_alphanumeric() || "._-/}~$".contains(c));
                if begins && !tests.iter().any(|item| item.contains(&at)) {
                    report.at(&file.path, line_of(&file.text, at), format!("a path of one machine: `{folder}`"));
                }
            }
        }
    }
    report
}
