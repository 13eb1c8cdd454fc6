//! The settings of a text, and the checks that turn them into a world.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;
use super::spelling::Written;
use crate::WorldError;
use crate::letters::{Letters, Stranger};
use crate::markov::within;

/// What a token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tokens {
    /// A character: those of `alphabet`, in order.
    #[default]
    Characters,
    /// A byte: there are 256.
    Bytes,
    /// A byte, or what byte-pair encoding has made of several: `vocabulary` in all.
    BytePairs,
}

impl Tokens {
    /// As it stands in a recipe.
    fn name(self) -> &'static str {
        match self {
            Tokens::Characters => "characters",
            Tokens::Bytes => "bytes",
            Tokens::BytePairs => "byte_pairs",
        }
    }
}

/// A text as it stands in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The file that the text is in, or the name of one that is built in: `shakespeare`, `tinytalks`. A file that is
    /// called so is `./tinytalks`.
    #[schemars(example = &"shakespeare")]
    pub file: String,
    /// BLAKE3 hash of the file. Another file is refused. Plans always have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// What a token is.
    #[serde(default)]
    pub tokens: Tokens,
    /// The characters that are tokens 0, 1, and so on. Default: those of the part that is trained on, by code point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<String>,
    /// How many tokens there are where tokens are byte pairs, 257 to 65,536: the 256 bytes, and the pairs that are merged in the part that is
    /// trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 257, max = 65_536), example = 512)]
    pub vocabulary: Option<i64>,
    /// Targets of a window, 1 to 10,000.
    #[serde(default = "sixty_four")]
    #[schemars(range(min = 1, max = 10_000))]
    pub window: i64,
    /// The share of tokens before the test that is for validation.
    #[serde(default = "twentieth")]
    #[schemars(range(max = 0.5), extend("exclusiveMinimum" = 0.0))]
    pub validation: f64,
    /// The share of tokens at the end that is the test.
    #[serde(default = "tenth")]
    #[schemars(range(max = 0.5), extend("exclusiveMinimum" = 0.0))]
    pub test: f64,
}

fn sixty_four() -> i64 {
    64
}

fn twentieth() -> f64 {
    0.05
}

fn tenth() -> f64 {
    0.1
}

fn refuse(key: &'static str, value: impl Into<String>, allowed: impl Into<String>, remedy: &str) -> WorldError {
    WorldError::Range { key, value: value.into(), allowed: allowed.into(), remedy: remedy.into() }
}

impl Settings {
    /// The text of this file, to set other fields of.
    pub fn new(file: &str) -> Settings {
        Settings {
            file: file.into(),
            hash: None,
            tokens: Tokens::Characters,
            alphabet: None,
            vocabulary: None,
            window: sixty_four(),
            validation: twentieth(),
            test: tenth(),
        }
    }

    /// Checks the settings, whose alphabet is known, and makes the world of a text that is yet to be read: its shape alone is known.
    /// [`Settings::of`] makes the other. Errors: a value out of range.
    pub fn build(&self) -> Result<Text, WorldError> {
        self.parts(usize::from(u16::MAX))?;
        Ok(Text::new(self.written()?, Arc::default(), [0..0, 0..0, 0..0], self.window()?))
    }

    /// The world of these settings, whose alphabet is known, on the tokens of training, validation and test. Errors: values out of range;
    /// a part that is too short for a window. Panics for a token outside the alphabet. Where tokens are byte pairs, [`Text::with_pairs`] says
    /// what they spell.
    pub fn of(&self, tokens: [Vec<u16>; 3]) -> Result<Text, WorldError> {
        let (written, window, all) = (self.written()?, self.window()?, tokens.concat());
        assert!(all.iter().all(|token| usize::from(*token) < written.1), "tokens of an alphabet of {}", written.1);
        let [training, validation, _] = tokens.each_ref().map(Vec::len);
        let parts = [0..training, training..training + validation, training + validation..all.len()];
        for (part, whole) in parts.iter().zip(["trained on", "for validation", "the test"]) {
            if part.len() <= window {
                let allowed = format!("fewer than the {} tokens that are {whole}, of {}", part.len(), all.len());
                return Err(refuse("window", window.to_string(), allowed, "give a longer text, or lower window"));
            }
        }
        Ok(Text::new(written, Arc::new(all), parts, window))
    }

    /// The settings with the alphabet of the part of a text of characters that is trained on, unless they have one. Errors: as
    /// [`Settings::parts`].
    pub fn with_alphabet(&self, text: &str) -> Result<Settings, WorldError> {
        let mut settings = self.clone();
        if self.alphabet.is_none() {
            let [training, ..] = self.parts(text.chars().count())?;
            let alphabet: BTreeSet<char> = text.chars().take(training.end).collect();
            settings.alphabet = Some(alphabet.into_iter().collect());
        }
        Ok(settings)
    }

