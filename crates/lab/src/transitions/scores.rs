//! What was seen at the transitions of all test sequences.

use std::collections::BTreeMap;

use crate::transitions::{Seen, Transitions};

/// Sequence `i` belongs to group `i % GROUPS`; groups are independent, as sequences are, and their number bounds the memory.
const GROUPS: usize = 64;

/// Of one context: sums over its occurrences.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ContextScore {
    /// Occurrences.
    pub times: f64,
    /// Sum of the divergence, in nats, of the predictor's law over states from the chain's.
    pub divergence: f64,
}

/// A law over states that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptLaw {
    /// The number of the sequence.
    pub sequence: usize,
    /// `[state]`: probabilities.
    pub law: Vec<f32>,
}

/// What a predictor shows at the transitions of the test sequences.
#[derive(Clone, Debug)]
pub struct TransitionScores {
    /// By group of sequences: every context that occurs in it.
    pub groups: Vec<BTreeMap<u32, ContextScore>>,
    /// Laws at occurrences of each context that occurs twice or more, with how often it occurs in all. Empty where the chain
    /// has too many contexts.
    pub laws: Vec<(u64, Vec<KeptLaw>)>,
    /// By slot: where in `laws` its law belongs.
    slots: Vec<usize>,
}

impl TransitionScores {
    pub(crate) fn new(transitions: &Transitions<'_>) -> TransitionScores {
        let laws: Vec<_> = transitions.kept.contexts().map(|(times, _)| (times, Vec::new())).collect();
        let slots = transitions.kept.contexts().enumerate().flat_map(|(place, (_, slots))| slots.map(move |_| place));
        TransitionScores { groups: vec![BTreeMap::new(); GROUPS], laws, slots: slots.collect() }
    }

    pub(crate) fn add(&mut self, sequence: usize, seen: Seen) {
        let group = &mut self.groups[sequence % GROUPS];
        for (context, divergence) in seen.divergences {
            let score = group.entry(context).or_default();
            score.times += 1.0;
            score.divergence += divergence;
        }
        for (slot, law) in seen.laws {
            self.laws[self.slots[slot as usize]].1.push(KeptLaw { sequence, law });
        }
    }

    /// Every context that occurs, with its sums over all sequences.
    pub fn contexts(&self) -> BTreeMap<u32, ContextScore> {
        let mut all: BTreeMap<u32, ContextScore> = BTreeMap::new();
        for (&context, score) in self.groups.iter().flatten() {
            let sum = all.entry(context).or_default();
            sum.times += score.times;
            sum.divergence += score.divergence;
        }
        all
    }
}
