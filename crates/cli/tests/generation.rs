//! What a model writes when it is asked.

mod session;

use serde_json::Value;
use session::Session;

fn trained(name: &str) -> Session {
    let session = Session::new(name);
    session.good("run tiny.toml");
    session
}

fn tokens(sequence: &Value) -> Vec<u64> {
    sequence.as_array().unwrap().iter().map(|token| token.as_u64().unwrap()).collect()
}

#[test]
fn prompts_are_continued() {
    let session = trained("prompts");
    let one = session.json("sample --prompt 1 --seed 4");
    assert_eq!(tokens(&one["sequences"][0])[..2], [3, 1], "BOS, 3, need not be named");
    let text = one["text"].as_str().expect("one sequence is one text");
    assert_eq!(session.good("sample --prompt 1 --seed 4"), format!("{text}\n"), "token by token");
    assert_eq!((&one["tokens"], one["tokens_per_second"].as_f64() > Some(0.0)), (&6.into(), true));

    let given = [("--prompt", "3 1 2"), ("--prompt", "0,1,2,0,1,2"), ("-n", "20")];
    let given: Vec<&str> = given.iter().flat_map(|(option, value)| [*option, *value]).collect();
    let outcome = session.run(&[&["sample", "--json"], &given[..]].concat());
    let several: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let (sequences, texts) = (several["sequences"].as_array().unwrap(), several["text"].as_array().unwrap());
    assert_eq!((sequences.len(), texts.len(), &several["tokens"]), (40, 40, &120.into()));
    for (number, (sequence, text)) in sequences.iter().zip(texts).enumerate() {
        let (tokens, beginning) = (tokens(sequence), if number < 20 { &[3, 1, 2][..] } else { &[3, 0, 1, 2, 0, 1, 2] });
        assert!(tokens.len() == 8 && tokens.starts_with(beginning), "{number}: {tokens:?}");
        let words: Vec<String> = tokens.iter().map(u64::to_string).collect();
        assert_eq!(text.as_str().unwrap(), words.join(" "));
    }
    for threads in ["1", "3"] {
        let outcome = session.run(&[&["sample", "--threads", threads], &given[..]].concat());
        let lines: Vec<&str> = outcome.stdout.lines().collect();
        assert_eq!(lines, texts.iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>());
    }
}

#[test]
fn filters_and_stops_do_what_they_say() {
    let session = trained("filters");
    let likeliest = session.good("sample -n 1 --temperature 0");
    for same in ["--top-k 1", "--top-p 0.000001", "--min-p 1", "--temperature 5 --top-k 1"] {
        assert_eq!(session.good(&format!("sample -n 1 {same}")), likeliest, "{same}");
    }
    assert_eq!(session.good("sample --top-k 4 --top-p 1 --min-p 0"), session.good("sample"));
    let stopped = session.json("sample --stop 1 -n 30");
    let lengths: Vec<usize> = stopped["sequences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sequence| {
            let tokens = tokens(sequence);
            assert!(
                !tokens[..tokens.len() - 1].contains(&1) && (tokens.ends_with(&[1]) || tokens.len() == 8),
                "{tokens:?}"
            );
            tokens.len()
        })
        .collect();
    assert!(lengths.iter().any(|length| *length < 8));
    assert_eq!(stopped["tokens"].as_u64(), Some(lengths.iter().map(|length| *length as u64 - 1).sum()));
}

#[test]
fn what_cannot_be_sampled_is_named() {
    let session = trained("not-sampled");
    for (line, parts) in [
        ("--prompt 7", &["--prompt", "7 is not in the alphabet, whose tokens are 0 to 3"][..]),
        ("--prompt 1+2=", &["1+2= is not in the alphabet"]),
        ("--prompt 1,1,1,1,1,1,1,1", &["it has 9 tokens, and the model reads at most 7"]),
        ("--temperature -1", &["--temperature", "-1", "from 0 up"]),
        ("--top-k 5", &["--top-k = 5", "the alphabet has 4 tokens"]),
        ("--top-k 0", &["--top-k", "'0'", "from 1 to"]),
        ("--top-k -1", &["--top-k", "'-1'", "from 1 to"]),
        ("-n 0", &["--sequences", "'0'", "from 1 to"]),
        ("-n 9223372036854775808 --prompt a --prompt b", &["9223372036854775808", "to 1000000000"]),
        ("--seed -1", &["--seed", "'-1'", "from 0 to"]),
        ("--top-p 0", &["--top-p", "above 0"]),
        ("--top-p 1.5", &["--top-p", "at most 1"]),
        ("--min-p -0.1", &["--min-p", "from 0 to 1"]),
        ("--stop 9", &["--stop", "9 is not in the alphabet"]),
        ("--stop ,", &["--stop", "no token"]),
        ("-n 0", &["--sequences", "0"]),
    ] {
        session.refused(&format!("sample tiny-s1 {line}"), parts);
    }
}

/// Weights of one alphabet are not read by another of the same size.
#[test]
fn weights_of_another_alphabet_are_refused() {
    let session = Session::new("alphabets");
    session.good("run memorise/level-1 --set training.steps=30");
    let other = "--recipe memorise/level-1 --set world.alphabet=\"ZYXWVUTSRQPONMLKJIHGFEDCBA0123456789\"";
    for command in ["sample", "eval", "gates"] {
        session.refused(&format!("{command} level-1-s1 {other}"), &["token 1 = \"Z\"", "\"0\"", "same alphabet"]);
    }
    session.good("eval level-1-s1 --recipe memorise/level-1 --set world.length=8");
}

/// Snippets of Python are written as text, from a beginning that somebody types; how many are exact and how many are programs stands in
/// every list of figures.
#[test]
fn snippets_are_completed_and_counted() {
    let session = Session::new("snippets");
    let quick = "--set training.steps=2 --set training.warmup=0 --set evaluation.every=1 --set evaluation.sequences=16 --set evaluation.test_sequences=16";
    let table = session.good(&format!("run text/copilot {quick}"));
    let sample = session.run(&["sample", "copilot-s1", "--prompt", "def add", "--temperature", "0"]);
    assert!(sample.status == Some(0) && sample.stdout.starts_with("def add"), "{sample:?}");
    let figures = session.json("eval copilot-s1");
    let of = |name: &str| figures.as_array().unwrap().iter().find(|figure| figure["name"] == name).expect(name);
    for name in ["exact_continuation", "exact_continuation_trained", "valid_syntax", "valid_syntax_trained"] {
        assert!(table.contains(name), "{table}");
        let optimum = if name == "exact_continuation" { Value::Null } else { 1.0.into() };
        assert_eq!((&of(name)["optimum"], &of(name)["baseline"].is_number()), (&optimum, &true), "{name}");
    }
    // Of the five beginnings that are held out four are programs.
    assert_eq!((&of("valid_syntax")["baseline"], &of("exact_continuation")["baseline"]), (&0.8.into(), &0.0.into()));
    let floors = session.json("floor text/copilot");
    let lines = floors["ceilings"].as_array().unwrap();
    let line = |name: &str| &lines.iter().find(|line| line["name"] == name).expect(name)["value"];
    assert_eq!([line("exact_continuation"), line("exact_continuation_trained")], [&Value::Null, &1.0.into()]);
    assert_eq!(line("valid_syntax_blank"), &0.8);
    let [chance, blank] =
        ["unigram", "blank"].map(|name| line(&format!("valid_syntax_{name}_trained")).as_f64().unwrap());
    assert!(chance > 0.0 && chance < blank && blank < 0.5, "{chance} {blank}");
}
