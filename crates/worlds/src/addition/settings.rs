//! The settings of sums, and the checks that turn them into a world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WorldError;
use crate::addition::carries::Carries;
use crate::addition::format::Format;
use crate::addition::pairs::Pairs;
use crate::addition::{Addition, Pair};
use crate::markov::within;

/// The most digits of an operand: their sum has one more, and fits 64 bits.
const DIGITS_LIMIT: i64 = 18;

/// The most tokens of a part between digits.
const PART_LIMIT: usize = 1000;

/// The least share of pairs that can be held out: a pair for a test is drawn from all until it is one of these.
const LEAST_HELD_OUT: f64 = 0.01;

/// The largest token.
const TOKEN_LIMIT: i64 = 65_534;

/// Sums or differences as they stand in a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is asked for.
    #[serde(default)]
    pub operation: Operation,
    /// Places of an operand, 1 to 18; numbers with fewer digits have zeros in front.
    #[schemars(range(min = 1, max = 18), example = 10)]
    pub digits: i64,
    /// The fewest digits that are drawn: an operand is uniform below `10^n`, `n` uniform from `min_digits` to `max_digits`.
    /// Default: as many as `max_digits`, which makes every number alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 18))]
    pub min_digits: Option<i64>,
    /// The most digits that are drawn. Default: `digits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 18))]
    pub max_digits: Option<i64>,
    /// Whether both operands get the same `n`.
    #[serde(default)]
    pub lengths: Lengths,
    /// Shares of pairs that are drawn for their carries.
    #[serde(default, skip_serializing_if = "Carries::is_none")]
    pub carries: Carries,
    /// The order of an operand's digits.
    #[serde(default)]
    pub operand_order: Order,
    /// The order of the answer's digits.
    #[serde(default = "least_first")]
    pub answer_order: Order,
    /// Tokens before the first operand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begin: Vec<i64>,
    /// Tokens between the operands.
    #[serde(default = "plus")]
    pub plus: Vec<i64>,
    /// Tokens between operands and answer.
    #[serde(default = "equals")]
    pub equals: Vec<i64>,
    /// Tokens after the answer, which are to be predicted, too.
    #[serde(default = "end")]
    pub end: Vec<i64>,
    /// Tokens after `end`, which nobody is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub padding: Vec<i64>,
    /// Tokens in all, 10 to 65,535. Default: up to the largest that occurs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 65_535))]
    pub alphabet: Option<i64>,
    /// Share of all pairs that are never trained on, and that validation and test are drawn from; 0.01 to 0.9. 0 draws all three
    /// from all pairs.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 0.9))]
    pub held_out: f64,
    /// Which pairs are held out, and the seed of exported data.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    pub seed: i64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// The sum, which has a place more than the operands.
    #[default]
    Add,
    /// The difference. The larger operand comes first.
    Subtract,
}

/// The order of digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The most significant digit comes first, as people write.
    #[default]
    MostFirst,
    /// The least significant digit comes first, as carries go.
    LeastFirst,
}

/// How long the two operands are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lengths {
    /// One number of digits is drawn for both.
    #[default]
    Same,
    /// One is drawn for each.
    Independent,
}

fn least_first() -> Order {
    Order::LeastFirst
}

fn plus() -> Vec<i64> {
    vec![10]
}

fn equals() -> Vec<i64> {
    vec![11]
}

fn end() -> Vec<i64> {
    vec![13]
}

fn one() -> i64 {
    1
}

impl Operation {
    /// The pair as it is asked.
    pub(super) fn order(self, pair: Pair) -> Pair {
        match self {
            Operation::Subtract if pair.a < pair.b => Pair { a: pair.b, b: pair.a },
            _ => pair,
        }
    }

    /// The answer, if the pair is as it is asked.
    pub(super) fn checked(self, Pair { a, b }: Pair) -> Option<u64> {
        match self {
            Operation::Add => Some(a + b),
            Operation::Subtract => a.checked_sub(b),
        }
    }

    pub(super) fn of(self, pair: Pair) -> u64 {
        self.checked(pair).expect("the pair is as it is asked")
    }
}

impl Settings {
    /// Sums of numbers of `digits` digits, all numbers alike, in the format of the 456p, to set other fields of.
    pub fn new(digits: i64) -> Settings {
        Settings {
            operation: Operation::Add,
            digits,
            min_digits: None,
            max_digits: None,
            lengths: Lengths::Same,
            carries: Carries::default(),
            operand_order: Order::MostFirst,
            answer_order: least_first(),
            begin: vec![],
            plus: plus(),
            equals: equals(),
            end: end(),
            padding: vec![],
            alphabet: None,
            held_out: 0.0,
            seed: one(),
        }
    }

    /// Checks the settings and makes the world. Errors: a value out of range; carries of differences; so few pairs that none is left
    /// to train on.
    pub fn build(&self) -> Result<Addition, WorldError> {
        let digits = places("digits", self.digits, DIGITS_LIMIT)?;
        let most = places("max_digits", self.max_digits.unwrap_or(self.digits), self.digits)?;
        let least = places("min_digits", self.min_digits.unwrap_or(most as i64), most as i64)?;
        self.check_carries()?;
        if self.held_out != 0.0 && !(LEAST_HELD_OUT..=0.9).contains(&self.held_out) {
            let remedy =
                "it is the share of pairs that are never trained on, and of a smaller one none would be found in time";
            return Err(range("held_out", format!("{:?}", self.held_out), "0, or 0.01 to 0.9", remedy));
        }
        let seed = within("seed", self.seed, 0..=i64::MAX, ["choose a larger one", "choose a smaller one"])?;
        let format = self.format(digits)?;
        let pairs = Pairs::new(least as u32..=most as u32, self.lengths, self.carries);
        Addition::new(self.operation, format, pairs, self.held_out, seed as u64)
    }

