//! The alarm rings when a model is better than the optimum, which takes a mistake, and never otherwise.

use std::sync::atomic::AtomicBool;

use infimum_engine::Isa;
use infimum_lab::evaluation::Evaluator;
use infimum_lab::regular::{self, Method, Wanted};
use infimum_lab::{Experiment, LabError, Machine, Plan, Recipe, Record, Status, alarm, training};
use infimum_worlds::{Example, Fact, Purpose, Settings, Shape, Split, Stream, Truth, World};

mod exact;
#[path = "../src/scratch.rs"]
mod scratch;

use exact::exact_law;

const RECIPE: &str = "[world]
kind = \"markov\"
states = 4
length = 9
seed = 3
[model]
width = 16
layers = 1
heads = 2
[training]
steps = 400
batch = 16
rate = 1e-2
decay = 0.0
seed = 5
[evaluation]
every = 20
sequences = 64
test_sequences = 64
";

/// A world whose sampler draws few different sequences, whatever the stream, and whose truth does not know.
struct Few {
    world: Box<dyn World>,
    sequences: u64,
}

impl World for Few {
    fn shape(&self) -> &Shape {
        self.world.shape()
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let index = stream.below(self.sequences);
        self.world.draw(&mut Stream::new(9, Purpose::Check, 0, index), into);
    }

    fn truth(&self) -> Option<&dyn Truth> {
        self.world.truth()
    }

    fn facts(&self) -> Vec<Fact> {
        self.world.facts()
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        self.world.export(train, validation, each);
    }
}

fn plan(overrides: &[String]) -> Plan {
    Plan::new(&Recipe::parse(RECIPE, "alarm.toml", overrides).unwrap()).unwrap()
}

/// Trains on a sampler of so few sequences, and returns how the run ended.
fn run_on(sequences: u64, name: &str) -> (LabError, Status) {
    let plan = plan(&[]);
    let world = Few { world: plan.build_world().unwrap(), sequences };
    let scratch = scratch::Scratch::new(name);
    let writer = Record::create(scratch.path(), "run", &plan.to_toml()).unwrap();
    let experiment = Experiment::with_world(plan, Box::new(world));
    let mut machine = Machine::new(Isa::best(), 2);
    let result = training::run(&experiment, &mut machine, &writer, &mut |_| {}, &AtomicBool::new(false));
    (result.expect_err("it rings"), writer.record().summary().unwrap().unwrap().status)
}

#[test]
fn identical_sequences_ring() {
    let (error, status) = run_on(1, "identical");
    assert!(matches!(error, LabError::Impossible { excess, .. } if excess < -0.1), "{error}");
    assert_eq!(status, Status::Impossible);
    for cause in ["impossible: better than the optimum", "trained on", "identical"] {
        assert!(error.to_string().contains(cause), "{error}");
    }
}

#[test]
fn test_sequences_that_were_trained_on_ring() {
    let (error, status) = run_on(20, "leaked");
    assert!(matches!(error, LabError::Impossible { .. }), "{error}");
    assert_eq!(status, Status::Impossible);
}

/// Chains dense and sparse, from 2 to 33 states, even and peaked, with few test sequences and with many; every other one cut
/// into windows of one target, whose law follows from the last token alone.
#[test]
fn networks_that_are_the_exact_law_never_ring() {
    let mut machine = Machine::new(Isa::best(), 2);
    let mut largest: f64 = 0.0;
    for number in 0..1000 {
        let mut stream = Stream::new(77, Purpose::Check, 0, number);
        let states = 2 + stream.below(32) as i64;
        let keep = 1 + stream.below(states as u64);
        let concentration = [0.1, 1.0, 10.0][stream.below(3) as usize];
        let tests = [1, 2, 3, 16, 40][stream.below(5) as usize];
        let set = |key: &str, value: i64| format!("{key}={value}");
        let mut overrides = vec![
            set("world.states", states),
            set("world.length", 2 + stream.below(20) as i64),
            set("world.seed", number as i64),
            set("world.keep", keep as i64),
            format!("world.concentration={concentration}"),
            set("model.width", states + 1),
            set("training.seed", stream.below(1 << 40) as i64),
        ];
        let without = ["model.layers=0", "model.heads=1", "model.norm=none", "model.positions=none"];
        overrides.extend(without.map(String::from));
        if number % 2 == 1 {
            overrides.extend(["world.kind=markov-windows", "world.window=1"].map(String::from));
        }
        let experiment = Experiment::new(plan(&overrides)).unwrap();
        let point = exact_law(&experiment);
        let mut evaluator = Evaluator::new(&experiment, &machine);
        let scores = evaluator.score(&mut machine, &point, Purpose::Test, 0..tests);
        let excess = alarm::excess(&scores).unwrap();
        alarm::check(excess, "test").unwrap_or_else(|error| panic!("{error}: {overrides:?}"));
        largest = largest.max(excess.value.abs());
    }
    assert!(largest <= 1e-6, "the exact law has an excess of {largest:e}");
    // No loss is below a floor of 0, so in a world that has none other no network can ring; nor where the floor is unknown.
    let can_ring = |settings: &&Settings| {
        settings.build().unwrap().truth().is_some_and(|truth| truth.floor(0).value() != Some(0.0))
    };
    let instances = Settings::small_instances();
    let kinds = instances.iter().filter(can_ring).map(Settings::kind);
    let kinds: std::collections::BTreeSet<&str> = kinds.collect();
    let with_networks = ["markov", "markov-windows", "regular", "regular-steps", "strings"];
    assert_eq!(Vec::from_iter(kinds), with_networks, "another world needs its exact network, here or below");
}

