//! What a predictor says where a chain makes a transition: at positions whose next token is a state and whose last `order`
//! tokens are states, the whole of what the chain's next state depends on. Its law over states is the law it gives with the
//! share of BOS removed, and the rest scaled to one.

mod kept;
mod scores;

use std::collections::BTreeMap;

use infimum_worlds::markov::Markov;
use infimum_worlds::{Example, Purpose};

use crate::Experiment;
use crate::data;
use crate::predictor::{Said, softmax};

use kept::Kept;
pub(crate) use kept::NUMBERS_LIMIT;
pub use scores::{ContextScore, KeptLaw, TransitionScores};

/// From this share of BOS on, what is left of a law is added up and not taken as one less that share.
const MUCH: f64 = 0.5;

/// The transitions of the test sequences of a chain.
pub(crate) struct Transitions<'a> {
    chain: &'a Markov,
    first_scored: usize,
    alphabet: usize,
    /// Of every context that occurs.
    visited: BTreeMap<u32, Visited>,
    kept: Kept,
}

/// A context that occurs in the test sequences.
#[derive(Clone, Copy, Debug, Default)]
struct Visited {
    times: u64,
    /// Sum of `p ln p` over its row.
    negative_entropy: f64,
}

/// What is seen of one sequence.
pub(crate) struct Seen {
    /// For each of its transitions: the context, the divergence.
    divergences: Vec<(u32, f64)>,
    /// For each of its transitions whose law is kept: the slot, the law over states.
    laws: Vec<(u32, Vec<f32>)>,
}

impl<'a> Transitions<'a> {
    /// Those of the first `tests` test sequences; `None` for a world that is no chain.
    pub(crate) fn of(experiment: &'a Experiment, tests: usize) -> Option<Transitions<'a>> {
        let (chain, shape) = (experiment.world().chain()?, experiment.world().shape());
        let mut visited: BTreeMap<u32, Visited> = BTreeMap::new();
        each_transition(experiment, chain, tests, |_, _, context| visited.entry(context).or_default().times += 1);
        for (&context, seen) in &mut visited {
            let row = chain.row(&states_of(chain, context));
            seen.negative_entropy = row.filter(|(_, p)| *p > 0.0).map(|(_, p)| p * libm::log(p)).sum();
        }
        let mut kept = Kept::new(chain.states(), visited.iter().map(|(&context, seen)| (context, seen.times)));
        each_transition(experiment, chain, tests, |sequence, position, context| {
            kept.offer(sequence, position, context)
        });
        Some(Transitions { chain, first_scored: shape.scored.start, alphabet: shape.heads[0].alphabet, visited, kept })
    }

    /// What a predictor shows on the sequence of this number.
    pub(crate) fn look(&self, sequence: usize, example: &Example, said: Said<'_>) -> Seen {
        let mut seen = Seen { divergences: Vec::new(), laws: Vec::new() };
        for (position, context) in transitions(self.chain, example) {
            let (row, target) = (position - self.first_scored, example.targets[0][position]);
            let logits = &said.logits[row * self.alphabet..][..self.alphabet];
            let total = total_of_states(logits, f64::from(said.nats[row]), usize::from(target), self.chain.states());
            let last = &example.tokens[position + 1 - self.chain.order()..=position];
            let negative_entropy = self.visited.get(&context).map_or(f64::NAN, |visited| visited.negative_entropy);
            let cross: f64 = self.chain.row(last).map(|(state, p)| p * f64::from(logits[state])).sum();
            seen.divergences.push((context, negative_entropy - cross + total));
        }
        for &(position, slot) in self.kept.of(sequence) {
            let logits = &said.logits[(position as usize - self.first_scored) * self.alphabet..][..self.chain.states()];
            seen.laws.push((slot, law_over_states(logits, self.chain.states()).map(|p| p as f32).collect()));
        }
        seen
    }
}

/// The law over states that the logits of a position stand for.
pub(crate) fn law_over_states(logits: &[f32], states: usize) -> impl Iterator<Item = f64> + use<> {
    let mut law = vec![0.0; states];
    softmax(&logits[..states], &mut law);
    law.into_iter()
}

/// The law over states that is in a law over all tokens, under which some state is possible.
pub(crate) fn without_bos(law: &[f64], states: usize) -> impl Iterator<Item = f64> {
    let of_states: f64 = law[..states].iter().sum();
    law[..states].iter().map(move |p| p / of_states)
}

/// `ln` of the sum of `exp` over the logits of states, from the nats of the target.
fn total_of_states(logits: &[f32], nats: f64, target: usize, states: usize) -> f64 {
    let all = nats + f64::from(logits[target]);
    let Some(bos) = logits.get(states) else { return all };
    let share = libm::exp(f64::from(*bos) - all);
    if share < MUCH {
        return all + libm::log1p(-share);
    }
    let largest = logits[..states].iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits[..states].iter().map(|z| libm::exp(f64::from(z - largest))).sum();
    f64::from(largest) + libm::log(sum)
}

/// The positions of an example whose target is a state and whose context is whole, with the context's code: its states are
/// the digits in base `states`, the latest the lowest.
fn transitions<'e>(chain: &Markov, example: &'e Example) -> impl Iterator<Item = (usize, u32)> + use<'e> {
    let (states, order) = (chain.states(), chain.order());
    let contexts = states.pow(order as u32);
    let (mut code, mut length) = (0, 0);
    example.tokens.iter().enumerate().filter_map(move |(position, &token)| {
        let token = usize::from(token);
        (code, length) = if token == states { (0, 0) } else { ((code * states + token) % contexts, length + 1) };
        let scored = example.weights[0][position] != 0.0 && usize::from(example.targets[0][position]) < states;
        (scored && length >= order).then_some((position, code as u32))
    })
}

