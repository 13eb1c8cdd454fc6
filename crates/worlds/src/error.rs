//! Mistakes in a world's settings.

use thiserror::Error;

use crate::regular::RegularError;

/// A mistake of the user in a world's settings: which key, what stood there, what is allowed, and the way out.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum WorldError {
    /// A language that is none, or that has no such words.
    #[error(transparent)]
    Regular(#[from] RegularError),
    /// A value outside its range.
    #[error("{key} = {value} is out of range: {allowed}; {remedy}")]
    Range {
        /// The key.
        key: &'static str,
        /// The value that stood there.
        value: String,
        /// The allowed range.
        allowed: String,
        /// The way out.
        remedy: String,
    },
    /// Two keys that cannot stand together.
    #[error("{first} and {second} are both set, and both say the same thing in different words: {remedy}")]
    Both {
        /// One key.
        first: &'static str,
        /// The other key.
        second: &'static str,
        /// The way out.
        remedy: String,
    },
    /// A value that is allowed elsewhere, but not with the generator that was asked for.
    #[error("{key} = {value} does not go with generator = \"{generator}\", {reason}; {remedy}")]
    Generator {
        /// The key.
        key: &'static str,
        /// The value that stood there.
        value: String,
        /// The generator that was asked for.
        generator: &'static str,
        /// Why the two do not go together.
        reason: &'static str,
        /// The way out.
        remedy: String,
    },
    /// A law that would not fit.
    #[error("a law of {non_zeros} non-zero probabilities is too large: at most {limit}; {remedy}")]
    Size {
        /// How many it would have (saturating).
        non_zeros: u128,
        /// The most that are allowed.
        limit: u128,
        /// The way out.
        remedy: String,
    },
    /// Numbers that are no law.
    #[error("{place} {fault}; {remedy}")]
    Law {
        /// Which part of the law.
        place: String,
        /// What is wrong with it.
        fault: String,
        /// The way out.
        remedy: String,
    },
}
