//! The settings of strings, and the checks that turn them into a world.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Line, PADDING, Strings};
use crate::WorldError;
use crate::letters::{Letters, Stranger};
use crate::markov::within;

/// The longest string, and how many there are at most.
const MOST: i64 = 4096;
/// How much more frequent one string may be than another.
const SHARES: [f64; 2] = [1e-6, 1e6];

/// Which targets count in the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scored {
    /// All, padding like any other.
    #[default]
    Padding,
    /// Those up to the first padding, which says that the string has ended.
    End,
}

/// A language that strings are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Syntax {
    /// Programs of Python.
    Python,
}

/// A set of strings as it stands in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The strings, each once. Their symbols are characters.
    #[schemars(example = &["ABC", "AB", "CC"])]
    pub strings: Vec<String>,
    /// Strings that are never drawn, each once and none of them one of `strings`: a model is asked to complete them. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = &["CB"])]
    pub held_out: Vec<String>,
    /// The language that strings are written in, so that completed ones can be told right or wrong as programs. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Syntax")]
    pub syntax: Option<Syntax>,
    /// How frequent each string is, up to a common factor, from 1e-6 to 1e6. Default: all alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<Vec<f64>>,
    /// The characters that are tokens 1, 2, and so on; token 0 is padding. Default: those of all strings, by code point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<String>,
    /// Tokens of a padded string, 2 to 4,096. Default: one more than the longest string has, be it held out or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 4096))]
    pub length: Option<i64>,
    /// Which targets count in the loss.
    #[serde(default)]
    pub scored: Scored,
    /// Whole strings are counted among so many, the first. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub counted: Option<i64>,
    /// Whether the padding after a string, too, has to be right for the string to be.
    #[serde(default)]
    pub count_end: bool,
    /// A character that every string has: what follows it, for the first time, has to be right for the string to be. Default: all
    /// symbols after the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"=")]
    pub answer_after: Option<String>,
    /// The seed of exported data.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

fn one() -> i64 {
    1
}

fn refuse(key: &'static str, value: impl Into<String>, allowed: impl Into<String>, remedy: &str) -> WorldError {
    WorldError::Range { key, value: value.into(), allowed: allowed.into(), remedy: remedy.into() }
}

impl Settings {
    /// These strings, all alike, to set other fields of.
    pub fn new(strings: &[&str]) -> Settings {
        let strings = strings.iter().map(|string| string.to_string()).collect();
        Settings {
            strings,
            held_out: vec![],
            syntax: None,
            shares: None,
            alphabet: None,
            length: None,
            scored: Scored::Padding,
            counted: None,
            count_end: false,
            answer_after: None,
            seed: one(),
        }
    }

    /// Checks the settings and makes the world. Errors: no string, one twice, an empty or too long one; one that is held out and
    /// is not; a character outside the alphabet; shares that are not one for each string; a value out of range.
    pub fn build(&self) -> Result<Strings, WorldError> {
        self.check_strings()?;
        let alphabet = self.letters()?;
        let length = self.padded()?;
        let most = self.strings.len() as i64;
        let all = ["count one at least", "no more strings are there; lower it, or leave it out for all"];
        let counted = within("counted", self.counted.unwrap_or(most), 1..=most, all)?;
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        let shares = self.shares()?;
        let line = |key, string: &String, probability: f64, counts: bool| {
            let symbols = symbols(key, string, &alphabet)?;
            let asked = self.first_asked(string)?;
            Ok(Line { symbols, probability, asked, counts })
        };
        let drawn = self.strings.iter().enumerate();
        let drawn = drawn.map(|(place, string)| line("strings", string, shares[place], place < counted));
        let lines = drawn.collect::<Result<Vec<Line>, WorldError>>()?;
        let held_out = self.held_out.iter().map(|string| line("held_out", string, 0.0, false));
        let held_out = held_out.collect::<Result<Vec<Line>, WorldError>>()?;
        let strings = Strings::new(alphabet, lines, held_out, length, self.scored, self.count_end, seed as u64);
        Ok(Strings { syntax: self.syntax, has_answers: self.answer_after.is_some(), ..strings })
    }

    fn check_strings(&self) -> Result<(), WorldError> {
        let most = ["give one to learn", "memory for so many is not provided; give fewer"];
        within("strings", self.strings.len() as i64, 1..=MOST, most)?;
        within("held_out", self.held_out.len() as i64, 0..=MOST, most)?;
        let mut seen = BTreeSet::new();
        for string in &self.strings {
            check_length("strings", string)?;
            if !seen.insert(string) {
                let remedy = "leave one of them out, and give it a share in shares if it is to be more frequent";
                return Err(refuse("strings", format!("{string:?}, twice"), "each string once", remedy));
            }
        }
        for string in &self.held_out {
            check_length("held_out", string)?;
            if self.strings.contains(string) {
                let allowed = "none of strings, which are trained on";
                return Err(refuse("held_out", format!("{string:?}"), allowed, "take it out of one of the two"));
            }
            if !seen.insert(string) {
                let remedy = "leave one of them out";
                return Err(refuse("held_out", format!("{string:?}, twice"), "each string once", remedy));
            }
        }
        Ok(())
    }

