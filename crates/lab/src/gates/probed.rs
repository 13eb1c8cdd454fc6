//! Where heads look, found from outside: a head's output is the mean of values under its pattern, so that values which are 1 at one
//! position and 0 elsewhere give the weight of that position. Nothing is taken from queries and keys.

use infimum_worlds::{Example, Purpose};

use super::network::{Network, Replaced};

/// Sequences whose patterns are looked at.
const SEQUENCES: usize = 16;
/// Numbers of a layer's values that are held at once, about.
const HELD: usize = 1 << 22;

/// The patterns of one head of one layer over some sequences.
pub(super) struct Pattern {
    pub(super) layer: usize,
    pub(super) head: usize,
    /// `[sequence][query][position]`.
    pub(super) used: Vec<Vec<f64>>,
    /// The same by the formula, from the queries and keys that attention reads.
    pub(super) formula: Vec<Vec<f64>>,
    /// The largest size of a score: the sum of the sizes of its products, over the square root of the width.
    pub(super) score: f64,
}

/// Patterns of every head on test sequences.
pub(super) fn patterns(network: &mut dyn Network) -> Vec<Pattern> {
    let positions = network.experiment().world().shape().positions;
    let channels = network.model().heads * network.model().value_width();
    let count = (HELD / (positions * channels)).clamp(1, SEQUENCES);
    let examples = network.examples(Purpose::Test, count);
    patterns_of(network, &examples)
}

/// Patterns of every head on these sequences.
pub(super) fn patterns_of(network: &mut dyn Network, examples: &[Example]) -> Vec<Pattern> {
    (0..network.layers_of_attention()).flat_map(|layer| of_layer(network, layer, examples)).collect()
}

fn of_layer(network: &mut dyn Network, layer: usize, examples: &[Example]) -> Vec<Pattern> {
    let site = format!("h.{layer}.attn.y");
    let program = network.experiment().program().without_dropout();
    let operands = program.operands(&site).expect("a block with attention has this site");
    let (heads, width) = (network.model().heads, network.model().head_width());
    let positions = network.experiment().world().shape().positions;
    let used = used(network, operands[2], &site, examples);
    let read = network.read(examples, &[], &operands[..2]);
    let formula: Vec<Vec<f64>> =
        read.iter().map(|qk| crate::patterns::patterns(&qk[0], &qk[1], heads, width, 0..positions)).collect();
    let size = positions * positions;
    let of_head = |all: &[Vec<f64>], head: usize| all.iter().map(|one| one[head * size..][..size].to_vec()).collect();
    let pattern = |head| Pattern {
        layer,
        head,
        used: of_head(&used, head),
        formula: of_head(&formula, head),
        score: read.iter().map(|qk| largest_score(&qk[0], &qk[1], (heads, head), width, positions)).fold(0.0, f64::max),
    };
    (0..heads).map(pattern).collect()
}

/// `[sequence][head, query, position]`: as many positions at once as a head of values has channels.
fn used(network: &mut dyn Network, values: &str, site: &str, examples: &[Example]) -> Vec<Vec<f64>> {
    let (heads, width) = (network.model().heads, network.model().value_width());
    let positions = network.experiment().world().shape().positions;
    let mut used = vec![vec![0.0; heads * positions * positions]; examples.len()];
    for first in (0..positions).step_by(width) {
        let mut probe = vec![0.0; positions * heads * width];
        let probed = first..positions.min(first + width);
        for position in probed.clone() {
            (0..heads).for_each(|head| probe[(position * heads + head) * width + position - first] = 1.0);
        }
        let replaced = Replaced { site: values.into(), arrays: vec![probe; examples.len()] };
        for (used, read) in used.iter_mut().zip(network.read(examples, &[replaced], &[site])) {
            for (head, query) in (0..heads).flat_map(|head| (0..positions).map(move |query| (head, query))) {
                let weights = &read[0][(query * heads + head) * width..][..probed.len()];
                let to = &mut used[(head * positions + query) * positions + first..][..probed.len()];
                to.iter_mut().zip(weights).for_each(|(to, weight)| *to = f64::from(*weight));
            }
        }
    }
    used
}

fn largest_score(q: &[f32], k: &[f32], (heads, head): (usize, usize), width: usize, positions: usize) -> f64 {
    let channels = q.len() / positions;
    let each = channels / heads;
    let longest = |array: &[f32]| {
        let rows = array.chunks_exact(channels).map(|row| &row[head * each..][..each]);
        rows.map(|row| row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt()).fold(0.0, f64::max)
    };
    // Cauchy and Schwarz: no sum of sizes of products is larger.
    longest(q) * longest(k) / (width as f64).sqrt()
}
