//! The ladder of the published pipelines, and what limits of long blocks and large chains give.

use infimum_worlds::markov::{self, Generator};
use infimum_worlds::windows::{self, Windows};
use infimum_worlds::{Floor, Quantity, Truth, World};

use super::{chain, cut};

fn published(states: i64, length: i64, sparsity: Option<f64>) -> Windows {
    let chain = markov::Settings { generator: Generator::NumpyLegacy, sparsity, ..chain(states, 1, length, 42) };
    windows::Settings::new(chain).build().unwrap()
}

fn number(world: &Windows, name: &str) -> f64 {
    match world.facts().into_iter().find(|fact| fact.name == name).unwrap().value {
        Quantity::Number(value) => value,
        other => panic!("{name} is {other:?}"),
    }
}

/// To the four decimals printed.
fn near(value: f64, expected: f64, what: &str) {
    assert!((value - expected).abs() <= 0.500_001e-4, "{what}: {value} for {expected}");
}

/// Row mean, entropy rate, pipeline, bigram.
fn check(world: &Windows, [row_mean, rate, pipeline, bigram]: [f64; 4], unigram: Option<f64>, accuracy: Option<f64>) {
    near(number(world, "row_mean_entropy"), row_mean, "row mean");
    near(number(world, "entropy_rate"), rate, "entropy rate");
    near(world.floor(0).value().unwrap(), pipeline, "pipeline");
    let ladder = world.baselines(0);
    let names: Vec<&str> = ladder.iter().map(|step| step.name).collect();
    assert_eq!(names, ["uniform", "unigram", "bigram", "pipeline"]);
    near(ladder[2].nats.value().unwrap(), bigram, "bigram");
    assert_eq!((ladder[3].nats, ladder[3].accuracy), (world.floor(0), world.ceiling(0)));
    unigram.iter().for_each(|unigram| near(ladder[1].nats.value().unwrap(), *unigram, "unigram"));
    assert!(matches!(world.ceiling(0), Floor::Exact(_)));
    accuracy.iter().for_each(|accuracy| near(world.ceiling(0).value().unwrap(), *accuracy, "accuracy"));
    println!("{:?} {:?} {ladder:?}", world.floor(0), world.ceiling(0));
}

#[test]
fn mm_10() {
    check(&published(10, 128, None), [1.8910, 1.8873, 1.9109, 1.9190], Some(2.3043), Some(0.3059));
}

#[test]
fn mm_100() {
    check(&published(100, 256, None), [4.1871, 4.1876, 4.1927, 4.1967], Some(4.6082), Some(0.0509));
}

#[test]
fn mm_100_sparse_75() {
    check(&published(100, 256, Some(75.0)), [2.8211, 2.8261, 2.8418, 2.8458], Some(4.5853), Some(0.1497));
}

#[test]
fn mm_1000() {
    check(&published(1000, 256, None), [6.4857, 6.4857, 6.4819, 6.4858], None, None);
}

#[test]
fn mm_1000_sparse_75() {
    check(&published(1000, 256, Some(75.0)), [5.0992, 5.0993, 5.1063, 5.1103], None, None);
}

/// A block may be long and a window short, or the other way round: where BOS is far away, the chain's own figures are left.
#[test]
fn long_blocks_and_long_windows() {
    let short = cut(chain(5, 1, 1_000_000, 1), 1).build().unwrap();
    assert!((short.floor(0).value().unwrap() - number(&short, "entropy_rate")).abs() <= 1e-4);
    let long = cut(chain(5, 1, 4, 1), 1_000_000).build().unwrap();
    let last = long.floor_by_position(0)[999_999].value().unwrap();
    let known = 0.75 * long.markov().floor(0).value().unwrap();
    assert!((last - known).abs() <= 1e-12, "{last} {known}");
}

/// What is too large to compute is unknown; the rest stays exact.
#[test]
fn a_ceiling_that_is_too_large_is_unknown() {
    let sparse = markov::Settings { keep: Some(2), ..chain(7000, 1, 8, 1) };
    let world = windows::Settings::new(sparse).build().unwrap();
    assert_eq!(world.ceiling(0), Floor::Unknown);
    assert!(matches!(world.floor(0), Floor::Exact(nats) if nats > 0.0));
    assert!(matches!(world.baselines(0)[2].accuracy, Floor::Exact(hits) if hits > 0.5));
}

/// With 150 tokens a block, BOS is the best guess in some of MM-1000's contexts from the second position on: the powers of its
/// matrix are wanted until their rows agree, and no longer.
#[test]
fn a_large_chain_in_short_blocks_has_a_ceiling() {
    let world = windows::Settings::new(chain(1000, 1, 150, 42)).build().unwrap();
    let ceiling = world.ceiling(0);
    assert!(matches!(ceiling, Floor::Exact(hits) if hits > 0.01 && hits < 0.02), "{ceiling:?}");
    let best = world.baselines(0)[2].accuracy.value().unwrap();
    assert!(ceiling.value().unwrap() > best + 1e-4, "{ceiling:?} {best}");
}
