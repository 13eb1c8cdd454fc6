//! Strings that a predictor completes: it is given the beginning of each, and writes the rest, up to the end.

use infimum_worlds::strings::{PADDING, Part, Strings, Unfinished};
use infimum_worlds::{Purpose, Spelling, Stream, World};

use crate::predictor::Predictor;
use crate::statistics::Trials;
use crate::{Experiment, Machine, syntax};

/// How often each beginning is completed by chance, and all of them together at most.
const CHANCES: usize = 200;
const MOST_CHANCES: usize = 20_000;

/// What a predictor makes of the beginnings of strings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completions {
    /// Of the strings that are trained on.
    pub trained: Completed,
    /// Of those that are held out.
    pub held_out: Completed,
}

/// What is made of the beginnings of some strings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completed {
    /// Those that became the string, and ended where it does.
    pub exact: Trials,
    /// Those that became a whole program; `None` where the world names no language.
    pub valid: Option<Trials>,
}

impl Completed {
    fn plus(self, other: Completed) -> Completed {
        let sum = |a: Trials, b: Trials| Trials { successes: a.successes + b.successes, of: a.of + b.of };
        Completed { exact: sum(self.exact, other.exact), valid: self.valid.zip(other.valid).map(|(a, b)| sum(a, b)) }
    }
}

impl Completions {
    /// Has a predictor complete every string once, each token the likeliest; `None` in a world that is no set of strings, or one that
    /// neither holds strings out nor names their language.
    pub fn of(experiment: &Experiment, predictor: &mut dyn Predictor, machine: &mut Machine) -> Option<Completions> {
        let strings = experiment.world().strings().filter(|strings| is_asked(strings))?;
        let mut of = |part| {
            let unfinished = strings.unfinished(part);
            let beginnings: Vec<Vec<u16>> = unfinished.iter().map(|string| string.prompt().to_vec()).collect();
            let written = predictor.write(experiment, machine, &beginnings, PADDING);
            completed(strings, unfinished.iter().zip(&written))
        };
        Some(Completions { trained: of(Part::Trained), held_out: of(Part::HeldOut) })
    }

    /// Of this part.
    pub fn part(&self, part: Part) -> Completed {
        match part {
            Part::Trained => self.trained,
            Part::HeldOut => self.held_out,
        }
    }
}

/// Whether a world asks for completions.
pub(crate) fn is_asked(strings: &Strings) -> bool {
    strings.syntax().is_some() || !strings.unfinished(Part::HeldOut).is_empty()
}

fn completed<'c>(
    strings: &Strings,
    written: impl Iterator<Item = (&'c Unfinished, &'c Vec<u16>)> + Clone,
) -> Completed {
    let said = |tokens: &Vec<u16>| tokens.iter().position(|token| *token == PADDING).unwrap_or(tokens.len());
    let is_exact = |(string, tokens): &(&Unfinished, &Vec<u16>)| tokens[..said(tokens)] == string.symbols;
    let trials = |successes: usize| Trials { successes: successes as u64, of: written.clone().count() as u64 };
    let valid = strings.syntax().map(|language| {
        let is_valid = |(_, tokens): &(&Unfinished, &Vec<u16>)| syntax::is_valid(language, &strings.spell(tokens));
        trials(written.clone().filter(is_valid).count())
    });
    Completed { exact: trials(written.clone().filter(is_exact).count()), valid }
}

/// What ending at once makes of a part: nothing is written, so that a beginning is valid if it is a program as it stands.
pub(crate) fn blank(strings: &Strings, part: Part) -> Completed {
    let unfinished = strings.unfinished(part);
    let written: Vec<Vec<u16>> = unfinished.iter().map(|string| string.prompt().to_vec()).collect();
    completed(strings, unfinished.iter().zip(&written))
}

/// What chance makes of a part: each beginning goes on 200 times (fewer of more than 100 strings, 20,000 times in all) with tokens as
/// frequent as in the strings that are trained on, among them the end, which each string has once.
pub(crate) fn by_chance(strings: &Strings, part: Part) -> Completed {
    let (unfinished, mut stream) = (strings.unfinished(part), Stream::new(0, Purpose::Check, 0, 0));
    let (frequencies, most) = (strings.frequencies(), strings.shape().scored.end + 1);
    let times = (MOST_CHANCES / unfinished.len().max(1)).clamp(1, CHANCES);
    let mut write = |string: &Unfinished| {
        let mut tokens = string.prompt().to_vec();
        while tokens.len() < most && !tokens[string.given..].ends_with(&[PADDING]) {
            tokens.push(token(&frequencies, stream.uniform()));
        }
        tokens
    };
    let of_string = |string: &Unfinished| {
        let written: Vec<Vec<u16>> = (0..times).map(|_| write(string)).collect();
        completed(strings, written.iter().map(|tokens| (string, tokens)))
    };
    unfinished.iter().map(of_string).fold(completed(strings, std::iter::empty()), Completed::plus)
}

/// The token at this place, from 0 to 1, if each takes as much room as it is frequent.
fn token(frequencies: &[f64], mut place: f64) -> u16 {
    let reached = |frequency: &f64| {
        place -= frequency;
        place < 0.0
    };
    // Rounding may leave a rest after the last.
    frequencies.iter().position(reached).unwrap_or(usize::from(PADDING)) as u16
}
