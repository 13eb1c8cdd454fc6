//! The published nanoMarkov chains and data, regenerated: anchors of the law to 2 ulp, data files by their hash.

use infimum_worlds::markov::{Generator, Markov, Settings};
use infimum_worlds::{Quantity, Split, Truth, World};
use sha2::{Digest, Sha256};

fn published(states: i64, length: i64, sparsity: Option<f64>) -> Markov {
    let settings = Settings { generator: Generator::NumpyLegacy, sparsity, ..Settings::new(states, length, 42) };
    settings.build().unwrap()
}

fn mm_10() -> Markov {
    published(10, 128, None)
}

fn mm_100() -> Markov {
    published(100, 256, None)
}

fn mm_100_sparse_75() -> Markov {
    published(100, 256, Some(75.0))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The validation file's bytes and the first training block.
fn files(world: &Markov, train: usize, validation: usize) -> (Vec<u8>, Vec<u16>) {
    let (mut bytes, mut first) = (Vec::new(), Vec::new());
    world.export(train, validation, &mut |split, block| match split {
        Split::Train if first.is_empty() => first = block.to_vec(),
        Split::Train => {}
        Split::Validation => bytes.extend(block.iter().flat_map(|token| token.to_le_bytes())),
    });
    (bytes, first)
}

fn check_files(world: &Markov, train: usize, validation: usize, begins: &[u16], sha256: &str) {
    let (bytes, first) = files(world, train, validation);
    assert_eq!(&first[..begins.len()], begins);
    assert_eq!(hex(&Sha256::digest(&bytes)), sha256);
}

#[test]
fn mm_10_files_are_the_published_ones() {
    let sha256 = "2bf1f9796114af37e9473317876fa4bfcd0c5f2191889f1bab49be0eb85659ad";
    check_files(&mm_10(), 10_000, 1_000, &[10, 1, 8, 4, 5, 9, 7, 2, 3, 7, 0, 1], sha256);
}

#[test]
fn mm_100_files_are_the_published_ones() {
    let sha256 = "b6a6ea977e338dc018d92c7965d2b00d9006663f03b24b65a57ed801272254c1";
    check_files(&mm_100(), 50_000, 5_000, &[100, 94, 96, 70, 29, 37, 26, 82, 16, 12, 8, 4], sha256);
}

#[test]
fn mm_100_sparse_75_files_are_the_published_ones() {
    let sha256 = "7a91d102044084db137f45be72ff807b107cd1eab7b5280632430892a39a3ada";
    check_files(&mm_100_sparse_75(), 50_000, 5_000, &[100, 7, 87, 92, 6, 51, 23, 69, 0, 22, 65, 25], sha256);
}

fn units_in_the_last_place(a: f64, b: f64) -> u64 {
    a.to_bits().abs_diff(b.to_bits())
}

fn check_anchor(world: &Markov, last: &[u16], state: usize, expected: f64) {
    let (_, p) = world.row(last).find(|&(next, _)| next == state).unwrap();
    assert!(units_in_the_last_place(p, expected) <= 2, "{p:e} for {expected:e}");
}

#[test]
fn anchors_of_the_laws_agree_to_two_units_in_the_last_place() {
    check_anchor(&mm_10(), &[], 0, 0.045_694_426_748_619_43);
    check_anchor(&mm_10(), &[0], 1, 0.439_636_957_889_249_45);
    check_anchor(&mm_100(), &[], 0, 0.005_130_025_645_858_949);
    check_anchor(&mm_100(), &[0], 0, 0.000_327_113_975_325_672_8);
    check_anchor(&mm_100_sparse_75(), &[0], 0, 0.003_775_000_787_025_786_3);
}

fn number(world: &Markov, name: &str) -> f64 {
    match world.facts().into_iter().find(|fact| fact.name == name).unwrap().value {
        Quantity::Number(value) => value,
        other => panic!("{name} is {other:?}"),
    }
}

/// Floor, ceiling, row mean, entropy rate, unigram: rounded as in the published recomputation.
fn check_values(world: &Markov, [floor, ceiling, row_mean, rate]: [f64; 4]) {
    let near = |value: f64, expected: f64| assert!((value - expected).abs() <= 0.500_001e-4, "{value} for {expected}");
    near(world.floor(0).value().unwrap(), floor);
    near(world.ceiling(0).value().unwrap(), ceiling);
    near(number(world, "row_mean_entropy"), row_mean);
    near(number(world, "entropy_rate"), rate);
}

#[test]
fn floors_and_ceilings_are_the_recomputed_ones() {
    check_values(&mm_10(), [1.8881, 0.3081, 1.8910, 1.8873]);
    check_values(&mm_100(), [4.1875, 0.0510, 4.1871, 4.1876]);
    check_values(&mm_100_sparse_75(), [2.8313, 0.1502, 2.8211, 2.8261]);
}

/// The files beside the workspace, where there are any.
#[test]
fn a_published_file_on_disk_is_the_exported_one() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/markov");
    let (Ok(text), Ok(file)) =
        (std::fs::read(format!("{folder}/meta.json")), std::fs::read(format!("{folder}/val.bin")))
    else {
        println!("skipped: ../shared/data/markov, beside the workspace, is absent");
        return;
    };
    let meta: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let number = |name: &str| meta[name].as_i64().unwrap();
    let world = published(number("n_states"), number("block_size"), meta["sparsity"].as_f64());
    assert_eq!((number("seed"), number("bos_token")), (42, number("n_states")));
    let (bytes, _) = files(&world, number("train_sequences") as usize, number("val_sequences") as usize);
    assert!(bytes == file, "the exported validation blocks are not those on disk");
}
