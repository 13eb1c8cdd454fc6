//! The Markov chains that hmmlearn saves: a pickled `CategoricalHMM` whose states are its symbols.

use std::path::Path;

use super::numpy::{Array, pickled};
use super::pickle::{self, Node, Pickle, Value};
use super::{Fault, bytes};
use crate::LabError;

/// How far from 1 probabilities may sum, as hmmlearn allows.
const SUM_TOLERANCE: f64 = 1e-6;

const REMEDY: &str = "give the model.pkl of a CategoricalHMM whose emissionprob_ is the identity";

/// A Markov chain of `n` states.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The probabilities of the first state, `[n]`.
    pub start: Vec<f64>,
    /// The probabilities of the next state, `[n, n]`, a row for each state.
    pub transitions: Vec<f64>,
}

impl Chain {
    /// How many states it has.
    pub fn states(&self) -> usize {
        self.start.len()
    }

    /// The probabilities of the state after `state`.
    pub fn row(&self, state: usize) -> &[f64] {
        &self.transitions[state * self.states()..][..self.states()]
    }
}

/// Reads a `model.pkl`.
///
/// # Errors
/// When the file cannot be read, is no pickled `CategoricalHMM`, or its probabilities are none, or its states are hidden:
/// their emissions not the identity.
pub fn read(path: &Path) -> Result<Chain, LabError> {
    chain(&pickle::parse(path, bytes(path, "read the chain", REMEDY)?)?)
}

/// Reads the chain that a pickle is.
///
/// # Errors
/// As [`read`].
pub fn chain(pickle: &Pickle) -> Result<Chain, LabError> {
    decode(pickle).map_err(|fault| fault.at(pickle.path(), REMEDY))
}

fn decode(pickle: &Pickle) -> Result<Chain, Fault> {
    let state = model(pickle.root()).ok_or("is no pickled hmmlearn.hmm.CategoricalHMM")?;
    let states = state.get("n_components").and_then(Node::size).ok_or("its `n_components` is no number of states")?;
    let mut budget = pickle.budget.clone();
    let mut named = |name, shape: &[usize]| {
        let node = state.get(name).ok_or_else(|| Fault(format!("has no `{name}`, as a model that was not fitted")))?;
        let array = pickled(node, &mut budget).map_err(|Fault(problem)| Fault(format!("its `{name}`: {problem}")))?;
        if array.shape == shape {
            Ok(array.data)
        } else {
            Err(Fault(format!("its `{name}` has shape {:?} for {states} states", array.shape)))
        }
    };
    let start = named("startprob_", &[states])?;
    let transitions = named("transmat_", &[states, states])?;
    let emission = named("emissionprob_", &[states, states])?;
    check_law("startprob_", &start, states)?;
    check_law("transmat_", &transitions, states)?;
    check_identity(&Array { shape: vec![states, states], data: emission })?;
    Ok(Chain { start, transitions })
}

/// The state of the model.
fn model(root: Node) -> Option<Node> {
    let Value::Object(object) = root.value() else { return None };
    let class = match object.function {
        "copyreg._reconstructor" => match object.arguments.items()?.next()?.value() {
            Value::Global(class) => class,
            _ => return None,
        },
        class => class,
    };
    (class == "hmmlearn.hmm.CategoricalHMM").then_some(object.state)
}

/// Rows of probabilities that sum to 1.
fn check_law(name: &str, law: &[f64], states: usize) -> Result<(), Fault> {
    if states == 0 {
        return Err("has no states".into());
    }
    for (row, probabilities) in law.chunks(states).enumerate() {
        if let Some(wrong) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(Fault(format!("its `{name}` has {wrong} in row {row}, which is no probability")));
        }
        let sum: f64 = probabilities.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(Fault(format!("its `{name}` sums to {sum} in row {row}, not to 1")));
        }
    }
    Ok(())
}

fn check_identity(emission: &Array) -> Result<(), Fault> {
    let states = emission.shape[0];
    let expected = |at: usize| if at / states == at % states { 1.0 } else { 0.0 };
    match emission.data.iter().enumerate().find(|(at, p)| **p != expected(*at)) {
        None => Ok(()),
        Some((at, p)) => Err(Fault(format!(
            "its `emissionprob_` has {p} for symbol {} in state {}: its states are hidden, and only chains that show their states are read",
            at % states,
            at / states
        ))),
    }
}
