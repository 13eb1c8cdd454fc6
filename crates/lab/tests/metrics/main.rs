//! Every metric is at its optimum for the exact law, none looks good for an untrained network, and each finds a planted defect
//! of known size.

mod agreements;
mod defects;
#[path = "../exact/mod.rs"]
mod exact;
mod heads;
mod planted;
mod published_figures;
mod strings;
mod texts;
#[path = "../../src/scratch.rs"]
mod scratch;

use std::collections::BTreeSet;

use infimum_lab::evaluation::Evaluator;
use infimum_lab::metrics::METRICS;
use infimum_lab::{Experiment, Figure, agreement, published, retrace, start};
use infimum_worlds::Example;

use exact::exact_law;
use planted::{experiment, figures, machine, named, of_laws, truth_with};

const RECIPE: &str = "[world]
kind = \"markov\"
states = 5
length = 20
seed = 3
[model]
width = 16
layers = 2
heads = 2
[training]
steps = 40
batch = 16
seed = 5
[evaluation]
every = 20
sequences = 64
test_sequences = 300
";

const WINDOWS: &[&str] = &["world.kind=markov-windows", "world.window=23"];

/// How far a figure may be from its optimum by the rounding of f32 alone.
const ROUNDING: f64 = 2e-6;

/// Figures whose value moves with which test sequences were drawn, around their optimum.
const NOISY: &[&str] = &["cross_entropy", "perplexity", "accuracy"];

#[track_caller]
fn at_optimum(figures: &[Figure]) {
    for figure in figures {
        let Figure { name, value, optimum: Some(optimum), low, high, .. } = figure else {
            panic!("{} has no optimum", figure.name)
        };
        let noise = match (NOISY.contains(&name.as_str()), low, high) {
            (true, Some(low), Some(high)) => 2.0 * (high - low),
            _ => ROUNDING,
        };
        assert!((value - optimum).abs() <= noise, "{name} is {value}, its optimum {optimum}");
    }
}

/// Every metric that does not look at training sequences.
fn expected_names(windows: bool) -> BTreeSet<&'static str> {
    let trained = ["counting_excess", "shared_sequences"];
    let absent = |name: &&str| !trained.contains(name) && is_of_chains(name, windows);
    METRICS.iter().map(|metric| metric.name()).filter(absent).collect()
}

/// Whether chains have a metric, in blocks or in windows.
fn is_of_chains(name: &str, windows: bool) -> bool {
    let of_others = [
        "bits_per_byte",
        "exact_match",
        "sequences",
        "token_accuracy",
        "class_accuracy",
        "class_loss",
        "class_exact_match",
    ];
    let of_strings = name.starts_with("exact_continuation") || name.starts_with("valid_syntax");
    !of_others.contains(&name) && !of_strings && (windows || name != "excess_loss_bos")
}

#[test]
fn networks_that_are_the_exact_law_are_at_every_optimum() {
    let without = ["model.layers=0", "model.heads=1", "model.norm=none", "model.positions=none"];
    for world in [&[][..], &["world.keep=3"], &["world.kind=markov-windows", "world.window=1"]] {
        let experiment = experiment(RECIPE, &[world, &without, &["model.width=6"]].concat());
        let (point, mut machine) = (exact_law(&experiment), machine(2));
        let mut evaluator = Evaluator::new(&experiment, &machine);
        at_optimum(&figures(&experiment, &mut evaluator.at(&point), &mut machine, None));
    }
}

#[test]
fn the_truth_is_at_every_optimum() {
    for world in [&[][..], &["world.keep=3"], &["world.order=2"], WINDOWS, &[WINDOWS, &["world.order=2"]].concat()] {
        let experiment = experiment(RECIPE, world);
        let figures = of_laws(&experiment, &|example, laws| truth_with(&experiment, example, laws, |_, _, _| {}));
        at_optimum(&figures);
        let names: BTreeSet<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(names, expected_names(world.contains(&WINDOWS[0])), "{world:?}");
    }
}

/// At start values that are as large as trained ones, too, so that the law depends on the tokens.
#[test]
fn an_untrained_network_looks_good_nowhere() {
    for deviation in ["model.embedding_deviation=0.02", "model.embedding_deviation=1.0"] {
        for world in [&[][..], WINDOWS] {
            let experiment = experiment(RECIPE, &[world, &[deviation]].concat());
            let point = start(experiment.program(), experiment.plan().model(), 1);
            let mut machine = machine(2);
            let mut evaluator = Evaluator::new(&experiment, &machine);
            let retraced = retrace(&experiment, 40, &mut machine, &mut |_, _| true).unwrap();
            let figures = figures(&experiment, &mut evaluator.at(&point), &mut machine, Some(&retraced));
            nothing_is_rated_good(&experiment, &figures, world == WINDOWS);
            let value = |name| named(&figures, name).value;
            let excess = named(&figures, "excess_loss");
            assert!(excess.value > 0.9 * excess.baseline.unwrap(), "{excess:?}");
            assert!(value("structure_captured") < 0.1 && value("loss_ratio") < 0.9, "{figures:?}");
            assert!(value("excess_loss_transitions") > 0.2 && value("transition_kl") > 0.2, "{figures:?}");
            assert!(value("accuracy") < 0.7 * named(&figures, "accuracy").optimum.unwrap(), "{figures:?}");
            assert!(value("memorylessness_ratio") > 0.1, "{figures:?}");
        }
    }
}

/// These say something of the sequences, whatever the network.
const OF_THE_DATA: [&str; 3] = ["transition_coverage", "counting_excess", "shared_sequences"];

