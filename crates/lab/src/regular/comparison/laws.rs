//! The law of the next token in every state after every number of symbols.

use infimum_worlds::Known;
use infimum_worlds::regular::Machine;

use crate::Experiment;

/// Laws that differ by less are one.
const SAME: f64 = 1e-9;

/// A table of laws.
pub(super) struct Laws {
    /// `[symbols read][state]`: none where no word of the world comes.
    table: Vec<Vec<Option<Vec<f64>>>>,
}

impl Laws {
    /// The laws of the experiment's world; `None` where it has none.
    pub(super) fn of(experiment: &Experiment, machine: &Machine) -> Option<Laws> {
        let world = experiment.world();
        let (truth, shape, automaton) = (world.truth()?, world.shape(), machine.automaton());
        let (states, begin) = (automaton.states(), shape.alphabet as u16 - 1);
        let mut ways: Vec<Option<Vec<u16>>> = vec![None; states];
        ways[0] = Some(vec![]);
        let mut table = vec![];
        for _ in 0..shape.positions {
            let law = |word: &Vec<u16>| {
                let (mut belief, mut law) = (truth.begin(), vec![0.0; shape.heads[0].alphabet]);
                belief.observe(begin);
                word.iter().for_each(|symbol| belief.observe(*symbol));
                (belief.law(0, &mut law) == Known::Yes).then_some(law)
            };
            table.push(ways.iter().map(|way| way.as_ref().and_then(law)).collect());
            let mut next = vec![None; states];
            for (state, way) in ways.iter().enumerate().filter_map(|(state, way)| Some((state, way.as_ref()?))) {
                for symbol in 0..automaton.symbols() as u16 {
                    let to = &mut next[automaton.next(state as u32, symbol) as usize];
                    to.get_or_insert_with(|| [&way[..], &[symbol]].concat());
                }
            }
            ways = next;
        }
        let known = table.iter().flatten().any(Option::is_some);
        known.then_some(Laws { table })
    }

    /// The law in a state after so many symbols.
    pub(super) fn law(&self, length: usize, state: u32) -> Option<&[f64]> {
        self.table.get(length)?[state as usize].as_deref()
    }

    /// Whether both states have a law after so many symbols, and not the same.
    pub(super) fn differ(&self, length: usize, one: u32, other: u32) -> bool {
        let pair = self.law(length, one).zip(self.law(length, other));
        pair.is_some_and(|(one, other)| !same(one, other))
    }

    /// Whether of all laws after so many symbols that of `state` is nearest to what logits say, by the divergence of the law of
    /// the network from it.
    pub(super) fn nearest_is(&self, length: usize, state: u32, logits: &[f32]) -> bool {
        let mut said = vec![0.0; logits.len()];
        crate::predictor::softmax(logits, &mut said);
        let divergence = |law: &[f64]| {
            let terms = law.iter().zip(&said).filter(|(p, _)| **p > 0.0);
            terms.map(|(p, said)| p * (libm::log(*p) - libm::log(said.max(f64::MIN_POSITIVE)))).sum::<f64>()
        };
        let laws = self.table[length].iter().flatten();
        let nearest = laws.min_by(|one, other| divergence(one).total_cmp(&divergence(other)));
        nearest.zip(self.law(length, state)).is_some_and(|(nearest, law)| same(nearest, law))
    }
}

fn same(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(x, y)| (x - y).abs() <= SAME)
}
