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
    assert_eq!(keys(&printed), ["means", "seeds", "spreads", "success", "success_rate", "time_to_success"]);
    assert!(["success", "success_rate", "time_to_success"].iter().all(|key| printed[key].is_null()), "no criterion");
    let seeds = printed["seeds"].as_array().unwrap();
    assert_eq!(seeds.iter().map(|seed| seed["seed"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 0, 1]);
    for seed in seeds {
        assert_eq!(
            keys(seed),
            ["error", "figures", "reached", "record", "seconds", "seed", "status", "succeeded", "weights_hash"]
        );
        assert_eq!(seed["status"], "finished");
        assert_eq!(seed["figures"][0]["name"], "excess_loss");
    }
    assert_eq!(printed["means"][0]["name"], "excess_loss");
    assert_eq!((&printed["spreads"][0]["name"], &printed["spreads"][0]["of"]), (&"excess_loss".into(), &3.into()));
    assert_eq!(keys(&printed["means"][0]), ["baseline", "high", "low", "name", "optimum", "unit", "value"]);
    assert_eq!(session.json("run tiny.toml --seeds 2,0..2"), printed, "nothing was left to do");
    assert_eq!(session.json("eval tiny-s0"), seeds[1]["figures"]);

    let table = session.good("run tiny.toml --seeds 0..4");
    let first = |line: &str| line.split_whitespace().next().map(str::to_string);
    let rows: Vec<String> = table.lines().map_while(first).collect();
    assert_eq!(rows, ["seed", "0", "1", "2", "3", "mean", "from", "to", "optimum", "baseline"]);
    assert!(table.contains("over 4 seeds") && table.contains("runs/tiny-s3"), "{table}");

    let success = "--set success.figure=cross_entropy --set success.at_most=1.1";
    let printed = session.json(&format!("run tiny.toml --seeds 0..3 {success}"));
    let rate = &printed["success_rate"];
    let succeeded = printed["seeds"].as_array().unwrap().iter().filter(|seed| seed["succeeded"] == true).count();
    assert_eq!(
        (&rate["name"], &rate["of"], &rate["successes"]),
        (&"success_rate".into(), &3.into(), &succeeded.into())
    );
    assert_eq!(printed["success"], serde_json::json!({ "figure": "cross_entropy", "at_most": 1.1 }));
    assert_eq!(keys(&printed["time_to_success"]), ["curve", "high", "low", "median"]);
    let text = session.good(&format!("run tiny.toml --seeds 0..3 {success}"));
    assert!(text.contains("cross_entropy at most 1.1") && text.contains(&format!("{succeeded} of 3, ")), "{text}");
    assert!(text.contains("lower quartile") && text.contains("steps to it"), "{text}");
    assert!(
        session
            .good("show tiny-s0-2 --csv")
            .starts_with("step,tokens,rate,loss,gradient_norm,validation,excess,criterion,")
    );

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
