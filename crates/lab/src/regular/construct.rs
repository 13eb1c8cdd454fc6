//! Automata written as the weights of a causal softmax transformer of the decoder's family, exact in f32.
//!
//! What a construction says is exact up to the length of its words: attention is so sharp that all but one key get no weight, or
//! quite even, and everything that MLPs add is whole numbers that f32 has; each construction's file says from what this follows.

mod action;
mod counter;
mod nearest;
mod prefix;
mod reset;
mod steps;
mod wiring;

use std::path::Path;

use infimum_worlds::Settings;
use infimum_worlds::regular::{Machine, builtin, machine_json, steps as runs, words};
use serde::Serialize;

use crate::{LabError, Layout, Plan, weights_file};
use wiring::Wiring;

/// The logits of the right class and the next are apart by at least so many nats.
const CLASS_MARGIN: f64 = 128.0;

/// How an automaton is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// One block of attention to the last symbol that sets the state.
    Reset,
    /// One block that counts by uniform attention.
    Counter,
    /// `ceil(log2 T)` blocks that compose maps of states.
    Prefix,
    /// One block that writes each state as a token.
    Steps,
}

impl Method {
    /// All, the best first.
    pub const ALL: [Method; 4] = [Method::Reset, Method::Counter, Method::Prefix, Method::Steps];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Method::Reset => "reset",
            Method::Counter => "counter",
            Method::Prefix => "prefix",
            Method::Steps => "steps",
        }
    }

    fn sketch(self, machine: &Machine, length: usize) -> Result<Sketch, LabError> {
        match self {
            Method::Reset => reset::sketch(machine, length),
            Method::Counter => counter::sketch(machine, length),
            Method::Prefix => prefix::sketch(machine, length),
            Method::Steps => steps::sketch(machine, length),
        }
    }
}

impl std::str::FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Method, String> {
        let known = || Method::ALL.map(Method::name).join(", ");
        Method::ALL.into_iter().find(|method| method.name() == text).ok_or_else(|| format!("it is one of {}", known()))
    }
}

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What the model is called.
    pub name: &'a str,
    /// The language as a recipe may have it: a built-in name, or a pattern over the machine's alphabet; `None`: the automaton itself.
    pub language: Option<&'a str>,
    /// Its automaton.
    pub machine: &'a Machine,
    /// The length of the longest words, in symbols.
    pub length: usize,
    /// How; `None`: the first of [`Method::ALL`] that can.
    pub method: Option<Method>,
}

/// What makes a construction exact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Margins {
    /// How far the best score of attention is ahead of the second, in nats; 0 where attention is uniform.
    attention: f64,
    /// How far the logit of what is right is ahead of the next, in nats, at least.
    class: f64,
    /// The longest words, in symbols, at which that holds in f32.
    longest: usize,
}

/// A construction whose world is not there yet.
struct Sketch {
    method: Method,
    wiring: Wiring,
    margins: Margins,
    /// The points whose maps are composed.
    points: Option<usize>,
}

/// What is said of a construction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About {
    /// How it is made.
    pub method: Method,
    /// States of the automaton.
    pub states: usize,
    /// How many points the maps that are composed are of: the states, or fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<usize>,
    /// Blocks.
    pub layers: usize,
    /// Channels of the residual stream.
    pub width: usize,
    /// Hidden units of each MLP; 0 without one.
    pub hidden: usize,
    /// Free scalars.
    pub parameters: usize,
    /// The longest words of its world, in symbols.
    pub length: usize,
    /// How far the best score of attention is ahead of the second, in nats; 0 where attention is uniform.
    pub attention_margin: f64,
    /// How far the logit of what is right is ahead of the next, in nats, at least.
    pub class_margin: f64,
    /// Words up to which f32 keeps both, in symbols, if the model is made for them.
    pub exact_to_length: usize,
}

/// An automaton as weights.
pub struct Construction {
    /// The plan of its model: its world, and how it would train if one trained it.
    pub plan: Plan,
    /// All parameters.
    pub point: Vec<f32>,
    /// What is said of it.
    pub about: About,
    layout: Layout,
}

