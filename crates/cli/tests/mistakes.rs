//! Mistakes of users: one clear message each, exit status 2, nothing lost.

mod session;

use std::fs;
use std::path::Path;

use session::{Session, outcome, refused};

#[test]
fn a_recipe_with_a_mistake_is_refused_and_leaves_nothing() {
    let session = Session::new("recipes");
    let cases: [(&str, &[&str]); 24] = [
        ("model.widht=8", &["unknown key `widht`", "[model]", "`width`"]),
        ("world.length=-5", &["length = -5", "at least 2"]),
        ("world.states=1", &["states = 1", "at least 2"]),
        ("world.sparsity=99", &["sparsity = 99", "empty row", "keep = 1"]),
        ("world.kind=markof", &["world.kind", "\"markov\""]),
        ("model.heads=3", &["model.heads = 3", "divisor"]),
        ("training.rate=nan", &["training.rate", "nan"]),
        ("training.steps=2.5", &["training.steps = 2.5", "whole number"]),
        ("training.batch=0", &["training.batch = 0", "at least 1"]),
        ("name=../up", &["name = ", "letters"]),
        ("training.init=nowhere", &["nowhere", "training.init", "in runs"]),
        ("training.init=.", &["training.init = \".\"", "folder without the plan"]),
        ("training.init=/dev/null", &["/dev/null", "pipe or a device"]),
        (
            "model.weights={wpe=\"free(2,2)\"}",
            &["model.weights.wpe = \"free(2,2)\"", "gives [2, 2]", "docs/weights.md"],
        ),
        ("steps=5", &["unknown key `steps`", "`training.steps`"]),
        ("sequences=5", &["unknown key `sequences`", "`data.sequences` or `evaluation.sequences`"]),
        ("model.rate=5", &["unknown key `rate` in [model]", "`training.rate`"]),
        ("world.stats=5", &["unknown key `stats` in [world]", "`states`"]),
        ("steps", &["--set steps", "KEY=VALUE"]),
        ("success.figure=acuracy", &["success.figure = \"acuracy\"", "did you mean \"accuracy\""]),
        ("success.figure=exact_match", &["success.figure = \"exact_match\"", "in this world", "excess_loss"]),
        ("success={figure=\"accuracy\",at_least=2}", &["success.at_least = 2", "at most 1, for accuracy is a share"]),
        ("success.figure=accuracy", &["[success] lacks `at_least`", "at_most"]),
        ("success={figure=\"accuracy\",at_least=0,at_most=1}", &["success.at_most = 1", "left out"]),
    ];
    for (setting, parts) in cases {
        session.refused(&format!("run tiny.toml --set {setting}"), parts);
        session.refused(&format!("check tiny.toml --set {setting}"), parts);
        assert!(!session.path("runs").exists(), "{setting}");
    }
    session.write("broken.toml", "[world\n");
    session.refused("run broken.toml", &["broken.toml", "line 1"]);
    session.write("misspelled.toml", session::TINY.replace("width", "widht"));
    session.refused("run misspelled.toml", &["`widht`", "`width`", "(line 8)"]);
    session.write("bytes.toml", b"name = \"\xff\"");
    session.refused("run bytes.toml", &["bytes.toml", "UTF-8"]);
}

/// What is possible does not depend on the model, so a model that fits no world is no mistake where only the world is asked for.
#[test]
fn floors_and_laws_look_at_no_model() {
    let session = Session::new("no-model");
    let [floor, law] = ["floor", "law"].map(|command| session.json(&format!("{command} tiny.toml")));
    for (model, refused) in [
        ("model.width=5", "model.heads = 2"),
        ("model.embedding=one-hot --set model.width=8", "model.width = 8"),
        ("model.heads=3", "model.heads = 3"),
        ("training.warmup=90", "training.warmup = 90"),
    ] {
        assert_eq!(session.json(&format!("floor tiny.toml --set {model}")), floor, "{model}");
        assert_eq!(session.json(&format!("law tiny.toml --set {model}")), law, "{model}");
        session.refused(&format!("check tiny.toml --set {model}"), &[refused]);
    }
    for command in ["floor", "law"] {
        session.refused(&format!("{command} tiny.toml --set model.widht=8"), &["unknown key `widht`", "`width`"]);
        session.refused(&format!("{command} tiny.toml --set model.width=0"), &["model.width = 0", "1"]);
        session.refused(
            &format!("{command} tiny.toml --set data.folder=theirs"),
            &["data.folder", "\"export\" or \"counts\""],
        );
    }
}

