//! Faults that are planted in small runs, each with the cause that it has to be given, and runs without one.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use infimum_lab::explain::{Explanation, explain};
use infimum_lab::training::Event;
use infimum_lab::{
    CheckpointName, Experiment, Isa, LabError, Machine, Plan, Recipe, Record, RecordWriter, StepLine, Trainer,
    evaluation, recipes, training,
};
use infimum_worlds::counting::Counting;
use infimum_worlds::{Example, Fact, Purpose, Shape, Split, Stream, Truth, World};

/// A chain of order 2, which it takes attention to learn.
pub(crate) const CHAIN: &str = "name = \"chain\"\n[world]\nkind = \"markov\"\nstates = 4\norder = 2\nlength = 24\nconcentration = 0.3\nseed = 3\n\
                     [model]\nwidth = 16\nlayers = 2\nheads = 2\npositions = \"rotary\"\nembedding_deviation = 0.3\nstart_deviation = 0.1\n\
                     [training]\nsteps = 500\nbatch = 32\nrate = 1e-2\nlast_rate = 0.0\nwarmup = 20\n\
                     [evaluation]\nevery = 25\nsequences = 256\ntest_sequences = 64\n";

/// What is done to a run.
enum Spoil {
    /// The recipe has these overrides.
    Overrides(&'static [&'static str]),
    /// After every step, the arrays whose name has this in it are those of the start again.
    Hold(&'static str),
    /// Targets are those so many places further on.
    Shift(i64),
}

/// A planted fault.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) cause: &'static str,
    spoil: Spoil,
}

const fn fault(name: &'static str, cause: &'static str, spoil: Spoil) -> Fault {
    Fault { name, cause, spoil }
}

pub(crate) const FAULTS: [Fault; 12] = [
    fault("attention does not learn", "part_frozen", Spoil::Hold(".attn.")),
    fault("rate times 100", "rate_too_high", Spoil::Overrides(&["training.rate=1.0"])),
    fault("rate times 0.01", "rate_too_low", Spoil::Overrides(&["training.rate=1e-4"])),
    fault("targets one place late", "targets_shifted", Spoil::Shift(1)),
    fault("targets one place early", "targets_shifted", Spoil::Shift(-1)),
    fault("few sequences", "data_too_small", Spoil::Overrides(&["data.source=fixed", "data.sequences=32"])),
    fault(
        "sequences seen too often",
        "overfitting",
        Spoil::Overrides(&["data.source=fixed", "data.sequences=160", "model.mlp_hidden=128", "training.steps=1200"]),
    ),
    fault(
        "two channels for twelve states",
        "model_too_narrow",
        Spoil::Overrides(&[
            "world.order=1",
            "world.states=12",
            "model.width=2",
            "model.heads=1",
            "model.positions=none",
        ]),
    ),
    fault(
        "no attention",
        "stuck_at_rung",
        Spoil::Overrides(&["model.attention=false", "model.heads=1", "model.positions=none"]),
    ),
    fault(
        "weights begin too large",
        "norms_out_of_range",
        Spoil::Overrides(&["model.start_deviation=20", "model.embedding_deviation=20"]),
    ),
    fault("decay holds weights down", "norms_out_of_range", Spoil::Overrides(&["training.decay=20"])),
    fault("too few steps", "ended_early", Spoil::Overrides(&["training.steps=60", "evaluation.every=3"])),
];

/// A recipe that is shipped, with overrides that shorten it.
pub(crate) type Shipped = (&'static str, &'static [&'static str]);

/// Runs that learn, and one of a text, of which nobody can say so; the quickest first.
pub(crate) const HEALTHY: [Shipped; 13] = [
    ("regular/ab", &["training.steps=600"]),
    ("regular/a-or-b-plus", &["training.steps=600"]),
    ("memorise/level-1", &[]),
    ("sequence/induction", &["world.letters=8", "world.length=6", "world.answer=2", "evaluation.test_sequences=500"]),
    ("text/tinytalks", &["model.width=32", "evaluation.every=50"]),
    ("regular/a-plus", &["training.steps=600"]),
    ("markov-10", &["training.steps=600"]),
    ("regular/a-star-b-star", &[]),
    ("regular/a-plus-b-plus", &[]),
    ("sequence/copy", &[]),
    ("sequence/reversal", &[]),
    ("sequence/sort", &[]),
    ("markov-100", &["training.steps=800"]),
];

/// Sound runs that have too few steps: none of their causes may be another.
pub(crate) const SHORT: [Shipped; 8] = [
    ("markov-10", &["training.steps=1", "training.warmup=0", "evaluation.test_sequences=100"]),
    ("markov-10", &["training.steps=60", "evaluation.test_sequences=100"]),
    ("regular/ab", &["training.steps=40", "evaluation.test_sequences=100"]),
    ("memorise/level-1", &["training.steps=60"]),
    ("text/tinytalks", &["training.steps=150"]),
    (
        "sequence/induction",
        &["world.letters=8", "world.length=6", "training.steps=60", "evaluation.test_sequences=500"],
    ),
    (
        "sequence/recall",
        &["world.alphabet=64", "world.positions=16", "training.steps=60", "evaluation.test_sequences=500"],
    ),
    ("sequence/sort", &["training.steps=60", "evaluation.test_sequences=500"]),
];

/// A world whose targets are those of other places.
struct Shifted {
    world: Box<dyn World>,
    offset: i64,
}

impl World for Shifted {
    fn shape(&self) -> &Shape {
        self.world.shape()
    }
    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.world.draw(stream, into);
        let targets = into.targets[0].clone();
        let last = targets.len() as i64 - 1;
        for (position, target) in into.targets[0].iter_mut().enumerate() {
            *target = targets[(position as i64 + self.offset).clamp(0, last) as usize];
        }
    }
    fn truth(&self) -> Option<&dyn Truth> {
        None
    }
    fn facts(&self) -> Vec<Fact> {
        vec![]
    }
    fn counting(&self) -> Option<Counting> {
        None
    }
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        self.world.export(train, validation, each);
    }
}

