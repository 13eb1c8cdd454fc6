//! The lessons of `docs/lessons`: every command runs, in the order of the pages, and prints what its page shows.

#![cfg(unix)] // the commands are lines for a shell

#[path = "tidy/markdown.rs"]
#[allow(dead_code, reason = "the tidy test uses the rest of it")]
mod markdown;
mod session;
#[path = "tidy/transcript.rs"]
mod transcript;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use infimum_lab::weights_file::{self, Tensor};
use session::{Outcome, Session, outcome};
use transcript::{as_shown, rewritten, steps};

/// All commands of all lessons take at most so many seconds of processor time.
const MOST_SECONDS: f64 = 180.0;

/// How lessons begin a program that is not `infimum`; what follows is its name.
const EXAMPLE: &str = "cargo run --release -p infimum-lab --example ";

/// Where a student stands: in the root of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("a root")
}

/// The folder of the built programs, `target/debug` for instance.
fn built() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_infimum")).parent().expect("a folder")
}

/// Builds the examples as they are now; after `cargo test --workspace` nothing is left to be built.
fn build_examples() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace", "--examples"]).current_dir(root());
    if built().ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo is there").success(), "the examples are built");
}

/// The pages in the order of the table of contents.
fn pages() -> Vec<PathBuf> {
    let lessons = root().join("docs/lessons");
    let contents = fs::read_to_string(lessons.join("SUMMARY.md")).expect("a table of contents");
    markdown::links(&contents).into_iter().map(|(_, target)| lessons.join(target)).collect()
}

/// Runs a line of a lesson in a folder; it has to succeed and print no error.
fn run(session: &Session, line: &str) -> Result<String, String> {
    let line = line.strip_prefix(EXAMPLE).map_or(line.to_string(), |example| example.replacen(" -- ", " ", 1));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [built().to_path_buf(), built().join("examples")].into_iter().chain(std::env::split_paths(&path));
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(session.path("")).stdin(Stdio::null());
    shell.env("PATH", std::env::join_paths(folders).expect("folders")).env_remove("COLUMNS");
    let Outcome { status, stdout, stderr } = outcome(shell);
    let failed = status != Some(0) || stderr.lines().any(|line| line.starts_with("error"));
    if failed { Err(format!("exit status {status:?}\n{stderr}")) } else { Ok(stdout) }
}

/// Runs the commands of a page in a folder of its own; what is not as the page shows it, and the page as it should be.
fn wrong(name: &str, page: &str) -> (Vec<String>, String) {
    let session = Session::new(&format!("lesson-{name}"));
    let networks = Path::new("docs/lessons/networks");
    fs::create_dir_all(session.path(networks)).expect("a folder");
    for file in fs::read_dir(root().join(networks)).expect("there are networks").map(|entry| entry.expect("a file")) {
        fs::copy(file.path(), session.path(networks).join(file.file_name())).expect("a copy");
    }
    let (mut wrong, mut printed) = (Vec::new(), Vec::new());
    for step in steps(page) {
        let lines = run(&session, step.command).map(|stdout| as_shown(&stdout));
        match &lines {
            Err(problem) => wrong.push(format!("{name}:{}: `{}`: {problem}", step.line, step.command)),
            Ok(lines) if *lines != step.shown => {
                let line = lines.iter().zip(&step.shown).find(|(printed, shown)| printed != shown);
                wrong.push(format!("{name}:{}: `{}` prints something else, first {line:?}", step.line, step.command));
            }
            Ok(_) => {}
        }
        printed.push(lines.unwrap_or_else(|_| step.shown.iter().map(|line| line.to_string()).collect()));
    }
    (wrong, rewritten(page, &printed))
}

/// Seconds of processor time of all programs that this one has run, where the system says so.
fn seconds_of_children() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some((fields.get(13)?.parse::<f64>().ok()? + fields.get(14)?.parse::<f64>().ok()?) / 100.0)
}

#[test]
fn every_command_of_a_lesson_prints_what_is_shown() {
    build_examples();
    let (begun, before) = (Instant::now(), seconds_of_children());
    let mut findings = Vec::new();
    for path in pages() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (page, from) = (fs::read_to_string(&path).expect("the page is there"), Instant::now());
        let (wrong, right) = wrong(&name, &page);
        println!("{name}: {} commands, {:.1} s", steps(&page).len(), from.elapsed().as_secs_f64());
        if !wrong.is_empty() {
            let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
            fs::write(&copy, right).expect("the folder for temporary files can be written");
            findings.extend(wrong);
            findings.push(format!("the page with what was printed: {}", copy.display()));
        }
    }
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
    let took = before.zip(seconds_of_children()).map_or(0.0, |(before, after)| after - before);
    println!("all lessons: {:.1} s, {took:.1} s of processor time", begun.elapsed().as_secs_f64());
    assert!(took <= MOST_SECONDS, "the lessons take {took} s of processor time, {MOST_SECONDS} are allowed");
}

#[test]
fn a_page_that_shows_something_else_is_noticed() {
    let page = |shown: &str| format!("```console\n$ printf '1\\n2\\n'\n{shown}\n```\n");
    assert_eq!(wrong("planted", &page("1\n2")), (vec![], page("1\n2")));
    for shown in ["1", "1\n3", "1\n2\n3", "1\n\n2", "1\nTIME"] {
        let (findings, right) = wrong("planted", &page(shown));
        assert!(findings.len() == 1 && right == page("1\n2"), "{shown:?} passes: {findings:?}");
    }
    for command in ["infimum fly", "false", "echo error: no >&2", "infimum fly | cat"] {
        let (findings, _) = wrong("planted", &format!("```console\n$ {command}\n```\n"));
        assert_eq!(findings.len(), 1, "{command} passes");
    }
}

/// Networks that come with the lessons, by name; each has at most so many bytes.
const NETWORKS: [&str; 2] = ["reversal", "words"];
const MOST_BYTES: u64 = 200_000;

/// The weights of a run or a file, without the plan that stands beside them.
fn exported(session: &Session, what: &str, to: &str) -> Vec<Tensor> {
    session.good(&format!("export {what} -o {to}"));
    weights_file::read(&session.path(to)).expect("it was written").tensors
}

#[test]
fn the_networks_are_what_their_plans_train() {
    let session = Session::new("lesson-networks");
    for name in NETWORKS {
        let file = |ending: &str| root().join(format!("docs/lessons/networks/{name}.{ending}")).display().to_string();
        let bytes = fs::metadata(file("safetensors")).expect("it is there").len();
        assert!(bytes < MOST_BYTES, "{name} has {bytes} bytes");
        let shipped = exported(&session, &file("safetensors"), "shipped.safetensors");
        let run = format!("{name}-s1");
        session.good(&format!("run {}", file("plan.toml")));
        assert_eq!(exported(&session, &run, "trained.safetensors"), shipped, "{name}: its plan trains other weights");
        session.good(&format!("run lessons/{name} --seed 2 --runs others"));
        assert_ne!(exported(&session, &format!("others/{name}-s2"), "other.safetensors"), shipped, "{name}");
        for made in ["shipped", "trained", "other"] {
            fs::remove_file(session.path(format!("{made}.safetensors"))).expect("it was written");
        }
    }
}
