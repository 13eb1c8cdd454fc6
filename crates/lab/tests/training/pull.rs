//! A pull of the parameters towards weights: what it adds to a step, where it leads, what its plan refuses; and training that starts at a
//! construction.

use std::path::Path;

use infimum_lab::regular::{Construction, Wanted, construct, machine as language};
use infimum_lab::training::Weights;

use super::*;
use crate::optimisers::LBFGS;

/// Gradient descent of one step that is nothing but the rate times the gradient.
const PLAIN: [&str; 8] = [
    "training.optimiser=sgd",
    "training.sgd.momentum=0",
    "training.schedule=constant",
    "training.warmup=0",
    "training.decay=0",
    "training.clip=0",
    "training.rate=0.125",
    "training.steps=6",
];

/// Weights of the small model, another seed's start.
struct Target {
    _folder: Scratch,
    path: String,
    point: Vec<f32>,
}

fn target() -> Target {
    let experiment = experiment(&["training.seed=11", "training.steps=1", "training.warmup=0"]);
    let (folder, record, _) = run(&experiment, &mut machine(1), &[]);
    let path = record.checkpoint_path(CheckpointName::Last).display().to_string();
    let point = record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
    Target { _folder: folder, path, point }
}

fn pulled(target: &Target, coefficient: f64, overrides: &[&str]) -> Experiment {
    let set = [format!("training.pull.weights={}", target.path), format!("training.pull.coefficient={coefficient}")];
    experiment(&[&[set[0].as_str(), set[1].as_str()], overrides].concat())
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)) * (f64::from(*a) - f64::from(*b));
    libm::sqrt(a.iter().zip(b).map(square).sum::<f64>())
}

