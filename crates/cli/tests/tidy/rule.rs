//! What a rule is, and how it is held: on the project's tree, and on planted trees that show that it can fail.

use std::path::Path;
use std::sync::LazyLock;

use super::tree::Tree;

/// What a rule found. A rule that looked at nothing has not been held.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) looked_at: usize,
    pub(crate) findings: Vec<String>,
}

/// Files by path and text.
pub(crate) type Planted = &'static [(&'static str, &'static str)];

/// One thing that can be held by reading the tree.
pub(crate) struct Rule {
    pub(crate) check: fn(&Tree) -> Report,
    /// Trees in which the check has to find something.
    pub(crate) broken: &'static [Planted],
    /// Trees in which it has to look at something and find nothing.
    pub(crate) sound: &'static [Planted],
}

impl Report {
    /// One more subject, which either is as it should be or gives a finding.
    pub(crate) fn look(&mut self, finding: Option<String>) {
        self.looked_at += 1;
        self.findings.extend(finding);
    }

    /// `path:line: text`
    pub(crate) fn at(&mut self, path: &str, line: usize, text: impl AsRef<str>) {
        self.findings.push(format!("{path}:{line}: {}", text.as_ref()));
    }
}

static PROJECT: LazyLock<Tree> =
    LazyLock::new(|| Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("a root")));

/// Holds a rule on the project.
pub(crate) fn hold(rule: &Rule) {
    let report = (rule.check)(&PROJECT);
    assert!(report.looked_at > 0, "the rule found nothing to look at");
    let count = report.findings.len();
    assert!(count == 0, "{count} findings:\n{}\n", report.findings.join("\n"));
}

/// Shows that a rule finds what it should and nothing else.
pub(crate) fn test_the_tester(rule: &Rule) {
    assert!(!rule.broken.is_empty() && !rule.sound.is_empty(), "a rule has planted trees of both kinds");
    for planted in rule.broken {
        assert!(!(rule.check)(&Tree::of(planted)).findings.is_empty(), "nothing found in {planted:#?}");
    }
    for planted in rule.sound {
        let report = (rule.check)(&Tree::of(planted));
        assert!(report.looked_at > 0, "looked at nothing in {planted:#?}");
        assert!(report.findings.is_empty(), "found {:#?} in {planted:#?}", report.findings);
    }
}
