//! Several seeds by one command, through the binary.

mod session;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;
use session::Session;

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().expect("it is an object").keys().map(String::as_str).collect();
    keys.sort();
    keys
}

#[test]
fn seeds_are_trained_together_and_printed_with_their_mean() {
    let session = Session::new("seeds");
    let printed = session.json("run tiny.toml --seeds 2,0..2");
    assert_eq!(keys(&printed), ["means", "seeds"]);
    let seeds = printed["seeds"].as_array().unwrap();
    assert_eq!(seeds.iter().map(|seed| seed["seed"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 0, 1]);
    for seed in seeds {
        assert_eq!(keys(seed), ["error", "figures", "record", "seconds", "seed", "status", "weights_hash"]);
        assert_eq!(seed["status"], "finished");
        assert_eq!(seed["figures"][0]["name"], "excess_loss");
    }
    assert_eq!(printed["means"][0]["name"], "excess_loss");
    assert_eq!(keys(&printed["means"][0]), ["baseline", "high", "low", "name", "optimum", "unit", "value"]);
    assert_eq!(session.json("run tiny.toml --seeds 2,0..2"), printed, "nothing was left to do");
    assert_eq!(session.json("eval tiny-s0"), seeds[1]["figures"]);

    let table = session.good("run tiny.toml --seeds 0..4");
    let first = |line: &str| line.split_whitespace().next().map(str::to_string);
    let rows: Vec<String> = table.lines().map_while(first).collect();
    assert_eq!(rows, ["seed", "0", "1", "2", "3", "mean", "from", "to", "optimum", "baseline"]);
    assert!(table.contains("over 4 seeds") && table.contains("runs/tiny-s3"), "{table}");

    let model = "width = 4\nnorm = \"none\"\nactivation = \"relu3\"";
    let training = "steps = 40\nrate = 100\nclip = 0\nwarmup = 38";
    let tiny = session::TINY.replace("name = \"tiny\"", "name = \"diverging\"").replace("layers = 1", "layers = 4");
    session.write("diverging.toml", tiny.replace("width = 4", model).replace("steps = 40", training));
    let failed = session.run(&session::words("run diverging.toml --seeds 0..2"));
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("of 2 seeds 0 are finished and 2 failed: 0, 1"), "{}", failed.stderr);
    assert_eq!(failed.stdout.matches("diverged").count(), 2, "{}", failed.stdout);
}

#[cfg(unix)]
#[test]
fn a_signal_stops_all_seeds_and_saves_them() {
    let session = Session::new("signal-seeds");
    let arguments = ["run", "tiny.toml", "--set", "training.steps=1000000", "--set", "evaluation.every=1000000"];
    let arguments = [&arguments[..], &["--seeds", "0..9", "--threads", "2"]].concat();
    let mut child = session.command(&arguments).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    stderr.read_line(&mut text).unwrap();
    let sent = Command::new("kill").args(["-INT".into(), child.id().to_string()]).status().unwrap();
    stderr.read_to_string(&mut text).unwrap();
    assert!(sent.success() && child.wait().unwrap().code() == Some(130), "{text}");
    assert!(text.contains("2 at once on 2 threads") && text.contains("0 of 9 seeds are finished"), "{text}");
    let list = session.json("list");
    let runs = list.as_array().unwrap();
    assert!(runs.len() <= 2 && runs.iter().all(|run| run["status"] == "interrupted"), "{list}");
}
