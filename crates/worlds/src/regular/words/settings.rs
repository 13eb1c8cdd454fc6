//! The settings of words of a language, and the checks that turn them into a world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Counts, Kind, Machine, Words};
use crate::WorldError;
use crate::markov::within;
use crate::regular::{NAMES_OF_ONE_PATTERN, RegularError, given};

/// The largest weight of a class.
const MOST_WEIGHT: f64 = 1e9;

/// Words of a regular language as they stand in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A pattern, the name of a language that is built in (`infimum regular list`), or an automaton as JSON.
    #[schemars(example = "a*b*")]
    pub language: String,
    /// The symbols of a pattern, in order; without it those that the pattern names, by code point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<String>,
    /// The length of the shortest words, in symbols.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 1000))]
    pub shortest: i64,
    /// The length of the longest words, in symbols.
    #[serde(default = "twenty")]
    #[schemars(range(min = 0, max = 1000))]
    pub longest: i64,
    /// How often words of class accept are drawn, in proportion to the other two; without all three, classes that have words are alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub accept: Option<f64>,
    /// The same for class incomplete; 0 if another class has a number and this has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub incomplete: Option<f64>,
    /// The same for class reject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub reject: Option<f64>,
    /// How often each length is drawn, from the shortest to the longest, in proportion; without it lengths that have words are alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_weights: Option<Vec<f64>>,
    /// The seed of exported data.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

fn one() -> i64 {
    1
}

fn twenty() -> i64 {
    20
}

impl Settings {
    /// Words of a language of 1 to 20 symbols, to set other fields of.
    pub fn new(language: &str) -> Settings {
        Settings {
            language: language.into(),
            alphabet: None,
            shortest: one(),
            longest: twenty(),
            accept: None,
            incomplete: None,
            reject: None,
            length_weights: None,
            seed: one(),
        }
    }

    /// Checks the settings and makes the world. Errors: no language, or one with nothing to learn; values out of range; a class
    /// or a length that is wanted and has no words; too many states to count.
    pub fn build(&self) -> Result<Words, WorldError> {
        let machine = self.machine()?;
        machine.require_choice()?;
        let why = ["words have a length", "longer words are not counted"];
        let shortest = within("shortest", self.shortest, 0..=1000, why)?;
        let longest = within("longest", self.longest, self.shortest..=1000, ["raise it, or lower shortest", why[1]])?;
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        let of_class = |class: u16| Counts::new(machine.automaton(), longest, |output| output == class);
        let counts = (0..machine.classes().len() as u16).map(of_class).collect::<Result<Vec<_>, _>>()?;
        let kinds = self.kinds(&machine, &counts, shortest, longest)?;
        Ok(Words::new(machine, counts, kinds, seed as u64))
    }

    /// The automaton of the language. Errors: no language.
    pub fn machine(&self) -> Result<Machine, RegularError> {
        given::machine(&self.language, self.alphabet.as_deref())
    }

