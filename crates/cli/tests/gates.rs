//! The gates that a trained network has to pass.

mod session;

use serde_json::Value;
use session::Session;

#[test]
fn gates_say_what_they_measure_and_the_status_whether_all_pass() {
    let session = Session::new("gates");
    session.good("run tiny.toml");
    let verdicts = session.json("gates");
    let verdicts = verdicts.as_array().unwrap();
    assert_eq!(verdicts.len(), 10);
    for verdict in verdicts {
        for key in ["gate", "passed", "figure", "bound", "about"] {
            assert!(verdict.get(key).is_some(), "{key}: {verdict}");
        }
    }
    let of = |gate: &str| verdicts.iter().find(|verdict| verdict["gate"] == gate).unwrap();
    assert_eq!((&of("causality")["passed"], &of("causality")["figure"]), (&true.into(), &0.0.into()));
    assert_eq!(of("context")["passed"], Value::Null, "in a chain of order 1 the present token says all");
    let text = session.good("gates tiny-s1 --at best");
    assert!(text.contains("does not apply") && text.contains("passed") && !text.contains("FAILED"), "{text}");

    session.good("run tiny.toml --set training.rate=1e-30 --set name=frozen");
    let outcome = session.run(&["gates", "frozen-s1"]);
    assert_eq!(outcome.status, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("FAILED") && outcome.stderr.contains("gates that fail: learning"),
        "{}",
        outcome.stderr
    );
}
