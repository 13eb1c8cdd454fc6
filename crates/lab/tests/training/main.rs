//! Runs: the same bits for any number of threads and any instruction set, and after any interruption; nothing that is
//! measured changes what is trained.

#[path = "../../src/scratch.rs"]
mod scratch;

mod average;
mod curriculum;
mod going_on;
mod mined;
mod modular;
mod optimisers;
mod pull;
mod seeds;
mod sequences;
mod stages;
mod stop;
mod strings;
mod success;
mod sweep;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use infimum_lab::evaluation::Evaluator;
use infimum_lab::training::{self, Event};
use infimum_lab::{
    CheckpointName, Experiment, Isa, LabError, Machine, Plan, Recipe, Record, Status, Step, Summary, Trainer,
};
use infimum_worlds::Purpose;
use scratch::Scratch;

/// `SMALL` without the size of its batch, where the overrides take it from elsewhere.
fn small(overrides: &[String]) -> String {
    let counts = overrides.iter().any(|o| o == "data.source=counts");
    if counts { SMALL.replace("batch = 24\n", "") } else { SMALL.into() }
}

const SMALL: &str = "name = \"small\"
[world]
kind = \"markov\"
states = 4
length = 7
seed = 3
[model]
width = 8
layers = 1
heads = 2
[training]
steps = 40
batch = 24
rate = 1e-2
seed = 5
[evaluation]
every = 10
sequences = 32
test_sequences = 64
";

fn experiment(overrides: &[&str]) -> Experiment {
    let given: Vec<String> = overrides.iter().map(|s| s.to_string()).collect();
    of_recipe(&small(&given), overrides)
}

/// The experiment of a recipe's text, with some keys changed.
fn of_recipe(text: &str, overrides: &[&str]) -> Experiment {
    let overrides: Vec<String> = overrides.iter().map(|s| s.to_string()).collect();
    let recipe = Recipe::parse(text, "recipe.toml", &overrides).unwrap();
    Experiment::new(Plan::new(&recipe).unwrap()).unwrap()
}

/// A folder that no other test has.
fn folder() -> Scratch {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    Scratch::new(&format!("training-{}", NUMBER.fetch_add(1, Ordering::Relaxed)))
}

fn machine(threads: usize) -> Machine {
    Machine::new(Isa::best(), threads)
}

/// Runs in a record of its own; `stop_at` stops after so many steps and goes on, each time.
fn run(experiment: &Experiment, machine: &mut Machine, stop_at: &[u64]) -> (Scratch, Record, Summary) {
    let scratch = folder();
    let writer = Record::create(scratch.path(), "run", &experiment.plan().to_toml()).unwrap();
    for stop_at in stop_at {
        let stop = AtomicBool::new(false);
        let mut tell = |event: Event<'_>| match event {
            Event::Step { step, .. } if step == *stop_at => stop.store(true, Ordering::Relaxed),
            _ => {}
        };
        let summary = training::run(experiment, machine, &writer, &mut tell, &stop).unwrap();
        assert_eq!((summary.status, summary.steps), (Status::Interrupted, *stop_at));
    }
    let summary = training::run(experiment, machine, &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    let record = writer.record().clone();
    (scratch, record, summary)
}

/// Everything of a run but the clock.
fn timeless(record: &Record, summary: Summary) -> (Vec<String>, String) {
    let line = |mut line: infimum_lab::StepLine| {
        line.seconds = 0.0;
        format!("{line:?}")
    };
    let lines = record.metrics().unwrap().into_iter().map(line).collect();
    (lines, format!("{:?}", Summary { seconds: 0.0, ..summary }))
}