/// Writes an automaton as weights.
///
/// # Errors
/// A machine that gives every word the same class; one that is too large, or no machine for the method, with the way out; longer
/// words than f32 is exact for.
pub fn construct(wanted: Wanted<'_>) -> Result<Construction, LabError> {
    let Wanted { machine, length, .. } = wanted;
    machine.require_choice()?;
    let sketch = match wanted.method {
        Some(method) => method.sketch(machine, length)?,
        None => first_that_can(machine, length)?,
    };
    let Sketch { method, wiring, margins, points } = sketch;
    let model = &wiring.model;
    let (layers, width, hidden) = (model.layers, model.width, if model.mlp { model.hidden() } else { 0 });
    let (plan, layout, point) = wiring.finish(wanted.name, world(wanted, method))?;
    let about = About {
        method,
        states: machine.automaton().states(),
        points,
        layers,
        width,
        hidden,
        parameters: point.len(),
        length,
        attention_margin: margins.attention,
        class_margin: margins.class,
        exact_to_length: margins.longest,
    };
    Ok(Construction { plan, point, about, layout })
}

fn first_that_can(machine: &Machine, length: usize) -> Result<Sketch, LabError> {
    let [others @ .., last] = Method::ALL;
    let sketch = others.into_iter().find_map(|method| method.sketch(machine, length).ok());
    sketch.map_or_else(|| last.sketch(machine, length), Ok)
}

/// The world whose sequences the construction reads.
fn world(wanted: Wanted<'_>, method: Method) -> Settings {
    let (language, alphabet) = spelt(wanted.language, wanted.machine);
    let length = wanted.length as i64;
    if method == Method::Steps {
        return Settings::RegularSteps(runs::Settings { language, alphabet, length, seed: 1 });
    }
    let words = words::Settings { alphabet, shortest: 0, longest: length, ..words::Settings::new(&language) };
    Settings::Regular(words)
}

/// A language and its alphabet as a recipe has them.
fn spelt(language: Option<&str>, machine: &Machine) -> (String, Option<String>) {
    match language {
        Some(name) if builtin::named(name).is_some() => (name.into(), None),
        Some(pattern) => (pattern.into(), Some(machine.alphabet().spelt())),
        None => {
            let json = serde_json::to_string(&machine_json::written(machine));
            (json.expect("names and numbers can be written"), None)
        }
    }
}

impl Construction {
    /// A recipe of its world and its model. A run of it starts from random weights, unless `training.init` names the construction.
    pub fn recipe(&self) -> String {
        wiring::recipe(self.plan.name(), self.plan.world(), self.plan.model())
    }

    /// Writes weights, plan and what is said of the construction as one safetensors file, whole or not at all. A file that is there
    /// and differs is replaced only if `force`.
    ///
    /// # Errors
    /// [`LabError::Replaces`]; whatever the system refuses.
    pub fn write(&self, path: &Path, force: bool) -> Result<(), LabError> {
        let about = serde_json::to_string(&self.about).expect("names and numbers can be written");
        let texts = [("plan", self.plan.to_toml()), ("construction", about)];
        weights_file::write_beside(path, &self.layout.views(&self.point), &texts, force)
    }
}

/// The name of a model in a file: the file's, with other signs in place of those that no name has.
pub fn name_near(file: &Path) -> String {
    crate::recipe::names::near(&file.file_stem().unwrap_or_default().to_string_lossy())
}

fn no_such(method: Method, wanted: &str) -> LabError {
    let allowed = format!("it is {wanted}, and this is none");
    LabError::value("--method", method.name(), allowed, "leave it out to have the best that there is")
}

fn too_long(length: usize, longest: usize) -> LabError {
    let allowed = format!("at most {longest} symbols, to which f32 is exact here");
    LabError::value("--length", length, allowed, "choose shorter words, or leave --method out")
}
