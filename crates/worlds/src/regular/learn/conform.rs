//! Words that show whether a black box is what a hypothesis says (Vasilevskii 1973, Chow 1978: the W-method).
//!
//! A black box of at most `k` states more than the hypothesis, with outputs other than the hypothesis's for some word, differs from
//! it on some word made of the access word of a state, at most `k + 1` symbols, and a suffix that tells states apart.

use super::Learner;

/// The words of the W-method, one after another, each once for each way that it is made in.
pub struct Conformance<'l> {
    access: Vec<&'l [u16]>,
    suffixes: &'l [Vec<u16>],
    symbols: u64,
    /// Symbols between access word and suffix.
    middle: u32,
    next: u64,
}

impl<'l> Conformance<'l> {
    /// For the last hypothesis of a learner: middles of `0..=middle` symbols.
    pub fn new(learner: &'l Learner, middle: u32) -> Conformance<'l> {
        let (access, suffixes) = (learner.access(), learner.suffixes());
        Conformance { access, suffixes, symbols: learner.symbols as u64, middle, next: 0 }
    }

    /// How many words there are; the greatest number where it is larger.
    pub fn words(&self) -> u64 {
        let pairs = (self.access.len() * self.suffixes.len()) as u64;
        pairs.saturating_mul(self.middles())
    }

    /// The most symbols between that leave no more than so many words; none if those without any are more.
    pub fn affordable(learner: &'l Learner, words: u64) -> Option<Conformance<'l>> {
        let with = |middle| Conformance::new(learner, middle);
        (0..64).map(with).take_while(|conformance| conformance.words() <= words).last()
    }

    /// Symbols between access word and suffix, at most; the hypothesis is right if the black box has at most so many states more, less
    /// one.
    pub fn middle(&self) -> u32 {
        self.middle
    }

    fn middles(&self) -> u64 {
        let power = |length| self.symbols.saturating_pow(length);
        (0..=self.middle).map(power).fold(0, u64::saturating_add)
    }
}

impl Iterator for Conformance<'_> {
    type Item = Vec<u16>;

    fn next(&mut self) -> Option<Vec<u16>> {
        if self.next == self.words() {
            return None;
        }
        let (suffixes, states) = (self.suffixes.len() as u64, self.access.len() as u64);
        let (suffix, state) = (self.next % suffixes, self.next / suffixes % states);
        let mut middle = self.next / suffixes / states;
        self.next += 1;
        let mut length = 0;
        while middle >= self.symbols.pow(length) {
            middle -= self.symbols.pow(length);
            length += 1;
        }
        let mut word = self.access[state as usize].to_vec();
        word.extend((0..length).rev().map(|place| (middle / self.symbols.pow(place) % self.symbols) as u16));
        word.extend_from_slice(&self.suffixes[suffix as usize]);
        Some(word)
    }
}
