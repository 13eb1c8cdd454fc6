//! The hash that a file of weights carries of itself, so that a damaged one is never taken for what was written.

use std::collections::BTreeMap;

/// The metadata entry that holds the hash.
pub(crate) const SEAL: &str = "blake3";

/// BLAKE3 over everything in a file but the hash itself: each entry of the metadata, key and text, in the order of keys;
/// then each tensor in the order of the data: name, dimensions, bytes. Every text and list goes in behind its length, so
/// that no two contents have the same bytes.
pub(super) struct Seal(blake3::Hasher);

impl Seal {
    pub(super) fn new(metadata: &BTreeMap<String, String>) -> Seal {
        let mut seal = Seal(blake3::Hasher::new());
        let entries = metadata.iter().filter(|(key, _)| *key != SEAL);
        entries.for_each(|(key, text)| [key, text].into_iter().for_each(|x| seal.bytes(x.as_bytes())));
        seal
    }

    pub(super) fn tensor(&mut self, name: &str, shape: &[usize]) {
        self.bytes(name.as_bytes());
        self.number(shape.len());
        shape.iter().for_each(|&n| self.number(n));
    }

    pub(super) fn data(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> String {
        self.0.finalize().to_hex().to_string()
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    fn number(&mut self, n: usize) {
        self.0.update(&(n as u64).to_le_bytes());
    }
}
