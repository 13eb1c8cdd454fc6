//! The law and the data of nanoMarkov, drawn as its generator does with NumPy's legacy functions and hmmlearn's sampler.

use crate::Split;
use crate::markov::contexts::Context;
use crate::markov::law::Law;
use crate::markov::settings::Plan;
use crate::numpy_legacy::Twister;

/// Draws the law, and returns the generator as it stands when the first sequence is drawn.
pub(crate) fn draw(plan: &Plan) -> (Law, Twister) {
    let seed = plan.seed as u32;
    let mut twister = Twister::new(seed);
    let mut start = vec![0.0; plan.states];
    twister.dirichlet_of_ones(&mut start);
    if plan.keep < plan.states {
        twister = Twister::new(seed); // nanoMarkov seeds again before it draws sparse rows
    }
    let everything: Vec<u16> = (0..plan.states as u16).collect();
    let law = Law::new([plan.states, 1, plan.keep], 0..=plan.states, |row, probabilities, successors| {
        if row == plan.states {
            probabilities.copy_from_slice(&start);
            successors.copy_from_slice(&everything);
        } else if plan.keep == plan.states {
            twister.dirichlet_of_ones(probabilities);
        } else {
            draw_sparse(&mut twister, &everything, probabilities, successors);
        }
    });
    (law, twister)
}

/// The first cards of a shuffled deck are the successors, in that order; their row is stored with ascending states.
fn draw_sparse(twister: &mut Twister, everything: &[u16], probabilities: &mut [f64], successors: &mut [u16]) {
    let mut deck = everything.to_vec();
    twister.shuffle(&mut deck);
    twister.dirichlet_of_ones(probabilities);
    let mut pairs: Vec<(u16, f64)> = deck.into_iter().zip(probabilities.iter().copied()).collect();
    pairs.sort_unstable_by_key(|&(state, _)| state);
    for (place, (state, p)) in pairs.into_iter().enumerate() {
        (successors[place], probabilities[place]) = (state, p);
    }
}

/// Continues the generator: the training blocks, then the validation blocks.
pub(crate) fn export(plan: &Plan, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
    let (law, mut twister) = draw(plan);
    let mut block = vec![plan.states as u16; plan.length];
    for (split, sequences) in [(Split::Train, train), (Split::Validation, validation)] {
        for _ in 0..sequences {
            draw_block(&law, &mut twister, &mut block[1..]);
            each(split, &block);
        }
    }
}

/// hmmlearn draws one number for each state and one for its emission, which here is the state itself.
fn draw_block(law: &Law, twister: &mut Twister, states: &mut [u16]) {
    let mut context = Context::default();
    for state in states {
        let next = published_successor(law, law.contexts.row(context), twister.uniform());
        twister.uniform();
        context = law.contexts.advance(context, next);
        *state = next as u16;
    }
}

/// `(cumsum(row) > u).argmax()`, which is state 0 where rounding leaves the row's sum below `u`.
fn published_successor(law: &Law, row: usize, u: f64) -> usize {
    if u < law.total(row) { law.successor(row, u) } else { 0 }
}
