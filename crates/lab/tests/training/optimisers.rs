//! Runs of every optimiser: the same bits for any number of threads and after any interruption, and a loss that falls.

use super::*;

/// Settings of a run of each optimiser.
const CASES: [&[&str]; 7] = [
    &["training.optimiser=adamw"],
    &["training.optimiser=adam", "training.decay=0.01"],
    &["training.optimiser=sgd", "training.rate=0.5"],
    &["training.optimiser=sgd", "training.rate=0.2", "training.sgd.momentum=0.5", "training.sgd.nesterov=true"],
    &["training.optimiser=grokfast"],
    &["training.optimiser=grokfast", "training.grokfast.alpha=0.5", "training.grokfast.lambda=1"],
    &LBFGS,
];

/// L-BFGS on a fixed set.
pub(crate) const LBFGS: [&str; 9] = [
    "training.optimiser=lbfgs",
    "training.lbfgs.history=4",
    "data.source=fixed",
    "data.sequences=24",
    "training.rate=1",
    "training.schedule=constant",
    "training.warmup=0",
    "training.decay=0",
    "training.clip=0",
];

#[test]
fn threads_and_interruptions_change_no_bit_of_any_optimiser() {
    for overrides in CASES {
        let experiment = experiment(overrides);
        let text = experiment.plan().to_toml();
        assert_eq!(Plan::from_toml(&text, std::path::Path::new("plan.toml")).unwrap(), *experiment.plan(), "{text}");
        let (_scratch, record, summary) = run(&experiment, &mut machine(1), &[]);
        let losses: Vec<f64> = record.metrics().unwrap().iter().map(|line| line.loss).collect();
        assert!(losses.last().unwrap() < &(losses[0] - 0.01), "{overrides:?}: {losses:?}");
        let expected = timeless(&record, summary);
        let (_scratch, record, summary) = run(&experiment, &mut machine(3), &[1, 9, 10, 23]);
        assert_eq!(timeless(&record, summary), expected, "{overrides:?}");
    }
}

/// A checkpoint whose arrays are not those of its plan's optimiser is refused before anything is trained.
#[test]
fn a_state_of_another_optimiser_is_refused() {
    for overrides in CASES {
        let experiment = experiment(overrides);
        let scratch = folder();
        let text = experiment.plan().to_toml();
        let writer = Record::create(scratch.path(), "run", &text).unwrap();
        training::run(&experiment, &mut machine(1), &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap();
        let path = writer.record().checkpoint_path(CheckpointName::Last);
        let state = writer.record().load(CheckpointName::Last, &experiment.layout()).unwrap();
        for loses in [true, false] {
            let mut spoilt = state.clone();
            let last = spoilt.optimiser.pop().unwrap().1;
            if !loses {
                spoilt.optimiser.push(("zzz".into(), last));
            }
            infimum_lab::checkpoint::write(&path, &text, &experiment.layout(), &spoilt).unwrap();
            let error = training::run(&experiment, &mut machine(1), &writer, &mut |_| {}, &AtomicBool::new(false));
            let message = error.unwrap_err().to_string();
            assert!(
                message.contains("of the optimiser, which is not what training.optimiser"),
                "{overrides:?}: {message}"
            );
        }
    }
}

/// Every optimiser takes a way of its own, and so does every key.
#[test]
fn no_key_of_an_optimiser_is_ignored() {
    let hash = |overrides: &[&str]| run(&experiment(overrides), &mut machine(2), &[]).2.weights_hash;
    let mut hashes: Vec<String> = CASES.iter().map(|overrides| hash(overrides)).collect();
    let longer: Vec<&str> =
        LBFGS.iter().map(|set| if set.contains("history") { "training.lbfgs.history=9" } else { set }).collect();
    hashes.push(hash(&longer));
    hashes.push(hash(&["training.optimiser=sgd", "training.rate=0.2", "training.sgd.momentum=0.5"]));
    hashes.push(hash(&["training.optimiser=grokfast", "training.grokfast.alpha=0.5"]));
    assert_eq!(hashes[0], hash(&[]), "AdamW is what there was before");
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 10);
}

#[test]
fn keys_of_another_optimiser_are_refused() {
    let without = |left_out: &str, more: &[&'static str]| -> Vec<&'static str> {
        LBFGS.iter().copied().filter(|set| !set.starts_with(left_out)).chain(more.iter().copied()).collect()
    };
    let cases: [(Vec<&str>, &[&str]); 11] = [
        (vec!["training.optimiser=sdg"], &["training.optimiser = \"sdg\"", "did you mean \"sgd\""]),
        (vec!["training.sgd.momentum=0.5"], &["training.sgd = set", "training.optimiser = \"sgd\""]),
        (vec!["training.optimiser=adam", "training.lbfgs.history=3"], &["training.lbfgs = set", "\"lbfgs\""]),
        (vec!["training.optimiser=sgd", "training.sgd.momentum=1"], &["training.sgd.momentum = 1", "less than 1"]),
        (vec!["training.optimiser=sgd", "training.sgd.momentun=0"], &["unknown key `momentun`", "`momentum`"]),
        (
            vec!["training.optimiser=sgd", "training.sgd.momentum=0", "training.sgd.nesterov=true"],
            &["training.sgd.nesterov = true", "momentum = 0"],
        ),
        (vec!["training.optimiser=sgd", "training.beta2=0.5"], &["training.beta2 = 0.5", "left at 0.95"]),
        (without("data.sequences", &["data.sequences=48"]), &["data.sequences = 48", "every step sees whole"]),
        (without("training.clip", &[]), &["training.clip = 1", "lbfgs"]),
        (without("training.schedule", &[]), &["training.schedule = cosine", "constant"]),
        (without("training.decay", &[]), &["training.decay = 0.1", "lbfgs"]),
    ];
    for (overrides, parts) in cases {
        let overrides: Vec<String> = overrides.iter().map(|set| set.to_string()).collect();
        let plan = Recipe::parse(SMALL, "small.toml", &overrides).and_then(|recipe| Plan::new(&recipe));
        let message = plan.expect_err("it is refused").to_string();
        parts.iter().for_each(|part| assert!(message.contains(part), "`{part}` in {message}"));
    }
}