/// Draws the test sequences and calls `each(sequence, position, context)` at every transition.
fn each_transition(experiment: &Experiment, chain: &Markov, tests: usize, mut each: impl FnMut(usize, usize, u32)) {
    let mut example = Example::default();
    for (sequence, address) in data::set(0..tests).into_iter().enumerate() {
        experiment.draw(Purpose::Test, address, &mut example);
        transitions(chain, &example).for_each(|(position, context)| each(sequence, position, context));
    }
}

/// The states of a context, oldest first.
pub(crate) fn states_of(chain: &Markov, context: u32) -> Vec<u16> {
    let mut code = context as usize;
    let mut states: Vec<u16> = (0..chain.order())
        .map(|_| {
            let state = code % chain.states();
            code /= chain.states();
            state as u16
        })
        .collect();
    states.reverse();
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BOS from all but impossible to all but certain; without BOS, too.
    #[test]
    fn the_share_of_bos_is_removed() {
        let states = [0.5f32, -1.0, 2.25];
        let exact = libm::log(states.iter().map(|z| libm::exp(f64::from(*z))).sum::<f64>());
        for bos in [-30.0f32, -1.0, 0.0, 2.0, 2.6, 3.0, 10.0, 30.0] {
            let logits = [states[0], states[1], states[2], bos];
            for (target, logit) in states.iter().enumerate() {
                let all = exact + libm::log1p(libm::exp(f64::from(bos) - exact));
                let nats = all - f64::from(*logit);
                let found = total_of_states(&logits, nats, target, 3);
                assert!((found - exact).abs() < 1e-6, "{found} for {exact} with BOS at {bos}");
            }
        }
        assert_eq!(total_of_states(&states, exact - 0.5, 0, 3), exact);
    }

    /// Against a search through every context of orders 1 to 3.
    #[test]
    fn a_context_has_its_states() {
        for order in 1..=3 {
            let settings = infimum_worlds::markov::Settings { order, ..infimum_worlds::markov::Settings::new(3, 9, 1) };
            let chain = settings.build().unwrap();
            for code in 0..3u32.pow(order as u32) {
                let states = states_of(&chain, code);
                let read = states.iter().fold(0, |code, &state| code * 3 + u32::from(state));
                assert_eq!((read, states.len()), (code, order as usize));
                let tokens: Vec<u16> = [&[3], &states[..]].concat();
                let weights = vec![vec![1.0; tokens.len()]];
                let example = Example { targets: vec![vec![0; tokens.len()]], weights, tokens };
                assert_eq!(transitions(&chain, &example).collect::<Vec<_>>(), [(order as usize, code)]);
            }
        }
    }
}
