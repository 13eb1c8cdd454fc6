//! Runs on words of a regular language, as typed: two heads, early stopping, splits, recognisers, and lists of runs.

mod session;

use serde_json::Value;
use session::Session;

const WORDS: &str = "\
[world]
kind = \"regular\"
language = \"a+\"
alphabet = \"ab\"
longest = 6
[model]
width = 8
layers = 1
heads = 2
[training]
steps = 60
batch = 16
rate = 1e-2
[evaluation]
every = 10
sequences = 16
test_sequences = 64
";

fn session(name: &str) -> Session {
    let session = Session::new(name);
    session.write("words.toml", WORDS);
    session
}

fn value(figures: &Value, name: &str) -> f64 {
    let figure = figures.as_array().unwrap().iter().find(|figure| figure["name"] == name);
    figure.unwrap_or_else(|| panic!("no {name} in {figures}"))["value"].as_f64().unwrap()
}

#[test]
fn every_head_has_its_scores_and_columns() {
    let session = session("words-heads");
    session.good("run words.toml");
    let figures = session.json("eval words-s1");
    for (name, optimum) in [("class_accuracy", 1.0), ("excess_loss", 0.0), ("class_loss", 0.0)] {
        let figure = figures.as_array().unwrap().iter().find(|figure| figure["name"] == name).unwrap();
        assert_eq!(figure["optimum"].as_f64(), Some(optimum), "{name}");
    }
    let ceiling = session.json("floor words.toml")["ceilings"][0]["value"].as_f64().unwrap();
    let token = figures.as_array().unwrap().iter().find(|figure| figure["name"] == "token_accuracy").unwrap();
    assert_eq!(token["optimum"].as_f64(), Some(ceiling));
    let csv = session.good("show words-s1 --csv");
    let mut lines = csv.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    for column in ["token_loss", "token_validation", "class_loss", "class_validation_accuracy"] {
        assert!(columns.contains(&column), "{column} in {columns:?}");
    }
    assert!(lines.all(|line| line.split(',').count() == columns.len()));
    session.good("report words-s1 -o page.html");
    let page = std::fs::read_to_string(session.path("page.html")).unwrap();
    assert!(page.contains("Loss of head class over training") && page.contains("1 times that of head class"));
    session.good("sample words-s1 --sequences 2");
    let one = session.json("sample words-s1 --prompt ab");
    let text = one["text"].as_str().unwrap();
    assert!(text.starts_with("ab") && text.chars().all(|c| "ab".contains(c)), "{text}");
    session.refused("sample words-s1 --prompt abc", &["--prompt", "`c` is no symbol of the alphabet"]);
    session.good("run words.toml --set model.loss_weights.token=0 --set name=classes");
    session.refused("sample classes-s1", &["model.loss_weights.token", "what comes next"]);
    session.good("report classes-s1 -o classes.html");
    session.good("dissect classes-s1");
}

