//! Which classes and lengths words are drawn from, and how often.

use super::settings::range;
use crate::WorldError;
use crate::regular::{Counts, RegularError};

/// Words of one class and length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    pub(super) class: usize,
    pub(super) length: usize,
    pub(super) probability: f64,
}

/// The largest weight of a class.
const MOST_WEIGHT: f64 = 1e9;

/// A class and how often it is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// What it is called in messages.
    pub(super) class: String,
    /// The key that says how often.
    pub(super) key: &'static str,
    /// In proportion to the others.
    pub(super) weight: Option<f64>,
}

/// Lengths with their weights, each more than 0.
#[derive(Clone, Debug)]
pub(super) struct Lengths {
    pub(super) weighed: Vec<(usize, f64)>,
    /// Whether each of them was asked for.
    pub(super) each: bool,
}

impl Lengths {
    fn spelt(&self) -> String {
        let lengths = || self.weighed.iter().map(|(length, _)| *length);
        format!("{} to {}", lengths().min().unwrap_or(0), lengths().max().unwrap_or(0))
    }
}

/// A class by its weight, then a length of those at which it has words, by its weight. Without any weight, classes that have words are
/// alike. Errors: a weight out of range, none above 0, a class or a length that is asked for and has no words.
pub(super) fn kinds(wanted: &[Wanted], counts: &[Counts], lengths: &Lengths) -> Result<Vec<Kind>, WorldError> {
    let has_words = |class: usize, length: usize| !counts[class].count(length).is_zero();
    let of_class = |class: usize| lengths.weighed.iter().filter(move |(length, _)| has_words(class, *length)).copied();
    let alike = wanted.iter().all(|wanted| wanted.weight.is_none());
    let mut weights = Vec::new();
    for (class, Wanted { class: name, key, weight }) in wanted.iter().enumerate() {
        let any = of_class(class).next().is_some();
        let weight = weight.unwrap_or(if alike && any { 1.0 } else { 0.0 });
        if !(0.0..=MOST_WEIGHT).contains(&weight) {
            return Err(range(key, weight, "a number from 0 to 1e9", "it is a proportion"));
        }
        if weight > 0.0 && !any {
            let remedy = format!("leave {key} out, or change shortest and longest");
            return Err(RegularError::NoWord { class: name.clone(), lengths: lengths.spelt(), remedy }.into());
        }
        weights.push(weight);
    }
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return Err(range("accept", 0.0, "more than 0 for at least one class", "raise accept, incomplete or reject"));
    }
    let is_drawn = |length: usize| (0..weights.len()).any(|class| weights[class] > 0.0 && has_words(class, length));
    if let Some((length, _)) = lengths.weighed.iter().find(|(length, _)| lengths.each && !is_drawn(*length)) {
        let (class, lengths) = ("that is wanted".into(), length.to_string());
        let remedy = "set its weight in length_weights to 0".into();
        return Err(RegularError::NoWord { class, lengths, remedy }.into());
    }
    let kinds = weights.iter().enumerate().flat_map(|(class, weight)| {
        let all: f64 = of_class(class).map(|(_, weight)| weight).sum();
        let share = weight / total;
        of_class(class).map(move |(length, weight)| Kind { class, length, probability: share * weight / all })
    });
    Ok(kinds.filter(|kind| kind.probability > 0.0).collect())
}

/// One of them, by its probability.
pub(super) fn draw(kinds: &[Kind], uniform: f64) -> &Kind {
    let mut left = uniform;
    let found = kinds.iter().find(|kind| {
        left -= kind.probability;
        left < 0.0
    });
    found.or(kinds.last()).expect("there is a kind of word")
}
