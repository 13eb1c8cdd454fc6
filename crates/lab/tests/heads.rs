//! Worlds of several heads: every head is trained by its weight, scored beside its own optimum, and can be left out.

#[path = "../src/scratch.rs"]
mod scratch;

use std::sync::atomic::{AtomicBool, Ordering};

use infimum_lab::evaluation::Evaluator;
use infimum_lab::regular::Recogniser;
use infimum_lab::training::{self, Event, Weights};
use infimum_lab::{
    CheckpointName, Experiment, Figure, HeadLine, Isa, LabError, Machine, Plan, Recipe, Record, Status, StepLine,
    Summary, Trainer, alarm,
};
use infimum_worlds::Purpose;
use scratch::Scratch;

const WORDS: &str = "\
    [world]\nkind = \"regular\"\nlanguage = \"a*b*\"\nlongest = 6\n\
    [model]\nwidth = 16\nlayers = 1\nheads = 2\nbias = true\n\
    [training]\nsteps = 40\nbatch = 24\nrate = 1e-2\nseed = 5\n\
    [evaluation]\nevery = 10\nsequences = 64\ntest_sequences = 256\n";

fn plan(overrides: &[&str]) -> Result<Plan, LabError> {
    let overrides: Vec<String> = overrides.iter().map(|given| given.to_string()).collect();
    Plan::new(&Recipe::parse(WORDS, "words.toml", &overrides)?)
}

fn experiment(overrides: &[&str]) -> Experiment {
    Experiment::new(plan(overrides).unwrap()).unwrap()
}

fn machine(threads: usize) -> Machine {
    Machine::new(Isa::best(), threads)
}

fn figure<'f>(figures: &'f [Figure], name: &str) -> &'f Figure {
    figures.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no figure {name}"))
}

/// Runs in a record of its own; stops after each of these steps and goes on.
fn run(experiment: &Experiment, threads: usize, stop_at: &[u64], name: &str) -> (Vec<StepLine>, Summary, Scratch) {
    let scratch = Scratch::new(name);
    let writer = Record::create(scratch.path(), "run", &experiment.plan().to_toml()).unwrap();
    for stop_at in stop_at {
        let stop = AtomicBool::new(false);
        let mut tell = |event: Event<'_>| match event {
            Event::Step { step, .. } if step == *stop_at => stop.store(true, Ordering::Relaxed),
            _ => {}
        };
        let summary = training::run(experiment, &mut machine(threads), &writer, &mut tell, &stop).unwrap();
        assert_eq!(summary.status, Status::Interrupted);
    }
    let never = AtomicBool::new(false);
    let summary = training::run(experiment, &mut machine(threads), &writer, &mut |_| {}, &never).unwrap();
    let mut lines = writer.record().metrics().unwrap();
    lines.iter_mut().for_each(|line| line.seconds = 0.0);
    (lines, Summary { seconds: 0.0, ..summary }, scratch)
}

#[test]
fn both_heads_learn_and_each_has_its_figures_beside_its_optimum() {
    let experiment = experiment(&["training.steps=400", "evaluation.every=200"]);
    let (lines, Summary { figures, .. }, _scratch) = run(&experiment, 2, &[], "heads-learn");
    let [token, class] = ["token_accuracy", "class_accuracy"].map(|name| figure(&figures, name));
    let truth = experiment.world().truth().unwrap();
    assert_eq!([token.optimum, class.optimum], [0, 1].map(|head| truth.ceiling(head).value()));
    assert!(class.value > 0.98 && class.value > class.baseline.unwrap() + 0.2, "{class:?}");
    let [excess, loss] = ["excess_loss", "class_loss"].map(|name| figure(&figures, name));
    assert_eq!([excess.optimum, loss.optimum], [Some(0.0), Some(0.0)]);
    assert!(excess.value < 0.05 && loss.value < 0.1 && loss.value >= 0.0, "{excess:?} {loss:?}");
    assert_eq!(loss.baseline, Some(libm::log(3.0)));
    assert!(figures.iter().all(|figure| figure.name != "accuracy"), "of which head would it be?");
    let floor = truth.floor(0).value().unwrap();
    assert_eq!((figure(&figures, "cross_entropy").optimum, experiment.floor()), (Some(floor), Some(floor)));
    // Lines have each head, and the loss is their sum.
    let HeadLine { name, loss, .. } = &lines[0].heads[1];
    assert_eq!((name.as_str(), lines[0].heads.len()), ("class", 2));
    assert!((lines[0].loss - lines[0].heads[0].loss - loss).abs() <= 1e-6 * lines[0].loss);
    let last = lines.last().unwrap();
    let of_heads: f64 = last.heads.iter().map(|head| head.validation.unwrap()).sum();
    assert!((last.validation.unwrap() - of_heads).abs() <= 1e-12);
    assert!(last.heads[1].accuracy.unwrap() > 0.98 && last.loss < lines[0].loss / 2.0);
}

