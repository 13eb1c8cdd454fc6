//! Comparing sets of runs: which runs a name means, which test is taken, and what cannot be compared.

#[path = "../src/scratch.rs"]
mod scratch;

use infimum_lab::comparison::{Comparison, Side, Verdict, compare};
use infimum_lab::{Figure, LabError, Plan, Recipe, Record, Status, StepLine, Summary};
use scratch::Scratch;

const TINY: &str = "name = \"tiny\"
[world]
kind = \"markov\"
states = 3
length = 5
seed = 1
[model]
width = 4
layers = 1
heads = 2
[training]
steps = 20
";

/// A folder of runs that somebody might have trained.
struct Runs(Scratch);

impl Runs {
    fn new(name: &str) -> Runs {
        Runs(Scratch::new(&format!("comparison-{name}")))
    }

    /// A record of `tiny` with these settings and seed, that ended so with this loss.
    fn ended(&self, set: &[&str], seed: u64, status: Option<Status>, nats: f64) -> String {
        let seed = format!("training.seed={seed}");
        let overrides: Vec<String> = set.iter().map(|text| text.to_string()).chain([seed]).collect();
        let plan = Plan::new(&Recipe::parse(TINY, "tiny", &overrides).unwrap()).unwrap();
        let name = infimum_lab::seeds::record_name(&plan);
        let writer = Record::create(self.0.path(), &name, &plan.to_toml()).unwrap();
        let (validation, criterion) = (Some(nats), plan.success().map(|_| nats));
        let line = StepLine {
            step: 10,
            tokens: 1,
            rate: 0.1,
            loss: nats,
            gradient_norm: 1.0,
            parameter_norm: Some(1.0),
            validation,
            excess: None,
            criterion,
            exact_match: None,
            training_criterion: None,
            stage: None,
            mined: None,
            pull_distance: None,
            stop: None,
            heads: vec![],
            seconds: 1.0,
        };
        writer.write_metrics(&[line]).unwrap();
        if let Some(status) = status {
            let figure = |name: &str, value: f64| Figure {
                name: name.into(),
                value,
                unit: "nats".into(),
                optimum: None,
                baseline: None,
                low: None,
                high: None,
            };
            let figures = match status {
                Status::Finished => vec![figure("excess_loss", nats - 1.0), figure("cross_entropy", nats)],
                _ => vec![],
            };
            let (weights_hash, version) = (String::new(), String::new());
            let summary =
                Summary { status, steps: 20, tokens: 1, weights_hash, figures, seconds: 1.0, version, numerics: 1 };
            writer.write_summary(&summary).unwrap();
        }
        writer.record().name()
    }

    fn finished(&self, set: &[&str], values: &[(u64, f64)]) {
        values.iter().for_each(|(seed, nats)| _ = self.ended(set, *seed, Some(Status::Finished), *nats));
    }

    fn compare(&self, a: &str, b: &str, figure: Option<&str>) -> Result<Comparison, LabError> {
        let side = |given| Side::select(self.0.path(), given);
        compare(&side(a)?, &side(b)?, figure)
    }

    fn refused(&self, a: &str, b: &str, figure: Option<&str>, parts: &[&str]) {
        let error = self.compare(a, b, figure).expect_err("it is refused");
        assert!(error.is_user_error());
        parts.iter().for_each(|part| assert!(error.to_string().contains(part), "`{part}` in {error}"));
    }
}

const CRITERION: [&str; 2] = ["success.figure=cross_entropy", "success.at_most=1.5"];

