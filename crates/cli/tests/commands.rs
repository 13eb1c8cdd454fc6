//! What each command does, through the binary.

mod session;

use std::f64::consts::LN_10;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;
use session::Session;

/// Every command, with those inside another, found by asking for help.
fn commands(session: &Session, above: &str) -> Vec<String> {
    let help = session.good(&format!("{above} --help"));
    let Some((_, listed)) = help.split_once("Commands:\n") else { return vec![above.to_string()] };
    let listed = listed.lines().take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()));
    let inside = names.flat_map(|name| commands(session, &format!("{above} {name}")));
    std::iter::once(above.to_string()).chain(inside).collect()
}

#[test]
fn every_command_has_help_with_an_example_that_it_understands() {
    let session = Session::new("help");
    let commands = commands(&session, "");
    assert!(commands.len() >= 15, "{commands:?}");
    for command in commands {
        let help = session.good(&format!("{command} --help"));
        let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  infimum ")).collect();
        assert!(!examples.is_empty(), "`infimum{command} --help` has no example:\n{help}");
        for example in examples {
            let typed = example.split(" > ").next().unwrap();
            assert!(typed.starts_with(command.trim_start()), "{typed}");
            session.good(&format!("{typed} --help"));
        }
    }
}

#[test]
fn bare_infimum_prints_three_commands_that_work_and_the_recipes() {
    let session = Session::new("bare");
    let text = session.good("");
    let typed: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  infimum ")).collect();
    assert_eq!(typed.len(), 3, "{text}");
    for line in typed {
        session.good(&format!("{} --help", line.split("  ").next().unwrap()));
    }
    for recipe in ["markov-10", "markov-100", "markov-100-sparse75"] {
        assert!(text.contains(&format!("  {recipe} ")), "{text}");
    }
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().expect("it is an object").keys().map(String::as_str).collect();
    keys.sort();
    keys
}

const FIGURE: [&str; 7] = ["baseline", "high", "low", "name", "optimum", "unit", "value"];

