//! Lists in JSON that stay small whatever the text says.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::RegularError;
use super::error::quoted;
use super::subsets::MOST_STATES;

/// A list of at most `N`.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct AtMost<T, const N: usize>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for AtMost<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T, const N: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for List<T, N> {
            type Value = AtMost<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {N}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    if items.len() == N {
                        return Err(A::Error::invalid_length(N + 1, &self));
                    }
                    items.push(item);
                }
                Ok(AtMost(items))
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}

/// Lists of numbers, one after another: the rows of a table.
pub(super) struct Rows {
    pub(super) numbers: Vec<u32>,
    /// How many numbers each row has.
    pub(super) width: usize,
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> Visitor<'de> for Table {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MOST_STATES} lists of as many numbers each")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rows, A::Error> {
                let (mut rows, mut count) = (Rows { numbers: Vec::new(), width: 0 }, 0);
                while let Some(AtMost(row)) = list.next_element::<AtMost<u32, { super::MOST_SYMBOLS }>>()? {
                    if count == MOST_STATES || count > 0 && row.len() != rows.width {
                        return Err(A::Error::invalid_length(row.len(), &self));
                    }
                    rows.width = row.len();
                    rows.numbers.extend(row);
                    count += 1;
                }
                Ok(rows)
            }
        }
        deserializer.deserialize_seq(Table)
    }
}

/// Reads JSON as a `T`.
pub(super) fn parse<'t, T: Deserialize<'t>>(form: &'static str, text: &'t str) -> Result<T, RegularError> {
    serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let message = error.to_string();
        let found = message.split(" at line ").next().unwrap_or_default();
        RegularError::Text { form, place, found: quoted(found), expected: "the keys and types of that form".into() }
    })
}