#[test]
fn a_setting_that_another_would_replace_is_refused() {
    let session = Session::new("twice");
    let given = "--set training.steps=4 --set training.steps=5";
    session.refused(&format!("run tiny.toml {given}"), &["training.steps=4 and training.steps=5", "leave one"]);
    session.refused("run tiny.toml --seed 2 --set training.seed=1", &["training.seed=1", "training.seed=2", "--seed"]);
    session.refused("run tiny.toml --seed 2 --seed 3", &["--seed", "multiple times"]);
    session.refused("run tiny.toml --seed 2 --seeds 3", &["--seed", "cannot be used with"]);
    session.refused("run tiny.toml --seeds 0..4 --set training.seed=1", &["training.seed=1 and training.seed=0"]);
    session.refused("run tiny.toml --seeds 4..4", &["--seeds", "4..4 is empty"]);
    session.refused("new markov --states 5 --set world.states=6", &["world.states=5 and world.states=6"]);
    assert!(!session.path("runs").exists());
}

#[test]
fn what_the_machine_has_no_memory_for_is_refused_before_it_begins() {
    let session = Session::new("memory");
    let vast = "--set training.batch=1000000 --set training.accumulation=1000000";
    for command in ["run", "check"] {
        session.refused(&format!("{command} tiny.toml {vast}"), &["memory", "TB", "lower training.batch"]);
        let endless = format!("{vast} --set training.steps=1000000000");
        session.refused(
            &format!("{command} tiny.toml {endless} --set world.length=1000000"),
            &["training.steps = ", "tokens"],
        );
    }
    assert!(!session.path("runs").exists());
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_no_recipe_and_nothing_waits_for_it() {
    let session = Session::new("fifo");
    fs::create_dir(session.path("folder")).unwrap();
    fs::create_dir(session.path("markov-10")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(session.path("fifo.toml")).status().unwrap();
    assert!(made.success());
    session.write("long.toml", " ".repeat(2_000_000));
    let cases = [
        ("folder", "is a folder"),
        ("fifo.toml", "a pipe"),
        ("/dev/zero", "a device"),
        ("long.toml", "at most 1048576"),
    ];
    for command in ["run", "check", "floor", "data export"] {
        for (name, problem) in cases {
            let target = if command == "data export" { " out" } else { "" };
            session.refused(&format!("{command} {name}{target}"), &[name, problem, "markov-10"]);
        }
    }
    session.good("floor markov-10");
}

#[test]
fn a_run_is_called_as_its_file_where_that_can_be() {
    let session = Session::new("called");
    let nameless = session::TINY.replace("name = \"tiny\"", "");
    session.write("odd one.toml", &nameless);
    let typed = ["run", "odd one.toml"];
    refused("odd", session.run(&typed), &["\"odd one\"", "of its file", "letters", "--set name=odd-one"]);
    assert_eq!(session.run(&["run", "odd one.toml", "--set", "name=odd-one"]).status, Some(0));
    assert_eq!(session.json("list")[0]["name"], "odd-one-s1");
}

/// With a rate of 100 and no clipping the loss is soon no number; warm-up makes the first rates small.
#[test]
fn a_run_that_diverges_names_the_rate_and_says_what_is_left() {
    let session = Session::new("diverges");
    let diverging = "--set training.rate=100 --set training.clip=0 --set training.warmup=38 --set model.norm=none \
                     --set model.activation=relu3 --set model.layers=4";
    for (every, left) in [(1, "Checkpoint last of runs/tiny-s1 is from before it"), (40, "has no checkpoint")] {
        let line = format!("run tiny.toml {diverging} --set evaluation.every={every} --set evaluation.keep_every=0");
        let outcome = session.run(&session::words(&line));
        assert_eq!(outcome.status, Some(1), "{}", outcome.stderr);
        for part in ["training.rate = 100 is too high", left] {
            assert!(outcome.stderr.contains(part), "{part}\n{}", outcome.stderr);
        }
    }
}

#[test]
fn what_does_not_exist_is_named_with_what_does() {
    let session = Session::new("missing");
    session.refused("run markov-11", &["markov-11", "markov-10"]);
    session.refused("run nowhere/recipe.toml", &["nowhere/recipe.toml"]);
    session.refused("show", &["no run in runs", "--runs"]);
    session.refused("resume", &["no unfinished run", "--runs"]);
    session.good("run tiny.toml --set training.steps=2");
    session.refused("show tiny-s2", &["tiny-s2", "tiny-s1"]);
    session.refused("eval tiny-s1 --at 1", &["tiny-s1", "step-000001", "best, last"]);
    session.refused("eval --at lst", &["lst", "best"]);
    session.refused("sample tiny-s1 --runs nowhere", &["nowhere"]);
    for command in ["run", "floor", "check"] {
        session.refused(command, &["which recipe?", "markov-10 ", "markov-100 "]);
    }
    session.refused("run tiny.toml --isa sse9", &["sse9", "scalar"]);
    session.refused("run tiny.toml --threads 0", &["--threads", "0", "1..=1024"]);
    session.refused("rum markov-10", &["rum", "run"]);
    session.write("file", "");
    session.refused("run tiny.toml --runs file/runs", &["file/runs"]);
    session.refused("data export tiny.toml file", &["file"]);
    assert_eq!(session.json("list").as_array().map(Vec::len), Some(1));
}

#[test]
fn corrupt_and_foreign_checkpoints_are_refused_by_everything_that_reads_them() {
    let session = Session::new("checkpoints");
    session.good("run tiny.toml --set training.steps=4");
    session.good("run tiny.toml --set training.steps=4 --set model.width=6 --set name=other");
    let last = session.path("runs/tiny-s1/checkpoints/last.safetensors");
    let whole = fs::read(&last).unwrap();
    let foreign = fs::read(session.path("runs/other-s1/checkpoints/last.safetensors")).unwrap();
    let mut cases = vec![vec![], b"PK\x03\x04 a zip file".to_vec(), vec![0xff; 5000], foreign];
    cases.extend([8, 100, whole.len() - 1].map(|length| whole[..length].to_vec()));
    // Without its summary the record is an unfinished run, so that `show` and `resume` read the checkpoint.
    let summary = session.path("runs/tiny-s1/summary.json");
    fs::remove_file(&summary).unwrap();
    for content in cases {
        fs::write(&last, &content).unwrap();
        for command in ["resume", "eval", "sample", "show"] {
            session.refused(&format!("{command} tiny-s1"), &["last.safetensors"]);
        }
        assert_eq!(fs::read(&last).unwrap(), content, "what cannot be read is not overwritten");
        assert!(!summary.exists());
        let list = session.good("list");
        assert!(list.contains("\ntiny-s1 is unreadable: "), "one bad record does not hide the others\n{list}");
        assert!(list.lines().next().unwrap().len() < 100, "its reason widens no column\n{list}");
    }
    session.refused("eval tiny.toml", &["tiny.toml"]);
    session.refused("eval runs/other-s1/checkpoints/last.safetensors --recipe tiny.toml", &["other-s1", "shape"]);
    fs::write(&last, whole).unwrap();
    session.good("resume tiny-s1");
}

/// No file of a process may grow beyond `blocks` of 512 bytes.
#[cfg(unix)]
fn with_small_disk(session: &Session, blocks: usize, line: &str) -> session::Outcome {
    let mut command = std::process::Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_infimum");
    command
        .args(["-c", &format!("ulimit -f {blocks} || exit 99; exec \"$0\" {line}"), binary])
        .current_dir(session.path(""));
    outcome(command)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[cfg(unix)]
fn assert_no_leftovers(session: &Session, runs: &str) {
    for folder in [runs.to_string(), format!("{runs}/tiny-s1"), format!("{runs}/tiny-s1/checkpoints")] {
        let names = names(&session.path(folder));
        assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
    }
}

/// The plan is the smallest file, then come the lines, and the checkpoints of a model of this width.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_at_any_write_loses_nothing() {
    let session = Session::new("disk");
    let run = "run tiny.toml --set model.width=12 --runs";
    session.good(&format!("{run} whole"));
    let hash = session.hash("whole/tiny-s1");
    let mut refusals = Vec::new();
    for blocks in 0.. {
        let runs = format!("runs-{blocks}");
        let outcome = with_small_disk(&session, blocks, &format!("{run} {runs}"));
        if outcome.status == Some(0) {
            break;
        }
        let message = refused(&runs, outcome, &["cannot write the ", "ulimit -f"]);
        refusals.push(message.split("cannot write the ").nth(1).unwrap().split(' ').next().unwrap().to_string());
        assert_no_leftovers(&session, &runs);
        let record = format!("{runs}/tiny-s1");
        if session.path(&record).exists() {
            assert!(message.contains(&format!("infimum resume {record}")), "{message}");
            session.good(&format!("show {record}"));
            session.good(&format!("resume {record}"));
            assert_eq!(session.hash(&record), hash, "{blocks} blocks");
        }
    }
    for file in ["plan", "checkpoint", "metrics"] {
        assert!(refusals.iter().any(|refusal| refusal == file), "no write of a {file} failed: {refusals:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_at_the_summary_loses_nothing() {
    let session = Session::new("summary");
    session.good("run tiny.toml");
    let hash = session.hash("tiny-s1");
    let summary = session.path("runs/tiny-s1/summary.json");
    fs::remove_file(&summary).unwrap();
    refused("summary", with_small_disk(&session, 1, "resume tiny-s1"), &["cannot write the summary", "summary.json"]);
    assert!(!summary.exists());
    assert_no_leftovers(&session, "runs");
    assert_eq!(session.hash("tiny-s1"), hash);
    session.good("resume");
    assert!(summary.exists() && session.hash("tiny-s1") == hash);
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_during_an_export_leaves_the_old_files() {
    let session = Session::new("export");
    session.good("data export tiny.toml data --set export.train_sequences=10 --set export.validation_sequences=10");
    let before = fs::read(session.path("data/train.bin")).unwrap();
    let run = with_small_disk(&session, 1, "data export tiny.toml data --force");
    refused("export", run, &["train.bin", "ulimit -f"]);
    assert_eq!(fs::read(session.path("data/train.bin")).unwrap(), before);
    assert_eq!(names(&session.path("data")), ["chain.npz", "meta.json", "train.bin", "val.bin"]);
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_printed_are_an_error() {
    let session = Session::new("full");
    let mut command = session.command(&["schema"]);
    command.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
    refused("schema > /dev/full", outcome(command), &["standard output"]);
}

#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_not_unicode_work_or_are_refused() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;

    let session = Session::new("bytes");
    let odd = |text: &[u8]| OsStr::from_bytes(text).to_os_string();
    let run = |arguments: &[OsString]| session.run(arguments);
    session.write(odd(b"\xff.toml"), session::TINY.replace("steps = 40", "steps = 2"));
    let works: [&[OsString]; 5] = [
        &["run".into(), odd(b"\xff.toml"), "--runs".into(), odd(b"runs-\xfe")],
        &["show".into(), "tiny-s1".into(), "--runs".into(), odd(b"runs-\xfe")],
        &["eval".into(), odd(b"runs-\xfe/tiny-s1")],
        &["list".into(), "--runs".into(), odd(b"runs-\xfe")],
        &["data".into(), "export".into(), odd(b"\xff.toml"), odd(b"data-\xfe")],
    ];
    for arguments in works {
        let outcome = run(arguments);
        assert_eq!(outcome.status, Some(0), "{arguments:?}\n{}", outcome.stderr);
    }
    refused("no such recipe", run(&["run".into(), odd(b"no-\xff.toml")]), &["no-"]);
    refused("no such run", run(&["show".into(), odd(b"\xff")]), &["no record"]);
    refused("set", run(&["run".into(), "tiny.toml".into(), "--set".into(), odd(b"name=\xff")]), &["UTF-8"]);
    refused("command", run(&[odd(b"\xff")]), &["\u{fffd}"]);
    session.write(odd(b"nameless-\xff.toml"), session::TINY.replace("name = \"tiny\"", ""));
    refused("nameless", run(&["run".into(), odd(b"nameless-\xff.toml")]), &["name", "letters"]);
}

/// What stands in a record in place of a file is named, at once.
#[test]
#[cfg(unix)]
fn pipes_and_devices_in_a_record_are_refused() {
    for (file, command) in
        [("metrics.jsonl", "resume tiny-s1"), ("summary.json", "show tiny-s1"), ("lock", "resume tiny-s1")]
    {
        let session = Session::new("pipes");
        session.good("run tiny.toml");
        let path = session.path("runs/tiny-s1").join(file);
        if file != "summary.json" {
            fs::remove_file(session.path("runs/tiny-s1/summary.json")).unwrap();
        }
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        session.refused(command, &[file, "device"]);
    }
}

#[test]
fn a_checkpoint_of_one_file_is_a_mistake() {
    let session = Session::new("at");
    session.good("run tiny.toml");
    session.refused("eval runs/tiny-s1/checkpoints/best.safetensors --at 20", &["--at", "one file of weights"]);
    session.refused("run tiny.toml --seed -1", &["-1", "at least 0"]);
}
