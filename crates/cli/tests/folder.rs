//! Somebody's data from the command line: export, run, evaluate, report, go on; and what happens when a file changes.

mod session;

use std::fs;
use std::path::Path;

use session::Session;

const WINDOWS: &str = "\
[world]
kind = \"markov-windows\"
states = 3
length = 8
seed = 1
[model]
width = 4
layers = 1
heads = 2
mlp_ratio = 1
[training]
steps = 20
batch = 16
[data]
source = \"export\"
[evaluation]
every = 10
[export]
train_sequences = 60
validation_sequences = 120
";

#[test]
fn a_folder_is_used_wherever_a_recipe_or_its_run_is() {
    let session = Session::new("folder");
    session.write("windows.toml", WINDOWS);
    session.good("data export windows.toml theirs");
    let set = "--set data.folder=theirs";
    session.good("run windows.toml --set name=drawn");
    let said = session.good(&format!("run windows.toml {set} --set name=read"));
    assert!(said.contains("% of which were also trained on") && !said.contains("not trained on"), "{said}");
    assert_eq!(session.hash("drawn-s1"), session.hash("read-s1"));
    let floors = session.json("floor windows.toml");
    assert_eq!(session.json(&format!("floor windows.toml {set} --set data.law=folder --set world.seed=9")), floors);
    let floor = &session.json(&format!("floor windows.toml {set} --set data.law=unknown"))["floors"][0];
    assert_eq!((floor["kind"].as_str(), floor["nats"].is_null()), (Some("unknown"), true));
    let ladder = &session.json(&format!("floor windows.toml {set} --set data.law=unknown"))["floors"][1];
    assert_eq!(
        (ladder["name"].as_str(), ladder["nats"].as_f64()),
        (Some("uniform"), Some(2.0 * std::f64::consts::LN_2))
    );
    session.refused(&format!("law windows.toml {set} --set data.law=unknown"), &["a world without a law"]);
    let checked = session.json(&format!("check windows.toml {set}"));
    let path = checked["plan"]["data"]["folder"]["path"].as_str().unwrap();
    assert!(Path::new(path).is_absolute() && path.ends_with("theirs"), "a plan is used from anywhere: {path}");
    assert!(session.good(&format!("check windows.toml {set} --set data.law=unknown")).contains("unknown (data.law)"));
    session.refused(&format!("data export windows.toml new {set}"), &["data.folder", "leave data.folder out"]);
    let figures = session.json("eval read-s1");
    assert_eq!(figures, session.json("show read-s1")["figures"]);
    let weights = "runs/read-s1/checkpoints/last.safetensors";
    let elsewhere = session.json(&format!("eval {weights} --recipe windows.toml {set}"));
    assert_eq!(elsewhere[0], figures[0], "the excess is on the same windows");
    for command in ["report read-s1", "dissect read-s1", "sample read-s1 --sequences 2", "show read-s1"] {
        session.good(command);
    }
    session.good(&format!("run windows.toml {set} --set name=unknown --set data.law=unknown"));
    for command in ["eval unknown-s1", "report unknown-s1", "dissect unknown-s1", "list", "sample unknown-s1"] {
        session.good(command);
    }
}

/// A record is used from any folder, as long as its data are where they were, or under their name in the working directory.
#[test]
fn a_record_is_used_from_anywhere_and_finds_its_data_again() {
    let session = Session::new("folder-anywhere");
    session.write("windows.toml", WINDOWS);
    session.good("data export windows.toml theirs");
    session.good("run windows.toml --set data.folder=theirs");
    let figures = session.json("eval windows-s1");
    let hash = session.hash("windows-s1");
    for folder in ["elsewhere", "moved"] {
        fs::create_dir(session.path(folder)).unwrap();
    }
    let from = |folder: &str, line: &str| {
        let mut command = session.command(&session::words(line));
        command.current_dir(session.path(folder));
        session::outcome(command)
    };
    let same = |folder: &str| {
        let eval = from(folder, "eval ../runs/windows-s1 --json");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&eval.stdout).unwrap(), figures, "{}", eval.stderr);
        let again = from(folder, &format!("run ../runs/windows-s1/plan.toml --runs again-{folder}"));
        assert_eq!(again.status, Some(0), "{}", again.stderr);
        assert_eq!(session.hash(&format!("{folder}/again-{folder}/windows-s1")), hash, "the plan gives the same bits");
    };
    same("elsewhere");
    fs::rename(session.path("theirs"), session.path("moved/theirs")).unwrap();
    let parts = ["theirs: this folder does not exist", "put it back", "as `theirs`"];
    session::refused("elsewhere", from("elsewhere", "eval ../runs/windows-s1"), &parts);
    same("moved");
    let path = session.path("moved/theirs/val.bin");
    let mut bytes = fs::read(&path).unwrap();
    bytes[2] = (bytes[2] + 1) % 3;
    fs::write(path, bytes).unwrap();
    let other = ["not those that the plan was made with (data.folder)"];
    session::refused("moved", from("moved", "eval ../runs/windows-s1"), &other);
}

/// The record stays readable; what would need the data says what has become of them.
#[test]
fn changed_data_are_refused_by_what_would_use_them() {
    let session = Session::new("folder-changed");
    session.write("windows.toml", WINDOWS);
    session.good("data export windows.toml theirs");
    session.good("run windows.toml --set data.folder=theirs");
    let path = session.path("theirs/train.bin");
    let mut bytes = fs::read(&path).unwrap();
    bytes[2] = (bytes[2] + 1) % 3;
    fs::write(&path, bytes).unwrap();
    fs::remove_file(session.path("runs/windows-s1/summary.json")).unwrap();
    for command in
        ["resume windows-s1", "eval windows-s1", "run runs/windows-s1/plan.toml --runs again", "report windows-s1"]
    {
        session.refused(command, &["theirs", "not those that the plan was made with (data.folder)", "put back"]);
    }
    assert!(!session.path("again").exists());
    session.good("show windows-s1");
    assert_eq!(session.json("list")[0]["name"], "windows-s1");
    fs::write(&path, [0]).unwrap();
    session.refused("resume windows-s1", &["train.bin", "1 bytes long"]);
    for command in ["run", "floor", "check"] {
        session.refused(
            &format!("{command} windows.toml --set data.folder=nowhere"),
            &["nowhere: this folder does not exist", "data.folder"],
        );
        session.refused(
            &format!("{command} windows.toml --set data.folder=windows.toml"),
            &["is no folder", "data.folder"],
        );
    }
}
