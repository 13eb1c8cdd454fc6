//! Regular languages: patterns against somebody else's automata and against plain matching, minimal automata, operations,
//! counting, monoids, the built-in languages, and the files.

mod agreed;
mod builtins;
mod counting;
mod exhaustive;
mod files;
mod learning;
mod matching;
mod minimal;
mod mistakes;
mod monoids;
mod published;
mod splits;
mod trees;
mod words;

use infimum_worlds::regular::{Alphabet, Language, Machine, Pattern};
use infimum_worlds::{Purpose, Stream};

fn alphabet(symbols: &str) -> Alphabet {
    Alphabet::of_characters(symbols).unwrap()
}

fn language(pattern: &str, symbols: &str) -> Language {
    let parsed = Pattern::parse(pattern, &alphabet(symbols)).and_then(|pattern| pattern.language());
    parsed.unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

fn machine(pattern: &str, symbols: &str) -> Machine {
    Machine::of_pattern(pattern, &alphabet(symbols)).unwrap()
}

/// A source of random numbers for a test, by its name.
fn random(name: &str) -> Stream {
    let seed = name.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Stream::new(seed, Purpose::Check, 0, 0)
}

fn below(stream: &mut Stream, n: usize) -> usize {
    stream.below(n as u64) as usize
}

/// All words of up to `length` symbols, by length and then by the order of symbols.
fn words(symbols: usize, length: usize) -> Vec<Vec<u16>> {
    let (mut words, mut first) = (vec![Vec::new()], 0);
    for _ in 0..length {
        let last = words.len();
        for at in first..last {
            for symbol in 0..symbols as u16 {
                let mut word = words[at].clone();
                word.push(symbol);
                words.push(word);
            }
        }
        first = last;
    }
    words
}
