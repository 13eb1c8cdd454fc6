//! How long files and functions may be, what files may be called, and that every Rust file is part of some crate.

use std::collections::BTreeSet;

use super::rule::{Report, Rule};
use super::scan::{Scan, line_of, word_at, words};
use super::tree::{File, Tree, module_folder};

const MOST_LINES_OF_A_FILE: usize = 500;
const MOST_LINES_OF_A_FUNCTION: usize = 70;

/// `start`, then line ends, then `}`, `N` bytes in all.
const fn long<const N: usize>(start: &[u8]) -> [u8; N] {
    let mut bytes = [b'\n'; N];
    let mut at = 0;
    while at < start.len() {
        bytes[at] = start[at];
        at += 1;
    }
    bytes[N - 1] = b'}';
    bytes
}

const fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("ASCII"),
    }
}

pub(crate) const FUNCTIONS_ARE_SHORT: Rule = Rule {
    check: functions_are_short,
    broken: &[&[("crates/lab/src/a.rs", text(&long::<79>(b"fn a() {")))]],
    sound: &[&[("crates/lab/src/a.rs", text(&long::<78>(b"fn a() {")))]],
};

fn functions_are_short(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, scan) in tree.rust() {
        for (name, range) in scan.functions() {
            let lines = 1 + scan.code[range.clone()].matches('\n').count();
            let place = format!("{}:{}", file.path, line_of(&scan.code, range.start));
            let long = lines > MOST_LINES_OF_A_FUNCTION;
            report.look(
                long.then(|| format!("{place}: {name} has {lines} lines, {MOST_LINES_OF_A_FUNCTION} are allowed")),
            );
        }
    }
    report
}

/// Text that people write; lock files and data are not.
const WRITTEN: &[&str] = &[".rs", ".py", ".sh", ".toml", ".ci/run", "bench/figures"];

pub(crate) const FILES_ARE_SHORT: Rule = Rule {
    check: files_are_short,
    broken: &[&[("a.py", text(&long::<502>(b"{")))]],
    sound: &[&[("a.rs", text(&long::<500>(b"{"))), ("a.json", text(&long::<502>(b"{")))]],
};

fn files_are_short(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in tree.files.values().filter(|file| WRITTEN.iter().any(|ending| file.path.ends_with(ending))) {
        let lines = file.text.lines().count();
        report.look(
            (lines > MOST_LINES_OF_A_FILE)
                .then(|| format!("{}: {lines} lines, {MOST_LINES_OF_A_FILE} are allowed", file.path)),
        );
    }
    report
}

pub(crate) const NAMES_SAY_THE_SUBJECT: Rule = Rule {
    check: names_say_the_subject,
    broken: &[&[("crates/lab/src/utils.rs", "")], &[("crates/lab/src/common/a.rs", "")], &[("docs/misc.md", "")]],
    sound: &[&[("crates/lab/src/commons.rs", "")]],
};

const SAY_NOTHING: &[&str] = &["utils", "util", "common", "misc", "helpers", "helper"];

fn names_say_the_subject(tree: &Tree) -> Report {
    let mut report = Report::default();
    for path in tree.files.keys() {
        let bad = path.split('/').find(|part| SAY_NOTHING.contains(&part.split('.').next().unwrap_or_default()));
        report.look(bad.map(|bad| format!("{path}: name it after its subject, not `{bad}`")));
    }
    report
}

pub(crate) const RUST_FILES_ARE_REGISTERED: Rule = Rule {
    check: rust_files_are_registered,
    broken: &[
        &[("crates/lab/src/lib.rs", "mod a;"), ("crates/lab/src/a.rs", ""), ("crates/lab/src/b.rs", "")],
        &[("crates/lab/src/lib.rs", "// mod a;"), ("crates/lab/src/a.rs", "")],
        &[("crates/lab/tests/a.rs", ""), ("crates/lab/tests/a/b.rs", "")],
        &[("examples/a.rs", "")],
    ],
    sound: &[
        &[
            ("crates/lab/src/lib.rs", "pub mod a;\nmod c;"),
            ("crates/lab/src/a.rs", "mod b;\nmod in_line { mod d; }"),
            ("crates/lab/src/a/b.rs", ""),
            ("crates/lab/src/a/in_line/d.rs", ""),
            ("crates/lab/src/c/mod.rs", "mod e;"),
            ("crates/lab/src/c/e.rs", ""),
        ],
        &[("crates/lab/tests/a.rs", "#[path = \"a/b.rs\"]\nmod b;"), ("crates/lab/tests/a/b.rs", "")],
        &[("crates/lab/Cargo.toml", "path = \"../../examples/a.rs\""), ("examples/a.rs", "")],
    ],
};

fn rust_files_are_registered(tree: &Tree) -> Report {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> =
        tree.rust().map(|(file, _)| file.path.clone()).filter(|path| is_root(tree, path)).collect();
    while let Some(path) = open.pop() {
        if let Some(file) = tree.files.get(&path).filter(|_| reached.insert(path.clone())) {
            open.extend(declared(file).into_iter().filter(|path| tree.files.contains_key(path)));
        }
    }
    let mut report = Report::default();
    for (file, _) in tree.rust() {
        let lost = !reached.contains(&file.path);
        report.look(lost.then(|| format!("{}: no crate has this file as a module", file.path)));
    }
    report
}

/// Whether Cargo takes this file as the root of a crate, by its place or because a manifest names it.
fn is_root(tree: &Tree, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let by_place = matches!(
        parts.as_slice(),
        ["crates", _, "src", "lib.rs" | "main.rs"]
            | ["crates", _, "src", "bin", _]
            | ["crates", _, "build.rs"]
            | ["crates", _, "tests" | "examples" | "benches", _]
            | ["crates", _, "tests" | "examples" | "benches", _, "main.rs"]
    );
    let named = |manifest: &File| {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        quoted(&manifest.text).any(|name| name.ends_with(".rs") && join(folder, name) == path)
    };
    by_place || tree.with_ending("Cargo.toml").any(named)
}

/// The files that may hold the modules declared in a file: for `mod x;` both `x.rs` and `x/mod.rs`.
fn declared(file: &File) -> Vec<String> {
    let Some(scan) = &file.scan else { return Vec::new() };
    let mut found = Vec::new();
    let beside = file.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    for at in words(&scan.code, "#[path").chain(words(&scan.code, "include!")) {
        found.extend(quoted(&file.text[at..]).next().map(|name| join(&beside, name)));
    }
    for at in words(&scan.code, "mod") {
        let name = word_at(&scan.code, at + 3);
        let folder = format!("{}{}", module_folder(&file.path), enclosing_modules(scan, at));
        found.extend([format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]);
    }
    found
}

/// The modules with a body around a byte, each with a `/` before it.
fn enclosing_modules(scan: &Scan, inner: usize) -> String {
    let around = words(&scan.code[..inner], "mod").filter(|&at| super::scan::item_end(&scan.code, at) > inner);
    around.map(|at| format!("/{}", word_at(&scan.code, at + 3))).collect()
}

/// What stands between double quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// `path` seen from `folder`, with `..` resolved.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}
