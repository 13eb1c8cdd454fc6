//! The three published recipes give the published files to the byte, from the binary.

mod session;

use std::fs::{self, File};
use std::io;

use session::Session;
use sha2::{Digest, Sha256};

/// Recipe, SHA-256 of `val.bin` as nanoMarkov's generator writes it with seed 42, bytes of `train.bin` and `val.bin`.
const PUBLISHED: [(&str, &str, u64, u64); 3] = [
    ("markov-10", "2bf1f9796114af37e9473317876fa4bfcd0c5f2191889f1bab49be0eb85659ad", 2_560_000, 256_000),
    ("markov-100", "b6a6ea977e338dc018d92c7965d2b00d9006663f03b24b65a57ed801272254c1", 25_600_000, 2_560_000),
    ("markov-100-sparse75", "7a91d102044084db137f45be72ff807b107cd1eab7b5280632430892a39a3ada", 25_600_000, 2_560_000),
];

/// Recipe, tokens that came before, next token, its probability as NumPy computes it from seed 42.
const ANCHORS: [(&str, &str, usize, f64); 5] = [
    ("markov-10", "", 0, 0.04569442674861943),
    ("markov-10", "--after 0", 1, 0.43963695788924945),
    ("markov-100", "", 0, 0.005130025645858949),
    ("markov-100", "--after 0", 0, 0.0003271139753256727),
    ("markov-100-sparse75", "--after 0", 0, 0.0037750007870257863),
];

#[test]
fn the_laws_are_the_published_ones_to_two_units_in_the_last_place() {
    let session = Session::new("anchors");
    for (recipe, after, token, expected) in ANCHORS {
        let law: serde_json::Value =
            serde_json::from_str(&session.good(&format!("law {recipe} {after} --json"))).unwrap();
        let found = law["law"][token].as_f64().unwrap();
        assert!(found.to_bits().abs_diff(expected.to_bits()) <= 2, "{recipe} {after}: {found:?} for {expected:?}");
    }
}

#[test]
fn the_exported_files_are_the_published_ones() {
    let session = Session::new("published");
    for (recipe, sha256, train, validation) in PUBLISHED {
        session.good(&format!("data export {recipe} data/{recipe}"));
        let folder = session.path(format!("data/{recipe}"));
        let mut hasher = Sha256::new();
        io::copy(&mut File::open(folder.join("val.bin")).unwrap(), &mut hasher).unwrap();
        let found: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sha256, "{recipe}");
        let bytes = |name: &str| fs::metadata(folder.join(name)).unwrap().len();
        assert_eq!((bytes("train.bin"), bytes("val.bin")), (train, validation), "{recipe}");
        let meta: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("meta.json")).unwrap()).unwrap();
        assert_eq!(meta["val_tokens"], validation / 2, "{recipe}");
    }
}
