//! A string that begins again somewhere: what follows is what followed there before.
//!
//! A sequence is `length` letters, all different and in random order, then one of them again, the cue, and the `answer` letters that
//! came after it; only these are scored. Where the cue stood is drawn uniformly, so no position says what follows: the letter has to be
//! found again, and the one after it. That takes two layers of attention, or one that looks at pairs. The answer follows from what
//! came before, so the floor is 0 and the ceiling 1.

mod settings;

use crate::answer::{self, Question};
use crate::{Baseline, Example, Fact, Quantity, Shape, Split, Stream, Truth, World};

pub use settings::Settings;

/// So many questions are listed at most.
const LISTED: u64 = 1 << 16;

/// Strings of different letters, and what came after one of them.
pub struct Induction {
    letters: u16,
    length: usize,
    answer: usize,
    seed: u64,
    shape: Shape,
}

impl Induction {
    fn new(letters: u16, length: usize, answer: usize, seed: u64) -> Induction {
        let shape = answer::shape(usize::from(letters), length + 1, answer, 0);
        Induction { letters, length, answer, seed, shape }
    }

    /// Places where the cue may have stood.
    fn places(&self) -> u64 {
        (self.length - self.answer) as u64
    }

    fn sequence(&self, stream: &mut Stream) -> Vec<u16> {
        let mut sequence = different(self.letters, self.length, stream);
        let place = stream.below(self.places()) as usize;
        sequence.extend_from_within(place..=place + self.answer);
        sequence
    }

    /// How many strings of different letters there are, where they can be counted.
    fn strings(&self) -> Option<u64> {
        let letters = u64::from(self.letters);
        (0..self.length as u64).try_fold(1_u64, |product, taken| product.checked_mul(letters - taken))
    }

    /// All strings that go on from `string`.
    fn list(&self, string: &mut Vec<u16>, into: &mut Vec<Vec<u16>>) {
        if string.len() == self.length {
            return into.push(string.clone());
        }
        for letter in 0..self.letters {
            if !string.contains(&letter) {
                string.push(letter);
                self.list(string, into);
                string.pop();
            }
        }
    }
}

/// So many different numbers below `below`, in random order, each choice as likely.
pub(crate) fn different(below: u16, count: usize, stream: &mut Stream) -> Vec<u16> {
    let mut chosen: Vec<u16> = Vec::with_capacity(count);
    while chosen.len() < count {
        let number = stream.below(u64::from(below)) as u16;
        if !chosen.contains(&number) {
            chosen.push(number);
        }
    }
    chosen
}

impl World for Induction {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        into.tokens.clear();
        into.tokens.extend(self.sequence(stream));
        answer::complete(into, &self.shape.scored);
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn has_one_answer(&self) -> bool {
        true
    }

    fn facts(&self) -> Vec<Fact> {
        let words = || Quantity::Words(format!("{}!/{}!", self.letters, usize::from(self.letters) - self.length));
        let strings = self.strings().map_or_else(words, Quantity::Count);
        vec![
            Fact { name: "strings".into(), value: strings, unit: "" },
            Fact::count("places", self.places() as usize, "where the cue may have stood"),
        ]
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            each(split, &self.sequence(&mut stream));
        }
    }
}

impl Question for Induction {
    fn sizes(&self) -> &Shape {
        &self.shape
    }

    fn answer(&self, prompt: &[u16]) -> Option<Vec<u16>> {
        let (cue, string) = prompt.split_last()?;
        let differ = string.iter().enumerate().all(|(place, letter)| !string[..place].contains(letter));
        let place = string.iter().position(|letter| letter == cue)?;
        (differ && string.len() == self.length).then_some(())?;
        string.get(place + 1..=place + self.answer).map(<[u16]>::to_vec)
    }

    /// `uniform`, over all letters, which is also how frequent they are: `unigram`; `seen`, over those of the string.
    fn ladder(&self) -> Vec<Baseline> {
        let letters = usize::from(self.letters);
        let rungs = [("uniform", letters), ("unigram", letters), ("seen", self.length)];
        rungs.map(|(name, tokens)| Baseline::even(name, tokens)).to_vec()
    }

    fn questions(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        let count = self.strings()?.checked_mul(self.places()).filter(|count| *count <= LISTED)?;
        let mut strings = Vec::new();
        self.list(&mut Vec::new(), &mut strings);
        let asked = |string: Vec<u16>| {
            let of = move |place: usize| ([&string[..], &string[place..=place]].concat(), 1.0 / count as f64);
            (0..self.places() as usize).map(of)
        };
        Some(strings.into_iter().flat_map(asked).collect())
    }
}
