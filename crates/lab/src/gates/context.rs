//! Earlier tokens are made use of.

use std::collections::BTreeMap;

use infimum_worlds::{Example, Purpose, follow};

use super::network::Network;
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "context", look };

/// Nats below which there is little to gain.
pub(super) const LITTLE: f64 = 0.05;
/// Nats that a network has to gain where nobody knows how many there are.
const MARGIN: f64 = 0.1;
/// Test sequences, and tokens that the bigrams are counted in.
const SEQUENCES: usize = 512;
const COUNTED: usize = 1 << 18;

/// What the tokens before the present one are worth, in nats for each target.
pub(super) struct Context {
    /// To the network.
    pub(super) gain: f64,
    /// To the truth; `None` where the law is not known.
    pub(super) possible: Option<f64>,
    /// What is gained over: the loss of the bigrams.
    bigram: f64,
}

/// The loss of the best predictor that sees the present token alone, as counted, less the network's on the same test sequences.
fn look(network: &mut dyn Network) -> Finding {
    let Context { gain, possible, bigram } = measure(network);
    match possible {
        Some(possible) if possible < LITTLE => Finding::None(nothing(possible)),
        Some(possible) => {
            let about =
                format!("nats gained over bigrams, whose loss is {bigram:.4}; bound: half of the law's {possible:.4}");
            Finding::AtLeast(gain, possible / 2.0, about)
        }
        None => Finding::AtLeast(gain, MARGIN, format!("nats gained over bigrams, whose loss is {bigram:.4}")),
    }
}

/// Why there is nothing to look at.
pub(super) fn nothing(possible: f64) -> String {
    format!("earlier tokens tell {possible:.4} nats beyond the present one, less than {LITTLE}")
}

/// The gains of the network and of the truth. What counting itself costs, half a nat for each number that is estimated, over the
/// targets that were counted, is taken off both.
pub(super) fn measure(network: &mut dyn Network) -> Context {
    let output = network.experiment().outputs().swap_remove(0);
    let positions = network.experiment().world().shape().positions;
    let counted = network.training_examples((COUNTED / positions).clamp(64, 1 << 16));
    let bigrams = Bigrams::of(&counted, output.head, output.alphabet);
    let examples = network.examples(Purpose::Test, SEQUENCES);
    let read = network.read(&examples, &[], &[&output.site("nats")]);
    let (mut weights, mut bigram, mut gain) = (0.0, 0.0, 0.0);
    for (example, arrays) in examples.iter().zip(&read) {
        for (position, weight) in example.weights[output.head].iter().enumerate().filter(|(_, weight)| **weight != 0.0)
        {
            let (weight, target) = (f64::from(*weight), example.targets[output.head][position]);
            let by_bigram = bigrams.nats(example.tokens[position], target);
            weights += weight;
            bigram += weight * by_bigram;
            gain += weight * (by_bigram - f64::from(arrays[0][position]));
        }
    }
    let possible = law_gain(network, &examples, output.head, &bigrams);
    let cost = bigrams.cost();
    Context { gain: gain / weights - cost, possible: possible.map(|nats| nats - cost), bigram: bigram / weights }
}

/// What the law gains over the bigrams, where it is known.
fn law_gain(network: &dyn Network, examples: &[Example], head: usize, bigrams: &Bigrams) -> Option<f64> {
    let world = network.experiment().world();
    let mut belief = world.truth()?.begin();
    let (mut law, mut weights, mut gain) = (vec![0.0; world.shape().heads[head].alphabet], 0.0, 0.0);
    for example in examples {
        follow(&mut *belief, example, head, &mut law, &mut |position, law, target| {
            let weight = f64::from(example.weights[head][position]);
            let by_law = -libm::log(law[usize::from(target)]);
            weights += weight;
            gain += weight * (bigrams.nats(example.tokens[position], target) - by_law);
        });
    }
    (weights > 0.0).then(|| gain / weights)
}

/// Counts of which target followed which token.
struct Bigrams {
    pairs: BTreeMap<(u16, u16), u64>,
    tokens: BTreeMap<u16, u64>,
    alphabet: usize,
}

impl Bigrams {
    fn of(examples: &[Example], head: usize, alphabet: usize) -> Bigrams {
        let (mut pairs, mut tokens) = (BTreeMap::new(), BTreeMap::new());
        for example in examples {
            let scored = example.tokens.iter().zip(&example.targets[head]).zip(&example.weights[head]);
            for ((token, target), _) in scored.filter(|(_, weight)| **weight != 0.0) {
                *pairs.entry((*token, *target)).or_default() += 1;
                *tokens.entry(*token).or_default() += 1;
            }
        }
        Bigrams { pairs, tokens, alphabet }
    }

    /// Jeffreys' estimate: `(c + 1/2) / (N + V/2)`.
    fn nats(&self, token: u16, target: u16) -> f64 {
        let count = |n: Option<&u64>| n.copied().unwrap_or(0) as f64;
        let (pair, all) = (count(self.pairs.get(&(token, target))), count(self.tokens.get(&token)));
        libm::log((all + 0.5 * self.alphabet as f64) / (pair + 0.5))
    }

    fn cost(&self) -> f64 {
        let free = self.pairs.len().saturating_sub(self.tokens.len()) as f64;
        0.5 * free / self.tokens.values().sum::<u64>().max(1) as f64
    }
}