#[test]
fn runs_of_a_language_are_listed_the_best_first() {
    let session = session("words-list");
    for (name, language, steps) in [("short", "a+", 2), ("long", "aa*", 200), ("other", "ab", 2)] {
        session.good(&format!(
            "run words.toml --set name={name} --set world.language={language} --set training.steps={steps}"
        ));
    }
    session.good("run tiny.toml");
    let names = |line: &str| -> Vec<String> {
        let runs = session.json(line);
        runs.as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(names("list --pattern a+ --best class_accuracy"), ["long-s1", "short-s1"]);
    assert_eq!(names("list --pattern a*a --best class_loss"), ["long-s1", "short-s1"]);
    assert_eq!(names("list --pattern ab"), ["other-s1"]);
    assert!(names("list --pattern b+").is_empty());
    assert_eq!(names("list --best class_accuracy").last().unwrap(), "tiny-s1", "it has no class");
    let runs = session.json("list --best class_accuracy");
    let accuracies: Vec<f64> =
        runs.as_array().unwrap()[..3].iter().map(|run| value(&run["figures"], "class_accuracy")).collect();
    assert!(accuracies.is_sorted_by(|a, b| a >= b), "{accuracies:?}");
    let text = session.good("list --pattern a+ --best class_accuracy");
    assert!(text.contains("class_accuracy") && !text.contains("other-s1"), "{text}");
    session.refused("list --best class_acuracy", &["--best", "did you mean \"class_accuracy\"?"]);
    session.refused("list --pattern (a", &["column"]);
}

#[test]
fn training_stops_early_and_says_so() {
    let session = session("words-stop");
    let early = "--set training.steps=2000 --set training.stop.patience=3 --set training.stop.figure=class_accuracy";
    let text = session.good(&format!("run words.toml {early}"));
    assert!(text.contains("since no class_accuracy of 3 validations was better"), "{text}");
    assert!(text.contains("its checkpoint best"), "{text}");
    let figures = session.json("eval words-s1");
    let accuracy = value(&figures, "class_accuracy");
    assert_eq!(accuracy, value(&session.json("eval words-s1 --at best"), "class_accuracy"));
    assert_eq!(accuracy, value(&session.json("list")[0]["figures"], "class_accuracy"));
}

#[test]
fn splits_and_recognisers_run_and_say_what_they_share() {
    let session = session("words-splits");
    session.good("run words.toml --set world.language=a+b+ --set world.longest=9 --set world.held_out=0.2");
    let figures = session.json("eval words-s1");
    let floors = session.json("floor words.toml --set world.language=a+b+ --set world.held_out=0.2");
    assert_eq!((floors["floors"][0]["kind"].as_str(), floors["floors"][0]["nats"].is_null()), (Some("unknown"), true));
    let text = session.good("floor words.toml --set world.language=a+b+ --set world.held_out=0.2");
    let shared = floors["facts"].as_array().unwrap().iter().find(|f| f["name"] == "words_that_training_and_test_share");
    let shared = shared.and_then(|fact| fact["value"].as_u64()).expect("they are counted");
    let line = text.lines().find(|line| line.starts_with("words_that_training_and_test_share")).expect("a line");
    assert!(shared > 0 && line.split_whitespace().nth(1) == Some(&shared.to_string()), "{shared}: {line}");
    assert!(value(&figures, "shared_sequences") > 0.0, "classes of one word are shared");
    assert!(figures.as_array().unwrap().iter().all(|figure| figure["name"] != "excess_loss"));
    let longer = "--set world.language=b*a(b|ab*a)* --set world.longest=12 --set world.trained_longest=8";
    session.good(&format!("run words.toml --set name=longer {longer}"));
    assert_eq!(value(&session.json("eval longer-s1"), "shared_sequences"), 0.0);
    session.good("run words.toml --set name=told --set world.recogniser.edits=2 --set world.longest=12 --set model.loss_weights.token=0");
    let told = session.json("eval told-s1");
    assert!(
        value(&told, "class_accuracy") > 0.0 && told.as_array().unwrap().iter().all(|f| f["name"] != "token_accuracy")
    );
}

#[test]
fn mistakes_in_words_name_the_way_out() {
    let session = session("words-mistakes");
    for (set, parts) in [
        ("world.language=(a", &["column"][..]),
        ("world.language=(a|b)*", &["every word"]),
        ("world.language=abc", &["`c`", "alphabet ab"]),
        ("world.incomplete=1", &["no word of class incomplete", "leave incomplete out"]),
        ("world.held_out=0.7", &["world.held_out = 0.7"]),
        ("world.trained_longest=6", &["trained_longest = 6"]),
        ("world.recogniser.positives=2", &["positives"]),
        ("model.loss_weights.clas=1", &["did you mean \"class\"?"]),
        ("training.stop.figure=accuracy", &["patience"]),
    ] {
        session.refused(&format!("run words.toml --set {set}"), parts);
    }
}
