//! The lessons as a book: complete, without dead links, and with exercises whose answers a command gives. That the commands print
//! what is shown is held by `crates/cli/tests/lessons.rs`.

use super::markdown::{blocks, is_terminal, links, spans};
use super::rule::{Report, Rule};
use super::transcript::steps;
use super::tree::{File, Tree};

const FOLDER: &str = "docs/lessons/";
/// The table of contents that `mdbook` reads.
const CONTENTS: &str = "docs/lessons/SUMMARY.md";
/// The page that says how to read the others.
const INTRODUCTION: &str = "docs/lessons/introduction.md";

fn pages(tree: &Tree) -> impl Iterator<Item = &File> {
    let is_page = |file: &&File| file.path.starts_with(FOLDER) && file.path != CONTENTS;
    tree.with_ending(".md").filter(is_page)
}

pub(crate) const LESSONS_ARE_A_BOOK: Rule = Rule {
    check: lessons_are_a_book,
    broken: &[
        &[(CONTENTS, "# Lessons\n- [A](a.md)"), ("docs/lessons/a.md", "# A"), ("docs/lessons/b.md", "# B")],
        &[(CONTENTS, "# Lessons\n- [A](a.md)\n- [A again](a.md)"), ("docs/lessons/a.md", "# A again")],
        &[(CONTENTS, "# Lessons\n- [A](a.md)"), ("docs/lessons/a.md", "# B")],
        &[(CONTENTS, "# Lessons\n- [A](a.md)"), ("docs/lessons/a.md", "# A\n[out](../b.md)"), ("docs/b.md", "")],
        &[(CONTENTS, "# Lessons\n- [A](a.md)"), ("docs/lessons/a.md", "# A\n[gone](b.md)")],
    ],
    sound: &[&[
        (CONTENTS, "# Lessons\n- [A](a.md)\n- [B](b.md)"),
        ("docs/lessons/a.md", "# A\n[next](b.md)"),
        ("docs/lessons/b.md", "# B"),
    ]],
};

/// Each page is listed once, under its title, and links to pages of the book alone.
fn lessons_are_a_book(tree: &Tree) -> Report {
    let mut report = Report::default();
    let contents = tree.files.get(CONTENTS).map_or("", |file| file.text.as_str());
    for file in pages(tree) {
        let name = &file.path[FOLDER.len()..];
        let title = file.text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        let listed = contents.matches(&format!("]({name})")).count();
        let titled = contents.contains(&format!("[{title}]({name})"));
        report.look((listed != 1 || !titled).then(|| format!("{CONTENTS} has to list [{title}]({name}) once")));
        let inside = |target: &str| tree.has(&format!("{FOLDER}{target}")) && !target.contains("..");
        let out = links(&file.text).into_iter().filter(|(_, target)| !inside(target));
        report
            .findings
            .extend(out.map(|(line, target)| format!("{}:{line}: {target} is no page of the book", file.path)));
    }
    report
}

pub(crate) const LESSONS_ARE_RUN: Rule = Rule {
    check: lessons_are_run,
    broken: &[
        &[("docs/lessons/a.md", "```sh\n$ infimum run a\n```")],
        &[("docs/lessons/a.md", "```console\ninfimum run a\n```")],
        &[("docs/lessons/a.md", "```console\n$ infimum run a\n```\n`infimum run b`")],
    ],
    sound: &[&[("docs/lessons/a.md", "```console\n$ infimum run a --seed 3\n1\n```\n`infimum run a`")]],
};

/// Terminals are blocks of `console` that begin with a command, and commands in the text are those of some block.
fn lessons_are_run(tree: &Tree) -> Report {
    let mut report = Report::default();
    let all: Vec<&str> = pages(tree).flat_map(|file| steps(&file.text)).map(|step| step.command).collect();
    for file in pages(tree) {
        for block in blocks(&file.text).iter().filter(|block| is_terminal(block.language)) {
            let sound = block.language == "console" && block.lines.first().is_some_and(|line| line.starts_with("$ "));
            report
                .look((!sound).then(|| {
                    format!("{}:{}: `console` and a command after `$ ` begin a block", file.path, block.line)
                }));
        }
        for (line, span) in spans(&file.text)
            .into_iter()
            .filter(|(_, span)| span.starts_with("infimum ") || span.starts_with("cargo run"))
        {
            let runs = all.iter().any(|command| command.contains(span));
            report.look((!runs).then(|| format!("{}:{line}: no lesson runs `{span}`", file.path)));
        }
    }
    report
}

pub(crate) const EXERCISES_HAVE_ANSWERS: Rule = Rule {
    check: exercises_have_answers,
    broken: &[
        &[("docs/lessons/a.md", "# A\n")],
        &[("docs/lessons/a.md", "# A\n## Exercises\n1. x\n2. y\n## Answers\n### 1\n```console\n$ x\n```\n")],
        &[("docs/lessons/a.md", "# A\n## Exercises\n1. x\n## Answers\n### 1\nIt is so.\n")],
    ],
    sound: &[&[
        (INTRODUCTION, "# I"),
        (
            "docs/lessons/a.md",
            "# A\n## Exercises\n1. x\n2. y\n\n## Answers\n### 1\n```console\n$ x\n```\n### 2\n```console\n$ y\n```\n",
        ),
    ]],
};

/// Each page but the introduction ends with exercises, and as many answers, each with a command that checks it.
fn exercises_have_answers(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in pages(tree).filter(|file| file.path != INTRODUCTION) {
        let (_, after) = file.text.split_once("\n## Exercises\n").unwrap_or_default();
        let (exercises, answers) = after.split_once("\n## Answers\n").unwrap_or_default();
        let numbered = |number: usize, line: &str| line.starts_with(&format!("{number}. "));
        let asked = exercises.lines().fold(0, |count, line| count + usize::from(numbered(count + 1, line)));
        report
            .look((asked == 0).then(|| format!("{}: it needs `## Exercises`, numbered, and `## Answers`", file.path)));
        let answers = format!("\n{answers}");
        for number in 1..=asked {
            let answer = answers.split("\n### ").find(|part| part.starts_with(&format!("{number}\n")));
            let checked = answer.is_some_and(|answer| !steps(answer).is_empty());
            report.look((!checked).then(|| {
                format!("{}: exercise {number} needs `### {number}` with a command that checks it", file.path)
            }));
        }
    }
    report
}