/// Every metric there is either says the same of the truth, or sees the network nearer its baseline than its optimum.
#[track_caller]
fn nothing_is_rated_good(experiment: &Experiment, untrained: &[Figure], windows: bool) {
    let retraced = retrace(experiment, 40, &mut machine(2), &mut |_, _| true).unwrap();
    let laws = |example: &Example, laws: &mut [f64]| truth_with(experiment, example, laws, |_, _, _| {});
    let mut truth = infimum_lab::predictor::Lawful { experiment, laws: &laws };
    let of_truth = figures(experiment, &mut truth, &mut machine(1), Some(&retraced));
    for name in METRICS.iter().map(|metric| metric.name()).filter(|name| is_of_chains(name, windows)) {
        let figure = named(untrained, name);
        if OF_THE_DATA.contains(&name) {
            assert_eq!(figure.value, named(&of_truth, name).value, "{name} depends on the network");
            continue;
        }
        let (Some(baseline), Some(optimum)) = (figure.baseline, figure.optimum) else { panic!("{figure:?}") };
        let way = (figure.value - baseline) / (optimum - baseline);
        assert!(way < 0.5, "{name} is {way} of the way from its baseline to its optimum: {figure:?}");
    }
}

/// A predictor that always gives the same law has a memory as short as can be, and yet its ratio is not called good.
#[test]
fn a_law_that_depends_on_nothing_has_no_memorylessness_ratio() {
    let experiment = experiment(RECIPE, &[]);
    let figures = of_laws(&experiment, &|_, laws| laws.fill(1.0 / 6.0));
    assert_eq!(named(&figures, "memorylessness").value, 0.0);
    assert!(figures.iter().all(|figure| figure.name != "memorylessness_ratio"));
    let position_alone = of_laws(&experiment, &|_, laws| {
        laws.chunks_exact_mut(6).enumerate().for_each(|(position, law)| {
            law.fill(0.1);
            law[position % 5] = 0.5;
        });
    });
    let ratio = named(&position_alone, "memorylessness_ratio");
    assert!((ratio.value - 1.0).abs() < 0.1, "{ratio:?}");
}

/// The counting estimator, scored as a model is, has the figure that stands beside every model's as its baseline.
#[test]
fn counting_has_the_baseline_as_its_transition_kl() {
    for world in [&[][..], WINDOWS, &["world.order=2"]] {
        let experiment = experiment(RECIPE, world);
        let retraced = retrace(&experiment, 40, &mut machine(2), &mut |_, _| true).unwrap();
        let counting = retraced.counting.as_ref().unwrap();
        let alphabet = experiment.world().shape().alphabet;
        let laws = |example: &Example, laws: &mut [f64]| {
            let mut belief = counting.begin();
            for (&token, law) in example.tokens.iter().zip(laws.chunks_exact_mut(alphabet)) {
                belief.observe(token);
                belief.law(0, law);
            }
        };
        let mut counted = infimum_lab::predictor::Lawful { experiment: &experiment, laws: &laws };
        let figures = figures(&experiment, &mut counted, &mut machine(1), Some(&retraced));
        let kl = named(&figures, "transition_kl");
        assert!((kl.value / kl.baseline.unwrap() - 1.0).abs() < 1e-3, "{kl:?}");
        let (excess, own) = (named(&figures, "excess_loss").value, named(&figures, "counting_excess").value);
        assert!((excess - own).abs() < ROUNDING, "{excess} {own}");
        // Expected: (n - 1) / 2N a state, N the transitions from it.
        let targets = retraced.counting.as_ref().unwrap().seen() as f64;
        let each = 4.0 / (2.0 * targets / if world == ["world.order=2"] { 25.0 } else { 5.0 });
        assert!(kl.value > each / 3.0 && kl.value < each * 3.0, "{kl:?} {each}");
    }
}

#[test]
fn threads_change_no_figure() {
    for world in [&[][..], WINDOWS] {
        let experiment = experiment(RECIPE, &[world, &["evaluation.test_sequences=1100"]].concat());
        let point = start(experiment.program(), experiment.plan().model(), 1);
        let of_threads = |threads| {
            let mut machine = machine(threads);
            let mut evaluator = Evaluator::new(&experiment, &machine);
            let retraced = retrace(&experiment, 40, &mut machine, &mut |_, _| true).unwrap();
            figures(&experiment, &mut evaluator.at(&point), &mut machine, Some(&retraced))
        };
        assert_eq!(of_threads(1), of_threads(3));
    }
}

/// A chain that ends in one of two classes has no stationary law, and so no mean over it.
#[test]
fn a_chain_with_two_long_runs_has_no_transition_kl() {
    let names = |seed: u64| {
        let experiment = experiment(RECIPE, &["world.keep=1", "world.states=8", &format!("world.seed={seed}")]);
        let classes = experiment.world().chain().unwrap().stationary().len();
        let figures = of_laws(&experiment, &|example, laws| truth_with(&experiment, example, laws, |_, _, _| {}));
        (classes, figures.iter().any(|figure| figure.name.starts_with("transition_")))
    };
    let found: Vec<(usize, bool)> = (0..12).map(names).collect();
    assert!(found.iter().all(|&(classes, shown)| shown == (classes == 1)), "{found:?}");
    assert!(found.iter().any(|found| found.0 > 1) && found.iter().any(|found| found.0 == 1), "{found:?}");
}

#[test]
fn every_metric_is_documented() {
    let page = include_str!("../../../../docs/metrics.md");
    let metrics = METRICS.iter().map(|metric| (metric.name(), metric.unit()));
    for (name, unit) in metrics.chain(published::FIGURES).chain(agreement::FIGURES) {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        assert!(row.is_some_and(|row| row.contains(&format!("| {unit} |"))), "docs/metrics.md: {name}, in {unit}");
    }
}
