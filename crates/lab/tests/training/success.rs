//! Runs whose recipe says what a success is: which of them succeed, and when.

use infimum_lab::metrics::{self, METRICS, Scored};
use infimum_lab::recipe::Success;
use infimum_lab::seeds::{self, SeedRun};
use infimum_lab::success::{Outcome, Successes};

use super::*;

/// Of a world of questions with one answer.
const QUESTIONS: &str = "name = \"questions\"
[world]
kind = \"modular\"
modulus = 5
train_fraction = 0.6
[model]
width = 8
layers = 1
heads = 1
[training]
steps = 60
batch = 24
rate = 1e-2
[evaluation]
every = 10
sequences = 32
test_sequences = 64
";

fn questions(overrides: &[&str]) -> Experiment {
    of_recipe(QUESTIONS, overrides)
}

#[test]
fn a_criterion_stands_in_plan_and_lines_and_changes_nothing_else() {
    let (without, with) = (questions(&[]), questions(&["success.figure=exact_match", "success.at_least=0.2"]));
    let text = with.plan().to_toml();
    assert_eq!(Plan::from_toml(&text, std::path::Path::new("plan.toml")).unwrap(), *with.plan());
    assert!(!without.plan().to_toml().contains("success") && text.starts_with(&without.plan().to_toml()));
    let (_first, plain, expected) = run(&without, &mut machine(1), &[]);
    let (_second, measured, found) = run(&with, &mut machine(2), &[7, 30]);
    assert_eq!((found.weights_hash, found.figures), (expected.weights_hash, expected.figures));
    let (plain, measured) = (plain.metrics().unwrap(), measured.metrics().unwrap());
    for (plain, measured) in plain.iter().zip(&measured) {
        assert_eq!((plain.step, plain.loss, plain.validation), (measured.step, measured.loss, measured.validation));
        assert_eq!((plain.criterion, measured.criterion.is_some()), (None, measured.validation.is_some()));
        assert!(!serde_json::to_string(plain).unwrap().contains("criterion"), "lines of before are the same");
    }
    // The last line's criterion is the figure of the final weights on the validation sequences.
    let (_third, record, _) = run(&with, &mut machine(1), &[]);
    let state = record.load(CheckpointName::Last, &with.layout()).unwrap();
    let (machine, mut evaluator) = (&mut machine(1), Evaluator::new(&with, &machine(1)));
    let scores = evaluator.score(machine, &state.point, Purpose::Validation, 0..32);
    let right = scores.iter().filter(|score| score.hits == score.weight).count();
    assert_eq!(measured.last().unwrap().criterion, Some(right as f64 / 32.0));
}

/// What a metric says of itself is so, in every kind of world.
#[test]
fn validations_have_the_figures_that_they_are_said_to_have() {
    let mut had = 0;
    for kind in infimum_lab::kinds() {
        let text = infimum_lab::new_recipe(&kind.name, &[]).unwrap();
        let experiment = of_recipe(&text, &[]);
        let point = infimum_lab::start(experiment.program(), experiment.plan().model(), 1);
        let scores =
            Evaluator::new(&experiment, &machine(1)).score(&mut machine(1), &point, Purpose::Validation, 0..16);
        let scored = Scored {
            experiment: &experiment,
            scores: &scores,
            transitions: None,
            recital: None,
            completions: None,
            retraced: None,
        };
        for metric in METRICS {
            let found = metric.figure(scored).is_some();
            assert_eq!(metric.is_validated(experiment.world()), found, "{} in {}", metric.name(), kind.name);
            had += usize::from(found);
        }
        assert!(metrics::validated(experiment.world(), experiment.plan().model()).contains(&"cross_entropy"));
    }
    assert!(had >= 12, "{had}");
}

#[test]
fn seeds_succeed_by_their_test_and_get_there_by_their_validations() {
    let (runs, experiment) = (folder(), questions(&["success.figure=cross_entropy", "success.at_most=9"]));
    let numbers = [0, 1, 2, 3, 4];
    let mut found = seeds::find(&experiment, runs.path(), &numbers).unwrap();
    let always = experiment.plan().success().unwrap();
    assert_eq!(Successes::of(&Outcome::of_seeds(always, &found).unwrap()), None, "no seed has ended");
    seeds::train(&experiment, &mut [machine(1)], runs.path(), &mut found, &|_, _| {}, &AtomicBool::new(false));
    let figure = |run: &SeedRun| run.finished().unwrap().value("cross_entropy").unwrap();
    // A limit that some seeds reach and some do not.
    let mut figures: Vec<f64> = found.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    let success = Success { at_most: Some(figures[2]), ..always.clone() };
    let outcomes = |found: &[SeedRun]| Outcome::of_seeds(&success, found).unwrap();
    let ended = outcomes(&found);
    for (run, outcome) in found.iter().zip(&ended) {
        let (outcome, lines) = (outcome.unwrap(), run.record.as_ref().unwrap().metrics().unwrap());
        let mut validations = lines.iter().filter_map(|line| Some((line.step, line.validation?)));
        let first = validations.find(|(_, nats)| *nats <= figures[2]).map(|(step, _)| step);
        assert_eq!((outcome.succeeded, outcome.reached, outcome.steps), (figure(run) <= figures[2], first, 60));
    }
    let successes = Successes::of(&ended).unwrap();
    let reached = ended.iter().flatten().filter(|outcome| outcome.reached.is_some()).count();
    let share = successes.time.curve.last().map_or(0.0, |point| point.share);
    assert!(reached > 0 && (share - reached as f64 / 5.0).abs() <= 1e-12, "{reached} of 5, {share}");
    assert_eq!((successes.trials.successes, successes.trials.of), (3, 5));
    assert_eq!((successes.rate().name.as_str(), successes.rate().value), ("success_rate", 0.6));
    found[2].summary.as_mut().unwrap().status = Status::Diverged;
    found[3].summary.as_mut().unwrap().status = Status::Interrupted;
    let ended = outcomes(&found);
    assert!(
        !ended[2].unwrap().succeeded && ended[3].is_none(),
        "a diverged seed is no success, a stopped one is not known"
    );
    assert_eq!(Successes::of(&ended).unwrap().trials.of, 4);
}
