//! The recipes that are built in.

use std::path::Path;

use crate::LabError;

macro_rules! built_in {
    ($($name:literal,)*) => {
        /// Name and text of every recipe that is built in, in the order in which to try them.
        pub const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../recipes/", $name, ".toml"))),)*];
    };
}

built_in! {
    "markov-10",
    "markov-100",
    "markov-100-sparse75",
}

/// The text of the recipe of that name that is built in.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

pub(crate) fn none_such(name: &Path) -> LabError {
    let known = BUILT_IN.iter().map(|(name, _)| name.to_string()).collect();
    LabError::NoRecipe { name: name.to_string_lossy().into_owned(), known }
}
