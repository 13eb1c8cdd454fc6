//! The model tells positions apart.

use super::causality::worse;
use super::network::Network;
use super::probed::patterns_of;
use super::{Finding, Gate};
use crate::recipe::Positions;

pub(super) const GATE: Gate = Gate { name: "position", look };

/// Tokens that are repeated.
const TOKENS: usize = 8;
const BOUND: f64 = 1e-3;

/// Sequences of one token at every position. Positions that are added to the embedding make logits differ from position to position; those
/// that stand in attention alone make weights differ from even ones. Without positions neither happens, whatever the weights.
fn look(network: &mut dyn Network) -> Finding {
    let shape = network.experiment().world().shape();
    let (positions, alphabet) = (shape.positions, shape.alphabet);
    let tokens = alphabet.min(TOKENS);
    let constant: Vec<_> = (0..tokens).map(|token| network.constant((token * alphabet / tokens) as u16)).collect();
    let known = network.model().positions;
    match known {
        Positions::None => return Finding::None("model.positions = \"none\": the model is not told positions".into()),
        _ if positions < 2 => return Finding::None("sequences have one position".into()),
        Positions::Rotary | Positions::Alibi if network.layers_of_attention() == 0 => {
            return Finding::None("positions stand in attention, and the model has none".into());
        }
        Positions::Learned | Positions::Sinusoidal | Positions::Rotary | Positions::Alibi => {}
    }
    if known.are_added() {
        let site = network.experiment().outputs()[0].site("logits");
        let read = network.read(&constant, &[], &[&site]);
        let spread = read.iter().map(|read| spread(&read[0], positions));
        let about = "largest spread of a logit over the positions of a sequence of one token";
        return Finding::AtLeast(spread.fold(0.0, worse), BOUND, about.into());
    }
    let uneven = |weights: &Vec<f64>| {
        let rows = weights.chunks_exact(positions).enumerate();
        let off = |(query, row): (usize, &[f64])| {
            let even = 1.0 / (query + 1) as f64;
            row[..=query].iter().map(|weight| (weight - even).abs()).fold(0.0, worse)
        };
        rows.map(off).fold(0.0, worse)
    };
    let largest = patterns_of(network, &constant).iter().flat_map(|pattern| &pattern.used).map(uneven).fold(0.0, worse);
    let about = "largest distance of a weight of attention from even ones in a sequence of one token";
    Finding::AtLeast(largest, BOUND, about.into())
}

/// The largest, over channels, of maximum less minimum over positions.
fn spread(array: &[f32], positions: usize) -> f64 {
    let channels = array.len() / positions;
    let column = |channel: usize| array.iter().skip(channel).step_by(channels).map(|x| f64::from(*x));
    let of = |channel| column(channel).fold(f64::NEG_INFINITY, worse) - column(channel).fold(f64::INFINITY, f64::min);
    (0..channels).map(of).fold(0.0, worse)
}
