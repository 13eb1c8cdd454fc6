//! Paths, commands, keys and code that the docs name: each has to exist.

use super::markdown::{blocks, commands, links, spans};
use super::rule::{Report, Rule};
use super::tree::{File, Tree};

/// Endings by which a name without a folder is taken for a file.
const FILE_ENDINGS: &[&str] =
    &[".rs", ".toml", ".md", ".py", ".sh", ".svg", ".json", ".jsonl", ".safetensors", ".bin", ".pkl", ".txt"];

pub(crate) const PATHS_IN_DOCS_EXIST: Rule = Rule {
    check: paths_in_docs_exist,
    broken: &[
        &[("README.md", "see `docs/gone.md`")],
        &[("docs/a.md", "![a](images/gone.svg)")],
        &[("README.md", "the file `gone.rs`"), ("crates/lab/src/a.rs", "// gone.rs")],
    ],
    sound: &[&[
        (
            "README.md",
            "`docs/a.md`, `docs/`, [a](docs/a.md), `crates/lab/src/b.rs`, `out.json`, `runs/NAME/out.json`, `1/T`, `x / y`",
        ),
        ("docs/a.md", "[up](../README.md) `b.rs`"),
        ("crates/lab/src/b.rs", "const OUT: &str = \"out.json\";"),
    ]],
};

/// The documents that readers are sent to.
pub(crate) fn documents(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.with_ending(".md")
}

fn paths_in_docs_exist(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in documents(tree) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, target) in links(&file.text) {
            let path = super::sizes::join(folder, target);
            report.look((!tree.has(&path)).then(|| format!("{}:{line}: there is no {path}", file.path)));
        }
        for (line, span) in spans(&file.text).into_iter().filter(|(_, span)| is_path(span)) {
            let found = tree.has(span) || tree.has(&super::sizes::join(folder, span)) || is_named(tree, span);
            report.look((!found).then(|| format!("{}:{line}: there is no {span}", file.path)));
        }
    }
    report
}

/// Whether a span looks like a path: words of a path, with a slash or a known ending. An ending alone is none.
fn is_path(span: &str) -> bool {
    let words = span.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/".contains(c));
    let starts = span.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.');
    let ends = FILE_ENDINGS.iter().any(|ending| span.ends_with(ending) && span != *ending);
    words && starts && (span.contains('/') || ends)
}

/// Whether a name without a folder is the name of some file or folder, or of one that the program writes (then it stands in
/// a string of its code). `runs/NAME/` stands for the folder of a record.
fn is_named(tree: &Tree, span: &str) -> bool {
    let name = span.strip_prefix("runs/NAME/").unwrap_or(span).trim_end_matches('/');
    let folder = format!("/{name}/");
    let is_there = |path: &String| path.ends_with(&format!("/{name}")) || path.contains(&folder);
    let written =
        || tree.rust().any(|(file, _)| file.text.contains(&format!("\"{name}\"")) && !tree.is_test(&file.path));
    !name.contains('/') && (tree.files.keys().any(is_there) || written())
}

pub(crate) const COMMANDS_IN_DOCS_EXIST: Rule = Rule {
    check: commands_in_docs_exist,
    broken: &[
        &[("docs/a.md", "`infimum fly`"), ("recipes/a.toml", "")],
        &[("docs/a.md", "```sh\ninfimum run a --sead 3\n```"), ("recipes/a.toml", "")],
        &[("docs/a.md", "```sh\ncargo run --release -- run b\n```"), ("recipes/a.toml", "")],
        &[("docs/a.md", "`cargo test -p infimum-gone`"), ("recipes/a.toml", "")],
    ],
    sound: &[&[
        ("docs/a.md", "`infimum run a --seed 3`, `infimum run RECIPE`, `cargo test -p infimum-lab`"),
        ("recipes/a.toml", ""),
        ("crates/lab/Cargo.toml", "name = \"infimum-lab\""),
    ]],
};

/// Commands whose first argument is a recipe.
const TAKE_A_RECIPE: &[&str] = &["run", "sweep", "floor", "check", "data"];

fn commands_in_docs_exist(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in documents(tree) {
        for (line, command) in commands(&file.text) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let problem = match words.split_first() {
                Some((&"infimum", arguments)) => problem_of_infimum(tree, arguments),
                Some((&"cargo", arguments)) => problem_of_cargo(tree, arguments),
                _ => continue,
            };
            report.look(problem.map(|problem| format!("{}:{line}: `{command}`: {problem}", file.path)));
        }
    }
    report
}

