//! The loss is what the logits and the targets make it.

use infimum_worlds::Purpose;

use super::causality::worse;
use super::network::Network;
use super::{Finding, Gate};
use crate::Output;

pub(super) const GATE: Gate = Gate { name: "loss", look };

const SEQUENCES: usize = 16;

/// Largest difference, in units of what rounding explains, between nats of a target and those computed here from the logits in 64 bits; and
/// between the mean nats that training reports and the mean of these.
///
/// The sum of `V` exponentials of 32 bits is off by at most `V 2^-24` of itself, a logit by `2^-24` of its size.
fn look(network: &mut dyn Network) -> Finding {
    let examples = network.examples(Purpose::Test, SEQUENCES);
    let told = network.gradient(&examples);
    let (mut largest, outputs) = (0.0, network.experiment().outputs());
    for (Output { head, alphabet, .. }, (output, told)) in outputs.iter().zip(outputs.iter().zip(&told.of_losses)) {
        let read = network.read(&examples, &[], &[&output.site("nats"), &output.site("logits")]);
        let (mut sum, mut weights, mut most) = (0.0, 0.0, 0.0);
        for (example, arrays) in examples.iter().zip(&read) {
            for (position, logits) in arrays[1].chunks_exact(*alphabet).enumerate() {
                let weight = f64::from(example.weights[*head][position]);
                if weight == 0.0 {
                    continue;
                }
                let nats = nats(logits, usize::from(example.targets[*head][position]));
                let size = logits.iter().map(|x| f64::from(x.abs())).fold(0.0, worse);
                let bound = 0.5 * f64::from(f32::EPSILON) * (*alphabet as f64 + 16.0 + 8.0 * size);
                most = worse(bound, most);
                largest = worse((nats - f64::from(arrays[0][position])).abs() / bound, largest);
                (sum, weights) = (sum + weight * nats, weights + weight);
            }
        }
        // Both are sums of the same nats, in 64 bits.
        largest = worse((told.loss / told.weight - sum / weights).abs() / most, largest);
    }
    let about = "largest difference of nats from those of the logits in 64 bits, over what rounding explains";
    Finding::AtMost(largest, 1.0, about.into())
}

/// `ln sum exp(logits) - logits[target]`.
fn nats(logits: &[f32], target: usize) -> f64 {
    let largest = logits.iter().copied().map(f64::from).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|x| libm::exp(f64::from(*x) - largest)).sum();
    largest + libm::log(sum) - f64::from(logits[target])
}
