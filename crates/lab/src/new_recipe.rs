//! A new recipe: every key with its value and what it means, from the schema alone, so a new world is here by itself.

use serde_json::Value as Json;

use crate::recipe::text::overlap;
use crate::{LabError, Plan, Recipe};

const WIDTH: usize = 110;

/// A kind of world, as `new` offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name in recipes.
    pub name: String,
    /// What it is.
    pub about: String,
    /// The keys of its `[world]` section.
    pub keys: Vec<Key>,
}

/// A key of a section of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What it means, with its range.
    pub about: String,
}

/// Every kind of world, with the keys of its section.
pub fn kinds() -> Vec<Kind> {
    let schema = Recipe::schema();
    let kinds = schema["$defs"]["Settings"]["oneOf"].as_array().cloned().unwrap_or_default();
    kinds
        .iter()
        .map(|kind| Kind { name: kind_name(kind), about: about(&schema, kind), keys: keys(&schema, kind) })
        .collect()
}

/// The text of a new recipe for a world called `kind`. `overrides` (each `a.b=c`) set keys; what the world wants and nobody
/// set has the first example of its schema, or else its least value.
///
/// # Errors
/// As [`Recipe::parse`] and [`Plan::new`].
pub fn new_recipe(kind: &str, overrides: &[String]) -> Result<String, LabError> {
    let schema = Recipe::schema();
    let mut settings = vec![format!("world.kind={kind}")];
    let set = |starting: &String| overrides.iter().any(|given| overlap(given, starting));
    settings.extend(starting_values(&schema, kind).into_iter().filter(|starting| !set(starting)));
    settings.extend_from_slice(overrides);
    let recipe = Recipe::parse("", "the new recipe", &settings)?;
    Plan::new(&recipe)?;
    Ok(with_comments(&schema, kind, &recipe.to_toml()))
}

fn starting_values(schema: &Json, kind: &str) -> Vec<String> {
    let Some(section) = world_section(schema, kind) else { return Vec::new() };
    let required = section["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let value = |key: &str| {
        let key = &section["properties"][key];
        key["examples"].get(0).or(key.get("minimum")).cloned()
    };
    required.filter_map(|key| value(key).map(|value| format!("world.{key}={value}"))).collect()
}

/// The settings of the world called `kind`, through references.
fn world_section<'a>(schema: &'a Json, kind: &str) -> Option<&'a Json> {
    let kinds = schema["$defs"]["Settings"]["oneOf"].as_array()?;
    kinds.iter().find(|k| kind_name(k) == kind).map(|k| resolve(schema, k))
}

fn kind_name(kind: &Json) -> String {
    kind["properties"]["kind"]["const"].as_str().unwrap_or_default().into()
}

fn resolve<'a>(schema: &'a Json, place: &'a Json) -> &'a Json {
    let target = place["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    target.and_then(|pointer| schema.pointer(pointer)).map_or(place, |target| resolve(schema, target))
}

fn about(schema: &Json, key: &Json) -> String {
    let text =
        |place: &Json| place["description"].as_str().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    text(key).or_else(|| text(resolve(schema, key))).unwrap_or_default()
}

fn keys(schema: &Json, section: &Json) -> Vec<Key> {
    let properties = resolve(schema, section)["properties"].as_object();
    let key = |(name, key): (&String, &Json)| {
        let choices = choices(resolve(schema, key));
        Key { name: name.clone(), about: format!("{}{choices}", about(schema, key)) }
    };
    properties.into_iter().flatten().filter(|(name, _)| *name != "kind").map(key).collect()
}

fn choices(key: &Json) -> String {
    let constants = key["oneOf"].as_array().into_iter().flatten().filter_map(|choice| choice["const"].as_str());
    let choices: Vec<&str> = constants.collect();
    if choices.is_empty() { String::new() } else { format!(" One of {}.", choices.join(", ")) }
}

/// The recipe's lines, each key below its description; keys without a value are named at the end of their section.
fn with_comments(schema: &Json, kind: &str, recipe: &str) -> String {
    let mut text = String::from("# A recipe of Infimum. Every key but those of [world] may be left out.\n");
    for section in format!("\n{recipe}").split("\n[").skip(1) {
        let (name, lines) = section.split_once("]\n").unwrap_or((section, ""));
        let place = match name {
            "world" => world_section(schema, kind).unwrap_or(&Json::Null),
            name => &schema["properties"][name],
        };
        text += &format!("\n[{name}]\n{}", section_text(&keys(schema, place), lines));
    }
    text
}

fn section_text(keys: &[Key], lines: &str) -> String {
    let mut unset: Vec<&Key> = keys.iter().collect();
    let mut text = String::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let name = line.split(' ').next().unwrap_or_default();
        if let Some(place) = unset.iter().position(|key| key.name == name) {
            text += &comment(&unset.remove(place).about);
        }
        text += &format!("{line}\n");
    }
    for key in unset {
        text += &comment(&format!("{} (not set): {}", key.name, key.about));
    }
    text
}

fn comment(about: &str) -> String {
    let mut text = String::new();
    let mut line = String::from("#");
    for word in about.split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            text += &format!("{line}\n");
            line = String::from("#");
        }
        line += &format!(" {word}");
    }
    format!("{text}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_recipe_of_every_kind_is_a_recipe_that_says_what_each_key_means() {
        for kind in kinds() {
            let text = new_recipe(&kind.name, &[]).unwrap();
            Plan::new(&Recipe::parse(&text, "new", &[]).unwrap()).unwrap();
            for key in kind.keys {
                assert!(text.contains(&key.name) && key.about.ends_with('.'), "{key:?}\n{text}");
            }
            assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        }
    }

    #[test]
    fn what_was_asked_for_stands_in_the_recipe() {
        let text = new_recipe("markov", &["world.states=37".into(), "world.sparsity=60".into()]).unwrap();
        assert!(text.contains("\nstates = 37\n") && text.contains("\nsparsity = 60.0\n"), "{text}");
        assert!(text.contains("# keep (not set): "), "{text}");
    }

    #[test]
    fn mistakes_are_those_of_a_recipe() {
        let text = |kind, given: &str| new_recipe(kind, &[given.into()]).unwrap_err().to_string();
        assert!(text("markov", "world.states=1").contains("states"), "{}", text("markov", "world.states=1"));
        assert!(text("markof", "world.states=2").contains("markov"), "{}", text("markof", "world.states=2"));
    }
}
