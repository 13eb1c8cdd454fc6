//! A text of byte pairs, from its recipe to what a model of it writes.

mod session;

use std::fs;

use serde_json::Value;
use session::{Outcome, Session, outcome};

const RECIPE: &str = "\
name = \"pairs\"
[world]
kind = \"text\"
file = \"speech.txt\"
tokens = \"byte_pairs\"
vocabulary = 300
window = 12
validation = 0.1
[model]
width = 8
layers = 1
heads = 2
mlp_ratio = 1
[training]
steps = 20
batch = 8
[evaluation]
every = 10
keep_every = 10
";

fn session(name: &str) -> Session {
    let session = Session::new(name);
    let line =
        |n: usize| format!("The {}th über-fox, {} times naïve, jumps over {} dogs.\n", n % 17, n * n % 23, n % 7);
    session.write("speech.txt", (0..400).map(line).collect::<String>());
    session.write("pairs.toml", RECIPE);
    session
}

fn typed(session: &Session, words: &[&str]) -> Outcome {
    outcome(session.command(words))
}

#[test]
fn whatever_is_done_with_a_text_is_done_with_pairs() {
    let session = session("texts-pairs");
    let floor = session.good("floor pairs.toml");
    for part in ["kneser-ney-6", "bits per byte", "256 bytes and 44 pairs", "bytes_per_token"] {
        assert!(floor.contains(part), "`{part}` is missing in\n{floor}");
    }
    let figures = session.json("run pairs.toml");
    let figures = figures.as_array().unwrap();
    let named = |name: &str| figures.iter().find(|figure| figure["name"] == name).unwrap();
    let (bits, nats) = (named("bits_per_byte"), named("cross_entropy"));
    assert!(bits["value"].as_f64() < nats["value"].as_f64() && bits["low"].is_number() && bits["baseline"].is_number());
    assert_eq!((bits["optimum"].is_null(), bits["unit"].as_str()), (true, Some("bits per byte")));
    assert!(session.good("eval pairs-s1").contains("bits_per_byte"));
    assert!(session.good("eval pairs-s1 --at best").contains("bits_per_byte"));
    assert!(session.good("show pairs-s1").contains("bits_per_byte"));
    assert!(session.good("list").contains("pairs-s1"));
    assert!(!session.good("explain pairs-s1").is_empty());
    session.run(&["gates", "pairs-s1"]);
    session.good("report pairs-s1 -o page.html");
    assert!(fs::read_to_string(session.path("page.html")).unwrap().contains("bits_per_byte"));
    session.good("export pairs-s1");
    session.good("run runs/pairs-s1/plan.toml --runs again");
    assert_eq!(session.hash("pairs-s1"), {
        let shown = session.good("show again/pairs-s1");
        shown
            .lines()
            .find_map(|line| line.strip_prefix("weights "))
            .unwrap()
            .split_whitespace()
            .last()
            .unwrap()
            .to_string()
    });
    // Another text in the place of the file is refused.
    session.write("speech.txt", "another text");
    session.refused("sample pairs-s1", &["is another text than that of world.hash", "put back"]);
}

/// A name that is built in means the same in every folder; a file or a folder that is called so is meant with its path.
#[test]
fn built_in_names_are_not_hidden_by_files() {
    let session = session("texts-hidden");
    let mut floors = vec![];
    let pairs = |file: &str| format!("file = \"{file}\"");
    let of = |file: &str| session.write("pairs.toml", RECIPE.replace(&pairs("speech.txt"), &pairs(file)));
    of("tinytalks");
    floors.push(session.good("floor pairs.toml"));
    fs::copy(session.path("speech.txt"), session.path("tinytalks")).unwrap();
    floors.push(session.good("floor pairs.toml"));
    session.good("run pairs.toml --set name=built-in");
    fs::remove_file(session.path("tinytalks")).unwrap();
    session.good("eval built-in-s1");
    fs::create_dir(session.path("tinytalks")).unwrap();
    floors.push(session.good("floor pairs.toml"));
    assert!(floors[0] == floors[1] && floors[0] == floors[2], "{floors:#?}");
    session.refused("floor pairs.toml --set world.file=./tinytalks", &["tinytalks", "folder"]);
    fs::remove_dir(session.path("tinytalks")).unwrap();
    session.refused("floor pairs.toml --set world.file=./tinytalks", &["there is no such file"]);
    fs::copy(session.path("speech.txt"), session.path("tinytalks")).unwrap();
    let own = session.good("floor pairs.toml --set world.file=./tinytalks");
    of("speech.txt");
    assert!(own == session.good("floor pairs.toml") && own != floors[0], "{own}");

    let markov = session.good("floor markov-10");
    session.write("markov-10", session::TINY);
    assert_eq!(session.good("floor markov-10"), markov);
    assert_eq!(session.good("floor ./markov-10"), session.good("floor tiny.toml"));
}

