//! The names of the checkpoints of a record.

use std::fmt;
use std::str::FromStr;

/// Which checkpoint of a record; `Display` gives the file's name without its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckpointName {
    /// The best validation so far, by its loss or by the figure that `[training.stop]` names: `best`.
    Best,
    /// The newest: `last`.
    Last,
    /// After so many steps: `step-000100`.
    Step(u64),
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointName::Best => f.write_str("best"),
            CheckpointName::Last => f.write_str("last"),
            CheckpointName::Step(step) => write!(f, "step-{step:06}"),
        }
    }
}

/// `best`, `last`, `step-000100`, or the number of steps alone.
impl FromStr for CheckpointName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => return Ok(CheckpointName::Best),
            "last" => return Ok(CheckpointName::Last),
            _ => {}
        }
        let digits = text.strip_prefix("step-").unwrap_or(text);
        let step = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
        step.map(CheckpointName::Step)
            .ok_or_else(|| format!("`{text}` is no checkpoint: give best, last, or a number of steps"))
    }
}

#[cfg(test)]
mod tests {
    use super::CheckpointName::{self, Best, Last, Step};

    #[test]
    fn names_come_back() {
        for name in [Best, Last, Step(0), Step(100), Step(123_456_789), Step(u64::MAX)] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        assert_eq!(Step(100).to_string(), "step-000100");
        assert_eq!("100".parse(), Ok(Step(100)));
        for text in ["", "step-", "-1", "+1", "bests", "step-x", "99999999999999999999"] {
            assert!(text.parse::<CheckpointName>().is_err(), "{text}");
        }
    }
}