#[test]
fn counts_are_compared_by_fishers_test() {
    let runs = Runs::new("counts");
    let even = runs.compare("5/8", "3/8", None).unwrap();
    assert_eq!((even.verdict, even.figure.as_str()), (Verdict::Undecided, "success_rate"));
    assert!((even.p - 0.619_269_6).abs() < 1e-6 && even.effect == 0.25 && even.odds_ratio == Some(25.0 / 9.0));
    assert!(even.low.unwrap() < 0.0 && even.high.unwrap() > 0.0 && even.smallest_p < 0.05);
    assert_eq!(runs.compare("29/32", "12/32", None).unwrap().verdict, Verdict::Differ);
    let few = runs.compare("3/3", "0/3", None).unwrap();
    assert!(
        few.verdict == Verdict::Undecided && (few.smallest_p - 0.1).abs() < 1e-12,
        "nothing that so few could show"
    );
    for wrong in ["9/8", "0/0", "1/2000000"] {
        runs.refused(wrong, "3/8", None, &[wrong, "5/8"]);
    }
    runs.refused("3/8", "5/8", Some("exact_match"), &["3/8", "exact_match", "--figure"]);
    runs.refused("x/8", "5/8", None, &["no record"]);
}

#[test]
fn runs_of_a_recipe_are_compared_within_pairs_where_they_have_the_same_seeds() {
    let runs = Runs::new("pairs");
    let values: Vec<(u64, f64)> = (0..7).map(|seed| (seed, 1.3 + 0.01 * seed as f64)).collect();
    let lower: Vec<(u64, f64)> =
        values.iter().map(|(seed, nats)| (*seed, nats - 0.05 - 0.001 * *seed as f64)).collect();
    runs.finished(&["name=high"], &values);
    runs.finished(&["name=low", "training.rate=1e-3"], &lower);
    let found = runs.compare("high", "low", None).unwrap();
    assert_eq!((found.figure.as_str(), found.pairs, found.verdict), ("excess_loss", Some(7), Verdict::Differ));
    assert!((found.p - 2.0 / 128.0).abs() < 1e-12 && found.permutation_p == Some(2.0 / 128.0));
    assert!((found.effect - 0.053).abs() < 1e-9 && found.low.unwrap() > 0.0);
    let differing: Vec<&str> = found.differing.iter().map(|difference| difference.key.as_str()).collect();
    assert_eq!(differing, ["training.last_rate", "training.rate"], "neither name nor seed counts");
    assert_eq!(found.differing[1].b.as_deref(), Some("0.001"));
    // Five pairs cannot show anything; with other seeds there are no pairs.
    let list =
        |name: &str, seeds: std::ops::Range<u64>| seeds.map(|s| format!("{name}-s{s}")).collect::<Vec<_>>().join(",");
    let few = runs.compare(&list("high", 0..5), &list("low", 0..5), None).unwrap();
    assert!(few.verdict == Verdict::Undecided && few.smallest_p == 0.0625 && few.low.is_none());
    let apart = runs.compare(&list("high", 0..4), &list("low", 3..7), Some("cross_entropy")).unwrap();
    assert_eq!(
        (apart.test, apart.pairs, apart.figure.as_str()),
        ("Mann and Whitney's rank-sum test", None, "cross_entropy")
    );
    runs.refused("high", "high-s3", None, &["both sets have the run high-s3"]);
    runs.refused("high", "low", Some("exact_match"), &["no figure exact_match", "excess_loss, cross_entropy"]);
    runs.refused("high", "low", Some("success_rate"), &["what a success is", "[success]"]);
    runs.refused("high", "3/8", None, &["high", "[success]"]);
    runs.refused("hihg", "low", None, &["hihg", "high-s0"]);
}

