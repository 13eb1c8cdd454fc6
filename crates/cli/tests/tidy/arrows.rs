//! The arrows between crates, and why each dependency is there, read from the manifests.

use super::rule::{Report, Rule};
use super::tree::{File, Tree};

/// Each crate, and the crates of ours that it may name, for tests too.
const ARROWS: &[(&str, &[&str])] = &[
    ("kernels", &[]),
    ("engine", &["kernels"]),
    ("worlds", &[]),
    ("lab", &["kernels", "engine", "worlds"]),
    ("cli", &["kernels", "engine", "worlds", "lab"]),
];

/// A line of a table of dependencies.
struct Dependency<'a> {
    line: usize,
    name: &'a str,
    text: &'a str,
}

impl Dependency<'_> {
    /// The folder of the crate, if it is one of ours.
    fn ours(&self) -> Option<&str> {
        self.name.strip_prefix("infimum-").or((self.name == "infimum").then_some("cli"))
    }
}

fn manifests(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.with_ending("Cargo.toml")
}

fn dependencies(manifest: &File) -> Vec<Dependency<'_>> {
    let (mut found, mut inside) = (Vec::new(), false);
    for (at, text) in manifest.text.lines().enumerate() {
        let trimmed = text.trim();
        if trimmed.starts_with('[') {
            inside = trimmed.trim_matches(['[', ']']).ends_with("dependencies");
            assert!(!trimmed.contains("dependencies."), "{}: write {trimmed} as one line", manifest.path);
        } else if inside && !trimmed.starts_with('#') && trimmed.contains('=') {
            let end = trimmed.find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).unwrap_or(trimmed.len());
            found.push(Dependency { line: at + 1, name: &trimmed[..end], text });
        }
    }
    found
}

pub(crate) const CRATE_ARROWS: Rule = Rule {
    check: crate_arrows,
    broken: &[
        &[("crates/worlds/Cargo.toml", "[dev-dependencies]\ninfimum-kernels.workspace = true\n")],
        &[("crates/kernels/Cargo.toml", "[dependencies]\ninfimum-engine = { path = \"../engine\" }\n")],
        &[("crates/extra/Cargo.toml", "[package]\n")],
    ],
    sound: &[&[("crates/lab/Cargo.toml", "[dependencies]\ninfimum-worlds.workspace = true\nserde = \"1\"\n")]],
};

fn crate_arrows(tree: &Tree) -> Report {
    let mut report = Report::default();
    for manifest in manifests(tree).filter(|file| file.path.starts_with("crates/")) {
        let name = manifest.path.split('/').nth(1).unwrap_or_default();
        let allowed = ARROWS.iter().find(|(from, _)| *from == name).map(|(_, to)| *to);
        report.look(allowed.is_none().then(|| format!("{}: ARROWS does not list this crate", manifest.path)));
        for dependency in dependencies(manifest) {
            let wrong = dependency.ours().filter(|to| !allowed.unwrap_or_default().contains(to));
            if let Some(to) = wrong {
                report.at(&manifest.path, dependency.line, format!("{name} may not depend on {to}"));
            }
        }
    }
    report
}

pub(crate) const DEPENDENCIES_SAY_WHY: Rule = Rule {
    check: dependencies_say_why,
    broken: &[
        &[("crates/lab/Cargo.toml", "[dependencies]\nserde = \"1\"\n")],
        &[("Cargo.toml", "[dev-dependencies]\na = \"1\" #\n")],
    ],
    sound: &[&[(
        "crates/lab/Cargo.toml",
        "[dependencies]\ninfimum-worlds.workspace = true\nserde = \"1\" # recipes\n",
    )]],
};

fn dependencies_say_why(tree: &Tree) -> Report {
    let mut report = Report::default();
    for manifest in manifests(tree) {
        for dependency in dependencies(manifest).iter().filter(|d| d.ours().is_none()) {
            let why = dependency.text.split_once('#').map_or("", |(_, why)| why.trim());
            let place = format!("{}:{}", manifest.path, dependency.line);
            report.look(why.is_empty().then(|| format!("{place}: say why `{}` is taken, as `# why`", dependency.name)));
        }
    }
    report
}