/// A step with a pull is the step without it, and the rate times coefficient times the way to the weights; the loss is that of the
/// sequences alone.
#[test]
fn a_step_goes_by_the_gradient_of_loss_and_penalty() {
    let target = target();
    let (free, held) = (experiment(&PLAIN), pulled(&target, 0.5, &[&PLAIN[..], &["training.pull.until=4"]].concat()));
    let machine = &mut machine(2);
    let mut trainer = Trainer::start(&held, machine).unwrap();
    for strength in [0.5, 0.375, 0.25, 0.125, 0.0, 0.0] {
        let state = trainer.state();
        let mut without = Trainer::resume(&free, machine, state.clone()).unwrap();
        let [pulled, plain] = [&mut trainer, &mut without].map(|trainer| trainer.advance(machine).unwrap());
        assert_eq!((pulled.loss, &pulled.losses), (plain.loss, &plain.losses));
        assert_eq!(trainer.pull_distance(), Some(distance(trainer.point(), &target.point)));
        assert_eq!(without.pull_distance(), None);
        for (k, (moved, plain)) in trainer.point().iter().zip(without.point()).enumerate() {
            let way = f64::from(target.point[k]) - f64::from(state.point[k]);
            let expected = f64::from(*plain) + 0.125 * strength * way;
            assert!((f64::from(*moved) - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{k}: {moved} {expected}");
        }
    }
}

/// A line search looks at loss and penalty together: with next to no loss in it, it ends at the weights.
#[test]
fn a_strong_pull_leads_to_its_weights_with_every_optimiser() {
    let target = target();
    for overrides in [&["training.steps=400", "training.decay=0", "training.last_rate=0"][..], &LBFGS] {
        let experiment = pulled(&target, 1e4, overrides);
        let (_scratch, record, _) = run(&experiment, &mut machine(2), &[]);
        let lines = record.metrics().unwrap();
        let [first, last] = [&lines[0], &lines[lines.len() - 1]].map(|line| line.pull_distance.unwrap());
        let point = record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
        assert_eq!(last, distance(&point, &target.point));
        assert!(last < 0.02 && (first > last || first < 1e-3), "{overrides:?}: {first} {last}");
    }
}

#[test]
fn a_run_that_is_pulled_goes_on_to_the_same_bits_while_its_weights_are_there() {
    let target = target();
    let experiment = pulled(&target, 0.01, &["training.pull.until=20"]);
    let text = experiment.plan().to_toml();
    assert_eq!(Plan::from_toml(&text, Path::new("plan.toml")).unwrap(), *experiment.plan(), "{text}");
    let (_whole, whole, expected) = run(&experiment, &mut machine(1), &[]);
    let (_scratch, record, summary) = run(&experiment, &mut machine(3), &[2, 19, 20, 33]);
    assert_eq!(timeless(&record, summary), timeless(&whole, expected));
    let state = record.load(CheckpointName::Last, &experiment.layout()).unwrap();
    std::fs::copy(record.checkpoint_path(CheckpointName::Last), &target.path).unwrap();
    for error in [
        Trainer::start(&experiment, &machine(1)).err().unwrap(),
        Trainer::resume(&experiment, &machine(1), state).err().unwrap(),
    ] {
        let message = error.to_string();
        assert!(message.contains("not those that the plan was made with (training.pull)"), "{message}");
    }
}

#[test]
fn what_a_pull_cannot_be_is_refused() {
    let target = target();
    let refused = |overrides: &[&str]| {
        let weights = format!("training.pull.weights={}", target.path);
        let overrides: Vec<String> =
            overrides.iter().map(ToString::to_string).chain([weights, "training.pull.coefficient=1".into()]).collect();
        let recipe = Recipe::parse(SMALL, "recipe.toml", &overrides);
        recipe.and_then(|recipe| Plan::new(&recipe)).unwrap_err().to_string()
    };
    let layout = refused(&["model.width=16"]);
    assert!(layout.contains("training.pull leads to weights with the arrays of the plan's model"), "{layout}");
    assert!(layout.contains("[4, 8]") || layout.contains("8]"), "the shapes are named: {layout}");
    let lbfgs = ["training.optimiser=lbfgs", "data.source=fixed", "data.sequences=24", "training.warmup=0"];
    let rest = ["training.decay=0", "training.clip=0", "training.schedule=constant", "training.pull.until=9"];
    let until = refused(&[&lbfgs[..], &rest].concat());
    assert!(until.contains("training.pull.until") && until.contains("lbfgs"), "{until}");
    for (key, value) in [("coefficient", "0"), ("coefficient", "-1"), ("until", "0"), ("strength", "1")] {
        let given = format!("training.pull.{key}={value}");
        let mut overrides = vec![given, format!("training.pull.weights={}", target.path)];
        overrides.extend((key != "coefficient").then(|| "training.pull.coefficient=1".to_string()));
        let message = Recipe::parse(SMALL, "recipe.toml", &overrides).unwrap_err().to_string();
        assert!(message.contains(key), "{message}");
    }
    let lost = experiment(&[]);
    let table = "[training.pull]\npath = \"nowhere\"\nweights_hash = \"\"\ncoefficient = -1.0\n";
    let edited = format!("{}{table}", lost.plan().to_toml());
    let message = Plan::from_toml(&edited, Path::new("plan.toml")).unwrap_err().to_string();
    assert!(message.contains("training.pull.coefficient"), "{message}");
}

fn constructed() -> Construction {
    let language = language("a*b*", Some("ab")).unwrap();
    construct(Wanted { name: "built", language: Some("a*b*"), machine: &language, length: 20, method: None }).unwrap()
}

/// What starts at a construction has every class right before its first step; what is pulled to it comes nearer from random weights.
#[test]
fn training_starts_at_a_construction() {
    let (folder, construction) = (folder(), constructed());
    let path = folder.path().join("built.safetensors");
    construction.write(&path, false).unwrap();
    let shorter = "[training]\nsteps = 60\nbatch = 32\nrate = 1e-3\n[evaluation]\nevery = 60\nsequences = 32\ntest_sequences = 200\n";
    let recipe = format!("{}{shorter}", construction.recipe());
    let init = of_recipe(&recipe, &[&format!("training.init={}", path.display())]);
    let trainer = Trainer::start(&init, &machine(1)).unwrap();
    assert_eq!(trainer.point(), construction.point);
    let weights = Weights { point: trainer.point(), steps: Some(0) };
    let figures = training::evaluate(&init, &mut machine(2), weights, &mut |_| {}).unwrap();
    let class = figures.iter().find(|figure| figure.name == "class_accuracy").unwrap();
    assert_eq!((class.value, class.optimum), (1.0, Some(1.0)));
    let weights = format!("training.pull.weights={}", path.display());
    let held = of_recipe(&recipe, &[&weights, "training.pull.coefficient=1"]);
    let far = Trainer::start(&held, &machine(1)).unwrap().pull_distance().unwrap();
    let (_scratch, record, _) = run(&held, &mut machine(2), &[]);
    let near = record.metrics().unwrap().pop().unwrap().pull_distance.unwrap();
    assert!(near < far, "{near} {far}");
}