    fn check_carries(&self) -> Result<(), WorldError> {
        const TOGETHER: &str = "shares of pairs are 0 or more, and together at most 1";
        for (key, share) in [
            ("carries.single", self.carries.single),
            ("carries.chain", self.carries.chain),
            ("carries.place", self.carries.place),
            ("carries.boundary", self.carries.boundary),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(range(key, share, "0 to 1", TOGETHER));
            }
            if share > 0.0 && self.operation == Operation::Subtract {
                return Err(range(
                    key,
                    share,
                    "0 with operation = \"subtract\"",
                    "differences have no carries; leave it out",
                ));
            }
        }
        // Shares such as tenths add up to 1 but for roundings.
        let total = self.carries.total();
        if total > 1.0 + 1e-12 {
            return Err(range("carries", format!("{total:.3} in all"), "at most 1", TOGETHER));
        }
        Ok(())
    }

    fn format(&self, digits: usize) -> Result<Format, WorldError> {
        let parts = [
            ("begin", &self.begin),
            ("plus", &self.plus),
            ("equals", &self.equals),
            ("end", &self.end),
            ("padding", &self.padding),
        ];
        for (key, part) in parts {
            if let Some(token) = part.iter().find(|token| **token > TOKEN_LIMIT) {
                let allowed = format!("at most {TOKEN_LIMIT}");
                return Err(range(key, token, &allowed, "tokens are 16-bit numbers; use smaller ones"));
            }
        }
        let largest = parts.iter().flat_map(|(_, part)| part.iter().copied()).fold(9, i64::max);
        let alphabet = within(
            "alphabet",
            self.alphabet.unwrap_or(largest + 1),
            10..=TOKEN_LIMIT + 1,
            ["digits alone are 10 tokens", "tokens are 16-bit numbers; use smaller ones"],
        )?;
        for (key, part) in parts {
            check_part(key, part, alphabet)?;
        }
        let [begin, plus, equals, end, padding] = parts.map(|(_, part)| part.iter().map(|&t| t as u16).collect());
        Ok(Format {
            digits,
            answer_digits: digits + usize::from(self.operation == Operation::Add),
            operand_order: self.operand_order,
            answer_order: self.answer_order,
            begin,
            plus,
            equals,
            end,
            padding,
            alphabet,
        })
    }

    /// Both operations, in many formats, over pairs of each kind.
    pub fn small_instances() -> Vec<Settings> {
        let one = Settings::new(1);
        let bare = Settings { plus: vec![0], equals: vec![0], end: vec![], ..Settings::new(1) };
        let mixed = Carries { single: 0.2, chain: 0.3, place: 0.1, boundary: 0.2 };
        let two = Settings::new(2);
        let least = |settings| Settings { operand_order: Order::LeastFirst, ..settings };
        vec![
            one.clone(),
            least(Settings { begin: vec![0], plus: vec![0, 0], ..bare.clone() }),
            Settings { plus: vec![], equals: vec![], end: vec![], answer_order: Order::MostFirst, ..one.clone() },
            Settings { padding: vec![12, 12], held_out: 0.3, seed: 5, ..one.clone() },
            Settings { operation: Operation::Subtract, ..one.clone() },
            Settings { operation: Operation::Subtract, held_out: 0.4, min_digits: Some(1), ..Settings::new(2) },
            Settings { carries: mixed, ..one },
            least(Settings { min_digits: Some(1), lengths: Lengths::Independent, ..Settings::new(2) }),
            Settings { carries: mixed, min_digits: Some(1), held_out: 0.5, alphabet: Some(20), ..two.clone() },
            least(Settings { max_digits: Some(1), answer_order: Order::MostFirst, ..two }),
            Settings { carries: Carries { chain: 1.0, ..Carries::default() }, min_digits: Some(1), ..Settings::new(4) },
        ]
    }
}

/// Refuses a split that leaves a use, such as `to test`, without pairs.
pub(super) fn require_pairs(held_out: f64, there_are: bool, what_for: &str) -> Result<(), WorldError> {
    if there_are {
        return Ok(());
    }
    let remedy = format!(
        "these settings have so few pairs that none is left {what_for}; change it, take another seed, or set 0"
    );
    Err(range("held_out", format!("{held_out:?}"), "so that pairs are left for both uses", &remedy))
}

fn range(key: &'static str, value: impl ToString, allowed: &str, remedy: &str) -> WorldError {
    WorldError::Range { key, value: value.to_string(), allowed: allowed.to_string(), remedy: remedy.to_string() }
}

fn places(key: &'static str, value: i64, most: i64) -> Result<usize, WorldError> {
    let large = if most < DIGITS_LIMIT {
        "choose one that fits digits, and min_digits at most max_digits"
    } else {
        "a sum of longer numbers does not fit 64 bits; lower it"
    };
    within(key, value, 1..=most, ["a number has at least one digit", large])
}

fn check_part(key: &'static str, part: &[i64], alphabet: usize) -> Result<(), WorldError> {
    if part.len() > PART_LIMIT {
        let allowed = format!("at most {PART_LIMIT} tokens");
        return Err(range(key, format!("{} tokens", part.len()), &allowed, "shorten it"));
    }
    let most = alphabet as i64 - 1;
    let outside = part.iter().find(|token| !(0..=most).contains(token));
    outside.map_or(Ok(()), |token| {
        let remedy = "tokens are numbers from 0; digits are 0 to 9; change it, or raise alphabet";
        Err(range(key, token, &format!("tokens from 0 to {most}"), remedy))
    })
}
