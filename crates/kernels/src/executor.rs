//! The two ways in which a script runs: how the values of its arrays lie in memory.

use std::fmt;
use std::str::FromStr;

/// How values lie in memory, and so how many sequences a replay works on. A script is made for one of them; it decides
/// speed, and in which order sums over channels and over sequences are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Executor {
    /// `[row][channel][sequence]`: sixteen sequences at once, a vector is one number of each. For narrow models.
    Lanes,
    /// `[row][channel]`: one sequence at a time, a vector is sixteen channels of a row; the lanes behind a row's last
    /// channel mean nothing. For models whose time is matrix products.
    Wide,
}

impl Executor {
    /// All of them.
    pub const ALL: [Executor; 2] = [Executor::Lanes, Executor::Wide];

    /// The name that users write: `lanes` or `wide`.
    pub fn name(self) -> &'static str {
        match self {
            Executor::Lanes => "lanes",
            Executor::Wide => "wide",
        }
    }

    /// How many sequences a replay works on.
    pub fn sequences(self) -> usize {
        match self {
            Executor::Lanes => crate::LANES,
            Executor::Wide => 1,
        }
    }
}

impl fmt::Display for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownExecutor {
    /// What was asked for.
    pub name: String,
}

impl fmt::Display for UnknownExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = Executor::ALL.into_iter().map(Executor::name).collect();
        write!(f, "executor `{}`: there are {}", self.name, all.join(", "))
    }
}

impl std::error::Error for UnknownExecutor {}

impl FromStr for Executor {
    type Err = UnknownExecutor;

    fn from_str(name: &str) -> Result<Executor, UnknownExecutor> {
        let found = Executor::ALL.into_iter().find(|executor| executor.name() == name);
        found.ok_or_else(|| UnknownExecutor { name: name.to_string() })
    }
}
