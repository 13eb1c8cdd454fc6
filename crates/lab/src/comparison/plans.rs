//! Plans key by key, and in what they differ.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::{Table, Value};

/// Each whole key of a plan with its value.
pub(super) type Keys = BTreeMap<String, Value>;

/// Keys in which runs of one set may differ: what a run is called, what it is a sample of, and who follows it.
const ASIDE: [&str; 3] = ["name", "track", "training.seed"];

/// A key with different values in two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The whole key.
    pub key: String,
    /// Its value in the first plan, as TOML; `None` where it is not set.
    pub a: Option<String>,
    /// Its value in the second.
    pub b: Option<String>,
}

/// The keys of a plan.
pub(super) fn keys(plan: &str) -> Result<Keys, String> {
    let table: Table = plan.parse().map_err(|error: toml::de::Error| error.message().to_string())?;
    let mut keys = Keys::new();
    collect("", &table, &mut keys);
    Ok(keys)
}

fn collect(above: &str, table: &Table, keys: &mut Keys) {
    for (key, value) in table {
        let path = crate::recipe::text::join(above, key);
        match value {
            Value::Table(inner) => collect(&path, inner, keys),
            value => _ = keys.insert(path, value.clone()),
        }
    }
}

/// In what two plans differ.
pub(super) fn differences(a: &Keys, b: &Keys) -> Vec<Difference> {
    let mut all: Vec<&String> = a.keys().chain(b.keys()).filter(|key| !ASIDE.contains(&key.as_str())).collect();
    all.sort();
    all.dedup();
    let differing = all.into_iter().filter(|key| a.get(*key) != b.get(*key));
    let text = |keys: &Keys, key: &str| keys.get(key).map(Value::to_string);
    differing.map(|key| Difference { key: key.clone(), a: text(a, key), b: text(b, key) }).collect()
}

/// Whether a value of a plan is the one that was typed; numbers are compared as such.
pub(super) fn same(value: &Value, typed: &Value) -> bool {
    let number = |value: &Value| value.as_float().or(value.as_integer().map(|whole| whole as f64));
    value == typed || number(value).is_some_and(|x| number(typed) == Some(x))
}
