//! What is to be predicted is what comes next.

use infimum_worlds::Purpose;

use super::network::Network;
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "targets", look };

const SEQUENCES: usize = 256;

/// How many scored targets of the head of tokens are not the token of the next position, in training and test sequences; the last
/// position has none.
fn look(network: &mut dyn Network) -> Finding {
    if network.experiment().outputs()[0].name != "token" {
        return Finding::None("the model has no head of tokens".into());
    }
    let mut examples = network.examples(Purpose::Test, SEQUENCES);
    examples.extend(network.training_examples(SEQUENCES));
    let wrong = examples.iter().map(|example| {
        let scored = example.targets[0].iter().zip(&example.weights[0]).zip(example.tokens.iter().skip(1));
        scored.filter(|((target, weight), next)| **weight != 0.0 && target != next).count()
    });
    Finding::AtMost(wrong.sum::<usize>() as f64, 0.0, "targets that are not the next token".into())
}
