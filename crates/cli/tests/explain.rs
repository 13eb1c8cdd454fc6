//! Why a run did not learn, through the binary.

mod session;

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
