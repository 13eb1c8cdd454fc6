//! `regular compare`, as typed.

mod session;

use session::Session;

const WORDS: &str = "\
name = \"words\"
[world]
kind = \"regular\"
language = \"a*b*\"
longest = 8
[model]
width = 8
layers = 1
heads = 2
[training]
steps = 20
batch = 16
[evaluation]
test_sequences = 40
";

#[test]
fn a_run_stands_beside_its_automaton() {
    let session = Session::new("regular-compare");
    session.write("words.toml", WORDS);
    session.good("run words.toml");
    let shown = session.good("regular compare words-s1 --words 200 --interventions 20");
    for part in ["language", "a*b*", "depend on the basis", "h.0.attn.y", "OV at random start", "random subspace"] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let found = session.json("regular compare words-s1 --words 200 --interventions 20 --at best");
    assert_eq!((&found["states"], &found["words"]["shared_strings"]), (&3.into(), &0.into()));
    assert_eq!(found["symbols"], serde_json::json!(["a", "b"]));
    for (key, count) in [("sites", 13), ("heads", 2), ("heads_at_random_start", 2), ("operators", 4)] {
        let entries = found[key].as_array().unwrap();
        assert!(entries.len() >= count, "{key}: {entries:?}");
    }
    for key in ["cosine", "pearson", "frobenius", "relative_error", "transposed", "null_of_bases", "null_of_weights"] {
        assert!(!found["raw"]["heads"][0][key].is_null(), "{key}");
    }
    let again = session.json("regular compare words-s1 --words 200 --interventions 20 --at best --threads 1");
    assert_eq!(found, again, "the same words, the same draws");
    session.good("run tiny.toml");
    session.refused("regular compare tiny-s1", &["world.kind", "regular"]);
    session.refused("regular compare words-s1 --words 1", &["--words"]);
}
