//! Patterns are the softmax of `q k / sqrt(head width)`.

use super::causality::worse;
use super::network::Network;
use super::probed::patterns;
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "scale", look };

/// The largest difference between a weight that is used and the formula's, in units of what rounding explains.
///
/// A score is a sum of `w` products, so 32 bits get it wrong by at most `(w + 2) 2^-24` of the sum of their sizes; a softmax changes by
/// at most twice the change of a score; and exponentials, their sum and the quotient add a few roundings for each position.
fn look(network: &mut dyn Network) -> Finding {
    let (width, positions) = (network.model().head_width(), network.experiment().world().shape().positions);
    if network.layers_of_attention() == 0 {
        return Finding::None("the model has no attention".into());
    }
    let rounding = 0.5 * f64::from(f32::EPSILON);
    let (mut largest, mut at) = (0.0, String::new());
    for pattern in patterns(network) {
        let bound = rounding * (2.0 * (width as f64 + 3.0) * pattern.score + positions as f64 + 16.0);
        let pairs = pattern.used.iter().flatten().zip(pattern.formula.iter().flatten());
        let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, worse);
        let times = difference / bound;
        if times.is_nan() || times > largest {
            largest = times;
            at = format!("; {difference:.1e} at head {} of layer {}", pattern.head, pattern.layer);
        }
    }
    let about = "largest difference of a weight from softmax(q k / sqrt(head width)), over what rounding explains";
    Finding::AtMost(largest, 1.0, format!("{about}{at}"))
}
