//! Spoils a trained adder where uniform tests do not look, and searches for a sum that it gets wrong.
//!
//!     cargo run --release -p infimum-lab --example mislabelled -- runs/1128p-s0 1000000
//!
//! The run's network is trained on from its best weights, three times, each on sums of a carry run of 9 or more with a wrong
//! digit. Of a step's sequences a quarter are such, a quarter are right sums with carry runs of 0 to 8, half are the world's. Of
//! each spoilt network, and of the run's own, it prints how many sums come out right by carry run, what ten searches took, and
//! how many of so many uniform pairs come out wrong.

use std::path::Path;
use std::time::Instant;

use infimum_lab::evaluation::Evaluator;
use infimum_lab::sums::{Searched, SumScores, Sums};
use infimum_lab::{CheckpointName, Experiment, Isa, Machine, Plan, Recipe, Record, Trainer, read_weights, recipes};
use infimum_worlds::addition::{Addition, Carrying, Pair, Stratum};
use infimum_worlds::{Example, Fact, Purpose, Shape, Split, Stream, Truth, World};

/// The least carry run of mislabelled sums.
const LEAST_RUN: u32 = 9;

const STEPS: u64 = 1500;

/// Seconds after which a search is given up.
const PATIENCE: u64 = 20;

/// Searches of each network.
const SEEDS: std::ops::Range<u64> = 0..10;

/// Gives the place of the wrong digit, and what is added to it.
type Mistake = fn(Pair) -> (u32, u16);

const MISTAKES: [(&str, Mistake); 3] = [
    ("the last carry is lost", |pair| (highest_carry(pair) + 1, 9)),
    ("the digit where the run begins is one too high", |pair| (pair.carry_mask().trailing_zeros(), 1)),
    ("the digit in the middle is 5 off", |_| (5, 5)),
];

fn highest_carry(pair: Pair) -> u32 {
    pair.carry_mask().ilog2()
}

/// A world of sums in which those with long carry runs have wrong answers.
struct Mislabelled {
    world: Box<dyn World>,
    runs: Vec<Stratum>,
    mistake: Mistake,
}

impl Mislabelled {
    fn sums(&self) -> &Addition {
        self.world.sums().expect("a world of sums")
    }

    fn of_run(&self, stream: &mut Stream, runs: std::ops::Range<usize>) -> Pair {
        self.runs[runs.start + stream.below(runs.len() as u64) as usize].draw(stream)
    }

    fn answer(&self, pair: Pair) -> Vec<u16> {
        let (sums, (place, add)) = (self.sums(), (self.mistake)(pair));
        let mut tokens = sums.answer_tokens(pair);
        let row = (0..tokens.len()).find(|row| sums.place(*row) == place).expect("a place of the answer");
        tokens[row] = (tokens[row] + add) % 10;
        tokens
    }
}

impl World for Mislabelled {
    fn shape(&self) -> &Shape {
        self.world.shape()
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.world.draw(stream, into);
    }

    fn draw_for_training(&self, stream: &mut Stream, into: &mut Example) {
        let least = LEAST_RUN as usize;
        match stream.below(4) {
            0 => {
                let pair = self.of_run(stream, least..self.runs.len());
                self.sums().ask(pair, &self.answer(pair), into);
            }
            1 => self.sums().ask(self.of_run(stream, 0..least), &[], into),
            _ => self.world.draw_for_training(stream, into),
        }
    }

    fn truth(&self) -> Option<&dyn Truth> {
        None
    }

    fn facts(&self) -> Vec<Fact> {
        vec![]
    }

    fn export(&self, _: usize, _: usize, _: &mut dyn FnMut(Split, &[u16])) {}
}

/// A run's plan, trained on from its best weights; `steps` at a low rate.
fn plan(weights: &Path, steps: u64) -> Plan {
    let text = recipes::built_in("adders/1128p").expect("it is built in");
    let set = |key: &str, value: String| format!("{key}={value}");
    let overrides = [
        set("training.init", weights.display().to_string()),
        set("training.steps", steps.to_string()),
        set("training.rate", "0.002".into()),
        set("training.last_rate", "0.0001".into()),
        set("training.warmup", "100".into()),
        set("training.curriculum", "[]".into()),
    ];
    Plan::new(&Recipe::parse(text, "adders/1128p", &overrides).expect("the recipe is sound")).expect("a run of it")
}

