//! A string of letters written again in another order: as it is, backwards, or sorted.
//!
//! A sequence is the letters, each uniform and independent, a separator (the token after the letters), and the same letters in the
//! order that the task asks for; only these are scored. A copy or a reversal of a letter is found by its position alone; where a
//! letter of a sorted string goes depends on all others. The answer follows from the string, so the floor is 0 and the ceiling 1.

mod settings;

use crate::answer::{self, Question};
use crate::{Baseline, Example, Fact, Floor, Quantity, Shape, Split, Stream, Truth, World};

pub use settings::{Settings, Task};

/// So many strings are listed at most.
const LISTED: u64 = 1 << 16;

/// Strings and their rearrangements.
pub struct Rearrangement {
    task: Task,
    letters: u16,
    length: usize,
    seed: u64,
    shape: Shape,
}

impl Rearrangement {
    fn new(task: Task, letters: u16, length: usize, seed: u64) -> Rearrangement {
        let shape = answer::shape(usize::from(letters) + 1, length + 1, length, 0);
        Rearrangement { task, letters, length, seed, shape }
    }

    /// The token between a string and its answer.
    pub fn separator(&self) -> u16 {
        self.letters
    }

    fn rearranged(&self, string: &[u16]) -> Vec<u16> {
        let mut answer = string.to_vec();
        match self.task {
            Task::Copy => (),
            Task::Reversal => answer.reverse(),
            Task::Sort => answer.sort_unstable(),
        }
        answer
    }

    fn sequence(&self, stream: &mut Stream) -> Vec<u16> {
        let mut sequence: Vec<u16> = (0..self.length).map(|_| stream.below(u64::from(self.letters)) as u16).collect();
        let answer = self.rearranged(&sequence);
        sequence.push(self.separator());
        sequence.extend(answer);
        sequence
    }

    /// How many strings there are, where they are few enough to be listed.
    fn strings(&self) -> Option<u64> {
        u64::from(self.letters).checked_pow(self.length as u32).filter(|strings| *strings <= LISTED)
    }

    /// The `index`-th string, its last letter changing fastest.
    fn string(&self, mut index: u64) -> Vec<u16> {
        let mut string = vec![0; self.length];
        for letter in string.iter_mut().rev() {
            *letter = (index % u64::from(self.letters)) as u16;
            index /= u64::from(self.letters);
        }
        string
    }

    /// The law of the letter at `place` of a sorted string, all strings alike: an order statistic of uniform draws.
    fn law_of_sorted(&self, place: usize) -> Vec<f64> {
        let letters = f64::from(self.letters);
        let at_most = |letter: u16| at_least(place + 1, self.length, f64::from(letter + 1) / letters);
        let mut below = 0.0;
        let difference = |letter| {
            let up_to = at_most(letter);
            let p = up_to - below;
            below = up_to;
            p.max(0.0)
        };
        (0..self.letters).map(difference).collect()
    }
}

/// The probability that at least `least` of `draws` succeed, each with probability `p`.
fn at_least(least: usize, draws: usize, p: f64) -> f64 {
    // The law of the number of successes, one draw after another.
    let mut law = vec![0.0; draws + 1];
    law[0] = 1.0;
    for draw in 0..draws {
        for count in (0..=draw).rev() {
            law[count + 1] += p * law[count];
            law[count] *= 1.0 - p;
        }
    }
    law[least..].iter().sum()
}

impl World for Rearrangement {
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
        let strings = u64::from(self.letters).checked_pow(self.length as u32);
        let fact = |strings| Fact { name: "strings".into(), value: strings, unit: "" };
        let words = || Quantity::Words(format!("{}^{}", self.letters, self.length));
        vec![fact(strings.map_or_else(words, Quantity::Count))]
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            each(split, &self.sequence(&mut stream));
        }
    }
}

impl Question for Rearrangement {
    fn sizes(&self) -> &Shape {
        &self.shape
    }

    fn answer(&self, prompt: &[u16]) -> Option<Vec<u16>> {
        let (&separator, string) = prompt.split_last()?;
        let is_string = string.len() == self.length && string.iter().all(|&letter| letter < self.letters);
        (is_string && separator == self.separator()).then(|| self.rearranged(string))
    }

    /// `uniform`, over all tokens; `unigram`, over the letters; for a sorted string `by-position`, which knows that early letters
    /// are low.
    fn ladder(&self) -> Vec<Baseline> {
        let score =
            |name, nats, accuracy| Baseline { name, nats: Floor::Exact(nats), accuracy: Floor::Exact(accuracy) };
        let letters = usize::from(self.letters);
        let mut ladder = vec![Baseline::even("uniform", letters + 1), Baseline::even("unigram", letters)];
        if self.task == Task::Sort {
            let laws: Vec<Vec<f64>> = (0..self.length).map(|place| self.law_of_sorted(place)).collect();
            let mean = |of: &dyn Fn(&[f64]) -> f64| laws.iter().map(|law| of(law)).sum::<f64>() / laws.len() as f64;
            let nats = |law: &[f64]| law.iter().filter(|p| **p > 0.0).map(|p| -p * libm::log(*p)).sum();
            ladder.push(score("by-position", mean(&nats), mean(&|law| law.iter().copied().fold(0.0, f64::max))));
        }
        ladder
    }

    fn questions(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        let strings = self.strings()?;
        let prompt = |index| {
            let mut prompt = self.string(index);
            prompt.push(self.separator());
            (prompt, 1.0 / strings as f64)
        };
        Some((0..strings).map(prompt).collect())
    }
}
