//! Stages of training: each with its optimiser, schedule and data, the same bits whoever interrupts and wherever.

use infimum_engine::{Course, Schedule};
use infimum_lab::data::Address;
use infimum_worlds::Example;

use super::*;

const STAGED: &str = "name = \"staged\"
[world]
kind = \"addition\"
digits = 2
held_out = 0.2
[model]
width = 8
layers = 1
heads = 1
[training]
batch = 24
rate = 1e-2
seed = 5
[[training.curriculum]]
until = 4
fade = true
world = { max_digits = 1 }
[[training.stages]]
steps = 9
last_rate = 0.001
[[training.stages]]
steps = 8
optimiser = \"sgd\"
rate = 0.2
batch = 16
clip = 0.5
schedule = \"linear\"
warmup = 3
sgd = { momentum = 0.8 }
world = { carries = { chain = 1.0 } }
[[training.stages]]
steps = 7
data = { source = \"fixed\", sequences = 60 }
accumulation = 2
rate = 0.003
decay = 0.0
[[training.stages]]
steps = 6
optimiser = \"lbfgs\"
lbfgs = { history = 3 }
rate = 1.0
schedule = \"constant\"
warmup = 0
decay = 0.0
clip = 0.0
batch = 48
data = { source = \"fixed\", sequences = 48 }
[evaluation]
every = 10
keep_every = 1
sequences = 32
test_sequences = 64
";

fn staged(overrides: &[&str]) -> Experiment {
    of_recipe(STAGED, overrides)
}

fn states(record: &Record, experiment: &Experiment) -> Vec<infimum_lab::TrainingState> {
    (1..=30).map(|step| record.load(CheckpointName::Step(step), &experiment.layout()).unwrap()).collect()
}

#[test]
fn a_run_of_stages_goes_on_to_the_same_bits_from_every_step() {
    for average in [&[][..], &["training.average={ kind = 'ema', decay = 0.8 }"]] {
        let experiment = staged(average);
        let text = experiment.plan().to_toml();
        assert_eq!(Plan::from_toml(&text, std::path::Path::new("plan.toml")).unwrap(), *experiment.plan(), "{text}");
        let (_scratch, whole, expected) = run(&experiment, &mut machine(1), &[]);
        let every: Vec<u64> = (1..30).collect();
        let (_scratch, record, summary) = run(&experiment, &mut machine(3), &every);
        assert_eq!(timeless(&record, summary), timeless(&whole, expected.clone()));
        let timeless = |record| {
            let states = states(record, &experiment).into_iter();
            states.map(|state| infimum_lab::TrainingState { lines: (0, String::new()), ..state }).collect::<Vec<_>>()
        };
        assert_eq!(timeless(&record), timeless(&whole));
        assert_eq!(whole.metrics().unwrap().last().unwrap().tokens, expected.tokens);
        assert_eq!((expected.tokens, experiment.tokens()), (4 * (9 * 24 + 8 * 16 + 7 * 48 + 6 * 48), expected.tokens));
    }
}

/// Rates, optimisers and their arrays are those of the stage, which begins with an optimiser that knows nothing.
#[test]
fn every_stage_has_its_schedule_and_a_new_optimiser() {
    let experiment = staged(&[]);
    let (_scratch, record, _) = run(&experiment, &mut machine(1), &[]);
    let of = |course, rate, last_rate, warmup, steps| Schedule { course, rate, last_rate, warmup, steps };
    let rates: Vec<f64> = [
        of(Course::Cosine, 0.01, 0.001, 0, 9),
        of(Course::Linear, 0.2, 0.02, 3, 8),
        of(Course::Cosine, 0.003, 0.003 / 10.0, 0, 7),
        of(Course::Constant, 1.0, 1.0, 0, 6),
    ]
    .iter()
    .flat_map(|schedule| (0..schedule.steps).map(|step| schedule.rate(step)))
    .collect();
    let lines = record.metrics().unwrap();
    assert_eq!(lines.iter().map(|line| line.rate).collect::<Vec<_>>(), rates);
    let stages = [vec![1; 9], vec![2; 8], vec![3; 7], vec![4; 6]].concat();
    assert_eq!(lines.iter().filter_map(|line| line.stage).collect::<Vec<u64>>(), stages);
    let states = states(&record, &experiment);
    let names = |step: usize| states[step - 1].optimiser.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    assert_eq!([1, 8, 17, 23].map(names), [["first", "second"]; 4]);
    assert_eq!([names(9), names(16)], [["sum"]; 2]);
    assert!([24, 30].map(names).iter().all(|names| names[..2] == ["before", "moved"]));
    for begins in [9, 17, 24] {
        let state = &states[begins - 1];
        assert!(state.optimiser.iter().all(|(_, array)| array.iter().all(|x| *x == 0.0)), "step {begins}");
        assert_eq!(state.optimiser_steps, 0);
        assert!(states[begins].optimiser.iter().any(|(_, array)| array.iter().any(|x| *x != 0.0)));
    }
}

#[test]
fn steps_draw_from_the_world_and_the_set_of_their_stage() {
    let experiment = staged(&[]);
    let pair = |step, index| {
        let mut example = Example::default();
        experiment.draw(Purpose::Train, Address { step, index }, &mut example);
        let digits = example.tokens;
        (10 * digits[0] + digits[1], 10 * digits[3] + digits[4])
    };
    let of = |step| (0..24).map(|index| pair(step, index)).collect::<Vec<_>>();
    let is_chain = |&(a, b): &(u16, u16)| a.max(b) == 99 && a.min(b) < 10;
    assert!(of(0).iter().all(|(a, b)| *a < 10 && *b < 10), "of the curriculum");
    assert!([4, 8].into_iter().flat_map(of).any(|(a, b)| a >= 10 && b >= 10), "of the world itself");
    assert!([9, 16].into_iter().flat_map(of).all(|pair| is_chain(&pair)), "of the second stage");
    assert!([17, 24].into_iter().flat_map(of).any(|pair| !is_chain(&pair)), "of the world itself, again");
    let fading: Vec<usize> = (0..4).map(|step| of(step).iter().filter(|(a, b)| a.max(b) >= &10).count()).collect();
    assert!(fading[0] == 0 && fading[3] > 10, "{fading:?}");
    let mut schedule = infimum_lab::data::Schedule::new(&experiment);
    let set = |schedule: &mut infimum_lab::data::Schedule, steps: std::ops::Range<u64>| {
        steps.flat_map(|step| schedule.step(step)).map(|a| (a.step, a.index)).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(set(&mut schedule, 17..24), (0..60).map(|index| (17, index)).collect());
    assert_eq!(set(&mut schedule, 24..25), (0..48).map(|index| (24, index)).collect());
}

/// An optimiser without memory on a constant rate takes the same steps in one stage, in three, and without any.
#[test]
fn stages_that_change_nothing_change_no_bit() {
    let plain =
        ["training.optimiser=sgd", "training.sgd.momentum=0", "training.rate=0.1", "training.schedule=constant"];
    let plain = [&plain[..], &["training.warmup=0"]].concat();
    let hash = |overrides: &[&str]| {
        let stages = overrides.iter().any(|set| set.starts_with("training.stages"));
        let text = if stages { SMALL.replace("steps = 40\n", "") } else { SMALL.into() };
        let overrides: Vec<String> = plain.iter().chain(overrides).map(|set| set.to_string()).collect();
        let plan = Plan::new(&Recipe::parse(&text, "small.toml", &overrides).unwrap()).unwrap();
        run(&Experiment::new(plan).unwrap(), &mut machine(2), &[]).2.weights_hash
    };
    let expected = hash(&[]);
    assert_eq!(hash(&["training.stages=[{ steps = 40 }]"]), expected);
    assert_eq!(hash(&["training.stages=[{ steps = 7 }, { steps = 20 }, { steps = 13 }]"]), expected);
    assert_ne!(hash(&["training.stages=[{ steps = 7 }, { steps = 20, rate = 0.05 }, { steps = 13 }]"]), expected);
    assert_ne!(hash(&["training.stages=[{ steps = 7 }, { steps = 20, clip = 0.01 }, { steps = 13 }]"]), expected);
}

#[test]
fn stages_that_cannot_be_are_refused() {
    let message = |overrides: &[&str]| {
        let overrides: Vec<String> = overrides.iter().map(|set| set.to_string()).collect();
        let plan = Recipe::parse(STAGED, "staged.toml", &overrides).and_then(|recipe| Plan::new(&recipe));
        plan.expect_err("it is refused").to_string()
    };
    let stages = |text: &str| message(&[&format!("training.stages={text}")]);
    for (text, parts) in [
        ("[{rate = 0.1}]", ["lacks `steps`", "steps of the stage"]),
        ("[{steps = 0}]", ["training.stages.steps = 0", "at least 1"]),
        ("[{steps = 5, rat = 1}]", ["unknown key `rat` in [training.stages]", "`rate`"]),
        ("[{steps = 9}, {steps = 5, warmup = 4}]", ["training.stages.warmup = 4", "(stage 2)"]),
        ("[{steps = 9}, {steps = 5, last_rate = 0.1}]", ["training.stages.last_rate = 0.1", "(stage 2)"]),
        ("[{steps = 9}, {steps = 5, optimiser = 'lbfgs'}]", ["training.stages.data.sequences", "(stage 2)"]),
        ("[{steps = 9, sgd = {momentum = 0.1}}]", ["training.stages.sgd = set", "(stage 1)"]),
        ("[{steps = 9, world = {max_digits = 1}}]", ["training.stages.world = set", "in the first stage"]),
        ("[{steps = 3}, {steps = 9, world = {max_digits = 1}}]", ["training.curriculum is over", "until = 3, where"]),
        (
            "[{steps = 3}, {steps = 9, data = {source = 'fixed', sequences = 99}}]",
            ["training.stages.data = \"fixed\"", "until = 3, where"],
        ),
        ("[{steps = 9}, {steps = 9, data = {source = 'fixed'}}]", ["lacks `sequences`", "fixed set"]),
        ("[{steps = 9}, {steps = 9, data = {source = 'export'}}]", ["training.stages.data.source", "\"fresh\" or"]),
        (
            "[{steps = 9}, {steps = 9, data = {source = 'fixed', sequences = 9}}]",
            ["training.stages.data.sequences = 9", "at least the 24"],
        ),
        (
            "[{steps = 9}, {steps = 9, data = {source = 'fresh', sequences = 9}}]",
            ["training.stages.data.sequences = 9", "\"fixed\" only"],
        ),
        ("[{steps = 9}, {steps = 9, world = {digits = 3}}]", ["training.stages.world = that of stage 2", "positions"]),
        ("[{steps = 9}, {steps = 9, world = {held_out = 0.1}}]", ["that of stage 2", "holds out"]),
        (
            "[{steps = 9}, {steps = 9, world = {digit = 1}}]",
            ["unknown key `digit` in [training.stages.world]", "`digits`"],
        ),
        ("[{steps = 999999999}, {steps = 9}]", ["training.stages = 2 stages", "steps together"]),
    ] {
        let message = stages(text);
        assert!(parts.iter().all(|part| message.contains(part)), "{text}: {message}");
    }
    let both = message(&["training.steps=50"]);
    assert!(both.contains("training.steps = 50") && both.contains("training.stages=[]"), "{both}");
    let whole = staged(&["training.stages=[]", "training.steps=50"]);
    assert_eq!((whole.plan().training().steps, whole.stages().len()), (50, 1));
    let text = staged(&[]).plan().to_toml();
    for (from, to) in [("steps = 30\n", "steps = 31\n"), ("batch = 16\n", ""), ("chain = 1.0\n", "chain = 2.0\n")] {
        assert!(text.contains(from), "{from} in {text}");
        let changed = Plan::from_toml(&text.replacen(from, to, 1), std::path::Path::new("plan.toml"));
        assert!(changed.is_err(), "{from}");
    }
}