/// Two processes, whose tables of tokens are not the same, learn the same pairs.
#[test]
fn every_process_learns_the_same_pairs() {
    let session = session("texts-export");
    session.good("data export pairs.toml one");
    session.good("data export pairs.toml two");
    let file = |folder: &str, name: &str| fs::read(session.path(folder).join(name)).unwrap();
    for name in ["train.bin", "val.bin", "meta.json"] {
        assert_eq!(file("one", name), file("two", name), "{name}");
    }
    let meta: Value = serde_json::from_slice(&file("one", "meta.json")).unwrap();
    let spelt: Vec<Vec<u8>> =
        meta["token_bytes"].as_array().unwrap().iter().map(|token| unhex(token.as_str().unwrap())).collect();
    assert_eq!((spelt.len(), &spelt[195][..], meta["vocab_size"].as_u64()), (300, &[195][..], Some(300)));
    let train = file("one", "train.bin");
    let token = |bytes: &[u8]| usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    // Each window begins with the last token of the one before.
    let windows = train.chunks_exact(2 * 13).flat_map(|window| window.chunks_exact(2).take(12).map(token));
    let text: Vec<u8> = windows.flat_map(|token| spelt[token].clone()).collect();
    assert!(fs::read(session.path("speech.txt")).unwrap().starts_with(&text) && text.len() > 10_000);
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_model_of_pairs_is_asked_in_words() {
    let session = session("texts-sample");
    session.good("run pairs.toml");
    for prompt in ["The 3th über", "nowhere \u{1F600}", "\n", "\u{1}\u{7f}", "€"] {
        let told = typed(&session, &["sample", "--prompt", prompt, "--seed", "3"]);
        let json = typed(&session, &["sample", "--prompt", prompt, "--seed", "3", "--json"]);
        let json: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(told.stdout, format!("{}\n", json["text"].as_str().unwrap()), "token by token: {}", told.stderr);
        assert!(told.stdout.starts_with(prompt), "{prompt:?}: {:?}", told.stdout);
    }
    let stopped = typed(&session, &["sample", "--prompt", "The 3", "--stop", "o", "-n", "12", "--json"]);
    let stopped: Value = serde_json::from_str(&stopped.stdout).unwrap();
    for (text, tokens) in stopped["text"].as_array().unwrap().iter().zip(stopped["sequences"].as_array().unwrap()) {
        let written = text.as_str().unwrap().strip_prefix("The 3").unwrap();
        let written_on = tokens.as_array().unwrap().len() == 13;
        assert!(written.matches('o').count() == 1 || written_on && !written.contains('o'), "{written:?}");
    }
    let long = typed(&session, &["sample", "--prompt", &"\u{1F600}".repeat(9)]);
    session::refused("long", long, &["--prompt", "tokens, and the model reads at most 12", "shorten it"]);
    let none = typed(&session, &["sample", "--stop", ""]);
    session::refused("none", none, &["--stop", "no token"]);
}

#[test]
fn vocabularies_that_cannot_be_are_refused() {
    let session = session("texts-mistakes");
    for (set, parts) in [
        ("world.vocabulary=256", &["world.vocabulary = 256", "at least 257"][..]),
        ("world.vocabulary=70000", &["world.vocabulary = 70000", "at most 65536"]),
        ("world.vocabulary=60000", &["world.vocabulary = 60000", "pairs to merge", "lower it, or give a longer text"]),
        ("world.tokens=bytes", &["vocabulary = 300", "left out with tokens = \"bytes\"", "leave it out"]),
        ("world.tokens=pairs", &["world.tokens", "byte_pairs"]),
        ("world.vocabulari=300", &["vocabulari", "vocabulary"]),
    ] {
        session.refused(&format!("floor pairs.toml --set {set}"), parts);
        session.refused(&format!("run pairs.toml --set {set}"), parts);
    }
}
