//! Gates: what has to hold of any trained network before its scores mean what they seem to mean.
//!
//! Each looks at the program that is shipped, at the weights of a run, and says a figure and its bound. One that has nothing to look at
//! in a model or world says why, and has not passed. What a gate is good for is how it fails: beside each stands a network that is
//! broken on purpose (`sabotage.rs`), and that one must not pass.

mod causality;
mod content;
mod context;
mod gradients;
mod learning;
mod loss;
mod position;
mod probed;
mod scale;
mod stretches;
mod network;
mod targets;
mod unseen;

#[cfg(test)]
mod sabotage;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::training::Weights;
use crate::{Experiment, LabError, Machine, number};
use network::{Network, Trained};

/// Every gate, in the order in which they are looked at.
const GATES: &[Gate] = &[
    causality::GATE,
    position::GATE,
    content::GATE,
    scale::GATE,
    targets::GATE,
    loss::GATE,
    context::GATE,
    gradients::GATE,
    learning::GATE,
    unseen::GATE,
];

/// One gate.
struct Gate {
    name: &'static str,
    look: fn(&mut dyn Network) -> Finding,
}

/// What a gate finds.
enum Finding {
    /// Passes if the figure is at most the bound.
    AtMost(f64, f64, String),
    /// Passes if the figure is at least the bound.
    AtLeast(f64, f64, String),
    /// There is nothing to look at, and why.
    None(String),
}

/// What a gate says of a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The gate.
    pub gate: &'static str,
    /// Whether the network passes; `None` where there is nothing to look at.
    pub passed: Option<bool>,
    /// What was measured.
    #[serde(with = "number::optional")]
    pub figure: Option<f64>,
    /// What it is compared with.
    pub bound: Option<f64>,
    /// What the figure is; or why there is none.
    pub about: String,
}

/// Names of the gates, in order.
pub fn names() -> Vec<&'static str> {
    GATES.iter().map(|gate| gate.name).collect()
}

/// Looks at a network through every gate. `tell` is told the name of each before.
///
/// # Errors
/// Weights that training began from, and that cannot be read any more.
pub fn gates(
    experiment: &Experiment,
    machine: &mut Machine,
    weights: Weights<'_>,
    tell: &mut dyn FnMut(&'static str),
) -> Result<Vec<Verdict>, LabError> {
    let mut network = Trained::new(experiment, machine, weights)?;
    Ok(all(&mut network, tell))
}

fn all(network: &mut dyn Network, tell: &mut dyn FnMut(&'static str)) -> Vec<Verdict> {
    let look = |gate: &Gate| {
        tell(gate.name);
        gate.look(network)
    };
    GATES.iter().map(look).collect()
}

impl Gate {
    fn look(&self, network: &mut dyn Network) -> Verdict {
        let gate = self.name;
        match (self.look)(network) {
            // Written so that what is no number passes neither.
            Finding::AtMost(figure, bound, about) => {
                Verdict { gate, passed: Some(figure <= bound), figure: Some(figure), bound: Some(bound), about }
            }
            Finding::AtLeast(figure, bound, about) => {
                Verdict { gate, passed: Some(figure >= bound), figure: Some(figure), bound: Some(bound), about }
            }
            Finding::None(about) => Verdict { gate, passed: None, figure: None, bound: None, about },
        }
    }
}
