//! A recipe's text against the schema of recipes: unknown and missing keys, types, choices, ranges.

use infimum_worlds::Settings;
use serde_json::Value as Json;
use toml::{Table, Value};

use crate::error::CHANGE_IT;
use crate::recipe::text::{Lines, Text, join};
use crate::{LabError, Recipe};

/// The first mistake in `text`, keys in alphabetical order, unknown keys of a table before its values.
pub(crate) fn check(text: &Text) -> Result<(), LabError> {
    let schema = Recipe::schema();
    Checker { definitions: &schema["$defs"], sections: &schema["properties"], lines: &text.lines }.table(
        "",
        &text.table,
        &schema,
    )
}

/// The first value of a plan's sections that is out of the range that recipes have for it. What only plans have is left aside.
pub(crate) fn check_plan(plan: &Table) -> Result<(), LabError> {
    let mut recipe = plan.clone();
    ["numerics", "executor", "parameters"].iter().for_each(|key| _ = recipe.remove(*key));
    for (section, key) in [("training", "init"), ("training", "pull"), ("training", "curriculum"), ("data", "folder")] {
        if let Some(section) = recipe.get_mut(section).and_then(Value::as_table_mut) {
            section.remove(key);
        }
    }
    check(&Text { table: recipe, lines: Lines::new() })
}

/// The settings that `world` holds, called `path` in messages.
pub(crate) fn check_world(world: &Table, path: &str) -> Result<Settings, LabError> {
    let (schema, lines) = (Recipe::schema(), Lines::new());
    let checker = Checker { definitions: &schema["$defs"], sections: &schema["properties"], lines: &lines };
    checker.table(path, world, checker.resolve(&schema["properties"]["world"]))?;
    let settings = Value::Table(world.clone()).try_into();
    settings.map_err(|e: toml::de::Error| LabError::Syntax { origin: path.into(), message: e.to_string() })
}

struct Checker<'a> {
    definitions: &'a Json,
    /// The recipe's keys, most of which are sections.
    sections: &'a Json,
    lines: &'a Lines,
}

/// What a table may hold: each key's schema, and which keys must be there.
type Keys<'a> = (Vec<(&'a str, &'a Json)>, Vec<&'a str>);

impl<'a> Checker<'a> {
    fn table(&self, path: &str, table: &Table, schema: &'a Json) -> Result<(), LabError> {
        let (keys, required) = match schema["oneOf"].as_array() {
            Some(kinds) => self.keys_of_kind(path, table, kinds)?,
            None => self.keys(schema),
        };
        if let Some(key) = table.keys().find(|key| keys.iter().all(|(known, _)| known != key)) {
            return Err(self.unknown(path, key, &keys));
        }
        for (key, schema) in &keys {
            match table.get(*key) {
                Some(value) => self.value(&join(path, key), value, schema)?,
                None if required.contains(key) => return Err(missing(path, key, schema)),
                None => {}
            }
        }
        Ok(())
    }

    /// The keys of a table whose `kind` says which of several it is.
    fn keys_of_kind(&self, path: &str, table: &Table, kinds: &'a [Json]) -> Result<Keys<'a>, LabError> {
        let name = |kind: &'a Json| kind["properties"]["kind"]["const"].as_str().unwrap_or_default();
        let names: Vec<&str> = kinds.iter().map(name).collect();
        let about = format!("which it is; one of {}", names.join(", "));
        let Some(given) = table.get("kind") else {
            return Err(LabError::MissingKey { key: "kind".into(), table: table_text(path), about });
        };
        let found = kinds.iter().find(|kind| given.as_str() == Some(name(kind)));
        found.map(|kind| self.keys(kind)).ok_or_else(|| self.not_among(&join(path, "kind"), given, &names))
    }

    /// The keys of an object, through references.
    fn keys(&self, schema: &'a Json) -> Keys<'a> {
        let (mut keys, mut required) = match schema["$ref"].as_str() {
            Some(_) => self.keys(self.resolve(schema)),
            None => Default::default(),
        };
        keys.extend(schema["properties"].as_object().into_iter().flatten().map(|(key, s)| (key.as_str(), s)));
        required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str));
        (keys, required)
    }

