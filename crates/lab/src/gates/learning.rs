//! Training changes every free parameter.

use super::network::Network;
use super::{Finding, Gate};
use crate::is_vector;
use crate::moved::moved;

pub(super) const GATE: Gate = Gate { name: "learning", look };

const SEQUENCES: usize = 64;
/// Of an array's numbers, this share may come back to where they were by chance.
const BOUND: f64 = 1e-3;
/// An array that moved less than this share of its length, beside a multiple of what it was, has only decayed: rounding at every step
/// of decay moves it by some `2^-24` times the square root of their number.
const DECAYED: f64 = 1e-5;

/// The largest share, over arrays, of parameters with a gradient that are what they were before the first step, but for decay. What no
/// training sequence touches, such as the row of a token that is never read, may stay as it was.
///
/// Decay makes all numbers of an array smaller by one factor; vectors do not decay.
fn look(network: &mut dyn Network) -> Finding {
    let Some(start) = network.start().map(<[f32]>::to_vec) else {
        return Finding::None("these weights come from elsewhere, and nobody knows what they were before".into());
    };
    let examples = network.training_examples(SEQUENCES);
    let gradient = network.gradient(&examples).gradient;
    let point = network.point();
    let (mut largest, mut at, mut untouched) = (0.0, String::new(), 0);
    for parameter in network.experiment().program().parameters() {
        let range = parameter.range.clone();
        let has_decayed = !is_vector(&parameter.name)
            && moved(&start[range.clone()], &point[range.clone()]).is_some_and(|share| share < DECAYED);
        let same = range.clone().filter(|i| has_decayed || point[*i].to_bits() == start[*i].to_bits());
        let (moves, stays): (Vec<usize>, Vec<usize>) = same.partition(|i| gradient[*i] != 0.0);
        untouched += stays.len();
        let share = moves.len() as f64 / range.len() as f64;
        if share > largest {
            (largest, at) = (share, format!("; of {}", parameter.name));
        }
    }
    let about = "largest share of an array's parameters that have a gradient and stay what they were, but for decay";
    let rest = if untouched > 0 { format!("; {untouched} others have none and stay") } else { String::new() };
    Finding::AtMost(largest, BOUND, format!("{about}{at}{rest}"))
}
