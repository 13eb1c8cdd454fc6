//! Somebody's data from the command line: export, run, evaluate, report, go on; and what happens when a file changes.

mod session;

use std::fs;

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
    session.refused(&format!("law windows.toml {set} --set data.law=unknown"), &["a world without a law"]);
    let checked = session.json(&format!("check windows.toml {set}"));
    assert_eq!(checked["plan"]["data"]["folder"]["path"], "theirs");
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
