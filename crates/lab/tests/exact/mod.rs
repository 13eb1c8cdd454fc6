//! Networks that are the exact law of a chain.

use infimum_lab::Experiment;
use infimum_worlds::{Belief, Known};

/// The network that is the law of the chain, for a model without layers, positions and norm: the embedding says which state it is, the head holds `ln P`.
pub(crate) fn exact_law(experiment: &Experiment) -> Vec<f32> {
    let (alphabet, width) = (experiment.world().shape().alphabet, experiment.plan().model().width);
    let mut point = vec![0.0; experiment.plan().parameters()];
    let parameters = experiment.program().parameters();
    let [table, head] = &parameters[..] else { panic!("two arrays: {parameters:?}") };
    for token in 0..alphabet {
        point[table.range.start + token * width + token] = 1.0;
    }
    let mut belief = experiment.world().truth().unwrap().begin();
    let mut law = vec![0.0; alphabet];
    for token in 0..alphabet {
        law_after(&mut *belief, token as u16, alphabet as u16 - 1, &mut law);
        for (next, p) in law.iter().enumerate() {
            // Far below everything possible; exp of it is 0.
            point[head.range.start + next * width + token] = if *p > 0.0 { libm::log(*p) as f32 } else { -1e4 };
        }
    }
    point
}

fn law_after(belief: &mut dyn Belief, token: u16, bos: u16, law: &mut [f64]) {
    belief.restart();
    belief.law(0, law);
    if token != bos && law[usize::from(bos)] == 1.0 {
        belief.observe(bos);
    }
    let can_come = belief.law(0, law) != Known::Yes || law[usize::from(token)] > 0.0;
    belief.observe(token);
    let known = belief.law(0, law) == Known::Yes;
    assert_eq!(known, can_come, "there is a law after token {token} where it can come, and nowhere else");
    if !known {
        law.fill(0.0);
    }
}