    fn resolve(&self, schema: &'a Json) -> &'a Json {
        let target = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/"));
        target.map_or(schema, |name| &self.definitions[name])
    }

    fn value(&self, path: &str, value: &Value, schema: &'a Json) -> Result<(), LabError> {
        let schema = self.resolve(schema);
        if let Value::Table(table) = value
            && (schema["properties"].is_object() || schema["oneOf"][0]["properties"].is_object())
        {
            return self.table(path, table, schema);
        }
        if let (Value::Table(table), Some(_)) = (value, schema["additionalProperties"].as_object()) {
            let of =
                |(key, value): (&String, &Value)| self.value(&join(path, key), value, &schema["additionalProperties"]);
            return table.iter().try_for_each(of);
        }
        if let (Value::Array(values), true) = (value, types(schema).contains(&"array")) {
            return values.iter().try_for_each(|value| self.value(path, value, &schema["items"]));
        }
        let choices: Vec<&str> = choices(schema);
        if !choices.is_empty() {
            let known = value.as_str().is_some_and(|v| choices.contains(&v));
            return if known { Ok(()) } else { Err(self.not_among(path, value, &choices)) };
        }
        let types = types(schema);
        if !types.iter().any(|t| is_of(value, t)) {
            let names: Vec<&str> = types.iter().map(|t| type_text(t)).collect();
            return Err(self.refuse(path, value, format!("it has to be {}", names.join(" or ")), schema));
        }
        if !within(value, schema) {
            return Err(self.refuse(path, value, format!("it has to be {}", range_text(schema)), schema));
        }
        Ok(())
    }

    fn unknown(&self, path: &str, key: &str, keys: &[(&str, &Json)]) -> LabError {
        let mut known: Vec<String> = keys.iter().map(|(key, _)| key.to_string()).collect();
        known.sort();
        let line = self.lines.get(&join(path, key)).copied();
        let (near, elsewhere) = (nearest(key, &known), self.elsewhere(key));
        let nearest = if path.is_empty() { elsewhere.or(near) } else { near.or(elsewhere) };
        LabError::UnknownKey { key: key.into(), table: table_text(path), line, nearest, known }
    }

    /// The whole key under which a section has `key`; of several, all.
    fn elsewhere(&self, key: &str) -> Option<String> {
        let sections = self.sections.as_object().into_iter().flatten();
        let has = |section: &'a Json| match self.resolve(section)["oneOf"].as_array() {
            Some(kinds) => kinds.iter().any(|kind| self.has(kind, key)),
            None => self.has(section, key),
        };
        let found = sections.filter(|(_, section)| has(section)).map(|(name, _)| join(name, key));
        let found: Vec<String> = found.collect();
        (!found.is_empty()).then(|| found.join("` or `"))
    }

    fn has(&self, section: &'a Json, key: &str) -> bool {
        self.keys(section).0.iter().any(|(known, _)| *known == key)
    }

    fn not_among(&self, path: &str, value: &Value, choices: &[&str]) -> LabError {
        let names: Vec<String> = choices.iter().map(|c| c.to_string()).collect();
        let near = value.as_str().and_then(|v| nearest(v, &names));
        LabError::Value {
            key: path.into(),
            value: value.to_string(),
            line: self.lines.get(path).copied(),
            allowed: format!("it has to be one of {}", names.join(", ")),
            remedy: near.map_or("choose one of them".into(), |near| format!("did you mean \"{near}\"?")),
        }
    }

    fn refuse(&self, path: &str, value: &Value, allowed: String, schema: &Json) -> LabError {
        LabError::Value {
            key: path.into(),
            value: value.to_string(),
            line: self.lines.get(path).copied(),
            allowed: format!("{allowed} ({})", first_sentence(schema)),
            remedy: CHANGE_IT.into(),
        }
    }
}

fn missing(path: &str, key: &str, schema: &Json) -> LabError {
    LabError::MissingKey { key: key.into(), table: table_text(path), about: first_sentence(schema) }
}

fn table_text(path: &str) -> String {
    if path.is_empty() { "the recipe".into() } else { format!("[{path}]") }
}

/// The key that is meant, if one is near: Damerau and Levenshtein's distance of at most a third of the letters.
pub(crate) fn nearest(key: &str, known: &[String]) -> Option<String> {
    let distance = |k: &String| strsim::damerau_levenshtein(key, k);
    let found = known.iter().min_by_key(|k| distance(k))?;
    (distance(found) <= key.chars().count().max(found.len()).div_ceil(3)).then(|| found.clone())
}

fn choices(schema: &Json) -> Vec<&str> {
    let constants = schema["oneOf"].as_array().into_iter().flatten().filter_map(|c| c["const"].as_str());
    let listed = schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str);
    constants.chain(listed).collect()
}

fn types(schema: &Json) -> Vec<&str> {
    match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(several) => several.iter().filter_map(Json::as_str).filter(|t| *t != "null").collect(),
        _ => vec!["object"],
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "integer" => value.is_integer(),
        "number" => value.is_integer() || value.is_float(),
        "boolean" => value.is_bool(),
        "string" => value.is_str(),
        "array" => value.is_array(),
        _ => value.is_table(),
    }
}

fn type_text(kind: &str) -> &str {
    match kind {
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "string" => "text in quotes",
        "array" => "a list",
        _ => "a table",
    }
}

fn within(value: &Value, schema: &Json) -> bool {
    let Some(x) = value.as_float().or(value.as_integer().map(|i| i as f64)) else { return true };
    let holds = |key: &str, test: fn(f64, f64) -> bool| schema[key].as_f64().is_none_or(|limit| test(x, limit));
    x.is_finite()
        && holds("minimum", |x, limit| x >= limit)
        && holds("maximum", |x, limit| x <= limit)
        && holds("exclusiveMinimum", |x, limit| x > limit)
        && holds("exclusiveMaximum", |x, limit| x < limit)
}

fn range_text(schema: &Json) -> String {
    let limits = [
        ("minimum", "at least"),
        ("exclusiveMinimum", "more than"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "less than"),
    ];
    let texts =
        limits.iter().filter(|(key, _)| schema[*key].is_number()).map(|(key, text)| format!("{text} {}", schema[*key]));
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { "finite".into() } else { texts.join(" and ") }
}

fn first_sentence(schema: &Json) -> String {
    let text = schema["description"].as_str().unwrap_or("see `infimum schema`").replace('\n', " ");
    let sentence = text.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let (first, rest) = sentence.split_at(sentence.chars().next().map_or(0, char::len_utf8));
    first.to_lowercase() + rest
}
