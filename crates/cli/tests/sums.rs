//! Sums through the binary: scores, answers, searches, and what is refused.

mod session;

use std::collections::BTreeSet;

use serde_json::Value;
use session::Session;

/// Numbers of one digit; a model that learns their sums in two seconds.
const SUMS: &str = "\
name = \"sums\"
[world]
kind = \"addition\"
digits = 1
[model]
width = 16
layers = 1
heads = 1
[training]
steps = 1200
batch = 64
rate = 0.01
[evaluation]
every = 600
sequences = 16
test_sequences = 40
";

fn session(name: &str) -> Session {
    let session = Session::new(name);
    session.write("sums.toml", SUMS);
    session
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().expect("it is an object").keys().map(String::as_str).collect();
    keys.sort();
    keys
}

fn named<'v>(figures: &'v Value, name: &str) -> &'v Value {
    figures.as_array().unwrap().iter().find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

const FIGURE: [&str; 7] = ["baseline", "high", "low", "name", "optimum", "unit", "value"];

#[test]
fn a_model_that_has_learnt_its_sums_is_scored_asked_and_searched() {
    let session = session("learnt");
    session.good("run sums.toml");
    let figures = session.json("eval --pairs 500");
    for name in
        ["exact_match", "uniform_exact_match", "small_operands_exact_match", "commutativity", "carry_run_1_exact_match"]
    {
        assert_eq!(
            (named(&figures, name)["value"].as_f64(), keys(named(&figures, name))),
            (Some(1.0), FIGURE.to_vec())
        );
    }
    assert_eq!(
        keys(named(&figures, "carry_run_exact_match_worst")),
        [&FIGURE[..1], &["carry_run"], &FIGURE[1..]].concat()
    );
    assert_eq!(named(&figures, "carry_mask_exact_match_worst")["carry_mask"], "0");
    let smallest = named(&figures, "smallest_margin");
    assert!(smallest["value"].as_f64() > Some(0.0) && smallest["operands"].as_array().map(Vec::len) == Some(2));
    assert!(
        figures.as_array().unwrap().iter().all(|figure| figure["name"] != "official_correct"),
        "numbers of one digit"
    );
    let text = session.good("eval");
    for part in ["uniform_exact_match", "smallest_margin is that of ", "longest carry run n", "digit that counts 10^n"]
    {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let run = session.json("show");
    assert_eq!(
        run["figures"].as_array().unwrap()[..],
        figures.as_array().unwrap()[..run["figures"].as_array().unwrap().len()]
    );

    let answers = session.json("sample --prompt 7+8= --prompt 3+4");
    assert_eq!(keys(&answers[0]), ["answer", "is_right", "margin", "operands", "right", "tokens"]);
    let answer = |number: usize| [&answers[number]["answer"], &answers[number]["right"], &answers[number]["is_right"]];
    assert_eq!((answer(0), answer(1)), ([&15.into(), &15.into(), &true.into()], [&7.into(), &7.into(), &true.into()]));
    assert_eq!(answers[0]["operands"], serde_json::json!([7, 8]));
    assert_eq!(session.good("sample sums-s1 --prompt 7+8= --at best"), "7+8=15  right\n");
    let file = "runs/sums-s1/checkpoints/last.safetensors";
    assert_eq!(session.good(&format!("sample {file} --prompt 0+0")), "0+0=0  right\n");

    for line in ["falsify", "falsify sums-s1 --seed 3", &format!("falsify {file}")] {
        let searched = session.json(line);
        assert_eq!(
            keys(&searched),
            ["counterexample", "pairs_searched", "smallest_margin", "smallest_margin_operands"]
        );
        assert_eq!((&searched["counterexample"], &searched["pairs_searched"]), (&Value::Null, &100.into()), "{line}");
        assert_eq!(searched["smallest_margin_operands"], smallest["operands"]);
    }
    let text = session.good("falsify");
    assert!(text.contains("no wrong sum among 100 pairs") && text.contains("all pairs that there are"), "{text}");
    assert!(!text.contains("prove"), "{text}");
}

#[test]
fn a_model_of_ten_digits_is_tested_officially_and_falsified() {
    let session = session("official");
    let ten = "--set world.digits=10 --set training.steps=2 --set name=ten";
    session.good(&format!("run sums.toml {ten}"));
    let figures = session.json("eval --official");
    let names: Vec<&str> = figures.as_array().unwrap().iter().map(|figure| figure["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["official_correct", "official_edge_correct", "smallest_margin"]);
    let correct = named(&figures, "official_correct");
    assert_eq!((&correct["optimum"], &correct["unit"]), (&10_010.0.into(), &"of 10010 sums".into()));
    assert!(correct["value"].as_f64() < Some(100.0) && correct["wrong"].as_array().map(Vec::len) == Some(100));
    assert_eq!(keys(&correct["wrong"][0]), ["answer", "is_right", "margin", "operands", "right", "tokens"]);
    assert!(session.good("eval --official").contains("wrong: 0 + 1 is 1, not "));
    let all = session.json("eval --pairs 40 --at all");
    let names: BTreeSet<&str> =
        all[0]["figures"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    for name in
        ["exact_match", "official_correct", "uniform_exact_match", "carries_10_exact_match", "digit_10_accuracy"]
    {
        assert!(names.contains(name), "{names:?}");
    }

    let searched = session.json("falsify ten-s1 --pairs 2000");
    let wrong = &searched["counterexample"];
    assert_eq!(keys(wrong), ["answer", "is_right", "margin", "operands", "right", "tokens"]);
    let operand = |number: usize| wrong["operands"][number].as_u64().unwrap();
    assert_eq!(wrong["right"].as_u64(), Some(operand(0) + operand(1)));
    assert!(wrong["answer"] != wrong["right"] && searched["pairs_searched"].as_u64() < Some(2000));
    assert_eq!(session.json("falsify ten-s1 --pairs 2000 --threads 1"), searched);
    let text = session.good("falsify");
    assert!(text.starts_with("wrong: ") && text.contains(" pairs were searched in "), "{text}");
    let asked = session.json(&format!("sample --prompt {}+{}=", operand(0), operand(1)));
    assert_eq!(&asked[0], wrong, "asked by itself, it is answered as in the search");
}

#[test]
fn what_cannot_be_asked_is_named() {
    let session = session("unasked");
    session.good("run sums.toml --set training.steps=2");
    let prompt = |text: &str, parts: &[&str]| {
        session::refused(text, session.run(&["sample", "sums-s1", "--prompt", text]), parts);
    };
    prompt("1+b=", &["--prompt = 1+b=", "`b` is not in the alphabet", "such as 123+456="]);
    prompt("12+3=", &["12 has 2 digits", "at most 1"]);
    prompt("-1+3=", &["`-` is not in the alphabet"]);
    prompt("7", &["not two numbers"]);
    for option in ["--sequences 3", "-n 3", "--temperature 0", "--top-k 2", "--top-p 0.5", "--min-p 0", "--seed 4"] {
        session.refused(&format!("sample sums-s1 --prompt 1+2 {option}"), &["--prompt", "leave one of the two out"]);
    }
    session.refused("eval sums-s1 --official", &["world.digits = 1", "numbers of 10 digits", "--official"]);
    session.refused("eval sums-s1 --official --pairs 7", &["--official", "--pairs"]);
    session.refused("eval sums-s1 --pairs 0", &["--pairs", "0", "1..=1000000000"]);
    session.refused("falsify sums-s1 --seconds -1", &["--seconds", "-1", "from 0"]);
    session.refused("falsify sums-s1 --pairs 0", &["--pairs", "0"]);
    session.refused("falsify sums-s2", &["sums-s2", "sums-s1"]);
    session.refused("falsify runs/sums-s1/checkpoints/last.safetensors --at best", &["--at", "one file of weights"]);
    session.refused("falsify --runs nowhere", &["nowhere"]);
    session.good("run tiny.toml --set training.steps=2");
    for line in ["falsify tiny-s1", "eval tiny-s1 --official", "eval tiny-s1 --pairs 9"] {
        session.refused(line, &["world.kind = \"markov\"", "\"addition\""]);
    }
    session.good("run sums.toml --set training.steps=2 --set world.operation=subtract --set name=less");
    session.refused("falsify less-s1", &["world.operation = \"subtract\"", "carries"]);
    session.refused("sample less-s1 --prompt 1-2=", &["larger number"]);
    assert!(session.good("sample less-s1 --prompt 2-1=").starts_with("2-1="));
    let figures = session.json("eval less-s1");
    assert!(figures.as_array().unwrap().iter().all(|figure| figure["name"] != "uniform_exact_match"));
}