fn machine() -> Machine {
    Machine::new(Isa::best(), 2)
}

fn plan(text: &str, name: &str, overrides: &[&str]) -> Plan {
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    Plan::new(&Recipe::parse(text, name, &overrides).expect("the recipe is sound")).expect("the plan is sound")
}

fn recorded(folder: &Path, experiment: &Experiment) -> RecordWriter {
    Record::create(folder, experiment.plan().name(), &experiment.plan().to_toml()).expect("there is room for a record")
}

fn run(experiment: &Experiment, record: &RecordWriter) {
    run_until(experiment, record, u64::MAX);
}

/// Trains, and is stopped after so many steps.
fn run_until(experiment: &Experiment, record: &RecordWriter, steps: u64) {
    let stop = AtomicBool::new(false);
    let mut watch = |event: Event<'_>| match event {
        Event::Step { step, .. } if step >= steps => stop.store(true, Ordering::Relaxed),
        _ => {}
    };
    let result = training::run(experiment, &mut machine(), record, &mut watch, &stop);
    assert!(matches!(result, Ok(_) | Err(LabError::NotFinite { .. })), "{result:?}");
}

fn explained(record: &RecordWriter, experiment: &Experiment) -> Explanation {
    explain(record.record(), experiment, &mut machine(), &mut |_| {}).expect("the record is whole")
}

/// What is said of the run of this seed with this fault.
pub(crate) fn planted(fault: &Fault, seed: u64, folder: &Path) -> Explanation {
    let overrides = if let Spoil::Overrides(overrides) = fault.spoil { overrides } else { &[] };
    let plan = plan(CHAIN, "chain", overrides).with_seed(seed);
    let experiment = Experiment::new(plan.clone()).expect("the plan is sound");
    let record = recorded(folder, &experiment);
    match fault.spoil {
        Spoil::Overrides(_) => run(&experiment, &record),
        Spoil::Hold(part) => run_holding(&experiment, &record, part),
        Spoil::Shift(offset) => {
            let world = Box::new(Shifted { world: plan.build_world().expect("the plan is sound"), offset });
            run(&Experiment::with_world(plan, world), &record);
        }
    }
    explained(&record, &experiment)
}

/// What is said of a shipped recipe.
pub(crate) fn shipped((name, overrides): Shipped, folder: &Path) -> Explanation {
    of_recipe(recipes::built_in(name).expect("it is built in"), overrides, u64::MAX, folder)
}

/// What is said of a recipe with these overrides, stopped after so many steps.
pub(crate) fn of_recipe(text: &str, overrides: &[&str], until: u64, folder: &Path) -> Explanation {
    let experiment = Experiment::new(plan(text, "recipe", overrides)).expect("the plan is sound");
    let record = recorded(folder, &experiment);
    run_until(&experiment, &record, until);
    explained(&record, &experiment)
}

/// Trains as a run does, and puts back a part after each step.
fn run_holding(experiment: &Experiment, record: &RecordWriter, part: &str) {
    let mut machine = machine();
    let mut trainer = Trainer::start(experiment, &machine).expect("it starts at random");
    let start = trainer.point().to_vec();
    let held = experiment.program().parameters().into_iter().filter(|array| array.name.contains(part));
    let held: Vec<_> = held.map(|array| array.range).collect();
    let (steps, every) = (experiment.plan().training().steps, experiment.plan().evaluation().every);
    let mut lines = vec![];
    for _ in 0..steps {
        let step = trainer.advance(&mut machine).expect("the loss is a number");
        let mut state = trainer.state();
        held.iter().for_each(|range| state.point[range.clone()].copy_from_slice(&start[range.clone()]));
        if state.step.is_multiple_of(every) {
            lines.push(line(experiment, &mut machine, &state.point, (state.step, step.loss, step.gradient_norm)));
        }
        trainer = Trainer::resume(experiment, &machine, state).expect("the weights fit");
    }
    record.write_metrics(&lines).expect("there is room");
    record.save(CheckpointName::Last, &experiment.layout(), &trainer.state()).expect("there is room");
}

fn line(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    (step, loss, norm): (u64, f64, f64),
) -> StepLine {
    let scores = evaluation::Evaluator::new(experiment, machine).score(machine, point, Purpose::Validation, 0..256);
    let nats =
        scores.iter().map(|score| score.nats).sum::<f64>() / scores.iter().map(|score| score.weight).sum::<f64>();
    let text = format!(
        "{{\"step\":{step},\"tokens\":0,\"rate\":0.01,\"loss\":{loss},\"gradient_norm\":{norm},\"validation\":{nats},\"excess\":null,\"seconds\":0.0}}"
    );
    serde_json::from_str(&text).expect("it is a line")
}