    /// Where training, validation and test are, among so many characters, or bytes where tokens are bytes or pairs of them. Errors: none of
    /// them; shares out of range, or of which training has nothing left.
    pub fn parts(&self, tokens: usize) -> Result<[Range<usize>; 3], WorldError> {
        if tokens == 0 {
            return Err(refuse(
                "file",
                format!("{:?}", self.file),
                "a text, and this file is empty",
                "give one with something in it",
            ));
        }
        for (key, share) in [("validation", self.validation), ("test", self.test)] {
            if !(share > 0.0 && share <= 0.5) {
                return Err(refuse(key, share.to_string(), "a share, more than 0 and at most 0.5", "choose one"));
            }
        }
        let [validation, test] = [self.validation, self.test].map(|share| libm::round(share * tokens as f64) as usize);
        let held_out = validation + test;
        let Some(training) = tokens.checked_sub(held_out).filter(|training| *training > 0) else {
            let allowed = format!("less than all tokens together with test, {tokens} are there");
            return Err(refuse("validation", self.validation.to_string(), allowed, "give a longer text, or lower it"));
        };
        Ok([0..training, training..training + validation, training + validation..tokens])
    }

    fn window(&self) -> Result<usize, WorldError> {
        let why = ["a window has a target; raise it", "no model here sees so far; lower it"];
        within("window", self.window, 1..=10_000, why)
    }

    /// How tokens are written, and how many there are.
    fn written(&self) -> Result<(Written, usize), WorldError> {
        self.refuse_keys_of_other_tokens()?;
        Ok(match self.tokens {
            Tokens::Characters => {
                let letters = self.letters()?;
                let size = letters.as_slice().len();
                (Written::Characters(letters), size)
            }
            Tokens::Bytes => (Written::Bytes, 256),
            Tokens::BytePairs => (Written::Pairs(None), 256 + self.pairs()?),
        })
    }

    fn refuse_keys_of_other_tokens(&self) -> Result<(), WorldError> {
        let alphabet = self.alphabet.as_ref().map(|alphabet| format!("{alphabet:?}"));
        let vocabulary = self.vocabulary.map(|size| size.to_string());
        for (key, value, of) in
            [("alphabet", alphabet, Tokens::Characters), ("vocabulary", vocabulary, Tokens::BytePairs)]
        {
            if let Some(value) = value.filter(|_| self.tokens != of) {
                let remedy = format!("leave it out, or set tokens = \"{}\"", of.name());
                return Err(refuse(key, value, format!("left out with tokens = \"{}\"", self.tokens.name()), &remedy));
            }
        }
        Ok(())
    }

    fn letters(&self) -> Result<Letters, WorldError> {
        let Some(alphabet) = &self.alphabet else {
            let remedy = "set it, or let the recipe be read";
            return Err(refuse("alphabet", "left out", "known before the file is read", remedy));
        };
        let many = ["in a text of one character there is nothing to learn", "tokens are 16-bit numbers; give fewer"];
        Letters::new(alphabet.chars().collect(), 0, 2, many)
    }

    /// How many pairs are tokens where tokens are byte pairs. Errors: `vocabulary` is left out, or out of range.
    pub fn pairs(&self) -> Result<usize, WorldError> {
        let Some(vocabulary) = self.vocabulary else {
            let remedy = "set it, such as vocabulary = 512";
            return Err(refuse("vocabulary", "left out", "set with tokens = \"byte_pairs\", 257 to 65536", remedy));
        };
        let why = [
            "the 256 bytes are tokens, and one pair at least; raise it, or set tokens = \"bytes\" and leave it out",
            "tokens are 16-bit numbers; lower it",
        ];
        within("vocabulary", vocabulary, 257..=65_536, why).map(|size| size - 256)
    }

    /// The tokens of a text of characters. Errors: a character that is not in the alphabet.
    pub fn spelling(&self, text: &str) -> Result<Vec<u16>, WorldError> {
        let letters = self.letters()?;
        letters.read(text).map_err(|Stranger { letter, place }| {
            let allowed = format!("all characters of the text, it lacks {letter:?}, character {place} counted from 0");
            let remedy =
                "add it to alphabet (left out, it is that of the part that is trained on), or set tokens = \"bytes\"";
            refuse("alphabet", letters.spelt(), allowed, remedy)
        })
    }

    /// Texts that are yet to be read, of characters, of bytes and of byte pairs.
    pub fn small_instances() -> Vec<Settings> {
        let plain = Settings { window: 4, ..Settings::new("small.txt") };
        vec![
            Settings { alphabet: Some("ab \n".into()), ..plain.clone() },
            Settings { tokens: Tokens::Bytes, ..plain.clone() },
            Settings { tokens: Tokens::BytePairs, vocabulary: Some(260), ..plain },
        ]
    }
}
