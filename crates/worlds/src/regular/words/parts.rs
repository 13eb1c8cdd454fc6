//! Which words are for training, for validation and for the test, so that the three share as few as can be.
//!
//! The words of one class and length are cut by their hash. A small set of words is put in the order of hashes, and so
//! many of the first are for the test, as many for validation, the rest for training: at least one each. Of one or two words there are
//! not enough for three; these are shared. A large set is cut by the hash itself. The hash depends on the word alone, so that all
//! worlds of a language cut it alike.

use std::collections::BTreeMap;

use super::Kind;
use crate::regular::{Counts, Natural};
use crate::{Purpose, Stream};

/// What words are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Test,
    Validation,
    Training,
}

/// The largest set of words that is listed. One in a hundred of a larger one are some forty words, which are as good as never none.
const LISTED: u64 = 4096;

/// The words of a small set, each with what it is for; `None`: for everything.
type Listed = Vec<(Vec<u16>, Option<Part>)>;

/// How words are divided.
pub(super) struct Parts {
    /// The share that is for the test, and that for validation.
    held_out: f64,
    /// By class and length.
    listed: BTreeMap<(usize, usize), Listed>,
}

impl Parts {
    /// Of the words of these kinds, whose `class` is the number of a class.
    pub(super) fn of(held_out: f64, kinds: &[Kind], counts: &[Counts]) -> Parts {
        let mut listed = BTreeMap::new();
        for Kind { class, length, .. } in kinds {
            let counts = &counts[*class];
            if let Some(count) = small(counts.count(*length)) {
                let words = (0..count).map(|rank| counts.unrank(*length, Natural::from(rank))).collect();
                listed.insert((*class, *length), divided(words, held_out));
            }
        }
        Parts { held_out, listed }
    }

    /// What a word of a class is for; `None`: for everything.
    pub(super) fn part(&self, class: usize, word: &[u16]) -> Option<Part> {
        match self.listed.get(&(class, word.len())) {
            Some(words) => words.iter().find(|(other, _)| other == word).and_then(|(_, part)| *part),
            None => Some(by_share(hash(word) as f64 / (u64::MAX as f64 + 1.0), self.held_out)),
        }
    }

    /// Whether a word of a class is for this.
    pub(super) fn is_for(&self, part: Part, class: usize, word: &[u16]) -> bool {
        self.part(class, word).is_none_or(|of| of == part)
    }

    /// A word of a class and length that is for this, each as likely as any other.
    pub(super) fn draw(&self, part: Part, kind: &Kind, counts: &[Counts], stream: &mut Stream) -> Vec<u16> {
        let Kind { class, length, .. } = *kind;
        match self.listed.get(&(class, length)) {
            Some(words) => {
                let fit = |of: &&(Vec<u16>, Option<Part>)| of.1.is_none_or(|of| of == part);
                let count = words.iter().filter(fit).count() as u64;
                let place = stream.below(count) as usize;
                words.iter().filter(fit).nth(place).expect("there are so many").0.clone()
            }
            None => loop {
                let word = counts[class].draw(length, stream).expect("every kind has a word");
                if self.is_for(part, class, &word) {
                    return word;
                }
            },
        }
    }

    /// The share that is for the test.
    pub(super) fn held_out(&self) -> f64 {
        self.held_out
    }

    /// How many words are for everything.
    pub(super) fn shared(&self) -> usize {
        self.listed.values().flatten().filter(|(_, part)| part.is_none()).count()
    }
}

/// The number of words in a set that is listed.
fn small(count: &Natural) -> Option<u64> {
    if *count > Natural::from(LISTED) {
        return None;
    }
    Some(count.ratio(&Natural::from(1)) as u64)
}

/// Each word with what it is for.
fn divided(mut words: Vec<Vec<u16>>, held_out: f64) -> Listed {
    let count = words.len();
    if count < 3 {
        return words.into_iter().map(|word| (word, None)).collect();
    }
    words.sort_by_cached_key(|word| (hash(word), word.clone()));
    let each = ((held_out * count as f64).round() as usize).clamp(1, (count - 1) / 2);
    let part = |place: usize| match place / each {
        0 => Part::Test,
        1 => Part::Validation,
        _ => Part::Training,
    };
    words.into_iter().enumerate().map(|(place, word)| (word, Some(part(place)))).collect()
}

fn by_share(place: f64, held_out: f64) -> Part {
    match place {
        place if place < held_out => Part::Test,
        place if place < 2.0 * held_out => Part::Validation,
        _ => Part::Training,
    }
}

/// 64 bits that every symbol and its place change: each is the first number of the stream whose key is what came before.
fn hash(word: &[u16]) -> u64 {
    let next = |hash: u64, (place, symbol): (usize, &u16)| {
        Stream::at([hash, Purpose::World as u64], [0, place as u64, u64::from(*symbol), 1]).next_u64()
    };
    word.iter().enumerate().fold(word.len() as u64, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sets_have_a_word_for_each_part_where_there_are_three() {
        let words = |count: u16| (0..count).map(|symbol| vec![symbol]).collect::<Vec<_>>();
        for (count, held_out) in [(1, 0.15), (2, 0.15), (3, 0.01), (3, 0.45), (4, 0.45), (20, 0.15), (100, 0.3)] {
            let found = divided(words(count), held_out);
            assert_eq!(found.len(), usize::from(count));
            let of = |part| found.iter().filter(|(_, of)| *of == part).count();
            if count < 3 {
                assert_eq!(of(None), usize::from(count));
                continue;
            }
            let [test, validation, training] =
                [Part::Test, Part::Validation, Part::Training].map(|part| of(Some(part)));
            assert!(test == validation && test >= 1 && training >= 1, "{count} {held_out}");
            let share = test as f64 / f64::from(count);
            assert!(
                (share - held_out).abs() <= 0.5 / f64::from(count) + 1e-12 || test == 1 || training <= 2,
                "{share}"
            );
        }
    }

    /// Words that differ in one symbol, one place or their length have hashes with nothing in common.
    #[test]
    fn hashes_are_spread_evenly() {
        let words = (0..1u32 << 14).map(|n| (0..14).map(|bit| (n >> bit & 1) as u16).collect::<Vec<u16>>());
        let mut bins = [0u32; 16];
        for word in words {
            let (all, shorter) = (hash(&word), hash(&word[..13]));
            bins[(all >> 60) as usize] += 1;
            assert_ne!(all, shorter);
        }
        let expected = f64::from(1u32 << 14) / 16.0;
        let square = |x: f64| x * x;
        let chi: f64 = bins.iter().map(|n| square(f64::from(*n) - expected) / expected).sum();
        // 1 in 10^6 of a chi-square of 15 degrees of freedom is above 56.5.
        assert!(chi < 56.5, "{chi}");
    }
}
