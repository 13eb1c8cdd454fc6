//! Whether a network gives words the classes that an automaton gives them.

use infimum_worlds::regular::Automaton;
use infimum_worlds::{Purpose, Stream};
use serde::Serialize;

use super::recogniser::Recogniser;

/// On which words to compare.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// All words up to the greatest length at which there are no more than so many.
    pub all: u64,
    /// Nor longer than this.
    pub longest: usize,
    /// So many random words, each symbol as likely as any other.
    pub random: usize,
    /// Of this length.
    pub length: usize,
    /// Seed of the random ones.
    pub seed: u64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// All words up to this length were compared.
    pub up_to_length: usize,
    /// How many they are.
    pub words: u64,
    /// How many random words were compared, at every prefix.
    pub random: usize,
    /// How many of them have a prefix that is given another class than the automaton's.
    pub random_wrong: usize,
    /// The least word, by length and then by the order of symbols, that was found to have another class; among those up to
    /// `up_to_length` there is none less.
    pub least_wrong: Option<Vec<u16>>,
}

/// Positions that are computed for most short words.
const SHORT: usize = 16;
/// Multiply-adds that words may cost, which is some seconds.
const AFFORDABLE: u64 = 100_000_000_000;

impl Words {
    /// So many words that comparing takes some seconds: at most 1,000 random ones of the greatest length, and 10,000 others.
    pub fn affordable(recogniser: &Recogniser<'_>) -> Words {
        let of_one = recogniser.work().max(1);
        let length = recogniser.longest();
        // A short word costs its part of a long one.
        let of_short = (of_one * SHORT.min(length + 1) as u64 / (length + 1) as u64).max(1);
        let all = (AFFORDABLE / of_short).clamp(100, 10_000);
        let random = (AFFORDABLE / of_one).clamp(16, 1000) as usize;
        Words { all, longest: length, random, length, seed: 1 }
    }

    /// The greatest length whose words are all compared, over so many symbols, and how many there are up to it.
    pub fn whole(&self, symbols: usize) -> (usize, u64) {
        let (mut length, mut words, mut level) = (0, 1_u64, 1_u64);
        while length < self.longest {
            level = level.saturating_mul(symbols as u64);
            if words.saturating_add(level) > self.all {
                break;
            }
            (length, words) = (length + 1, words + level);
        }
        (length, words)
    }

    /// How many words are asked for: prefixes are answered with them.
    pub fn asked(&self, symbols: usize) -> u64 {
        (symbols as u64).pow(self.whole(symbols).0 as u32) + self.random as u64
    }
}

impl Agreement {
    /// Compares; `watch` is told after each portion how many of [`Words::asked`] were looked at, and when it answers `false`, that is
    /// the end, and there is no result.
    ///
    /// # Panics
    /// If the words are longer than the network reads, or the two have not as many symbols.
    pub fn of(
        recogniser: &mut Recogniser<'_>,
        automaton: &Automaton,
        words: Words,
        watch: &mut dyn FnMut(u64) -> bool,
    ) -> Option<Agreement> {
        let (symbols, portion) = (automaton.symbols(), recogniser.portion());
        let (length, count) = words.whole(symbols);
        let whole = (symbols as u64).pow(length as u32);
        let mut found = Agreement { up_to_length: length, words: count, random: 0, random_wrong: 0, least_wrong: None };
        for first in (0..whole).step_by(portion) {
            let portion: Vec<Vec<u16>> =
                (first..whole.min(first + portion as u64)).map(|number| spelt(number, length, symbols)).collect();
            found.add(recogniser, automaton, &portion);
            if !watch(first + portion.len() as u64) {
                return None;
            }
        }
        for first in (0..words.random).step_by(portion) {
            let numbers = first..words.random.min(first + portion);
            let portion: Vec<Vec<u16>> =
                numbers.clone().map(|number| random(words.seed, number as u64, words.length, symbols)).collect();
            found.random_wrong += found.add(recogniser, automaton, &portion);
            found.random = numbers.end;
            if !watch(whole + numbers.end as u64) {
                return None;
            }
        }
        Some(found)
    }

    /// Compares at every prefix, and counts the words of which some prefix has another class.
    fn add(&mut self, recogniser: &mut Recogniser<'_>, automaton: &Automaton, words: &[Vec<u16>]) -> usize {
        let mut wrong = 0;
        for (word, classes) in words.iter().zip(recogniser.classes(words)) {
            let Some(length) = first_wrong(automaton, word, &classes) else { continue };
            wrong += 1;
            let least = self.least_wrong.as_ref();
            if least.is_none_or(|least| (length, &word[..length]) < (least.len(), least)) {
                self.least_wrong = Some(word[..length].to_vec());
            }
        }
        wrong
    }
}

/// The length of the first prefix with another class than the automaton's.
pub(super) fn first_wrong(automaton: &Automaton, word: &[u16], classes: &[u16]) -> Option<usize> {
    let mut state = 0;
    (0..classes.len()).find(|length| {
        if *length > 0 {
            state = automaton.next(state, word[length - 1]);
        }
        automaton.output(state) != classes[*length]
    })
}

/// Word number `number` of those of a length, in the order of symbols.
pub(super) fn spelt(mut number: u64, length: usize, symbols: usize) -> Vec<u16> {
    let mut word = vec![0; length];
    for symbol in word.iter_mut().rev() {
        *symbol = (number % symbols as u64) as u16;
        number /= symbols as u64;
    }
    word
}

/// Random word number `number`, of the stream (`seed`, Probe, its length, `number`).
pub(super) fn random(seed: u64, number: u64, length: usize, symbols: usize) -> Vec<u16> {
    let mut stream = Stream::new(seed, Purpose::Probe, length as u64, number);
    (0..length).map(|_| stream.below(symbols as u64) as u16).collect()
}