#[test]
fn one_set_is_of_one_plan_and_a_run_counts_once() {
    let runs = Runs::new("sets");
    runs.finished(&[], &[(0, 1.4), (1, 1.5), (2, 1.6)]);
    runs.finished(&["model.width=8"], &[(0, 1.1), (1, 1.2), (2, 1.3)]);
    runs.refused("tiny", "5/8", None, &["several plans", "model.width (4 and 8)", "KEY=VALUE"]);
    let found = runs.compare("tiny,model.width=4", "tiny, model.width=8.0", None).unwrap();
    assert_eq!((found.pairs, found.differing.iter().any(|d| d.key == "model.width")), (Some(3), true));
    runs.refused("tiny,model.width=5", "tiny", None, &["no run has model.width = 5", "they have 4, 8"]);
    runs.refused("tiny,model.widht=4", "tiny", None, &["model.widht", "no plan of them has this key"]);
    runs.refused("model.width=4", "tiny", None, &["no runs are named"]);
    let again = runs.ended(&[], 1, Some(Status::Finished), 1.5);
    let unfinished = runs.ended(&[], 3, None, 1.0);
    let found = runs.compare("tiny,model.width=4", "tiny,model.width=8", None).unwrap();
    let left: Vec<(&str, &str)> = found.left_out.iter().map(|left| (left.run.as_str(), left.reason.as_str())).collect();
    assert_eq!(left, [(again.as_str(), "it is the same run as tiny-s1"), (unfinished.as_str(), "not finished")]);
    assert_eq!((found.a.of, found.pairs), (3, Some(3)));
    runs.refused(&unfinished, "tiny,model.width=8", None, &[&unfinished, "none of these runs is finished"]);
}

#[test]
fn rates_are_of_all_runs_that_have_ended() {
    let runs = Runs::new("rates");
    let [good, bad] = ["name=good", "name=bad"].map(|name| [&[name][..], &CRITERION].concat());
    runs.finished(&good, &[(0, 1.4), (1, 1.45), (2, 1.2), (3, 1.5)]);
    runs.finished(&bad, &[(0, 1.6), (1, 1.9), (2, 1.55)]);
    runs.ended(&bad, 3, Some(Status::Diverged), 1.4);
    runs.ended(&bad, 4, Some(Status::Interrupted), 1.4);
    let found = runs.compare("good", "bad", None).unwrap();
    let counts = |side: &infimum_lab::comparison::Compared| (side.successes, side.of);
    assert_eq!((counts(&found.a), counts(&found.b)), ((Some(4), 4), (Some(0), 4)), "a diverged run is no success");
    assert_eq!((found.verdict, found.effect, found.odds_ratio), (Verdict::Differ, 1.0, Some(f64::INFINITY)));
    assert!((found.p - 2.0 / 70.0).abs() < 1e-12, "{}", found.p);
    assert_eq!(found.left_out.iter().map(|left| left.run.as_str()).collect::<Vec<_>>(), ["bad-s4"]);
    assert_eq!(serde_json::to_value(&found).unwrap()["odds_ratio"], "inf");
    let figure = runs.compare("good", "bad", Some("cross_entropy")).unwrap();
    assert_eq!((figure.b.of, figure.left_out.len(), figure.pairs), (3, 2, None), "a diverged run has no figure");
    assert_eq!(counts(&runs.compare("3/8", "good", None).unwrap().b), (Some(4), 4));
    runs.finished(&["name=other", "success.figure=cross_entropy", "success.at_most=1.6"], &[(0, 1.4)]);
    runs.refused("good", "other", None, &["cross_entropy at most 1.5", "cross_entropy at most 1.6"]);
    assert_eq!(runs.compare("good", "other", Some("excess_loss")).unwrap().figure, "excess_loss");
}

/// Equal differences stay equal where subtraction rounds them apart: 0.3 - 0.2 and 0.2 - 0.1 are not the same number.
#[test]
fn rounding_breaks_no_ties() {
    let runs = Runs::new("ties");
    let first = [0.3, 0.2, 0.9, 0.7, 0.6, 0.1];
    let second = [0.2, 0.1, 0.8, 0.6, 0.5, 0.2];
    let with = |values: [f64; 6]| (0..6).zip(values).collect::<Vec<_>>();
    runs.finished(&["name=one"], &with(first));
    runs.finished(&["name=two"], &with(second));
    let found = runs.compare("one", "two", Some("cross_entropy")).unwrap();
    // Six equal ranks, one of them with the other sign: 7 of 64 choices of signs are as uneven on one side.
    assert!((found.p - 2.0 * 7.0 / 64.0).abs() < 1e-12, "{}", found.p);
}
