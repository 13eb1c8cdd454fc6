//! Grids and comparisons, through the binary.

mod session;

use serde_json::Value;
use session::Session;

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("it is an object").keys().map(String::as_str).collect()
}

#[test]
fn counts_are_undecided_or_differ() {
    let session = Session::new("counts");
    let found = session.json("compare 5/8 3/8");
    for key in ["verdict", "p", "effect", "low", "high"] {
        assert!(keys(&found).contains(&key), "{key}");
    }
    assert_eq!((&found["verdict"], &found["effect"]), (&"undecided".into(), &0.25.into()));
    assert!((found["p"].as_f64().unwrap() - 0.6193).abs() < 5e-5);
    assert_eq!(session.json("compare 29/32 12/32")["verdict"], "differ");
    let text = session.good("compare 5/8 3/8");
    assert!(text.starts_with("undecided: p = 0.62 (Fisher's exact test; level 0.05)"), "{text}");
    assert!(session.good("compare 3/3 0/3").contains("the smallest p that they could give is 0.10"));
    session.refused("compare 9/8 3/8", &["9/8", "no more successes"]);
    session.refused("compare tiny 3/8", &["tiny", "no record"]);
    session.refused("compare 5/8", &["<B>"]);
}

#[test]
fn a_grid_is_trained_once_and_its_cells_are_compared() {
    let session = Session::new("grid");
    let line = "sweep tiny.toml --vary model.width=4,8 --vary training.batch=20,40 --seeds 0..3 --threads 2";
    let line = format!("{line} --set success.figure=cross_entropy --set success.at_most=1.0");
    let printed = session.json(&line);
    let cells = printed["cells"].as_array().unwrap();
    let settings: Vec<String> = cells.iter().map(|cell| cell["settings"].to_string()).collect();
    assert_eq!(settings[1], "{\"model.width\":\"4\",\"training.batch\":\"40\"}");
    for cell in cells {
        let (rate, seeds) = (&cell["success_rate"], cell["seeds"].as_array().unwrap());
        assert_eq!((cell["means"][0]["name"].as_str(), seeds.len(), &rate["of"]), (Some("excess_loss"), 3, &3.into()));
        assert!(rate["low"].as_f64() < rate["high"].as_f64() && seeds.iter().all(|seed| seed["status"] == "finished"));
        assert!(seeds.iter().all(|seed| seed["succeeded"].is_boolean()));
    }
    assert_eq!(session.json(&line), printed, "nothing was left to do");
    assert_eq!(session.json("list").as_array().unwrap().len(), 12);
    let table = session.good(&line);
    assert!(table.lines().next().unwrap().contains("model.width") && table.contains("3 of 3"), "{table}");
    assert!(table.contains("(") && table.contains("Wilson"), "{table}");
    // The runs of one cell are those of the recipe with its settings.
    let same =
        "--set model.width=8 --set training.batch=40 --set success.figure=cross_entropy --set success.at_most=1.0";
    let seeds = session.json(&format!("run tiny.toml --seeds 0..3 {same}"));
    assert_eq!(seeds["seeds"], cells[3]["seeds"]);
    assert_eq!(session.json("list").as_array().unwrap().len(), 12, "none was trained again");
    let compared = session.json("compare tiny,model.width=4,training.batch=40 tiny,model.width=8,training.batch=40");
    assert_eq!((&compared["verdict"], &compared["figure"]), (&"undecided".into(), &"success_rate".into()));
    let differing: Vec<&str> =
        compared["differing"].as_array().unwrap().iter().map(|d| d["key"].as_str().unwrap()).collect();
    assert_eq!(differing, ["model.width", "parameters"]);
    let text = session
        .good("compare tiny,model.width=4,training.batch=40 tiny,model.width=8,training.batch=40 --figure excess_loss");
    assert!(text.contains("3 pairs with the same seeds") && text.contains("The plans differ in"), "{text}");
    session.refused("compare tiny 3/8", &["several plans"]);
}

#[test]
fn a_grid_with_a_mistake_is_refused_before_anything_runs() {
    let session = Session::new("grid-mistakes");
    session.refused("sweep tiny.toml --vary model.width=4,5", &["in the cell model.width=5", "model.heads = 2"]);
    session.refused("sweep tiny.toml --vary model.width", &["--vary", "KEY=VALUE"]);
    session.refused("sweep tiny.toml --vary model.width=4,4", &["4 twice"]);
    session.refused("sweep tiny.toml", &["--vary"]);
    session.refused("sweep --vary model.width=4", &["which recipe?"]);
    session.refused("sweep tiny.toml --vary training.seed=1,2", &["--seeds"]);
    assert!(!session.path("runs").exists());
}
