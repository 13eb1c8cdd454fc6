//! `regular`: patterns, words, comparisons and files, as typed.

mod session;

use std::io::Write;
use std::process::Stdio;

use session::Session;

#[test]
fn the_minimal_automata_of_four_patterns() {
    let session = Session::new("regular-show");
    for (pattern, states, monoid, aperiodic) in
        [("a+", 3, 3, true), ("a*b*", 3, 5, true), ("(a|b)+", 2, 2, true), ("ab", 4, 5, true)]
    {
        let outcome = session.run(&["regular", "show", pattern, "--alphabet", "ab", "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(shown["states"], states, "{pattern}");
        assert_eq!(shown["classes"], serde_json::json!(["accept", "incomplete", "reject"]));
        assert_eq!(
            (&shown["monoid"], &shown["aperiodic"], &shown["solvable"]),
            (&monoid.into(), &aperiodic.into(), &true.into()),
            "{pattern}"
        );
    }
    let groups = ["s3", "a5", "s5"].map(|name| session.json(&format!("regular show {name}")));
    assert_eq!(groups.each_ref().map(|shown| shown["monoid"].as_u64()), [Some(6), Some(60), Some(120)]);
    assert_eq!(groups.each_ref().map(|shown| shown["solvable"].as_bool()), [Some(true), Some(false), Some(false)]);
}

#[test]
fn what_is_shown_to_people() {
    let session = Session::new("regular-text");
    let shown = session.good("regular show a*b*");
    let drawing = "\
▶ ((0)) accept  ↺ a
       └ b ─────────╮
  ((1)) accept  ↺ b ◀╯";
    let squeezed = |text: &str| text.replace(['─', ' ', '\n'], "");
    for part in
        ["states 3", "monoid 5 elements", "aperiodic yes", "ε", "reject", "Star-free", "6 layers at T = 64", drawing]
    {
        assert!(squeezed(&shown).contains(&squeezed(part)), "{part} is missing in\n{shown}");
    }
    let listed = session.good("regular list");
    assert!(["tomita-7", "dyck-K-D", "counter-M", "url"].iter().all(|name| listed.contains(name)), "{listed}");
    assert!(session.json("regular list").as_array().unwrap().len() > 20);
    for large in ["dyck-2-5", "email", "s5-identity"] {
        assert!(session.good(&format!("regular show {large}")).len() > 500, "{large}");
    }
}

#[test]
fn words_have_classes() {
    let session = Session::new("regular-accepts");
    let outcome = session.run(&["regular", "accepts", "a+b", "--alphabet", "ab", "aab", "", "ba"]);
    assert_eq!(outcome.stdout, "aab\taccept\n\tincomplete\nba\treject\n");
    let mut child = session.command(&["regular", "accepts", "parity"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1\n\n011\r\n1110").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1\taccept\n\tincomplete\n011\tincomplete\n1110\taccept\n");
    let listed = session.json("regular accepts a+ a");
    assert_eq!(listed, serde_json::json!([{ "word": "a", "class": "accept" }]));
    assert_eq!(session.good("regular accepts tomita-1"), "", "no line, no word");
}

#[test]
fn languages_are_compared() {
    let session = Session::new("regular-equal");
    assert_eq!(session.good("regular equal (01)* repeat-01"), "equal\n");
    assert_eq!(session.good("regular equal .* ~(a&b) --alphabet ab"), "equal\n");
    let verdict = session.json("regular equal a* (aa)* --alphabet ab");
    let expected = serde_json::json!({ "equal": false, "shortest": "a", "classes": ["accept", "incomplete"], "only_first": "a", "only_second": null });
    assert_eq!(verdict, expected);
    let shown = session.good("regular equal a+ b*");
    for part in ["they differ on", "the empty word", "incomplete", "only the first accepts", "a"] {
        assert!(shown.contains(part), "{shown}");
    }
    session.refused("regular equal parity s3", &["alphabets differ", "01", "ab"]);
}

#[test]
fn files_come_back() {
    let session = Session::new("regular-files");
    session.good("regular show tomita-3 --svg t.svg --dot t.dot --save t.json --fsm t.fsm");
    for file in ["t.dot", "t.json", "t.fsm"] {
        assert_eq!(session.good(&format!("regular equal tomita-3 @{file}")), "equal\n", "{file}");
    }
    let svg = std::fs::read_to_string(session.path("t.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.contains("State 0, accept: by 0 to 0, by 1 to 1."), "{svg}");
    session.good("regular show tomita-3 --dot t.dot");
    session.refused("regular show tomita-4 --dot t.dot", &["t.dot", "--force"]);
    session.good("regular show tomita-4 --dot t.dot --force");
    assert_eq!(session.json("regular equal tomita-4 @t.dot")["equal"], true);
    session.refused("regular show dyck-2-5 --svg large.svg", &["64", "at most 60", "--dot"]);
    let text = std::fs::read_to_string(session.path("t.fsm")).unwrap();
    session.write("broken.fsm", text.replace("\"start\": 0", "\"start\": 1"));
    session.refused("regular show @broken.fsm", &["broken.fsm", "`checksum`"]);
    session.write("none.json", "{\"alphabet\": 3}");
    session.refused("regular show @none.json", &["none.json", "line 1, column"]);
    session.write("none.dot", "graph { a -- b }");
    session.refused("regular accepts @none.dot ab", &["none.dot", "line 1", "`digraph`"]);
    session.write("bytes", b"\xff");
    session.refused("regular show @bytes", &["bytes", "UTF-8"]);
    session.refused("regular show @nowhere", &["nowhere"]);
    session.refused("regular show @.", &["is a folder"]);
}

/// Of several patterns the first that matches names the class, in whatever reads the saved automaton.
#[test]
fn patterns_stand_in_order_of_priority() {
    let session = Session::new("regular-classes");
    let classes = "--class even=(aa)* --class short=a{1,3} --class late=a{5}b";
    let shown = session.json(&format!("regular show {classes} --save classes.json"));
    assert_eq!(shown["classes"], serde_json::json!(["even", "short", "late", "incomplete", "reject"]));
    let told = session.good("regular accepts @classes.json aa a aaa aaaaa aaaaab ba");
    assert_eq!(told, "aa\teven\na\tshort\naaa\tshort\naaaaa\tincomplete\naaaaab\tlate\nba\treject\n");
    let other = session.json("regular show --class short=a{1,3} --class even=(aa)* --alphabet ab --save other.json");
    assert_eq!(other["alphabet"], serde_json::json!(["a", "b"]));
    assert_eq!(session.good("regular accepts @other.json aa"), "aa\tshort\n");
    let made = session.json("regular construct @classes.json --length 12 -o classes.safetensors");
    assert_eq!(made["checked"]["least_wrong"], serde_json::Value::Null);
    assert!(session.good("regular trace classes.safetensors aaaaab").contains("late"));
    session.refused("regular show --class even", &["NAME=PATTERN"]);
    session.refused("regular show", &["PATTERN"]);
    session.refused("regular show parity --class even=(aa)*", &["--class"]);
    session.refused("regular show --class even=(aa", &["column"]);
    session.refused("regular show --class a=parity", &["--class = a=parity", "names a language"]);
    session.refused("regular show --class reject=ba", &["--class = reject=ba", "another name"]);
    session.refused("regular show --class a=a --class b=b --alphabet a", &["`b`"]);
}

/// A constructed network is a file like any other.
#[test]
fn constructed_networks_are_files_like_others() {
    let session = Session::new("regular-construct");
    let made = session.json("regular construct parity --method prefix --length 12 -o parity.safetensors");
    assert_eq!((&made["method"], &made["layers"], &made["states"]), (&"prefix".into(), &4.into(), &2.into()));
    assert!(made["attention_margin"].as_f64().unwrap() > 105.0 && made["exact_to_length"].as_u64().unwrap() > 1000);
    assert_eq!(
        (&made["checked"]["up_to_length"], &made["checked"]["least_wrong"]),
        (&12.into(), &serde_json::Value::Null)
    );
    assert_eq!(session.json("params parity.safetensors")["free"], made["parameters"]);
    for kind in ["regular", "regular-steps"] {
        let recipe = session.good(&format!("new {kind}"));
        assert!(recipe.contains("language = \"a*b*\""), "{recipe}");
    }
    let scores = session.json("eval parity.safetensors");
    let score = |name: &str| {
        let figures = scores.as_array().unwrap();
        figures.iter().find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("{name}: {scores}"))["value"]
            .as_f64()
    };
    assert_eq!((score("class_accuracy"), score("class_loss")), (Some(1.0), Some(0.0)));
    let extracted = session.json("regular extract parity.safetensors -o learnt.json");
    assert_eq!((&extracted["states"], &extracted["equals_truth"]), (&2.into(), &true.into()));
    assert_eq!(
        (&extracted["agrees_up_to_length"], &extracted["shortest_disagreement"]),
        (&12.into(), &serde_json::Value::Null)
    );
    assert_eq!(session.good("regular equal parity @learnt.json"), "equal\n");
    let traced = session.good("regular trace parity.safetensors 011");
    assert!(traced.contains("agrees at every step") && traced.contains("accept"), "{traced}");
    let other = session.good("regular extract parity.safetensors --pattern counter-2");
    assert!(other.contains("the empty word: incomplete by the network, accept in truth"), "{other}");
    session.refused(
        "regular construct parity --method prefix --length 13 -o parity.safetensors",
        &["parity.safetensors", "--force"],
    );
    session.refused(
        "regular construct dyck-2-5 --method prefix -o large.safetensors",
        &["64", "at most 32", "--method steps"],
    );
    session.refused("regular construct parity --length 1001 -o long.safetensors", &["1001", "1000"]);
    session.refused("sample parity.safetensors", &["model.loss_weights.token", "this head"]);
    session.refused("regular trace parity.safetensors 012", &["`012`, position 3"]);
}

/// The recipe beside a construction trains its model: from the construction itself, or pulled towards it.
#[test]
fn a_construction_is_trained_by_the_recipe_beside_it() {
    let session = Session::new("regular-from");
    let construct = "regular construct a*b* --alphabet ab --length 8 -o built.safetensors --recipe built.toml";
    session.good(construct);
    session.good(&format!("{construct} --force"));
    session.refused(&construct.replace("a*b*", "a+b*"), &["built.safetensors", "--force"]);
    let check = session.json("check built.toml --set training.init=built.safetensors");
    assert_eq!(check["plan"]["training"]["init"]["path"], "built.safetensors");
    let short = "--set training.steps=4 --set training.batch=16 --set evaluation.sequences=16 --set evaluation.test_sequences=32";
    session.good(&format!("run built.toml {short} --set training.init=built.safetensors --set training.rate=1e-6"));
    let scores = session.json("eval built-s1");
    let class = scores.as_array().unwrap().iter().find(|figure| figure["name"] == "class_accuracy").unwrap();
    assert_eq!(class["value"], 1.0);
    let pull = "training.pull={weights=\"built.safetensors\",coefficient=0.1,until=3}";
    session.good(&format!("run built.toml {short} --set {pull} --set name=pulled"));
    let csv = session.good("show pulled-s1 --csv");
    assert!(csv.lines().next().unwrap().contains(",pull_distance,"), "{csv}");
    session.refused(
        &format!("run built.toml {short} --set {pull} --set model.width=16"),
        &["built.safetensors", "training.pull", "shape"],
    );
}

/// The machine that writes its states writes whole runs.
#[test]
fn the_machine_that_writes_its_states_samples_runs() {
    let session = Session::new("regular-steps");
    session.good("regular construct s3 --method steps --length 6 -o s3.safetensors");
    let drawn = session.json("sample s3.safetensors --sequences 4");
    let next = [[1, 1], [2, 0], [0, 2]];
    for run in drawn["sequences"].as_array().unwrap() {
        let run: Vec<usize> = run.as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as usize).collect();
        assert_eq!((run.len(), run[0]), (13, 5), "{run:?}");
        let mut state = 0;
        for step in run[1..].chunks_exact(2) {
            state = next[state][step[0]];
            assert_eq!(step[1], 2 + state, "{run:?}");
        }
    }
    assert_eq!(session.json("regular extract s3.safetensors")["equals_truth"], true);
}

#[test]
fn mistakes_are_refused() {
    let session = Session::new("regular-mistakes");
    let cases: [(&[&str], &[&str]); 13] = [
        (&["show", "(a"], &["column 3", "`)`"]),
        (&["show", "ac", "--alphabet", "ab"], &["column 2", "`c`", "ab"]),
        (&["show", "(a|b)*", "--alphabet", "ab"], &["every word", "choose"]),
        (&["show", "~.*", "--alphabet", "ab"], &["no word", "choose"]),
        (&["accepts", "a*", "--alphabet", "a", "aa"], &["every word"]),
        (&["show", ".*a.{20}", "--alphabet", "ab"], &["states", "at most 20000"]),
        (&["show", "a", "--alphabet", "aa"], &["`a`", "twice"]),
        (&["show", "()"], &["0 symbols", "1 to 64"]),
        (&["show", "tomita-8"], &["tomita-8", "the nearest is tomita-", "regular list"]),
        (&["show", "dyck-9-9"], &["dyck-K-D", "K from 1 to 4"]),
        (&["show", "parity", "--alphabet", "ab"], &["parity is over the alphabet 01", "leave it out"]),
        (&["accepts", "a+", "--alphabet", "ab", "a", "ac"], &["the word `ac`, position 2", "`c`"]),
        (&["equal", "a"], &["OTHER"]),
    ];
    for (arguments, parts) in cases {
        let outcome = session.run(&[&["regular"], arguments].concat());
        session::refused(&format!("{arguments:?}"), outcome, parts);
    }
    assert_eq!(session.good("regular accepts parity --alphabet 01 1"), "1\taccept\n");
}
