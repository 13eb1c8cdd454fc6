//! Agreement with `oracles/worlds.py`, which computes the same with NumPy and hmmlearn.

use infimum_worlds::markov::{Markov, Settings};
use infimum_worlds::{Fact, Purpose, Quantity, Split, Stream, Truth, World, windows};
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracles {
    philox: Vec<Words>,
    derived: Derived,
    worlds: Vec<Chain>,
    windows: Vec<Cut>,
}

#[derive(Deserialize)]
struct Words {
    key: [u64; 2],
    counter: [u64; 4],
    words: Vec<u64>,
}

#[derive(Deserialize)]
struct Derived {
    limits: Vec<u64>,
    below: Vec<u64>,
    uniform: Vec<f64>,
    normal: Vec<f64>,
}

#[derive(Deserialize)]
struct Chain {
    settings: Settings,
    rows: Vec<Row>,
    blocks: Vec<Vec<u16>>,
    scores: Scores,
    long_run: LongRun,
}

#[derive(Deserialize)]
struct Cut {
    settings: windows::Settings,
    floors: Vec<f64>,
    ceiling: f64,
    ladder: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Row {
    last: Vec<u16>,
    p: Vec<f64>,
}

#[derive(Deserialize)]
struct Scores {
    floor: f64,
    ceiling: f64,
    first_floors: Vec<f64>,
    ladder: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct LongRun {
    reachable: u64,
    communicating: u64,
    recurrent: u64,
    transient: u64,
    periods: Vec<u64>,
    row_mean_entropy: f64,
    contexts: Option<Vec<u32>>,
    stationary: Option<Vec<f64>>,
    entropy_rate: Option<f64>,
}

fn oracles() -> Oracles {
    serde_json::from_str(include_str!("oracles.json")).unwrap()
}

fn assert_near(value: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (value - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1e-3), "{what}: {value:e} for {expected:e}");
}

#[test]
fn streams_are_numpys_philox() {
    for Words { key, counter, words } in oracles().philox {
        let mut stream = Stream::at(key, counter);
        let ours: Vec<u64> = words.iter().map(|_| stream.next_u64()).collect();
        assert_eq!(ours, words, "key {key:?}, counter {counter:?}");
    }
}

#[test]
fn numbers_are_derived_from_words_as_in_numpy() {
    let derived = oracles().derived;
    let mut stream = Stream::new(5, Purpose::Sample, 11, 13);
    let below: Vec<u64> = derived.limits.iter().map(|&n| stream.below(n)).collect();
    assert_eq!(below, derived.below);
    let mut stream = Stream::new(6, Purpose::Start, 1, 0);
    let uniform: Vec<f64> = derived.uniform.iter().map(|_| stream.uniform()).collect();
    assert_eq!(uniform, derived.uniform);
    let mut stream = Stream::new(6, Purpose::Start, 1, 0);
    derived.normal.iter().for_each(|&expected| assert_near(stream.normal(), expected, 1e-12, "normal"));
}

fn chains() -> Vec<(Chain, Markov)> {
    let build = |chain: Chain| {
        let world = chain.settings.build().unwrap();
        (chain, world)
    };
    oracles().worlds.into_iter().map(build).collect()
}

#[test]
fn laws_are_the_oracles() {
    for (chain, world) in chains() {
        for Row { last, p } in &chain.rows {
            let mut ours = vec![0.0; p.len()];
            world.row(last).for_each(|(state, q)| ours[state] = q);
            for (state, (&q, &expected)) in ours.iter().zip(p).enumerate() {
                assert_eq!(q == 0.0, expected == 0.0, "{:?} after {last:?}: {state}", chain.settings);
                assert_near(q, expected, 1e-13, "p");
            }
        }
    }
}

#[test]
fn exported_blocks_are_the_oracles() {
    for (chain, world) in chains() {
        let (train, validation) = if chain.blocks.len() == 6 { (3, 3) } else { (chain.blocks.len(), 0) };
        let mut blocks = Vec::new();
        world.export(train, validation, &mut |split, block| {
            let length = chain.blocks[blocks.len()].len();
            assert_eq!(split == Split::Train, blocks.len() < train);
            assert_eq!(block.len(), chain.settings.length as usize);
            blocks.push(block[..length].to_vec());
        });
        assert_eq!(blocks, chain.blocks, "{:?}", chain.settings);
    }
}

#[test]
fn floors_ceilings_and_baselines_are_the_oracles() {
    for (chain, world) in chains() {
        let (scores, settings) = (&chain.scores, format!("{:?}", chain.settings));
        assert_near(world.floor(0).value().unwrap(), scores.floor, 1e-12, &settings);
        assert_near(world.ceiling(0).value().unwrap(), scores.ceiling, 1e-12, &settings);
        for (floor, expected) in world.floor_by_position(0).iter().zip(&scores.first_floors) {
            assert_near(floor.value().unwrap(), *expected, 1e-12, &settings);
        }
        let baselines = world.baselines(0);
        assert_near(baselines[0].nats.value().unwrap(), libm::log(world.states() as f64), 1e-15, &settings);
        assert_near(baselines[0].accuracy.value().unwrap(), 1.0 / world.states() as f64, 1e-15, &settings);
        assert_eq!(baselines.len(), 1 + scores.ladder.len());
        for (baseline, [nats, accuracy]) in baselines[1..].iter().zip(&scores.ladder) {
            assert_near(baseline.nats.value().unwrap(), *nats, 1e-12, &settings);
            assert_near(baseline.accuracy.value().unwrap(), *accuracy, 1e-12, &settings);
        }
    }
}

#[test]
fn windows_have_the_oracles_floors_ceilings_and_baselines() {
    for Cut { settings, floors, ceiling, ladder } in oracles().windows {
        let (world, what) = (settings.build().unwrap(), format!("{settings:?}"));
        let by_position = world.floor_by_position(0);
        assert_eq!(by_position.len(), floors.len());
        by_position.iter().zip(&floors).for_each(|(a, b)| assert_near(a.value().unwrap(), *b, 1e-11, &what));
        let mean = floors.iter().sum::<f64>() / floors.len() as f64;
        assert_near(world.floor(0).value().unwrap(), mean, 1e-12, &what);
        assert_near(world.ceiling(0).value().unwrap(), ceiling, 1e-12, &what);
        let baselines = world.baselines(0);
        assert_eq!(baselines.len(), 1 + ladder.len() + 1, "uniform, the ladder, pipeline");
        let pipeline = [mean, ceiling];
        for (baseline, [nats, accuracy]) in baselines[1..].iter().zip(ladder.iter().chain([&pipeline])) {
            assert_near(baseline.nats.value().unwrap(), *nats, 1e-12, &what);
            assert_near(baseline.accuracy.value().unwrap(), *accuracy, 1e-12, &what);
        }
    }
}

fn fact(facts: &[Fact], name: &str) -> Quantity {
    facts.iter().find(|fact| fact.name == name).unwrap_or_else(|| panic!("no {name}")).value.clone()
}

fn number(facts: &[Fact], name: &str) -> f64 {
    match fact(facts, name) {
        Quantity::Number(value) => value,
        Quantity::Count(value) => value as f64,
        Quantity::Words(words) => panic!("{name}: {words}"),
    }
}

#[test]
fn classes_periods_and_stationary_laws_are_the_oracles() {
    for (chain, world) in chains() {
        let (facts, expected) = (world.facts(), &chain.long_run);
        let counted = |name| number(&facts, name) as u64;
        let classes =
            ["reachable_contexts", "communicating_classes", "recurrent_classes", "transient_contexts"].map(counted);
        let LongRun { reachable, communicating, recurrent, transient, .. } = *expected;
        assert_eq!(classes, [reachable, communicating, recurrent, transient], "{:?}", chain.settings);
        let word = if communicating == 1 { "no" } else { "yes" };
        assert_eq!(fact(&facts, "reducible"), Quantity::Words(word.to_string()));
        assert_near(number(&facts, "row_mean_entropy"), expected.row_mean_entropy, 1e-12, "row mean");
        let mut periods: Vec<u64> = world.stationary().iter().map(|class| class.period as u64).collect();
        periods.sort();
        assert_eq!(periods, expected.periods, "{:?}", chain.settings);
        check_long_run(&world, &facts, expected);
    }
}

/// One stationary law, or the reason why there is more than one.
fn check_long_run(world: &Markov, facts: &[Fact], expected: &LongRun) {
    let (Some(rate), Some(contexts), Some(law)) = (expected.entropy_rate, &expected.contexts, &expected.stationary)
    else {
        assert!(matches!(fact(facts, "entropy_rate"), Quantity::Words(reason) if reason.starts_with("not one number")));
        return;
    };
    assert_near(number(facts, "entropy_rate"), rate, 1e-11, "entropy rate");
    assert!(number(facts, "stationary_residual") <= 1e-13);
    let [ours] = world.stationary() else { panic!("one recurrent class has one law") };
    for (place, (context, p)) in contexts.iter().zip(law).enumerate() {
        assert_eq!(ours.contexts[place], *context);
        assert_near(ours.law[place], *p, 1e-11, "stationary");
    }
}
