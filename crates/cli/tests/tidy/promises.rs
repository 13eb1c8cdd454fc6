//! What the README promises, the table of invariants, and the messages that the docs explain.

use super::markdown::{blocks, is_terminal, spans};
use super::rule::{Report, Rule};
use super::scan::words;
use super::tree::{File, Tree};

pub(crate) const README_GIVES_TWO_COMMANDS: Rule = Rule {
    check: readme_gives_two_commands,
    broken: &[
        &[("README.md", "```sh\ncargo run --release -- run a\n```")],
        &[("README.md", "```sh\ncargo run --release -- run a\n```\n```sh\ncargo test\n```\n```sh\ncargo doc\n```")],
        &[("README.md", "```sh\ncargo test\n```\n```sh\ncargo run --release -- run a\n```")],
        &[("docs/a.md", "")],
    ],
    sound: &[&[("README.md", "```sh\ncargo run --release -- run a\n```\n```sh\ncargo test --workspace\n```")]],
};

/// The first runs the main job, the second the tests; `.ci/run` takes both from there.
fn readme_gives_two_commands(tree: &Tree) -> Report {
    let mut report = Report::default();
    let text = tree.files.get("README.md").map_or("", |file| file.text.as_str());
    let blocks = blocks(text);
    let lines: Vec<&str> =
        blocks.iter().filter(|b| is_terminal(b.language)).flat_map(|b| b.lines.iter().copied()).collect();
    let two = matches!(lines.as_slice(), [job, tests]
        if job.starts_with("cargo run --release -- run ") && tests.starts_with("cargo test"));
    report.look(
        (!two).then(|| format!("README.md has to give one `cargo run` and one `cargo test`, it gives {lines:?}")),
    );
    report
}

pub(crate) const INVARIANTS_NAME_THEIR_TESTS: Rule = Rule {
    check: |tree| invariants_name_their_tests(tree, 1),
    broken: &[
        &[("ARCHITECTURE.md", "| 1 | a | `gone` |"), ("crates/lab/src/a.rs", "fn gone() {} // gone")],
        &[("ARCHITECTURE.md", "| 1 | a | by hand |")],
        &[("ARCHITECTURE.md", "no table")],
        &[("ARCHITECTURE.md", "| 1 | a | `unsafe_code` |"), ("Cargo.toml", "# unsafe_code\n")],
    ],
    sound: &[&[
        ("ARCHITECTURE.md", "| 1 | `x` holds | `a_holds`, `unsafe_code`, `many`, `f32::exp` |\n"),
        ("crates/lab/src/a.rs", "#[test]\nfn a_holds() {}"),
        ("crates/cli/tests/tidy.rs", "rules! {\n    many a::MANY;\n}"),
        ("Cargo.toml", "unsafe_code = \"deny\""),
        ("clippy.toml", "{ path = \"f32::exp\" }"),
    ]],
};

/// As many as DESIGN.md has.
const INVARIANTS: usize = 13;

pub(crate) const ALL_INVARIANTS_ARE_LISTED: Rule = Rule {
    check: |tree| invariants_name_their_tests(tree, INVARIANTS),
    broken: &[&[("ARCHITECTURE.md", "| 1 | a | `a` |"), ("crates/lab/tests/a.rs", "#[test]\nfn a() {}")]],
    sound: &[&[
        (
            "ARCHITECTURE.md",
            "|1|x|`a`|\n|2|x|`a`|\n|3|x|`a`|\n|4|x|`a`|\n|5|x|`a`|\n|6|x|`a`|\n|7|x|`a`|\n|8|x|`a`|\n|9|x|`a`|\n|10|x|`a`|\n|11|x|`a`|\n|12|x|`a`|\n|13|x|`a`|",
        ),
        ("crates/lab/tests/a.rs", "#[test]\nfn a() {}"),
    ]],
};

/// The rows of the table that begin with a number, in order; the last cell names what holds the invariant.
fn invariants_name_their_tests(tree: &Tree, at_least: usize) -> Report {
    let mut report = Report::default();
    let text = tree.files.get("ARCHITECTURE.md").map_or("", |file| file.text.as_str());
    let mut number = 0;
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells.first().and_then(|first| first.parse().ok()) != Some(number + 1) {
            continue;
        }
        number += 1;
        let names: Vec<&str> =
            cells.last().map(|last| spans(last)).unwrap_or_default().iter().map(|(_, name)| *name).collect();
        report.look(names.is_empty().then(|| format!("invariant {number}: nothing holds it")));
        let missing = names.into_iter().filter(|name| !is_held(tree, name));
        report.findings.extend(missing.map(|name| format!("invariant {number}: there is no test or lint `{name}`")));
    }
    report.look((number < at_least).then(|| format!("ARCHITECTURE.md lists {number} invariants of {at_least}")));
    report
}

/// Whether a name is a test, a rule of this test, or a lint that is switched on.
fn is_held(tree: &Tree, name: &str) -> bool {
    let test = |file: &File| {
        let names = words(&file.text, name).filter(|&at| file.text[..at].ends_with("fn "));
        names.into_iter().any(|at| file.text[..at].rfind("#[test]").is_some_and(|mark| at - mark < 300))
    };
    let rule =
        || tree.files.get("crates/cli/tests/tidy.rs").is_some_and(|file| file.text.contains(&format!("\n    {name} ")));
    let starts = |file: &&File, start: &str| file.text.lines().any(|line| line.starts_with(start));
    let lint = || {
        tree.with_ending("Cargo.toml").any(|file| starts(&file, &format!("{name} = ")))
            || tree.with_ending("clippy.toml").any(|file| file.text.contains(&format!("path = \"{name}\"")))
            || tree.rust().any(|(file, _)| starts(&file, &format!("#![deny({name})]")))
    };
    tree.rust().any(|(file, _)| test(file)) || rule() || lint()
}

pub(crate) const MESSAGES_IN_DOCS_ARE_REAL: Rule = Rule {
    check: messages_in_docs_are_real,
    broken: &[&[
        ("docs/troubleshooting.md", "### `the disk is … sad`"),
        ("crates/lab/src/a.rs", "#[error(\"the disk is full\")]"),
    ]],
    sound: &[&[
        ("docs/troubleshooting.md", "### `the disk … is full, make … room`\n### Other"),
        ("crates/lab/src/a.rs", "#[error(\"the disk {path} is full, \\\n         make {n} room\")]"),
    ]],
};

/// Headings of the troubleshooting page between backticks are messages of the program, with `…` for what varies.
fn messages_in_docs_are_real(tree: &Tree) -> Report {
    let mut report = Report::default();
    let page = tree.files.get("docs/troubleshooting.md").map_or("", |file| file.text.as_str());
    let sources: Vec<String> =
        tree.rust().filter(|(file, _)| !tree.is_test(&file.path)).map(|(file, _)| joined(&file.text)).collect();
    for heading in page.lines().filter_map(|line| line.strip_prefix("### ")) {
        let Some(message) = heading.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else { continue };
        let real = |piece: &str| sources.iter().any(|source| source.contains(piece));
        let missing = message.split('…').map(str::trim).filter(|piece| !piece.is_empty()).find(|piece| !real(piece));
        report.look(missing.map(|piece| format!("docs/troubleshooting.md: no message says `{piece}`")));
    }
    report
}

/// The text with strings that go on over a line end made one line.
fn joined(text: &str) -> String {
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or_default().to_string();
    lines.fold(first, |text, line| text + line.trim_start())
}