#[test]
fn threads_instruction_sets_and_interruptions_change_no_bit() {
    let experiment = experiment(&["model.dropout=0.1", "model.loss_weights={token=0.7, class=1.3}"]);
    let (lines, summary, _scratch) = run(&experiment, 1, &[], "heads-bits");
    for (threads, stop_at) in [(2, &[][..]), (3, &[3, 17]), (8, &[10, 39])] {
        let (again, found, _scratch) = run(&experiment, threads, stop_at, &format!("heads-bits-{threads}"));
        assert_eq!((again, found), (lines.clone(), summary.clone()), "{threads} threads, stopped at {stop_at:?}");
    }
    for isa in Isa::available() {
        let mut machine = Machine::new(isa, 2);
        let mut trainer = Trainer::start(&experiment, &machine).unwrap();
        (0..40).for_each(|_| _ = trainer.advance(&mut machine).unwrap());
        let hash = experiment.layout().weights_hash(trainer.point());
        assert_eq!(hash, summary.weights_hash, "{}", isa.name());
    }
}

/// A weight of 0 takes the head out of the program: no array, no input, no figure.
#[test]
fn a_head_of_weight_0_is_left_out() {
    let both = experiment(&[]);
    for (left_out, gone, left) in [
        ("token", &["lm_head.weight"][..], ["class_accuracy", "class_loss"]),
        ("class", &["class_head.weight", "class_head.bias"], ["token_accuracy", "excess_loss"]),
    ] {
        let one = experiment(&[&format!("model.loss_weights.{left_out}=0")]);
        let names = |experiment: &Experiment| -> Vec<String> {
            experiment.program().parameters().into_iter().map(|parameter| parameter.name).collect()
        };
        let missing: Vec<String> = names(&both).into_iter().filter(|name| !names(&one).contains(name)).collect();
        assert_eq!(missing, gone);
        assert_eq!(one.program().ids().len(), 2, "tokens, and targets of one head");
        assert_eq!((one.outputs().len(), one.require_first_head().is_ok()), (1, left_out == "class"));
        let (lines, Summary { figures, .. }, _scratch) = run(&one, 2, &[], &format!("without-{left_out}"));
        left.iter().for_each(|name| _ = figure(&figures, name));
        let of_other = figures.iter().any(|figure| figure.name == format!("{left_out}_accuracy"));
        assert!(!of_other && lines.iter().all(|line| line.heads.is_empty()));
        assert!(lines.last().unwrap().validation.unwrap() < lines.iter().find_map(|line| line.validation).unwrap());
    }
}

