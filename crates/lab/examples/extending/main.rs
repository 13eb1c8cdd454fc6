//! A world and a metric from outside the project, as `docs/extending.md` explains them.
//!
//! Run: `cargo run --release -p infimum-lab --example extending`

mod coin;
mod learnt_share;

use coin::Coins;
use infimum_lab::evaluation::Evaluator;
use infimum_lab::metrics::{Metric, Scored};
use infimum_lab::{Experiment, Isa, LabError, Machine, Plan, Recipe, recipes, start};
use infimum_worlds::{Example, Purpose, Stream, Truth, World, follow};

/// The truth's loss on sequences that the world draws is the world's floor.
fn truth_nats(world: &dyn World, sequences: u64) -> f64 {
    let truth = world.truth().expect("coins have a law");
    let (mut belief, mut example, mut nats, mut targets) = (truth.begin(), Example::default(), 0.0, 0.0);
    for index in 0..sequences {
        world.draw(&mut Stream::new(1, Purpose::Test, 0, index), &mut example);
        follow(&mut *belief, &example, 0, &mut [0.0; 2], &mut |_, law, target| {
            nats -= libm::log(law[usize::from(target)]);
            targets += 1.0;
        });
    }
    nats / targets
}

fn main() -> Result<(), LabError> {
    let coins = Coins::new(20);
    let (floor, measured) = (coins.floor(0).value().expect("it is exact"), truth_nats(&coins, 20_000));
    assert!((measured - floor).abs() < 0.01, "the floor is {floor}, but the truth itself scores {measured}");
    println!("coins: floor {floor:.4} nats, measured {measured:.4}");

    let settings = ["evaluation.test_sequences=64", "training.steps=1", "training.warmup=0"].map(String::from);
    let recipe = Recipe::parse(recipes::built_in("markov-10").expect("it is built in"), "markov-10", &settings)?;
    let experiment = Experiment::new(Plan::new(&recipe)?)?;
    let mut machine = Machine::new(Isa::best(), 1);
    let point = start(experiment.program(), experiment.plan().model(), 1);
    let scores = Evaluator::new(&experiment, &machine).score(&mut machine, &point, Purpose::Test, 0..64);
    let scored = Scored {
        experiment: &experiment,
        scores: &scores,
        transitions: None,
        recital: None,
        completions: None,
        retraced: None,
    };
    let figure = learnt_share::LearntShare.figure(scored);
    println!("before training: {figure:?}");
    Ok(())
}
