//! Why a run did not learn, through the binary.

mod session;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use session::Session;

/// A chain of order 2, which a model without attention cannot learn.
const BLIND: &str = "\
name = \"blind\"
[world]
kind = \"markov\"
states = 4
order = 2
length = 24
concentration = 0.3
seed = 3
[model]
width = 16
layers = 1
heads = 1
attention = false
positions = \"none\"
[training]
steps = 300
batch = 32
rate = 0.01
[evaluation]
every = 20
sequences = 128
test_sequences = 64
";

#[test]
fn causes_are_listed_with_their_evidence() {
    let session = Session::new("explain");
    session.write("blind.toml", BLIND);
    session.good("run blind.toml --seed 1");
    let found = session.json("explain blind-s1");
    let first = &found.as_array().expect("it is a list")[0];
    let keys: Vec<&String> = first.as_object().expect("it is an object").keys().collect();
    assert_eq!(keys, ["cause", "change", "evidence"]);
    assert_eq!(first["cause"], "stuck_at_rung");
    let text = session.good("explain blind-s1");
    assert!(text.starts_with("1. cause     stuck_at_rung\n   evidence  the loss of head token rests at"), "{text}");
    assert!(text.contains("\n   change    let the model see more than the last token"), "{text}");
    session.refused("explain gone", &["gone"]);
}

/// A chain that is learnt at once.
const QUICK: &[&str] = &["--set", "world.order=1", "--set", "model.attention=false"];

#[test]
fn of_a_run_without_a_cause_it_is_said_whether_it_learned() {
    let session = Session::new("explain-learned");
    session.write("blind.toml", BLIND);
    let run = [&["run", "blind.toml", "--seed", "1"], QUICK].concat();
    assert_eq!(session.run(&run).status, Some(0));
    let text = session.good("explain blind-s1");
    assert!(text.starts_with("no cause found: the run learnt (") && text.contains(" % of the way"), "{text}");
    assert_eq!(session.json("explain blind-s1"), serde_json::json!([]));
}

/// Its loss was no number before the first validation, so that there is no checkpoint.
#[test]
fn a_run_that_diverged_before_its_first_checkpoint_is_explained() {
    let session = Session::new("explain-diverged");
    let model = "layers = 4\nnorm = \"none\"\nactivation = \"relu3\"";
    let recipe = session::TINY
        .replace("layers = 1", model)
        .replace("steps = 40", "steps = 40\nrate = 100\nclip = 0\nwarmup = 38");
    session.write(
        "diverging.toml",
        recipe.replace("every = 2\n", "every = 40\n").replace("keep_every = 20", "keep_every = 0"),
    );
    let failed = session.run(&session::words("run diverging.toml --set name=diverging --seed 0"));
    assert_eq!(failed.status, Some(1), "{failed:?}");
    for command in ["gates diverging-s0", "sample diverging-s0"] {
        session.refused(command, &["has no checkpoint `last`", "infimum explain "]);
    }
    let first = &session.json("explain diverging-s0")[0];
    assert_eq!(first["cause"], "rate_too_high", "{first}");
    assert!(first["change"].as_str().unwrap().starts_with("set training.rate = "), "{first}");
}

/// Stopped by the user, it goes on; killed before its first checkpoint, it begins again.
#[cfg(unix)]
#[test]
fn a_run_that_was_stopped_is_told_to_go_on() {
    let session = Session::new("explain-stopped");
    session.write(
        "blind.toml",
        BLIND.replace("steps = 300", "steps = 100000000").replace("every = 20", "every = 100000000"),
    );
    for (signal, name) in [("-INT", "name=stopped"), ("-KILL", "name=killed")] {
        let run = ["run", "blind.toml", "--seed", "1", "--set", name];
        let mut child = session.command(&run).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (mut stderr, mut text) = (BufReader::new(child.stderr.take().unwrap()), String::new());
        stderr.read_line(&mut text).unwrap();
        assert!(Command::new("kill").args([signal.into(), child.id().to_string()]).status().unwrap().success());
        stderr.read_to_string(&mut text).unwrap();
        child.wait().unwrap();
    }
    let found = session.json("explain stopped-s1");
    assert_eq!(found[0]["cause"], "ended_early", "{found}");
    assert!(found[0]["change"].as_str().unwrap().contains("infimum resume runs/stopped-s1"), "{found}");
    session.refused("explain killed-s1", &["has no checkpoint `last`", "infimum resume runs/killed-s1"]);
}
