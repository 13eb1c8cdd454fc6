//! Averaged weights: the mean of the recorded points, computed here once more; what is validated, scored and kept is the average,
//! and training goes on from the point itself.

use super::*;

const CASES: [&[&str]; 4] = [
    &["training.average.kind=ema", "training.average.decay=0.9"],
    &["training.average.kind=ema", "training.average.from=12"],
    &["training.average.kind=swa", "training.average.from=25"],
    &["training.average.kind=swa", "training.average.from=8", "training.average.every=5"],
];

fn with<'a>(overrides: &[&'a str], more: &[&'a str]) -> Experiment {
    experiment(&[overrides, more].concat())
}

/// Every point that training goes through: the record of a run without an average that keeps each of them.
fn points() -> Vec<Vec<f32>> {
    let experiment = experiment(&["evaluation.keep_every=1"]);
    let (_scratch, record, _) = run(&experiment, &mut machine(1), &[]);
    let point = |step| record.load(CheckpointName::Step(step), &experiment.layout()).unwrap().point;
    (1..=40).map(point).collect()
}

/// The mean of points in f64, by its definition: every point times its weight.
fn mean(points: &[Vec<f32>], weight: impl Fn(usize) -> f64) -> Vec<f64> {
    let total: f64 = (0..points.len()).map(&weight).sum();
    assert!((total - 1.0).abs() <= 1e-12, "{total}");
    let of = |scalar: usize| points.iter().enumerate().map(|(k, point)| weight(k) * f64::from(point[scalar])).sum();
    (0..points[0].len()).map(of).collect()
}

/// Largest distance of two points.
fn apart(found: &[f32], expected: &[f64]) -> f64 {
    found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs()).fold(0.0, f64::max)
}

fn last(overrides: &[&str]) -> infimum_lab::TrainingState {
    let experiment = experiment(overrides);
    let (_scratch, record, summary) = run(&experiment, &mut machine(2), &[]);
    let state = record.load(CheckpointName::Last, &experiment.layout()).unwrap();
    assert_eq!(experiment.layout().weights_hash(&state.point), summary.weights_hash);
    state
}

#[test]
fn an_average_is_the_mean_of_the_points_that_count() {
    let points = points();
    let decaying = |decay: f64, count: usize| {
        move |k: usize| {
            if k == 0 {
                libm::pow(decay, count as f64 - 1.0)
            } else {
                (1.0 - decay) * libm::pow(decay, (count - 1 - k) as f64)
            }
        }
    };
    let later: Vec<Vec<f32>> = points[12..].to_vec();
    let end: Vec<Vec<f32>> = points[25..].to_vec();
    let fifth: Vec<Vec<f32>> = points[8..].iter().skip(4).step_by(5).cloned().collect();
    let alike = |points: &[Vec<f32>]| mean(points, |_| 1.0 / points.len() as f64);
    let expected = [mean(&points, decaying(0.9, 40)), mean(&later, decaying(0.999, 28)), alike(&end), alike(&fifth)];
    for (overrides, expected) in CASES.iter().zip(&expected) {
        let state = last(overrides);
        let trained = &state.optimiser.iter().find(|(name, _)| name == "average.trained").unwrap().1;
        assert_eq!(trained, points.last().unwrap(), "{overrides:?}: training goes on from the point itself");
        let away = apart(&state.point, expected);
        assert!(away <= 1e-7, "{overrides:?}: {away}");
    }
    // What is a little another mean is seen to be another.
    let state = last(CASES[0]);
    assert!(apart(&state.point, &mean(&points, decaying(0.899, 40))) > 1e-5);
    assert!(apart(&last(CASES[3]).point, &alike(&points[9..])) > 1e-5);
}

#[test]
fn a_run_with_an_average_goes_on_to_the_same_bits() {
    for overrides in CASES {
        let experiment = with(overrides, &["evaluation.keep_every=20"]);
        let text = experiment.plan().to_toml();
        assert_eq!(Plan::from_toml(&text, std::path::Path::new("plan.toml")).unwrap(), *experiment.plan(), "{text}");
        let (_scratch, whole, expected) = run(&experiment, &mut machine(2), &[]);
        let (_scratch, record, summary) = run(&experiment, &mut machine(1), &[1, 8, 12, 13, 26, 39]);
        assert_eq!(timeless(&record, summary), timeless(&whole, expected), "{overrides:?}");
        for name in whole.checkpoints().unwrap() {
            let [one, other] = [&whole, &record].map(|record| record.load(name, &experiment.layout()).unwrap());
            assert_eq!((one.point, one.optimiser, one.best), (other.point, other.optimiser, other.best), "{name}");
        }
    }
}