/// Words of at most one symbol, whose law follows from the last token alone; a sequence has one scored target or two.
#[test]
fn networks_that_are_the_exact_law_of_words_never_ring() {
    const WORDS: &str = "\
        [world]\nkind = \"regular\"\nlanguage = \"parity\"\nshortest = 0\nlongest = 1\n\
        [model]\nwidth = 4\nlayers = 0\nheads = 1\nnorm = \"none\"\npositions = \"none\"\n\
        loss_weights = { class = 0 }\n[training]\nsteps = 1\n[evaluation]\ntest_sequences = 64\n";
    let mut machine = Machine::new(Isa::best(), 2);
    for number in 0..100 {
        let mut stream = Stream::new(78, Purpose::Check, 0, number);
        let mut weight = |key: &str| format!("world.{key}={}", 0.1 + stream.uniform());
        let mut overrides = vec![weight("accept"), weight("incomplete")];
        overrides.push(format!("world.length_weights=[{}, {}]", 0.1 + stream.uniform(), 0.1 + stream.uniform()));
        overrides.push(format!("training.seed={number}"));
        never_rings(WORDS, &overrides, &mut machine);
    }
}

/// Strings of at most two symbols that are not padded to more.
#[test]
fn networks_that_are_the_exact_law_of_strings_never_ring() {
    const STRINGS: &str = "\
        [world]\nkind = \"strings\"\nstrings = [\"ab\", \"ac\", \"a\", \"ba\", \"bb\", \"c\", \"cb\"]\nlength = 2\n\
        [model]\nwidth = 4\nlayers = 0\nheads = 1\nnorm = \"none\"\npositions = \"none\"\n\
        [training]\nsteps = 1\n[evaluation]\ntest_sequences = 64\n";
    let mut machine = Machine::new(Isa::best(), 2);
    for number in 0..100 {
        let mut stream = Stream::new(79, Purpose::Check, 0, number);
        let shares: Vec<f64> = (0..7).map(|_| 0.1 + stream.uniform()).collect();
        let overrides = [format!("world.shares={shares:?}"), format!("training.seed={number}")];
        never_rings(STRINGS, &overrides, &mut machine);
    }
}

/// The exact law of a small world is the network that it should be, on which no alarm rings.
fn never_rings(recipe: &str, overrides: &[String], machine: &mut Machine) {
    let plan = Plan::new(&Recipe::parse(recipe, "small.toml", overrides).unwrap()).unwrap();
    let experiment = Experiment::new(plan).unwrap();
    let point = exact_law(&experiment);
    let scores = Evaluator::new(&experiment, machine).score(machine, &point, Purpose::Test, 0..64);
    let excess = alarm::excess(&scores).unwrap();
    alarm::check(excess, "test").unwrap_or_else(|error| panic!("{error}: {overrides:?}"));
    assert!(excess.value.abs() <= 1e-6, "the exact law has an excess of {:e}", excess.value);
}

/// Automata written as weights that write their states: their law is that of runs, but for what is below 1e-50.
#[test]
fn networks_that_write_runs_of_automata_never_ring() {
    let mut computer = Machine::new(Isa::best(), 2);
    for name in ["parity", "tomita-3", "cycle-navigation", "s3-identity", "dyck-2-3"] {
        let machine = regular::machine(name, None).unwrap();
        let wanted = Wanted { name, language: Some(name), machine: &machine, length: 20, method: Some(Method::Steps) };
        let construction = regular::construct(wanted).unwrap();
        let experiment = Experiment::new(construction.plan).unwrap();
        let mut evaluator = Evaluator::new(&experiment, &computer);
        let excess = alarm::excess(&evaluator.score(&mut computer, &construction.point, Purpose::Test, 0..64)).unwrap();
        alarm::check(excess, "test").unwrap_or_else(|error| panic!("{error}: {name}"));
        assert!(excess.value.abs() <= 1e-6, "{name} has an excess of {:e}", excess.value);
    }
}

#[test]
fn the_limit_is_four_standard_errors_and_a_millionth() {
    let mean = |value: f64, standard_error: f64| infimum_lab::Mean { value, standard_error, sequences: 10 };
    for (value, standard_error, rings) in [
        (-0.0401, 0.01, true),
        (-0.0399, 0.01, false),
        (-2e-6, 0.0, true),
        (-0.9e-6, 0.0, false),
        (0.5, 0.0, false),
        (-0.5, f64::INFINITY, false),
    ] {
        assert_eq!(alarm::check(mean(value, standard_error), "test").is_err(), rings, "{value} +- {standard_error}");
    }
}
