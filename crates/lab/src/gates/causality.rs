//! Changing later tokens changes nothing before.

use infimum_worlds::{Example, Purpose};

use super::network::{Network, stream};
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "causality", look };

/// Sequences, and places at which each is cut.
const SEQUENCES: usize = 8;
const CUTS: usize = 4;

/// The largest change of a logit up to a cut, when every token after it is another. There is none at all: a position has the same bits
/// whatever comes after it.
fn look(network: &mut dyn Network) -> Finding {
    let shape = network.experiment().world().shape();
    let (positions, alphabet) = (shape.positions, shape.alphabet as u64);
    if positions < 2 {
        return Finding::None("sequences have one position, and nothing comes later".into());
    }
    let (mut stream, mut cuts, mut whole, mut changed) = (stream(1), vec![], vec![], vec![]);
    for example in network.examples(Purpose::Test, SEQUENCES) {
        for _ in 0..CUTS {
            let cut = stream.below(positions as u64 - 1) as usize;
            let mut tokens = example.tokens.clone();
            let other = |token: u16, by: u64| ((u64::from(token) + by) % alphabet) as u16;
            tokens[cut + 1..].iter_mut().for_each(|token| *token = other(*token, 1 + stream.below(alphabet - 1)));
            cuts.push(cut);
            changed.push(Example { tokens, ..example.clone() });
            whole.push(example.clone());
        }
    }
    let sites: Vec<String> = network.experiment().outputs().iter().map(|output| output.site("logits")).collect();
    let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
    let (before, after) = (network.read(&whole, &[], &sites), network.read(&changed, &[], &sites));
    let mut largest = 0.0;
    for ((before, after), cut) in before.iter().zip(&after).zip(cuts) {
        for (before, after) in before.iter().zip(after) {
            let seen = before.len() / positions * (cut + 1);
            let changes = before[..seen].iter().zip(&after[..seen]).map(|(a, b)| f64::from(a - b).abs());
            largest = changes.fold(largest, worse);
        }
    }
    Finding::AtMost(largest, 0.0, "largest change of a logit when all later tokens are others".into())
}

/// The larger; what is no number is worse than any.
pub(super) fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}