fn check_figures(figures: &Value) {
    let figures = figures.as_array().expect("one list");
    let named = |name: &str| figures.iter().find(|f| f["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    assert!(figures.iter().all(|figure| keys(figure) == FIGURE), "{figures:?}");
    assert_eq!(figures[0]["name"], "excess_loss");
    for name in ["excess_loss", "cross_entropy", "perplexity", "accuracy"] {
        for key in ["value", "optimum", "baseline", "low", "high"] {
            assert!(named(name)[key].is_f64(), "{name} {key}: {:?}", named(name));
        }
    }
}

#[test]
fn a_run_is_trained_scored_shown_listed_evaluated_and_sampled() {
    let session = Session::new("story");
    let figures = session.json("run tiny.toml");
    check_figures(&figures);
    assert_eq!(session.json("eval"), figures, "evaluating the last weights gives the scores of the run");
    assert_eq!(session.json("eval tiny-s1 --at 40"), figures);
    assert_eq!(session.json("eval runs/tiny-s1/checkpoints/last.safetensors"), figures);
    let all = session.json("eval --at all");
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 4, "best, last, 20 and 40: {all:?}");
    for scored in all {
        assert_eq!(keys(scored), ["at", "figures"]);
        check_figures(&scored["figures"]);
    }
    assert_eq!((all[1]["at"].as_str(), &all[1]["figures"]), (Some("last (step 40)"), &figures));

    let shown = session.json("show");
    assert_eq!((&shown["status"], &shown["step"], &shown["figures"]), (&"finished".into(), &40.into(), &figures));
    assert_eq!(shown["weights_hash"], session.hash("tiny-s1"));
    assert_eq!(shown["plan"]["training"]["batch"], 40);
    let list = session.json("list");
    assert_eq!((list[0]["name"].as_str(), list.as_array().map(Vec::len)), (Some("tiny-s1"), Some(1)));
    assert!(session.good("list").contains("tiny-s1  finished"));

    let samples = session.json("sample --sequences 3 --seed 5");
    assert!(samples["tokens_per_second"].as_f64() > Some(0.0), "{samples}");
    let samples: Vec<&Vec<Value>> =
        samples["sequences"].as_array().unwrap().iter().map(|s| s.as_array().unwrap()).collect();
    assert!(samples.len() == 3 && samples.iter().all(|s| s.len() == 8 && s[0] == 3), "{samples:?}");
    assert_eq!(session.good("sample").lines().count(), 5);
}

fn names(figures: &Value) -> Vec<&str> {
    figures.as_array().expect("one list").iter().map(|figure| figure["name"].as_str().unwrap()).collect()
}

/// The figures of a file of weights; those that look at training sequences are a run's alone.
#[test]
fn weights_are_exported_and_come_back() {
    let session = Session::new("weights");
    session.good("run tiny.toml --set model.tied=true");
    let shown = session.good("export");
    assert!(shown.contains("tiny-s1.npz") && session.path("tiny-s1.npz").is_file(), "{shown}");
    let figures = session.json("eval");
    for (number, options) in ["", "--names nanogpt", "--at best --names own"].iter().enumerate() {
        for ending in ["npz", "safetensors"] {
            let file = format!("weights-{number}.{ending}");
            let written = session.json(&format!("export tiny-s1 {options} -o {file}"));
            assert_eq!(keys(&written), ["arrays", "path", "scalars", "step"], "{written}");
            let found = session.json(&format!("eval {file} --recipe tiny.toml --set model.tied=true"));
            let same = found[0]["value"] == figures[0]["value"];
            assert!(same || options.contains("best"), "{options} {ending}: {}", found[0]);
        }
    }
    for ending in ["npz", "safetensors"] {
        session.refused(&format!("eval weights-1.{ending}"), &[&format!("weights-1.{ending}"), "--recipe RECIPE"]);
    }
    let checkpoint = concat!(env!("CARGO_MANIFEST_DIR"), "/../lab/tests/nanogpt/plain.pt");
    session.write("ckpt.pt", fs::read(checkpoint).unwrap());
    session.refused("eval ckpt.pt", &["ckpt.pt: nothing in it says", "infimum eval ckpt.pt --recipe RECIPE"]);
    session.good("export --names nanogpt --force");
    session.good("run tiny.toml --set model.tied=true --set training.init=tiny-s1.npz --set name=again");
    session.refused("export tiny-s1", &["tiny-s1.npz", "--force"]);
    session.refused("export tiny-s1 -o weights.pt", &["weights.pt", ".npz or .safetensors"]);
    session.refused("export tiny-s1 --names gpt", &["--names", "own or nanogpt"]);
    session.refused("export tiny-s1 --at 7", &["no checkpoint `step-000007`"]);
    session.good("run tiny.toml --set model.norm=rms --set name=rms");
    session.refused("export rms-s1 --names nanogpt", &["model.norm = \"rms\"", "neither nanoGPT nor nanoMarkov"]);
    assert!(!session.path("rms-s1.npz").exists());
}

#[test]
fn two_runs_of_one_world_are_compared() {
    let session = Session::new("agree");
    let short = "--set training.steps=4";
    for run in [format!("run tiny.toml {short}"), format!("run tiny.toml {short} --seed 2")] {
        session.good(&run);
    }
    let figures = session.json("agree tiny-s1 tiny-s2");
    let expected = ["agreement_top1", "agreement_js", "agreement_top1_counting", "agreement_js_counting"];
    assert_eq!(names(&figures), expected);
    assert!(figures.as_array().unwrap().iter().all(|figure| keys(figure) == FIGURE && figure["low"].is_f64()));
    assert!(session.good("agree tiny-s1 runs/tiny-s2 --at best").contains("agreement_js_counting"));
    assert_eq!(session.json("agree tiny-s1 tiny-s1")[0]["value"], 1.0);
    session.good(&format!("run tiny.toml {short} --set world.seed=77 --set name=other"));
    session.refused(
        "agree tiny-s1 other-s1",
        &["world.seed of the second run = 77", "that of the first run, 1", "two runs of the same world"],
    );
    session.refused("agree tiny-s1 tiny-s3", &["tiny-s3"]);
    session.refused("agree tiny-s1", &["<OTHER_RUN>"]);
    session.refused("agree tiny-s1 tiny-s2 other-s1", &["'other-s1'"]);
    session.good(&format!("run tiny.toml {short} --set world.kind=markov-windows --set name=windows"));
    session.refused("agree windows-s1 tiny-s1", &["world.kind of the second run = \"markov\"", "\"markov-windows\""]);
}

#[test]
fn figures_by_published_formulas_are_shown_when_asked_for() {
    let session = Session::new("published-figures");
    session.good("run tiny.toml --set training.steps=4");
    session.refused("eval --published", &["--published", "numpy-legacy"]);
    let kind = "--set world.kind=markov-windows --set world.generator=numpy-legacy --set name=theirs";
    session.good(&format!("run tiny.toml --set training.steps=4 {kind}"));
    let text = session.good("eval theirs-s1 --published");
    let (ours, theirs) = text.split_once("By nanoMarkov's own formulas").expect("a heading");
    assert!(!ours.contains("_published") && theirs.contains("loss_ratio_published"), "{text}");
    assert!(ours.contains("transition_kl") && ours.contains("with --json also: excess_loss_transitions"), "{text}");
    let [with, without] = ["eval theirs-s1 --published", "eval theirs-s1"].map(|line| session.json(line));
    let count = without.as_array().unwrap().len();
    assert_eq!(with.as_array().unwrap()[..count], without.as_array().unwrap()[..]);
    assert!(names(&with)[count..].iter().all(|name| name.ends_with("_published")), "{with:?}");
    let all = session.json("eval theirs-s1 --at all --published");
    assert!(names(&all[0]["figures"]).contains(&"transition_kl_published"));
}

#[test]
fn runs_are_reported_on_a_page() {
    let session = Session::new("report");
    let text = session.good("run tiny.toml");
    assert!(text.contains("infimum report runs/tiny-s1"), "a run says how it is seen: {text}");
    session.good("run tiny.toml --seed 2");
    for (line, file, title) in [
        ("report", "tiny-s2.html", "seed 2"),
        ("report tiny-s1", "tiny-s1.html", "seed 1"),
        ("report tiny-s1 runs/tiny-s2 --sequences 30", "tiny.html", "seeds 1, 2"),
        ("report tiny-s1 -o page.html", "page.html", "seed 1"),
    ] {
        let written = session.json(line);
        assert_eq!(
            (keys(&written), written["path"].as_str()),
            (vec!["bytes", "missing", "path"], Some(file)),
            "{line}"
        );
        let page = fs::read_to_string(session.path(file)).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(title), "{line}");
        assert_eq!(written["bytes"], page.len());
    }
    session.write("letter.html", "Dear");
    session.refused("report tiny-s1 -o letter.html", &["letter.html is there already", "--force"]);
    session.good("report tiny-s1 -o letter.html --force");
    session.refused("report tiny-s1 tiny-s1", &["training.seed = 1"]);
    session.refused("report tiny-s9", &["tiny-s9", "tiny-s1"]);
}