#[test]
fn threads_and_instruction_sets_change_no_bit() {
    for overrides in
        [vec![], vec!["model.dropout=0.1"], vec!["data.source=fixed", "data.sequences=50"], vec!["model.width=48"]]
    {
        let experiment = experiment(&overrides);
        let (_scratch, record, summary) = run(&experiment, &mut machine(1), &[]);
        let expected = timeless(&record, summary);
        for threads in [2, 3, 8] {
            let (_scratch, record, summary) = run(&experiment, &mut machine(threads), &[]);
            assert_eq!(timeless(&record, summary), expected, "{threads} threads");
        }
        for isa in Isa::available() {
            let (_scratch, record, summary) = run(&experiment, &mut Machine::new(isa, 2), &[]);
            assert_eq!(timeless(&record, summary), expected, "{}", isa.name());
        }
    }
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_bits() {
    for overrides in
        [vec![], vec!["model.dropout=0.2", "data.source=fixed", "data.sequences=40", "training.accumulation=1"]]
    {
        let experiment = experiment(&overrides);
        let (_scratch, whole, expected) = run(&experiment, &mut machine(2), &[]);
        // Every step has a line here, so that the lines are the same, too.
        let (_scratch, record, summary) = run(&experiment, &mut machine(2), &[3, 10, 11, 29]);
        assert_eq!(timeless(&record, summary), timeless(&whole, expected));
    }
}

/// What a line calls validation is the loss on the validation sequences, which are neither trained nor tested on.
#[test]
fn validation_is_on_sequences_of_its_own() {
    for overrides in [vec![], vec!["data.source=fixed", "data.sequences=50"]] {
        let experiment = experiment(&overrides);
        let (_scratch, record, _) = run(&experiment, &mut machine(2), &[]);
        let point = record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
        let last = record.metrics().unwrap().pop().unwrap().validation.unwrap();
        let mean = |purpose| {
            let scores = Evaluator::new(&experiment, &machine(1)).score(&mut machine(1), &point, purpose, 0..32);
            scores.iter().map(|s| s.nats).sum::<f64>() / scores.iter().map(|s| s.weight).sum::<f64>()
        };
        assert_eq!(last, mean(Purpose::Validation));
        assert!(last != mean(Purpose::Train) && last != mean(Purpose::Test));
    }
}

/// The loss of a line is the mean over the steps since the line before, also when the run was stopped between the two.
#[test]
fn an_interruption_leaves_no_trace_in_the_lines() {
    let experiment = experiment(&["evaluation.every=30"]);
    let (_scratch, whole, expected) = run(&experiment, &mut machine(1), &[]);
    let (_scratch, record, summary) = run(&experiment, &mut machine(1), &[7, 8, 31]);
    let steps: Vec<_> = whole.metrics().unwrap().iter().map(|line| line.step).collect();
    assert_eq!(steps, [3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 40]);
    assert_eq!(timeless(&record, summary), timeless(&whole, expected));
}

/// A stop while test sequences are scored, or training sequences are gone through again, leaves all steps done.
#[test]
fn scoring_can_be_stopped_and_gone_on_with() {
    let experiment = experiment(&["evaluation.test_sequences=2000", "training.steps=400"]);
    let (_scratch, whole, expected) = run(&experiment, &mut machine(1), &[]);
    let scratch = folder();
    let writer = Record::create(scratch.path(), "run", &experiment.plan().to_toml()).unwrap();
    for while_testing in [true, false] {
        let stop = AtomicBool::new(false);
        let mut tell = |event: Event<'_>| match event {
            Event::Testing { .. } if while_testing => stop.store(true, Ordering::Relaxed),
            Event::Retracing { .. } if !while_testing => stop.store(true, Ordering::Relaxed),
            _ => {}
        };
        let summary = training::run(&experiment, &mut machine(1), &writer, &mut tell, &stop).unwrap();
        assert_eq!((summary.status, summary.steps, summary.figures.len()), (Status::Interrupted, 400, 0));
    }
    let summary = training::run(&experiment, &mut machine(1), &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    assert_eq!(timeless(writer.record(), summary), timeless(&whole, expected));
}

#[test]
fn measuring_changes_no_bit_of_training() {
    let hash = |overrides: &[&str]| run(&experiment(overrides), &mut machine(1), &[]).2.weights_hash;
    let expected = hash(&[]);
    for other in
        ["evaluation.every=3", "evaluation.sequences=100", "evaluation.test_sequences=16", "evaluation.keep_every=7"]
    {
        assert_eq!(hash(&[other]), expected, "{other}");
    }
    assert_ne!(hash(&["training.seed=6"]), expected);
    assert_eq!(hash(&["training.batch=12", "training.accumulation=2"]), expected, "accumulation is part of the batch");
}

/// Dropout makes training harder and leaves scoring alone: the same weights score the same, to the bit.
#[test]
fn dropout_is_for_training_only() {
    let [plain, dropping] = [experiment(&[]), experiment(&["model.dropout=0.5"])];
    let first_loss =
        |experiment| Trainer::start(experiment, &machine(1)).unwrap().advance(&mut machine(1)).unwrap().loss;
    assert_ne!(first_loss(&plain), first_loss(&dropping));
    let (_scratch, record, _) = run(&plain, &mut machine(1), &[]);
    let point = record.load(CheckpointName::Last, &plain.layout()).unwrap().point;
    let score = |experiment| {
        let scored = Evaluator::new(experiment, &machine(1)).score(&mut machine(1), &point, Purpose::Test, 0..64);
        scored.into_iter().map(|s| s.nats).collect::<Vec<f64>>()
    };
    assert_eq!(score(&plain), score(&dropping));
}

/// Operands are rounded in training and nowhere else: the same weights score the same, to the bit.
#[test]
fn products_are_rounded_in_training_only() {
    let wide = "model.width=32";
    let [plain, rounded] = [experiment(&[wide]), experiment(&[wide, "training.products=bf16"])];
    let first = |experiment| Trainer::start(experiment, &machine(1)).unwrap().advance(&mut machine(1)).unwrap();
    let (exact, near) = (first(&plain), first(&rounded));
    let off = |of: fn(&Step) -> f64| (of(&near) / of(&exact) - 1.0).abs();
    assert!((1e-7..1e-3).contains(&off(|step| step.loss)), "{exact:?} {near:?}");
    assert!((1e-6..1e-2).contains(&off(|step| step.gradient_norm)), "{exact:?} {near:?}");
    let (_scratch, record, _) = run(&rounded, &mut machine(1), &[]);
    let point = record.load(CheckpointName::Last, &plain.layout()).unwrap().point;
    let score = |experiment| {
        let scored = Evaluator::new(experiment, &machine(1)).score(&mut machine(1), &point, Purpose::Test, 0..64);
        scored.into_iter().map(|s| s.nats).collect::<Vec<f64>>()
    };
    assert_eq!(score(&plain), score(&rounded));
}

/// The bits that every machine gives for one small run. They may change on purpose only.
#[test]
fn the_bits_of_a_run_are_those_of_its_numerics() {
    let hash = |overrides: &[&str]| run(&experiment(overrides), &mut machine(2), &[]).2.weights_hash;
    let found: Vec<_> = GOLDEN.iter().map(|(overrides, _)| (*overrides, hash(overrides))).collect();
    let expected: Vec<_> = GOLDEN.iter().map(|(overrides, hash)| (*overrides, hash.to_string())).collect();
    assert_eq!(found, expected, "raise NUMERICS in the engine, and write the new hashes here");
}

const GOLDEN: &[(&[&str], &str)] = &[
    (&["model.width=32"], "53d22e4e41c5dd262ad476c4d3d544cdd0563d5efe9679f96601502ac82eca7c"),
    (&["model.width=32", "training.products=bf16"], "8c9955d2046f9815e4b121a09be072e0c0ceac823c9bd13de95388f09ea1d258"),
    (&[], "938bcfe8c6d6300fd2273cec3e194ad555bd2f2c42726a323dd8617ca02363ef"),
    (
        &["model.dropout=0.1", "model.activation=gelu-tanh", "model.bias=true"],
        "f0088153c93c0d44a8cb2fca12697133ce4d36724883cf01409cdfcd87e4c6b8",
    ),
    (
        &["data.source=fixed", "data.sequences=50", "model.norm=rms", "model.activation=relu2"],
        "f9c3b9f183a0a1bca1a5d4f0fa2b83f5df70b2f263a2e3838fe17016c1678bc4",
    ),
];

#[test]
fn a_record_has_the_checkpoints_that_were_asked_for() {
    let experiment = experiment(&["evaluation.keep_every=15"]);
    let (_scratch, record, _) = run(&experiment, &mut machine(1), &[]);
    let expected = [CheckpointName::Best, CheckpointName::Last, CheckpointName::Step(15), CheckpointName::Step(30)];
    assert_eq!(record.checkpoints().unwrap(), expected);
    let best = record.load(CheckpointName::Best, &experiment.layout()).unwrap();
    let lines = record.metrics().unwrap();
    let least =
        lines.iter().filter_map(|line| line.validation.map(|v| (line.step, v))).min_by(|a, b| a.1.total_cmp(&b.1));
    assert_eq!((best.best, Some(best.step)), (least, least.map(|(step, _)| step)));
}

#[test]
fn training_approaches_the_floor_and_the_figures_say_so() {
    let experiment = experiment(&["training.steps=400", "training.batch=64", "evaluation.test_sequences=2000"]);
    let (_scratch, _, summary) = run(&experiment, &mut machine(2), &[]);
    let figure = |name: &str| summary.figures.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no {name}"));
    let excess = figure("excess_loss");
    assert!(excess.value > 0.0 && excess.high.unwrap() <= 0.03, "{excess:?}");
    assert!(excess.low.unwrap() < excess.value && excess.baseline.unwrap() > 0.1);
    let (nats, perplexity) = (figure("cross_entropy"), figure("perplexity"));
    assert!((nats.value - nats.optimum.unwrap()).abs() <= 0.05 && nats.baseline.unwrap() > nats.value);
    assert_eq!(perplexity.value, libm::exp(nats.value));
    let accuracy = figure("accuracy");
    assert!(accuracy.value > accuracy.baseline.unwrap() && accuracy.high.unwrap() > accuracy.optimum.unwrap() - 0.05);
    assert!(figure("counting_excess").value < excess.value);
    // 4^6 sequences, 25,600 seen: most test sequences were trained on, and the report says so.
    assert!(figure("shared_sequences").value > 0.5);
}

#[test]
fn a_fixed_set_can_be_learnt_by_heart() {
    let overrides =
        ["data.source=fixed", "data.sequences=24", "training.steps=400", "training.decay=0", "world.length=30"];
    let experiment = experiment(&overrides);
    let (_scratch, record, summary) = run(&experiment, &mut machine(2), &[]);
    let last = record.metrics().unwrap().pop().unwrap();
    assert!(last.validation.unwrap() > last.loss + 0.1, "validation tells what training does not: {last:?}");
    assert!(last.loss < experiment.floor().unwrap(), "{last:?}");
    assert!(summary.figures.iter().all(|f| f.name != "shared_sequences" || f.value < 0.1));
}

#[test]
fn weights_of_another_run_are_a_start() {
    let first = experiment(&[]);
    let (_scratch, record, summary) = run(&first, &mut machine(1), &[]);
    let path = record.checkpoint_path(CheckpointName::Last);
    let set = format!("training.init={}", path.display());
    let second = experiment(&[&set]);
    let trainer = Trainer::start(&second, &machine(1)).unwrap();
    assert_eq!(second.layout().weights_hash(trainer.point()), summary.weights_hash);
    assert_eq!((trainer.step(), trainer.tokens()), (0, 0));
    // A run that has begun needs them no longer.
    let state = trainer.state();
    std::fs::copy(record.checkpoint_path(CheckpointName::Best), &path).unwrap();
    assert_eq!(Trainer::resume(&second, &machine(1), state.clone()).unwrap().state(), state);
    let changed = Trainer::start(&second, &machine(1)).err();
    let best_is_last = record.load(CheckpointName::Best, &first.layout()).unwrap().step == 40;
    assert!(best_is_last || matches!(changed, Some(LabError::File { .. })), "other weights are refused");
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint() {
    let experiment = experiment(&[
        "training.rate=100",
        "training.clip=0",
        "model.norm=none",
        "model.activation=relu3",
        "training.steps=200",
        "training.warmup=20",
        "evaluation.every=1",
    ]);
    let scratch = folder();
    let writer = Record::create(scratch.path(), "run", &experiment.plan().to_toml()).unwrap();
    let error = training::run(&experiment, &mut machine(1), &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap_err();
    let LabError::NotFinite { step, .. } = error else { panic!("{error}") };
    assert!(error.to_string().contains("training.rate"), "{error}");
    let last = writer.record().load(CheckpointName::Last, &experiment.layout()).unwrap();
    assert!(last.step < step && last.point.iter().all(|w| w.is_finite()));
    assert_eq!(writer.record().summary().unwrap().unwrap().status, Status::Diverged);
}

#[test]
fn start_values_are_those_of_gpt_2() {
    let experiment = experiment(&["model.width=64", "model.layers=2", "model.bias=true"]);
    let point = infimum_lab::start(experiment.program(), experiment.plan().model(), 1);
    for array in experiment.program().parameters() {
        let values = &point[array.range.clone()];
        let deviation = (values.iter().map(|w| f64::from(w * w)).sum::<f64>() / values.len() as f64).sqrt();
        let expected = match &array.name {
            name if name.ends_with(".bias") => 0.0,
            name if name.contains(".ln_") => 1.0,
            name if name.ends_with("c_proj.weight") => 0.01,
            _ => 0.02,
        };
        let tolerance =
            if expected == 0.0 || expected == 1.0 { 0.0 } else { 4.0 * expected / (2.0 * values.len() as f64).sqrt() };
        assert!((deviation - expected).abs() <= tolerance, "{}: {deviation}", array.name);
    }
}

#[test]
fn samples_are_reproducible_sequences_of_the_model() {
    let experiment = experiment(&["training.steps=300", "training.batch=64"]);
    let (_scratch, record, _) = run(&experiment, &mut machine(2), &[]);
    let point = record.load(CheckpointName::Last, &experiment.layout()).unwrap().point;
    let draw = |threads, seed, temperature| {
        infimum_lab::sample(&experiment, &mut machine(threads), &point, 600, temperature, seed)
    };
    let sequences = draw(1, 1, 1.0);
    assert_eq!(sequences, draw(3, 1, 1.0));
    assert_ne!(sequences, draw(1, 2, 1.0));
    assert!(sequences.iter().all(|s| s.len() == 7 && s[0] == 4));
    let possible: Vec<_> = sequences.iter().filter(|s| s[1..].iter().all(|token| *token < 4)).collect();
    assert!(possible.len() >= 570, "BOS never follows anything; it follows in {} of 600", 600 - possible.len());
    assert!(draw(1, 1, 0.0).iter().all(|s| *s == draw(1, 2, 0.0)[0]), "at temperature 0 there is one sequence");
    // Drawn from a good model, they have nearly the loss of the world's own.
    let truth = experiment.world().truth().unwrap();
    let (mut belief, mut law, mut nats) = (truth.begin(), [0.0; 5], 0.0);
    for sequence in &possible {
        belief.restart();
        for pair in sequence.windows(2) {
            belief.observe(pair[0]);
            belief.law(0, &mut law);
            nats -= libm::log(law[usize::from(pair[1])]);
        }
    }
    let mean = nats / (6 * possible.len()) as f64;
    assert!((mean - experiment.floor().unwrap()).abs() <= 0.1, "{mean}");
}

#[test]
fn exports_are_whole_sequences_and_their_description() {
    let scratch = folder();
    let experiment = experiment(&["export.train_sequences=5", "export.validation_sequences=3"]);
    let folder = scratch.path().join("made/on/the/way");
    let exported = infimum_lab::export(experiment.plan(), &folder).unwrap();
    assert_eq!((exported.train_tokens, exported.validation_tokens), (35, 21));
    for (name, sequences) in [("train.bin", 5), ("val.bin", 3)] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let tokens: Vec<u16> = bytes.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        assert_eq!(tokens.len(), sequences * 7);
        assert!(tokens.chunks(7).all(|s| s[0] == 4 && s[1..].iter().all(|token| *token < 4)));
    }
    let meta: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap();
    assert_eq!((&meta["n_states"], &meta["vocab_size"], &meta["val_tokens"]), (&4.into(), &5.into(), &21.into()));
    let law = infimum_lab::foreign::numpy::read_npz(&folder.join("chain.npz")).unwrap();
    let rows = law["start"].data.chunks(4).chain(law["transitions"].data.chunks(4));
    let world = experiment.world().truth().unwrap();
    let (mut belief, mut p) = (world.begin(), [0.0; 5]);
    for (token, row) in [4, 0, 1, 2, 3].into_iter().zip(rows) {
        belief.restart();
        [4, token].iter().take(if token == 4 { 1 } else { 2 }).for_each(|t| belief.observe(*t));
        belief.law(0, &mut p);
        assert_eq!(row, &p[..4], "after {token}");
    }
    assert_eq!((&law["start"].shape[..], &law["transitions"].shape[..]), (&[4][..], &[4, 4][..]));
    assert!(infimum_lab::export(experiment.plan(), &folder.join("val.bin")).unwrap_err().is_user_error());
}