/// The loss is the sum of weights times means: what the trainer says of its first step is what the evaluator sees of the same sequences.
#[test]
fn the_loss_is_the_weighted_sum_of_the_means_of_heads() {
    for (token, class) in [(1.0, 1.0), (0.25, 3.0), (2.0, 0.0), (0.0, 0.5)] {
        let weights = format!("model.loss_weights={{token={token}, class={class}}}");
        // Of words that are to be recognised, heads have different numbers of targets.
        for world in ["world.seed=1", "world.recogniser={}"] {
            let experiment = experiment(&[&weights, world, "data.source=fixed", "data.sequences=24"]);
            let mut machine = machine(2);
            let mut trainer = Trainer::start(&experiment, &machine).unwrap();
            let point = trainer.point().to_vec();
            let scores = Evaluator::new(&experiment, &machine).score(&mut machine, &point, Purpose::Train, 0..24);
            let mean = |head: usize| {
                let of: Vec<_> = scores.iter().filter_map(|score| score.of(head)).collect();
                of.iter().map(|s| s.nats).sum::<f64>() / of.iter().map(|s| s.weight).sum::<f64>()
            };
            let step = trainer.advance(&mut machine).unwrap();
            let kept: Vec<(f64, usize)> = [(token, 0), (class, 1)].into_iter().filter(|(w, _)| *w > 0.0).collect();
            let expected: f64 = kept.iter().map(|(weight, head)| weight * mean(*head)).sum();
            assert!((step.loss - expected).abs() <= 1e-5 * expected, "{weights} {world}: {} {expected}", step.loss);
            for (found, (_, head)) in step.losses.iter().zip(&kept) {
                assert!((found - mean(*head)).abs() <= 1e-5 * found, "{weights} {world}, head {head}");
            }
        }
    }
}

/// A network that tells words of the language from others has two classes, and is asked for these; the machine of the language has three.
#[test]
fn networks_that_recognise_are_asked_for_accept_and_reject() {
    let experiment = experiment(&["world.recogniser={}", "world.language=a*ba*", "training.steps=300"]);
    let mut computer = machine(2);
    let mut trainer = Trainer::start(&experiment, &computer).unwrap();
    (0..300).for_each(|_| _ = trainer.advance(&mut computer).unwrap());
    let point = trainer.point().to_vec();
    let mut recogniser = Recogniser::new(&experiment, &point, &mut computer).unwrap();
    let truth = recogniser.truth().clone();
    assert_eq!(truth.classes(), ["accept", "reject"]);
    let words: Vec<Vec<u16>> = (0..64).map(|bits: u16| (0..6).map(|at| bits >> at & 1).collect()).collect();
    let classes = recogniser.classes(&words);
    let given = infimum_lab::regular::machine("a*ba*", None).unwrap();
    assert_eq!(given.recogniser().unwrap(), truth);
    let right = words.iter().zip(&classes).filter(|(word, classes)| classes[6] == truth.automaton().run(word)).count();
    assert!(right >= 60, "{right} of 64");
}

/// Twice the weights are twice the loss and twice the gradient; for one head, too.
#[test]
fn weights_scale_loss_and_gradient() {
    for (once, twice) in [
        ("{token=1, class=0.5}", "{token=2, class=1}"),
        ("{token=1, class=0}", "{token=2, class=0}"),
        ("{token=0, class=1}", "{token=0, class=2}"),
    ] {
        let [one, two] = [once, twice].map(|weights| {
            let experiment = experiment(&[&format!("model.loss_weights={weights}")]);
            let mut machine = machine(1);
            Trainer::start(&experiment, &machine).unwrap().advance(&mut machine).unwrap()
        });
        assert_eq!((two.loss, two.gradient_norm), (2.0 * one.loss, 2.0 * one.gradient_norm), "{once}");
        assert_eq!(two.losses, one.losses, "means of heads are what they are");
    }
}