#[test]
fn the_metrics_over_steps_are_a_table_of_numbers() {
    let session = Session::new("csv");
    session.good("run tiny.toml --set training.steps=6 --seed 9");
    let text = session.good("show tiny-s9 --csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let names =
        ["step", "tokens", "rate", "loss", "gradient_norm", "validation", "excess", "parameter_norm", "seconds"];
    assert_eq!(rows[0], names);
    assert_eq!(rows.iter().skip(1).map(|row| row[0]).collect::<Vec<_>>(), ["1", "2", "3", "4", "5", "6"]);
    for row in &rows[1..] {
        let measured = row[0].parse::<u64>().unwrap() % 2 == 0;
        assert_eq!((row.len(), row[5].is_empty()), (9, !measured), "{row:?}");
        assert!(row.iter().filter(|cell| !cell.is_empty()).all(|cell| cell.parse::<f64>().is_ok()), "{row:?}");
    }
}

#[test]
fn a_second_run_of_a_recipe_never_touches_the_first() {
    let session = Session::new("second");
    for _ in 0..2 {
        session.good("run tiny.toml --set training.steps=4");
    }
    assert_eq!(session.hash("tiny-s1"), session.hash("tiny-s1-2"));
    session.good("run tiny.toml --set training.steps=4 --seed 2");
    assert_ne!(session.hash("tiny-s1"), session.hash("tiny-s2"));
    let newest = session.json("show");
    assert_eq!(newest["name"], "tiny-s2", "without a name, the newest");
}

#[test]
fn floors_have_the_promised_shape_and_values() {
    let session = Session::new("floor");
    let floors = session.json("floor markov-10");
    assert_eq!(keys(&floors), ["ceilings", "facts", "floors"]);
    let facts = floors["facts"].as_array().unwrap();
    assert!(!facts.is_empty() && facts.iter().all(|fact| fact["unit"] != "nats"), "those are floors: {facts:?}");
    let list = floors["floors"].as_array().unwrap();
    assert!(list.iter().all(|floor| keys(floor) == ["kind", "name", "nats"]));
    let nats = |name: &str| list.iter().find(|f| f["name"] == name).and_then(|f| f["nats"].as_f64()).expect(name);
    // From the published chain, computed independently: the floor of aligned sequences, the entropies of its rows.
    for (name, value) in [("floor", 1.8881), ("row_mean_entropy", 1.8910), ("entropy_rate", 1.8873), ("uniform", LN_10)]
    {
        assert!((nats(name) - value).abs() <= 6e-5, "{name} {}", nats(name));
    }
    assert_eq!((list[0]["name"].as_str(), list[0]["kind"].as_str()), (Some("floor"), Some("exact")));
    assert_eq!(list.iter().filter(|f| f["name"].as_str().unwrap().starts_with("floor_at_")).count(), 127);
    let ceiling = &floors["ceilings"][0];
    assert_eq!((keys(ceiling), ceiling["name"].as_str()), (vec!["name", "value"], Some("accuracy")));
    assert!((ceiling["value"].as_f64().unwrap() - 0.3081).abs() <= 6e-5);
    assert!(session.good("floor markov-10").contains("12 to 127"));
}

/// A chain whose every state has one successor, four of its five states transient.
#[test]
fn a_reducible_chain_is_said_to_be_one() {
    let chain = "--set world.generator=philox --set world.states=5 --set world.keep=1 --set world.seed=2";
    let text = Session::new("reducible").good(&format!("floor markov-10 {chain}"));
    let value = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)).map(|l| l.trim().to_string());
    assert_eq!(value("reducible").as_deref(), Some("yes"), "{text}");
    assert!(value("period").is_some() && value("stationary_residual").is_some(), "{text}");
    assert!(!text.contains("-0.000000"), "{text}");
}

