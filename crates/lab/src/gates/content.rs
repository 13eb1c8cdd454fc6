//! Attention is not even where the task needs it.

use super::context::{self, Context};
use super::network::Network;
use super::probed::{Pattern, patterns};
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "content", look };

/// Entropies above are those of a head that hardly chooses.
const BOUND: f64 = 0.9;
/// A network that has so much of what earlier tokens tell has solved its task.
const SOLVED: f64 = 0.9;

/// The least, over heads, of the mean entropy of attention, each in units of that of even attention over as many positions: 1 for even
/// attention, 0 for a head that looks at one position.
///
/// Even attention is no fault where the task is solved with it, as sums of two numbers modulo a third can be.
fn look(network: &mut dyn Network) -> Finding {
    if network.layers_of_attention() == 0 {
        return Finding::None("the model has no attention".into());
    }
    if network.experiment().world().shape().positions < 2 {
        return Finding::None("sequences have one position".into());
    }
    let Context { gain, possible, .. } = context::measure(network);
    if let Some(possible) = possible.filter(|possible| *possible < context::LITTLE) {
        return Finding::None(context::nothing(possible));
    }
    let about = "least mean entropy of a head, 1 for even attention";
    let least =
        patterns(network).iter().map(entropy).fold(f64::INFINITY, |a, b| if b.is_nan() || b < a { b } else { a });
    if least > BOUND && possible.is_some_and(|possible| gain >= SOLVED * possible) {
        return Finding::None(format!("attention is even ({least:.3}), and the task is solved with it"));
    }
    Finding::AtMost(least, BOUND, about.into())
}

/// The mean entropy of a head's attention over queries that have a choice; no number where weights do not sum to 1.
fn entropy(pattern: &Pattern) -> f64 {
    let positions = (pattern.used[0].len() as f64).sqrt() as usize;
    let rows = pattern.used.iter().flat_map(|used| used.chunks_exact(positions).enumerate().skip(1));
    let of = |(query, row): (usize, &[f64])| {
        let sum: f64 = row.iter().sum();
        let terms = row.iter().filter(|p| **p > 0.0).map(|p| -p * libm::log(*p));
        let is_law = (sum - 1.0).abs() <= 1e-3;
        if is_law { terms.sum::<f64>() / libm::log((query + 1) as f64) } else { f64::NAN }
    };
    let entropies: Vec<f64> = rows.map(of).collect();
    entropies.iter().sum::<f64>() / entropies.len() as f64
}
