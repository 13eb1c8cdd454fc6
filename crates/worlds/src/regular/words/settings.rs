//! The settings of words of a language, and the checks that turn them into a world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kinds::{Kind, Lengths, Wanted, kinds};
use super::parts::Parts;
use super::recogniser::Recogniser;
use super::{Counts, Draws, Machine, Words};
use crate::WorldError;
use crate::markov::within;
use crate::regular::{NAMES_OF_ONE_PATTERN, RegularError, given};

/// The least share of words that is held out, if any is, and the largest.
const LEAST_HELD_OUT: f64 = 0.01;
const MOST_HELD_OUT: f64 = 0.45;

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
    /// The length of the longest words that are trained on: validation and test then have longer words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 999))]
    pub trained_longest: Option<i64>,
    /// The share of words of each class and length that are kept for the test, by their hash; as many are kept for validation. The token
    /// then has no law that is known. 0 keeps none.
    #[serde(default, skip_serializing_if = "is_none")]
    #[schemars(range(min = 0.0, max = 0.45))]
    pub held_out: f64,
    /// Words of the language and others, to be told apart by the class of the whole word; accept, incomplete and reject are then left
    /// out. The token has no law that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Recogniser")]
    pub recogniser: Option<Recogniser>,
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

fn is_none(share: &f64) -> bool {
    *share == 0.0
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
            trained_longest: None,
            held_out: 0.0,
            recogniser: None,
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
        let held_out = self.held_out;
        if held_out != 0.0 && !(LEAST_HELD_OUT..=MOST_HELD_OUT).contains(&held_out) {
            let allowed = format!("0, or {LEAST_HELD_OUT} to {MOST_HELD_OUT}, so that something is left to train on");
            return Err(range("held_out", held_out, &allowed, "as many words are held out for validation"));
        }
        let of_class = |class| Counts::new(machine.automaton(), longest, |output| usize::from(output) == class);
        let counts = (0..machine.classes().len()).map(of_class).collect::<Result<Vec<_>, _>>()?;
        let [kinds, training] = self.kinds(&machine, &counts, (shortest, longest))?;
        let parts = (held_out > 0.0).then(|| Parts::of(held_out, &kinds, &counts));
        let longest_trained = self.trained_longest.map(|longest| longest as usize);
        let (lengths, recogniser, name) = ((shortest, longest), self.recogniser.clone(), self.language.clone());
        let draws = Draws { counts, kinds, training, parts, recogniser, lengths, longest_trained, name };
        Ok(Words::new(machine, draws, seed as u64))
    }

    /// The automaton of the classes that are told: those of the language, or accept and reject of words that are to be recognised.
    /// Errors: no language, or none with a class `accept` that is to be recognised.
    pub fn machine(&self) -> Result<Machine, RegularError> {
        let machine = given::machine(&self.language, self.alphabet.as_deref())?;
        if self.recogniser.is_some() { machine.recogniser() } else { Ok(machine) }
    }

    /// What is drawn from for tests, and for training.
    fn kinds(
        &self,
        machine: &Machine,
        counts: &[Counts],
        (shortest, longest): (usize, usize),
    ) -> Result<[Vec<Kind>; 2], WorldError> {
        let all = Lengths { weighed: self.lengths(shortest, longest)?, each: self.length_weights.is_some() };
        let wanted = self.wanted(machine)?;
        let of = |weighed: Vec<(usize, f64)>| kinds(&wanted, counts, &Lengths { weighed, ..all });
        let Some(trained) = self.trained_longest(shortest, longest)? else {
            let kinds = of(all.weighed.clone())?;
            return Ok([kinds.clone(), kinds]);
        };
        let (short, long): (Vec<_>, Vec<_>) = all.weighed.iter().partition(|(length, _)| *length <= trained);
        if short.is_empty() || long.is_empty() {
            let (value, remedy) = (format!("{:?}", self.length_weights), "raise a weight on that side");
            let allowed = format!("more than 0 for a length up to trained_longest = {trained}, and for one beyond");
            return Err(range("length_weights", value, &allowed, remedy));
        }
        Ok([of(long)?, of(short)?])
    }

    /// The classes that words are drawn of, and how often.
    fn wanted(&self, machine: &Machine) -> Result<Vec<Wanted>, WorldError> {
        let Some(recogniser) = &self.recogniser else {
            let wanted = |((key, weight), class): ((_, _), &String)| Wanted { class: class.clone(), key, weight };
            return Ok(self.wishes(machine)?.into_iter().zip(machine.classes()).map(wanted).collect());
        };
        recogniser.check()?;
        if let Some((key, weight)) = self.wished() {
            let allowed = "left out beside recogniser, whose words are in the language or not";
            return Err(range(key, weight, allowed, "recogniser.positives says how often they are"));
        }
        let share = |class: &str, weight| Wanted { class: class.into(), key: "recogniser", weight: Some(weight) };
        Ok(vec![share("accept", recogniser.positives), share("reject", 1.0 - recogniser.positives)])
    }

    /// The length of the longest words that are trained on, if others are tested on.
    fn trained_longest(&self, shortest: usize, longest: usize) -> Result<Option<usize>, WorldError> {
        let Some(trained) = self.trained_longest else { return Ok(None) };
        if self.held_out != 0.0 {
            let remedy = "leave one of the two out";
            let allowed = "0 beside trained_longest, by which no word of a test is trained on";
            return Err(range("held_out", self.held_out, allowed, remedy));
        }
        let why = ["words that are trained on have a length", "there have to be longer words to test on"];
        let most = longest as i64 - 1;
        if most < shortest as i64 {
            let allowed = "left out where all words have one length";
            return Err(range("trained_longest", trained, allowed, "raise longest"));
        }
        within("trained_longest", trained, shortest as i64..=most, why).map(Some)
    }

    /// The keys of classes, and what is wished.
    fn keys(&self) -> [(&'static str, Option<f64>); 3] {
        let [accept, incomplete, reject] = NAMES_OF_ONE_PATTERN;
        [(accept, self.accept), (incomplete, self.incomplete), (reject, self.reject)]
    }

    /// The first wish.
    fn wished(&self) -> Option<(&'static str, f64)> {
        self.keys().into_iter().find_map(|(key, weight)| Some((key, weight?)))
    }

    /// What is wished of each class of the machine; those with other names have no keys.
    fn wishes(&self, machine: &Machine) -> Result<Vec<(&'static str, Option<f64>)>, WorldError> {
        if machine.classes() == NAMES_OF_ONE_PATTERN {
            return Ok(self.keys().to_vec());
        }
        match self.wished() {
            None => Ok(vec![(NAMES_OF_ONE_PATTERN[0], None); machine.classes().len()]),
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

pub(super) fn range(key: &'static str, value: impl ToString, allowed: &str, remedy: &str) -> WorldError {
    WorldError::Range { key, value: value.to_string(), allowed: allowed.into(), remedy: remedy.into() }
}