    /// Those that are drawn, and those that are held out.
    fn all(&self) -> impl Iterator<Item = &String> {
        self.strings.iter().chain(&self.held_out)
    }

    fn letters(&self) -> Result<Letters, WorldError> {
        let letters: Vec<char> = match &self.alphabet {
            Some(alphabet) => alphabet.chars().collect(),
            None => self.all().flat_map(|string| string.chars()).collect::<BTreeSet<char>>().into_iter().collect(),
        };
        let many = [
            "give the characters of the strings",
            "tokens are 16-bit numbers, and padding is one of them; take some out",
        ];
        Letters::new(letters, PADDING + 1, 1, many)
    }

    fn padded(&self) -> Result<usize, WorldError> {
        let longest = self.all().map(|string| string.chars().count()).max().expect("there is a string") as i64;
        let range = longest.max(2)..=MOST;
        let length = self.length.unwrap_or((longest + 1).min(MOST));
        within(
            "length",
            length,
            range,
            ["the longest string does not fit; raise it, or leave it out", "no string needs so many; lower it"],
        )
    }

    /// The probabilities.
    fn shares(&self) -> Result<Vec<f64>, WorldError> {
        let count = self.strings.len();
        let Some(shares) = &self.shares else { return Ok(vec![1.0 / count as f64; count]) };
        if shares.len() != count {
            let allowed = format!("one for each of the {count} strings");
            return Err(refuse(
                "shares",
                format!("{} numbers", shares.len()),
                allowed,
                "give each string one, or leave shares out",
            ));
        }
        let [least, most] = SHARES;
        if let Some(share) = shares.iter().find(|share| !(least..=most).contains(*share)) {
            return Err(refuse(
                "shares",
                share.to_string(),
                format!("{least} to {most}"),
                "leave out a string that never comes",
            ));
        }
        let total: f64 = shares.iter().sum();
        Ok(shares.iter().map(|share| share / total).collect())
    }

    /// The place of the first symbol that is asked for: the first is given.
    fn first_asked(&self, string: &str) -> Result<usize, WorldError> {
        let Some(mark) = &self.answer_after else { return Ok(1) };
        let mut characters = mark.chars();
        let (Some(mark), None) = (characters.next(), characters.next()) else {
            return Err(refuse(
                "answer_after",
                format!("{mark:?}"),
                "one character",
                "give the one that stands before the answer",
            ));
        };
        string.chars().position(|c| c == mark).map(|place| place + 1).ok_or_else(|| {
            let allowed = format!("a character of every string, {string:?} has it not");
            refuse("answer_after", format!("{mark:?}"), allowed, "write it before the answer of each string")
        })
    }

    /// Strings that part early and late, that end where others go on, that fill the whole length, with and without shares; some
    /// beside longer ones that are held out.
    pub fn small_instances() -> Vec<Settings> {
        let plain = Settings::new(&["AB", "AC", "ABC", "B"]);
        vec![
            plain.clone(),
            Settings { scored: Scored::End, ..plain.clone() },
            Settings { shares: Some(vec![1.0, 2.0, 5.0, 0.5]), length: Some(6), count_end: true, ..plain.clone() },
            Settings { length: Some(3), scored: Scored::End, counted: Some(2), ..plain.clone() },
            Settings {
                held_out: vec!["CAB".into(), "ABCA".into()],
                syntax: Some(Syntax::Python),
                scored: Scored::End,
                ..plain
            },
            Settings {
                answer_after: Some("=".into()),
                alphabet: Some("=xyz01".into()),
                ..Settings::new(&["x=0", "y=1", "z=0"])
            },
            Settings::new(&["A"]),
        ]
    }
}

fn check_length(key: &'static str, string: &str) -> Result<(), WorldError> {
    let (symbols, allowed) = (string.chars().count(), format!("a string of 1 to {MOST} characters"));
    match symbols == 0 || symbols as i64 > MOST {
        true => Err(refuse(key, format!("{string:?}"), allowed, "write one, or leave it out")),
        false => Ok(()),
    }
}

/// The tokens of a string.
fn symbols(key: &'static str, string: &str, alphabet: &Letters) -> Result<Vec<u16>, WorldError> {
    alphabet.read(string).map_err(|Stranger { letter, .. }| {
        let value = format!("{string:?}, which has {letter:?},");
        let allowed = format!("characters of the alphabet, {}", alphabet.spelt());
        refuse(key, value, allowed, "add it to alphabet, or leave alphabet out")
    })
}