/// Words of at most one symbol: class and next token follow from the last token, so a model of tables alone can be exact in both. Any
/// other table is not.
#[test]
fn a_network_that_is_exact_in_both_heads_scores_as_the_truth_and_a_wrong_one_does_not() {
    let tables = ["model.layers=0", "model.heads=1", "model.norm=none", "model.positions=none", "model.bias=false"];
    let words = ["world.language=parity", "world.shortest=0", "world.longest=1", "model.width=4"];
    let experiment = experiment(&[&tables[..], &words].concat());
    let (shape, parameters) = (experiment.world().shape(), experiment.program().parameters());
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["transformer.wte.weight", "lm_head.weight", "class_head.weight"]);
    let mut point = vec![0.0; experiment.plan().parameters()];
    for token in 0..4 {
        point[parameters[0].range.start + token * 4 + token] = 1.0;
    }
    let truth = experiment.world().truth().unwrap();
    for (head, parameter) in [0, 1].into_iter().zip(&parameters[1..]) {
        for token in 0..4u16 {
            let mut law = vec![0.0; shape.heads[head].alphabet];
            let mut belief = truth.begin();
            // Before a word, and where a word goes on, begin (3) has been read; end is 2.
            [3, token].into_iter().take(if token == 3 { 1 } else { 2 }).for_each(|token| belief.observe(token));
            belief.law(head, &mut law);
            for (target, p) in law.iter().enumerate() {
                let logit = if *p > 0.0 { libm::log(*p) as f32 } else { -1e4 };
                point[parameter.range.start + target * 4 + usize::from(token)] = logit;
            }
        }
    }
    let score = |point: &[f32]| {
        let weights = Weights { point, steps: None };
        training::evaluate(&experiment, &mut machine(2), weights, &mut |_| {}).unwrap()
    };
    let figures = score(&point);
    for (name, value) in
        [("class_accuracy", 1.0), ("class_loss", 0.0), ("class_exact_match", 1.0), ("excess_loss", 0.0)]
    {
        assert!((figure(&figures, name).value - value).abs() <= 1e-6, "{name}");
    }
    let token = figure(&figures, "token_accuracy");
    assert!((token.value - token.optimum.unwrap()).abs() <= 4.0 * (token.high.unwrap() - token.value), "{token:?}");
    let mut wrong = point.clone();
    let of_class = parameters[2].range.clone();
    wrong[of_class].rotate_left(1);
    let figures = score(&wrong);
    assert!(figure(&figures, "class_accuracy").value < 0.7 && figure(&figures, "class_loss").value > 100.0);
    assert!(figure(&figures, "class_exact_match").value < 0.7);
    assert!(figure(&figures, "excess_loss").value.abs() <= 1e-6, "the other head is what it was");
    // What is right of the class is measured against the class, and rings for nobody.
    let mut evaluator = Evaluator::new(&experiment, &machine(1));
    let scores = evaluator.score(&mut machine(1), &point, Purpose::Test, 0..64);
    [0, 1].iter().for_each(|head| alarm::check(alarm::excess_of(&scores, *head).unwrap(), "test").unwrap());
}

#[test]
fn checkpoints_of_another_number_of_heads_are_refused() {
    let (both, one) = (experiment(&[]), experiment(&["model.loss_weights.class=0"]));
    let (_, _, scratch) = run(&both, 1, &[], "heads-of-both");
    let record = Record::find(scratch.path(), std::path::Path::new("run")).unwrap();
    let error = record.load(CheckpointName::Last, &one.layout()).unwrap_err().to_string();
    assert!(error.contains("the plan's model has 3552 parameters"), "{error}");
}

#[test]
fn mistakes_in_weights_of_heads_are_named() {
    for (overrides, parts) in [
        (
            &["model.loss_weights.clas=1"][..],
            &["model.loss_weights.clas", "token, class", "did you mean \"class\"?"][..],
        ),
        (&["model.loss_weights.class=-1"], &["model.loss_weights.class = -1", "0, or"]),
        (&["model.loss_weights.class=1e-9"], &["model.loss_weights.class"]),
        (&["model.loss_weights.class=high"], &["model.loss_weights.class", "a number"]),
        (&["model.loss_weights={token=0, class=0}"], &["model.loss_weights", "0 for every head"]),
        (&["model.loss_weights.token=0", "model.tied=true"], &["model.tied = true", "no head to tie"]),
        (&["model.loss_weights.class=0", "success.figure=class_accuracy", "success.at_least=1"], &["success.figure"]),
    ] {
        let error = plan(overrides).unwrap_err();
        let text = error.to_string();
        assert!(error.is_user_error());
        parts.iter().for_each(|part| assert!(text.contains(part), "`{part}` is missing in: {text}"));
    }
}