    /// What is drawn from: a class by its weight, then a length of those at which it has words, by its weight.
    fn kinds(
        &self,
        machine: &Machine,
        counts: &[Counts],
        shortest: usize,
        longest: usize,
    ) -> Result<Vec<Kind>, WorldError> {
        let lengths = self.lengths(shortest, longest)?;
        let has_words = |class: usize, length: &usize| !counts[class].count(*length).is_zero();
        let of_class = |class: usize| lengths.iter().filter(move |(length, _)| has_words(class, length)).copied();
        let given = self.wishes(machine)?;
        let mut weights = Vec::new();
        for (class, (key, weight)) in given.iter().copied().enumerate() {
            let any = of_class(class).next().is_some();
            let alike = given.iter().all(|(_, weight)| weight.is_none());
            let weight = weight.unwrap_or(if alike && any { 1.0 } else { 0.0 });
            if !(0.0..=MOST_WEIGHT).contains(&weight) {
                return Err(range(key, weight, "a number from 0 to 1e9", "it is a proportion"));
            }
            if weight > 0.0 && !any {
                let (class, lengths) = (machine.classes()[class].clone(), format!("{shortest} to {longest}"));
                let remedy = format!("leave {key} out, or change shortest and longest");
                return Err(RegularError::NoWord { class, lengths, remedy }.into());
            }
            weights.push(weight);
        }
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return Err(range(
                "accept",
                0.0,
                "more than 0 for at least one class",
                "raise accept, incomplete or reject",
            ));
        }
        let is_drawn =
            |length: &usize| (0..weights.len()).any(|class| weights[class] > 0.0 && has_words(class, length));
        if let Some((length, _)) = lengths.iter().find(|(length, _)| self.length_weights.is_some() && !is_drawn(length))
        {
            let (class, lengths) = ("that is wanted".into(), length.to_string());
            return Err(RegularError::NoWord {
                class,
                lengths,
                remedy: "set its weight in length_weights to 0".into(),
            }
            .into());
        }
        let kinds = weights.iter().enumerate().flat_map(|(class, weight)| {
            let all: f64 = of_class(class).map(|(_, weight)| weight).sum();
            let share = weight / total;
            of_class(class).map(move |(length, weight)| Kind { class, length, probability: share * weight / all })
        });
        Ok(kinds.filter(|kind| kind.probability > 0.0).collect())
    }

    /// What is wished of each class of the machine; those with other names have no keys.
    fn wishes(&self, machine: &Machine) -> Result<Vec<(&'static str, Option<f64>)>, WorldError> {
        let [accept, incomplete, reject] = NAMES_OF_ONE_PATTERN;
        let wishes = vec![(accept, self.accept), (incomplete, self.incomplete), (reject, self.reject)];
        if machine.classes() == NAMES_OF_ONE_PATTERN {
            return Ok(wishes);
        }
        match wishes.iter().find_map(|(key, weight)| Some((*key, (*weight)?))) {
            None => Ok(vec![(accept, None); machine.classes().len()]),
            Some((key, weight)) => {
                let allowed = format!("left out, since the classes are {}", machine.classes().join(", "));
                Err(range(key, weight, &allowed, "take it out"))
            }
        }
    }

    /// The lengths of weight above 0.
    fn lengths(&self, shortest: usize, longest: usize) -> Result<Vec<(usize, f64)>, WorldError> {
        let weights = self.length_weights.clone().unwrap_or(vec![1.0; longest - shortest + 1]);
        let shown = || format!("{weights:?}");
        if weights.len() != longest - shortest + 1 {
            let allowed =
                format!("{} numbers, one for each length from {shortest} to {longest}", longest - shortest + 1);
            return Err(range("length_weights", shown(), &allowed, "add or take away numbers"));
        }
        let sound = weights.iter().all(|weight| *weight >= 0.0 && weight.is_finite())
            && weights.iter().any(|weight| *weight > 0.0);
        if !sound {
            return Err(range(
                "length_weights",
                shown(),
                "numbers from 0 up, one of them more",
                "they are proportions",
            ));
        }
        Ok((shortest..=longest).zip(weights.iter().copied()).filter(|(_, weight)| *weight > 0.0).collect())
    }

    /// Few and many words, of one length and of several, with classes and lengths of their own weights.
    pub fn small_instances() -> Vec<Settings> {
        let of = |language, shortest, longest| Settings { shortest, longest, ..Settings::new(language) };
        vec![
            of("a+", 0, 4),
            Settings { alphabet: Some("ab".into()), ..of("ab", 2, 2) },
            of("parity", 1, 4),
            Settings { accept: Some(2.0), reject: Some(0.5), ..of("a*b*", 2, 4) },
            Settings { length_weights: Some(vec![1.0, 0.0, 3.0, 0.25]), ..of("repeat-01", 0, 3) },
            Settings { accept: Some(1.0), ..of("tomita-7", 4, 4) },
            of("s3", 0, 3),
        ]
    }
}

fn range(key: &'static str, value: impl ToString, allowed: &str, remedy: &str) -> WorldError {
    WorldError::Range { key, value: value.to_string(), allowed: allowed.into(), remedy: remedy.into() }
}