#[test]
fn a_new_recipe_can_be_run() {
    let session = Session::new("new");
    let text = session.good("new markov --states 37 --sparsity 60 --length=9 --set model.width=8");
    assert!(text.contains("states = 37") && text.contains("sparsity = 60.0") && text.contains("width = 8"), "{text}");
    session.write("mine.toml", &text);
    session.good("check mine.toml");
    session.good("run mine.toml --set training.steps=2 --set evaluation.test_sequences=16");
    assert_eq!(session.json("list")[0]["name"], "mine-s1");
}

/// Whatever a sequence is drawn with, it is the same; and there is one before the last is complete.
#[test]
fn sequences_do_not_depend_on_which_are_drawn_with_them() {
    let session = Session::new("sample");
    session.good("run tiny.toml --set training.steps=2");
    let text = session.good("sample --sequences 40 --threads 1");
    assert_eq!(text.lines().count(), 40);
    assert!(text.starts_with(&session.good("sample --sequences 3 --threads 3")));
    let json = session.json("sample --sequences 40 --threads 2");
    let line = |tokens: &Value| tokens.as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    let json = json["sequences"].as_array().unwrap();
    assert_eq!(json.iter().map(line).collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
    let mut child = session.command(&["sample", "--sequences", "100000000"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first.trim(), text.lines().next().unwrap());
    assert!(child.wait().unwrap().success(), "nobody reads the others");
}

#[test]
fn a_plan_is_run_again_to_the_same_bits() {
    let session = Session::new("plan");
    session.good("run tiny.toml --seed 3");
    session.good("run runs/tiny-s3/plan.toml");
    assert_eq!(session.hash("tiny-s3"), session.hash("tiny-s3-2"));
    session.good("run tiny.toml --set training.init=tiny-s3 --seed 4");
    assert_eq!(session.json("show")["plan"]["training"]["init"]["path"], "runs/tiny-s3");
    session.good("run runs/tiny-s4/plan.toml --runs again");
    assert_eq!(session.hash("tiny-s4"), session.hash("again/tiny-s4"));
    session.good("run tiny.toml --set training.init=tiny-s3 --set name=elsewhere --runs runs");
    session.good("run tiny.toml --set training.init=tiny-s4 --runs again");
    let plan = "runs/tiny-s3/plan.toml";
    session.good(&format!("check {plan}"));
    session.refused(&format!("run {plan} --seed 5"), &[plan, "training.seed=5", "recipe"]);
    session.refused(&format!("run {plan} --set model.width=5"), &[plan, "model.width=5"]);
    let text = fs::read_to_string(session.path(plan)).unwrap();
    session.write("edited.toml", text.replace("test_sequences = 40", "test_sequences = 0"));
    session.refused("run edited.toml", &["edited.toml", "evaluation.test_sequences = 0", "at least 16"]);
}

#[test]
fn a_run_that_was_killed_is_unfinished() {
    let session = Session::new("unfinished");
    session.good("run tiny.toml --set training.steps=2");
    assert!(session.good("show").contains("finished"));
    fs::remove_file(session.path("runs/tiny-s1/summary.json")).unwrap();
    assert_eq!(session.json("show")["status"], "unfinished");
    assert_eq!(session.json("list")[0]["status"], "unfinished");
}

/// A chain of 3 states has its truth on 40 sequences on either side of the floor; seeds 1 to 8 have both.
#[test]
fn scores_beyond_the_optimum_are_said_to_be_noise() {
    let session = Session::new("noise");
    let mut notes = 0;
    for seed in 1..=8 {
        let text =
            session.good(&format!("run tiny.toml --set training.steps=300 --set training.rate=0.02 --seed {seed}"));
        assert!(text.contains("its checkpoint last"), "{text}");
        let figures = session.json(&format!("eval tiny-s{seed}"));
        let named = |name: &str| figures.as_array().unwrap().iter().find(|f| f["name"] == name).unwrap().clone();
        let (loss, accuracy, excess) = (named("cross_entropy"), named("accuracy"), named("excess_loss"));
        let number = |figure: &Value, key: &str| figure[key].as_f64().unwrap();
        let below = number(&loss, "value") < number(&loss, "optimum");
        let beyond = below || number(&accuracy, "value") > number(&accuracy, "optimum");
        let truth = format!("{:.5} nats on these same sequences", number(&loss, "value") - number(&excess, "value"));
        assert_eq!(text.contains(&truth), beyond, "{text}");
        notes += usize::from(beyond);
    }
    assert!((1..8).contains(&notes), "{notes}");
}

#[test]
fn an_export_replaces_nothing_unless_told_to() {
    let session = Session::new("replace");
    let small = "--set export.train_sequences=10 --set export.validation_sequences=10";
    let read = |name: &str| fs::read(session.path("data").join(name)).unwrap();
    session.good(&format!("data export tiny.toml data {small}"));
    session.good(&format!("data export tiny.toml data {small}"));
    for name in ["train.bin", "val.bin", "meta.json"] {
        let before = read(name);
        for (change, content) in [("longer", [&before[..], b"x"].concat()), ("shorter", before[1..].to_vec())] {
            fs::write(session.path("data").join(name), &content).unwrap();
            session.refused(&format!("data export tiny.toml data {small}"), &[name, "--force"]);
            assert_eq!(read(name), content, "{change}");
        }
        session.good(&format!("data export tiny.toml data {small} --force"));
        assert_eq!(read(name), before);
    }
    fs::write(session.path("data/mine.txt"), "mine").unwrap();
    session.good(&format!("data export tiny.toml data {small}"));
}

#[test]
fn check_runs_nothing() {
    let session = Session::new("check");
    let text = session.good("check markov-10 --threads 1");
    for part in ["transformer.wte.weight", "parameters", "memory", "time", "width = 16", "1 thread, "] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    let json = session.json("check tiny.toml");
    assert!(json["forecast"]["seconds"].is_f64() && json["plan"]["world"]["states"] == 3, "{json}");
    let named = |name: &str| json["world"].as_array().unwrap().iter().find(|fact| fact["name"] == name).cloned();
    assert_eq!(named("period").unwrap()["value"], 1);
    assert!(
        text.contains("reducible ") && text.contains("stationary_residual ") && text.contains("an estimate"),
        "{text}"
    );
    // What would take hours and gigabytes is forecast from a smaller model.
    let long = session.json("check markov-100 --set world.length=30000 --threads 4");
    assert!(long["forecast"]["extrapolated"].as_f64().unwrap() > 1000.0, "{long}");
    assert!(
        long["forecast"]["seconds"].as_f64().unwrap() > 3600.0 && long["forecast"]["bytes"].as_u64().unwrap() > 1 << 30
    );
    assert!(!session.path("runs").exists());
}

#[test]
fn the_schema_knows_every_section() {
    let schema = Session::new("schema").good("schema");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let sections = keys(&schema["properties"]);
    assert_eq!(sections, ["data", "evaluation", "export", "model", "name", "success", "track", "training", "world"]);
}

#[test]
fn completions_exist_for_every_shell() {
    let session = Session::new("completions");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(session.good(&format!("completions {shell}")).contains("resume"), "{shell}");
    }
    let bash = session.good("completions bash");
    let offers = |command: &str| {
        let after = bash
            .split(&format!("infimum__subcmd__{command})"))
            .nth(1)
            .or(bash.split(&format!("infimum__{command})")).nth(1));
        after.expect("the command has a case").lines().nth(1).unwrap().to_string()
    };
    for command in ["run", "check", "floor", "law"] {
        assert!(offers(command).contains("markov-10 markov-100 markov-100-sparse75"), "{}", offers(command));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let session = Session::new("pipe");
    for arguments in [&["schema"][..], &["floor", "markov-10"], &["floor", "markov-10", "--json"], &["--help"]] {
        let mut child = session.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        let status = child.wait().unwrap();
        assert!(message.is_empty() && status.success(), "{arguments:?} {status} {message}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_stops_after_the_step_and_saves() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let session = Session::new(&format!("signal-{signal}"));
        let arguments = ["run", "tiny.toml", "--set", "training.steps=1000000", "--set", "evaluation.every=1000000"];
        let mut child = session.command(&arguments).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut text = String::new();
        stderr.read_line(&mut text).unwrap();
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        assert!(sent.success() && child.wait().unwrap().code() == Some(status), "{text}");
        assert!(text.contains("go on with: infimum resume"), "{text}");
        let shown = session.json("show");
        assert_eq!(shown["status"], "interrupted", "{shown}");
        let kept: Vec<_> = fs::read_dir(session.path("runs/tiny-s1/checkpoints")).unwrap().flatten().collect();
        assert!(!kept.is_empty());
    }
}

/// A full disk behind the standard error costs the messages, not the run.
#[test]
fn a_run_goes_on_when_nobody_can_read_its_messages() {
    let session = Session::new("unheard");
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_infimum"));
    command.args(["run", "tiny.toml"]).current_dir(session.path("."));
    let status = command.stdout(std::process::Stdio::null()).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(session.json("list")[0]["status"], "finished");
}