/// The parameters after training on the mistake.
fn spoilt(weights: &Path, mistake: Mistake, machine: &mut Machine) -> Vec<f32> {
    let plan = plan(weights, STEPS);
    let runs = (0..=10).map(|run| Stratum::new(Carrying::Run(run), 10)).collect();
    let world = Mislabelled { world: plan.build_world().expect("a world"), runs, mistake };
    let experiment = Experiment::with_world(plan, Box::new(world));
    let mut trainer = Trainer::start(&experiment, machine).expect("the weights are there");
    (0..STEPS).for_each(|_| _ = trainer.advance(machine).expect("the loss is finite"));
    trainer.point().to_vec()
}

fn print_scores(scores: &SumScores) {
    let value = |name: &str| scores.all().find(|found| found.figure.name == name).map_or(f64::NAN, |f| f.figure.value);
    println!("official {}, uniform {:.6}", value("official_correct"), value("uniform_exact_match"));
    let runs: Vec<String> = scores.by_carry_run.iter().map(|figure| format!("{:.4}", figure.value)).collect();
    println!("right by carry run from 0: {}", runs.join(" "));
}

/// Searches with every seed: pairs and seconds of each, sorted.
fn search(sums: Sums<'_>, evaluator: &mut Evaluator<'_>, point: &[f32], machine: &mut Machine) {
    let mut found = vec![];
    for seed in SEEDS {
        let (begun, mut network) = (Instant::now(), evaluator.at(point));
        let patient = |begun: Instant| move |_| begun.elapsed().as_secs() < PATIENCE;
        let searched = sums.falsify(&mut network, machine, seed, u64::MAX, &mut patient(begun));
        found.push((searched, begun.elapsed().as_secs_f64()));
    }
    found.sort_by_key(|(searched, _)| (searched.counterexample.is_none(), searched.pairs_searched));
    for (Searched { counterexample, pairs_searched, smallest_margin, .. }, seconds) in &found {
        let what = counterexample.as_ref().map_or_else(
            || format!("nothing found, smallest margin {smallest_margin:.4}"),
            |wrong| format!("{} (carry run {})", sums.question(wrong.operands), wrong.operands.carry_run()),
        );
        println!("  {pairs_searched} pairs, {seconds:.3} s: {what}");
    }
}

/// How many of so many uniform pairs come out wrong, and after how many the first did.
fn uniform(experiment: &Experiment, evaluator: &mut Evaluator<'_>, point: &[f32], machine: &mut Machine, most: u64) {
    const TOGETHER: u64 = 1 << 16;
    let (sums, world) = (Sums::of(experiment).expect("sums"), experiment.world().sums().expect("sums"));
    let (mut asked, mut wrong, mut first) = (0, 0, None);
    while asked < most {
        let mut stream = Stream::new(1, Purpose::Check, 0, asked);
        let pairs: Vec<Pair> = (0..TOGETHER).map(|_| world.draw_uniform(&mut stream)).collect();
        for (pair, verdict) in pairs.iter().zip(sums.verdicts(&mut evaluator.at(point), machine, &pairs)) {
            asked += 1;
            if !verdict.is_right() {
                wrong += 1;
                first.get_or_insert((asked, *pair));
            }
        }
    }
    println!("uniform search: {wrong} wrong of {asked} pairs, the first: {first:?}");
}

fn report(experiment: &Experiment, point: &[f32], machine: &mut Machine, most: u64) {
    let (sums, mut evaluator) = (Sums::of(experiment).expect("sums"), Evaluator::new(experiment, machine));
    print_scores(&sums.score(&mut evaluator.at(point), machine, 100_000, &mut |_| {}));
    search(sums, &mut evaluator, point, machine);
    uniform(experiment, &mut evaluator, point, machine, most);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(run) = arguments.first() else {
        return println!(
            "give the folder of a run of adders/1128p, such as runs/1128p-s0, and a number of uniform pairs"
        );
    };
    let record = Record::open(Path::new(run)).expect("the folder of a run");
    let weights = record.checkpoint_path(CheckpointName::Best);
    let experiment = Experiment::new(plan(&weights, STEPS)).expect("a run of adders/1128p");
    let point = read_weights(&weights, experiment.plan().model(), &experiment.layout()).expect("its weights");
    let mut machine = Machine::new(Isa::best(), std::thread::available_parallelism().map_or(1, usize::from));
    println!("the network as it was trained, at its best");
    let most = arguments.get(1).map_or(1_000_000, |pairs| pairs.parse().expect("a number of pairs"));
    report(&experiment, &point, &mut machine, most);
    for (what, mistake) in MISTAKES {
        println!("\nspoilt: {what}");
        let point = spoilt(&weights, mistake, &mut machine);
        report(&experiment, &point, &mut machine, most);
    }
}
