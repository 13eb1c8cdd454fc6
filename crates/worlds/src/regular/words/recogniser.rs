//! Words that are to be told apart: those of the language, and others, made at random or by few edits of one that is in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::Part;
use super::settings::range;
use super::{Words, kinds};
use crate::markov::within;
use crate::{Stream, WorldError};

/// Words of the language and others, of which the class of the whole word alone has a law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recogniser {
    /// The share of words of the language.
    #[schemars(range(max = 0.99), extend("exclusiveMinimum" = 0.0))]
    pub positives: f64,
    /// Of the other words, the share that is made by edits; the rest are drawn at random among those of a length.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub edited: f64,
    /// The most edits, each of which adds, takes away or replaces one symbol; any number from 1 on is as likely.
    #[schemars(range(min = 1, max = 1000))]
    pub edits: i64,
}

impl Default for Recogniser {
    fn default() -> Self {
        Recogniser { positives: 0.5, edited: 0.5, edits: 3 }
    }
}

/// The class of the words of the language, and that of others.
pub(super) const POSITIVE: usize = 0;
pub(super) const NEGATIVE: usize = 1;

/// How often it is tried to make a word by edits.
const TRIES: usize = 100;

impl Recogniser {
    pub(super) fn check(&self) -> Result<(), WorldError> {
        let share = |key, value: f64, holds: bool, allowed: &str| match holds {
            true => Ok(()),
            false => Err(range(key, value, allowed, "it is a share")),
        };
        let positives = self.positives;
        share("recogniser.positives", positives, positives > 0.0 && positives <= 0.99, "more than 0, at most 0.99")?;
        share("recogniser.edited", self.edited, (0.0..=1.0).contains(&self.edited), "0 to 1")?;
        within("recogniser.edits", self.edits, 1..=1000, ["an edit changes something", "choose fewer"]).map(|_| ())
    }
}

impl Words {
    /// A word of the language or another one, for `part`.
    pub(super) fn to_recognise(&self, of: &Recogniser, part: Part, stream: &mut Stream) -> Vec<u16> {
        let kind = kinds::draw(self.kinds(part), stream.uniform());
        let is_edited = kind.class == NEGATIVE && stream.uniform() < of.edited;
        let edited = if is_edited { self.edited(of.edits as u64, part, stream) } else { None };
        edited.unwrap_or_else(|| self.of_kind(kind, part, stream))
    }

    /// A word that is not in the language, by up to so many edits of one that is; `None` if none was found, as may be where nearly all
    /// words are in the language, or all of one length.
    fn edited(&self, most: u64, part: Part, stream: &mut Stream) -> Option<Vec<u16>> {
        let positives: Vec<_> = self.kinds(part).iter().filter(|kind| kind.class == POSITIVE).copied().collect();
        let total: f64 = positives.iter().map(|kind| kind.probability).sum();
        for _ in 0..TRIES {
            let kind = kinds::draw(&positives, total * stream.uniform());
            let mut word = self.of_kind(kind, part, stream);
            (0..1 + stream.below(most)).for_each(|_| edit(&mut word, self.machine.alphabet().len(), stream));
            let is_other = usize::from(self.machine.automaton().run(&word)) == NEGATIVE;
            let fits = self.lengths(part).contains(&word.len()) && is_other;
            if fits && self.draws.parts.as_ref().is_none_or(|parts| parts.is_for(part, NEGATIVE, &word)) {
                return Some(word);
            }
        }
        None
    }
}

/// Adds, takes away or replaces a symbol, each as likely; of no symbols, adds one.
fn edit(word: &mut Vec<u16>, symbols: usize, stream: &mut Stream) {
    let which = if word.is_empty() { 0 } else { stream.below(3) };
    let places = word.len() as u64 + u64::from(which == 0);
    let (place, symbol) = (stream.below(places) as usize, stream.below(symbols as u64) as u16);
    match which {
        0 => word.insert(place, symbol),
        1 => _ = word.remove(place),
        _ => word[place] = symbol,
    }
}
