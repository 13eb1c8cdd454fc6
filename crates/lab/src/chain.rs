//! The chain behind a plan's world, where its whole law is a matrix.

use infimum_worlds::markov::Markov;
use infimum_worlds::{Settings, windows};

use crate::Plan;

/// The most states of a chain whose matrix is written or looked at whole.
const STATE_LIMIT: i64 = 4096;

/// The chain of the plan's world, if it has order 1 and at most 4,096 states.
pub(crate) fn chain(plan: &Plan) -> Option<Markov> {
    let (Settings::Markov(chain) | Settings::MarkovWindows(windows::Settings { chain, .. })) = plan.world();
    let fits = chain.order == 1 && chain.states <= STATE_LIMIT;
    fits.then(|| chain.build().expect("the world of a plan was built before"))
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
