//! The project's files, read once, and what the program says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use super::scan::{Scan, word_at, words};

/// A file of the project. Files that are not UTF-8 have no text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) scan: Option<Scan>,
}

/// All files of the project under their paths from its root, with `/` between folders.
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, File>,
    /// What `infimum --help` prints under "", `infimum data --help` under "data", `infimum data export --help` under
    /// "data export".
    pub(crate) help: BTreeMap<String, String>,
    /// What `infimum schema` prints.
    pub(crate) schema: String,
    /// Modules declared under `#[cfg(test)]`, as paths without `.rs`.
    test_modules: BTreeSet<String>,
}

/// Written by builds and runs, or by tools that keep a folder here.
const NOT_OURS: &[&str] = &["target", "runs", "venv", "__pycache__"];
/// Folders of ours whose names begin with a dot.
const DOTTED: &[&str] = &[".ci"];

impl Tree {
    pub(crate) fn read(root: &Path) -> Tree {
        let mut tree = Tree::empty(infimum(&["schema"]));
        tree.read_folder(root, "");
        tree.find_test_modules();
        tree.read_help(&mut Vec::new());
        tree
    }

    /// A tree of planted files. Its program has one command, `run`, with the flags `--seed` and `--help`.
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        let help =
            [("", "Commands:\n  run  Trains\n\nOptions:\n"), ("run", "Usage: infimum run\n\n  --seed <N>\n  --help\n")];
        let mut tree = Tree::empty("{\"rate\": {}}".to_string());
        tree.help.extend(help.map(|(name, text)| (name.to_string(), text.to_string())));
        files.iter().for_each(|(path, text)| tree.add(path.to_string(), text.to_string()));
        tree.find_test_modules();
        tree
    }

    fn empty(schema: String) -> Tree {
        Tree { files: BTreeMap::new(), help: BTreeMap::new(), schema, test_modules: BTreeSet::new() }
    }

    /// Reads the help of a command and of the commands below it.
    fn read_help(&mut self, command: &mut Vec<String>) {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let text = infimum(&arguments);
        for name in listed_commands(&text) {
            command.push(name);
            self.read_help(command);
            command.pop();
        }
        self.help.insert(command.join(" "), text);
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("cannot read {}: {e}", folder.display()));
        for entry in entries.map(|entry| entry.expect("an entry of a folder")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.path().is_dir() {
                let hidden = name.starts_with('.') && !DOTTED.contains(&name.as_str());
                if !hidden && !NOT_OURS.contains(&name.as_str()) {
                    self.read_folder(&entry.path(), &format!("{path}/"));
                }
            } else {
                self.add(path, std::fs::read_to_string(entry.path()).unwrap_or_default());
            }
        }
    }

    fn add(&mut self, path: String, text: String) {
        let scan = path.ends_with(".rs").then(|| Scan::new(&text));
        self.files.insert(path.clone(), File { path, text, scan });
    }

    /// Every Rust file.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &Scan)> {
        self.files.values().filter_map(|file| Some((file, file.scan.as_ref()?)))
    }

    /// The files with this ending.
    pub(crate) fn with_ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.values().filter(move |file| file.path.ends_with(ending))
    }

    /// Whether this is a file or a folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&format!("{path}/")))
    }

    /// Whether a Rust file is only ever compiled for tests: under `tests`, `examples` or `benches`, or a module that is
    /// declared under `#[cfg(test)]`, or below one.
    pub(crate) fn is_test(&self, path: &str) -> bool {
        let in_folder = |name: &str| path.starts_with(&format!("{name}/")) || path.contains(&format!("/{name}/"));
        let below =
            |module: &String| path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'));
        ["tests", "examples", "benches"].into_iter().any(in_folder) || self.test_modules.iter().any(below)
    }

    fn find_test_modules(&mut self) {
        let mut found = BTreeSet::new();
        for (file, scan) in self.rust() {
            let folder = module_folder(&file.path);
            for item in scan.test_items() {
                let at = words(&scan.code[item.clone()], "mod").next();
                found.extend(at.map(|at| format!("{folder}/{}", word_at(&scan.code, item.start + at + 3))));
            }
        }
        self.test_modules = found;
    }
}

/// Where the modules that a file declares lie: beside crate roots and `mod.rs`, in a folder of its own name otherwise.
pub(crate) fn module_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.trim_end_matches(".rs");
    let in_src = folder.ends_with("src") && matches!(stem, "lib" | "main");
    let root = in_src || stem == "mod" || stem == "main" || folder.ends_with("/tests") || folder.ends_with("examples");
    if root { folder.to_string() } else { format!("{folder}/{stem}") }
}

/// What the program prints on standard output; errors show as text that lacks what the rules look for.
fn infimum(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_infimum")).args(arguments).output().expect("the program starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The names under `Commands:` in a help text.
fn listed_commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| line.trim() != "Commands:").skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_string).collect()
}

#[test]
fn commands_are_read_from_help() {
    assert_eq!(listed_commands("x\n\nCommands:\n  run   a b\n  list  c\n\nOptions:\n  -h"), ["run", "list"]);
}