fn problem_of_cargo(tree: &Tree, arguments: &[&str]) -> Option<String> {
    let package = arguments.iter().position(|word| *word == "-p").and_then(|at| arguments.get(at + 1));
    let named =
        |name: &&str| tree.with_ending("Cargo.toml").any(|file| file.text.contains(&format!("name = \"{name}\"")));
    if let Some(package) = package.filter(|name| !named(name)) {
        return Some(format!("there is no package {package}"));
    }
    let ours =
        arguments.iter().position(|word| *word == "--").filter(|_| arguments[0] == "run" && package.is_none())?;
    problem_of_infimum(tree, &arguments[ours + 1..])
}

fn problem_of_infimum(tree: &Tree, arguments: &[&str]) -> Option<String> {
    let name = arguments.first()?;
    if name.starts_with('-') {
        return None;
    }
    let nested = arguments.get(1).map(|second| format!("{name} {second}"));
    let Some(help) = nested.and_then(|nested| tree.help.get(&nested)).or_else(|| tree.help.get(*name)) else {
        return Some(format!("there is no command {name}"));
    };
    let flags = arguments.iter().filter(|word| word.starts_with("--"));
    let mut flags = flags.map(|word| word.split(['=', '.', '…', ']']).next().unwrap_or_default());
    if let Some(flag) =
        flags.find(|flag| !help.split(|c: char| !(c == '-' || c.is_alphanumeric())).any(|word| word == *flag))
    {
        return Some(format!("{name} has no {flag}"));
    }
    let recipe = arguments.iter().skip(1).find(|word| **word != "export" && !word.starts_with('-'));
    let recipe = recipe.filter(|_| TAKE_A_RECIPE.contains(name)).filter(|word| is_recipe_name(word))?;
    let missing = !tree.has(&format!("recipes/{recipe}.toml"));
    missing.then(|| format!("there is no recipe {recipe}"))
}

/// Names of built-in recipes are lower case; `RECIPE` stands for any, and `my.toml` is a path.
fn is_recipe_name(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

pub(crate) const KEYS_IN_DOCS_EXIST: Rule = Rule {
    check: keys_in_docs_exist,
    broken: &[&[("docs/a.md", "`training.rat`")], &[("docs/a.md", "`rate` and `training.speed = 3`")]],
    sound: &[&[("docs/a.md", "`training.rate`, `training.rate = 0.001`, `std.rate`, `data.rs`")]],
};

const SECTIONS: &[&str] = &["world", "model", "training", "data", "evaluation", "export", "success"];

/// Keys of recipes are written with their section; the schema, which the program prints, knows them.
fn keys_in_docs_exist(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in documents(tree) {
        for (line, span) in spans(&file.text) {
            let whole = span.split(['=', ' ']).next().unwrap_or_default();
            let Some((_, key)) = whole.split_once('.').filter(|(section, _)| SECTIONS.contains(section)) else {
                continue;
            };
            let is_key = key.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
            if is_key && !FILE_ENDINGS.contains(&format!(".{key}").as_str()) {
                let missing = !tree.schema.contains(&format!("\"{key}\""));
                report.look(missing.then(|| format!("{}:{line}: the schema has no {whole}", file.path)));
            }
        }
    }
    report
}

pub(crate) const CODE_IN_DOCS_IS_COMPILED: Rule = Rule {
    check: code_in_docs_is_compiled,
    broken: &[
        &[("docs/a.md", "```rust\nfn a() {}\n```"), ("examples/a.rs", "fn b() {}\n")],
        &[("docs/a.md", "```toml\nrate = 1\n```"), ("recipes/a.toml", "rate = 2\n")],
        &[("docs/a.md", "```rust,ignore\nfn a() {}\n```"), ("examples/a.rs", "fn a() {}\n")],
    ],
    sound: &[&[
        ("docs/a.md", "```rust\nfn a() {}\nfn b() {}\n```\n```toml\nrate = 1\n```\n```text\nx\n```"),
        ("examples/a.rs", "// x\nfn a() {}\nfn b() {}\n"),
        ("recipes/a.toml", "[training]\nrate = 1\n"),
    ]],
};

/// Blocks of Rust are whole lines of a Rust file, blocks of TOML whole lines of a recipe or manifest; other blocks are for
/// terminals or plain text.
fn code_in_docs_is_compiled(tree: &Tree) -> Report {
    let mut report = Report::default();
    for file in documents(tree) {
        for block in blocks(&file.text) {
            let ending = match block.language {
                "rust" => ".rs",
                "toml" => ".toml",
                "sh" | "console" | "text" => continue,
                other => {
                    report.at(&file.path, block.line, format!("a block of `{other}`"));
                    continue;
                }
            };
            let code = format!("\n{}\n", block.lines.join("\n"));
            let found = tree.with_ending(ending).any(|source| holds_lines(source, &code));
            let place = format!("{}:{}", file.path, block.line);
            report.look((!found).then(|| format!("{place}: no file ending in {ending} has these lines")));
        }
    }
    report
}

fn holds_lines(source: &File, code: &str) -> bool {
    format!("\n{}\n", source.text).contains(code)
}