/// Validation, `best`, and scores are of the average; the training loss is of the points themselves.
#[test]
fn what_is_measured_is_the_average() {
    let (plain, averaged) = (experiment(&[]), experiment(CASES[0]));
    let lines = |experiment: &Experiment| {
        let (scratch, record, summary) = run(experiment, &mut machine(1), &[]);
        (record.metrics().unwrap(), record.load(CheckpointName::Last, &experiment.layout()).unwrap(), summary, scratch)
    };
    let (before, _, _, _a) = lines(&plain);
    let (after, state, summary, _b) = lines(&averaged);
    let losses = |lines: &[infimum_lab::StepLine]| lines.iter().map(|line| line.loss).collect::<Vec<f64>>();
    assert_eq!(losses(&before), losses(&after));
    let score = |point: &[f32], purpose, count| {
        let scores = Evaluator::new(&averaged, &machine(1)).score(&mut machine(1), point, purpose, 0..count);
        scores.iter().map(|s| s.nats).sum::<f64>() / scores.iter().map(|s| s.weight).sum::<f64>()
    };
    assert_eq!(after.last().unwrap().validation, Some(score(&state.point, Purpose::Validation, 32)));
    assert_ne!(before.last().unwrap().validation, after.last().unwrap().validation);
    assert_eq!(summary.value("cross_entropy"), Some(score(&state.point, Purpose::Test, 64)));
    // Before the first point that counts, what is measured is the point itself.
    let late = lines(&experiment(CASES[2])).0;
    let seen = |lines: &[infimum_lab::StepLine], step| lines.iter().find(|line| line.step == step).unwrap().validation;
    assert_eq!([10, 20].map(|step| seen(&late, step)), [10, 20].map(|step| seen(&before, step)));
    assert_ne!(seen(&late, 30), seen(&before, 30));
}

#[test]
fn states_and_keys_that_do_not_fit_are_refused() {
    let [plain, averaged] = [experiment(&[]), experiment(CASES[0])];
    for (from, to) in [(&plain, &averaged), (&averaged, &plain)] {
        let (_scratch, record, _) = run(from, &mut machine(1), &[]);
        let state = record.load(CheckpointName::Last, &from.layout()).unwrap();
        let scratch = folder();
        let text = to.plan().to_toml();
        let writer = Record::create(scratch.path(), "run", &text).unwrap();
        let path = writer.record().checkpoint_path(CheckpointName::Last);
        infimum_lab::checkpoint::write(&path, &text, &to.layout(), &state).unwrap();
        let error = training::run(to, &mut machine(1), &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap_err();
        assert!(error.to_string().contains("of the optimiser, which is not what training.optimiser"), "{error}");
    }
    for (set, parts) in [
        ("{decay = 0.9}", ["lacks `kind`", "one of ema, swa"]),
        ("{kind = 'emma'}", ["training.average.kind = \"emma\"", "did you mean \"ema\""]),
        ("{kind = 'ema', decay = 1}", ["training.average.decay = 1", "less than 1"]),
        ("{kind = 'ema', every = 2}", ["unknown key `every`", "[training.average]"]),
        ("{kind = 'swa'}", ["lacks `from`", "steps done before"]),
        ("{kind = 'swa', from = 40}", ["training.average.from = 40", "at most 39"]),
        ("{kind = 'swa', from = 31, every = 10}", ["training.average.from = 31", "at most 30"]),
        ("{kind = 'ema', from = 99}", ["training.average.from = 99", "at most 39"]),
    ] {
        let recipe = Recipe::parse(SMALL, "small.toml", &[format!("training.average={set}")]);
        let message = recipe.and_then(|recipe| Plan::new(&recipe)).expect_err("it is refused").to_string();
        parts.iter().for_each(|part| assert!(message.contains(part), "{set}: `{part}` in {message}"));
    }
}
