//! The law of a chain as matrices.

use infimum_worlds::World;
use infimum_worlds::markov::Markov;

/// The most states of a chain whose matrix is written or looked at whole.
const STATE_LIMIT: usize = 4096;

/// The chain behind a world, if it has order 1 and at most 4,096 states.
pub(crate) fn chain(world: &dyn World) -> Option<&Markov> {
    world.chain().filter(|chain| chain.order() == 1 && chain.states() <= STATE_LIMIT)
}

/// The law of the first state, `[states]`.
pub(crate) fn start(chain: &Markov) -> Vec<f64> {
    let mut start = vec![0.0; chain.states()];
    chain.row(&[]).for_each(|(state, p)| start[state] = p);
    start
}

/// The law of the next state after each state, `[states, states]`.
pub(crate) fn transitions(chain: &Markov) -> Vec<f64> {
    let states = chain.states();
    let mut transitions = vec![0.0; states * states];
    for from in 0..states {
        chain.row(&[from as u16]).for_each(|(to, p)| transitions[from * states + to] = p);
    }
    transitions
}
