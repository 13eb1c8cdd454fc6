use std::collections::BTreeMap;

use infimum_worlds::counting::Counting;
use infimum_worlds::markov::Markov;

use crate::metrics::{Metric, Scored};
use crate::transitions::{ContextScore, states_of};
use crate::{Figure, Mean, TransitionScores};

/// How far the model's transitions are from the chain's.
pub(super) struct TransitionKl;

impl Metric for TransitionKl {
    fn name(&self) -> &'static str {
        "transition_kl"
    }

    fn unit(&self) -> &'static str {
        "nats"
    }

    fn formula(&self) -> &'static str {
        "sum over contexts c of stationary law(c) times the mean, over the occurrences of c in the test sequences before a \
         state, of KL(row of c || model's law over states), by the weight of the contexts that occur (transition_coverage); BOS's \
         share is removed from the model's law and the rest scaled to 1; interval: 1.96 standard errors over 64 groups of \
         sequences (delta method); optimum 0; baseline: the counting estimator of the training sequences"
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (scores, stationary) = (scored.transitions?, Weights::of(scored)?);
        let contexts = scores.contexts();
        let kl = mean(scores, &contexts, &stationary)?;
        let counting = scored.retraced.and_then(|retraced| retraced.counting.as_ref());
        let baseline = counting.map(|counting| of_counting(stationary.chain, counting, &contexts, &stationary));
        Some(Figure { optimum: Some(0.0), baseline, ..Figure::of_mean(self, kl) })
    }
}

/// How much of the chain's long run the test sequences show.
pub(super) struct TransitionCoverage;

/// How far a sum of all probabilities may be from 1.
const ROUNDING: f64 = 1e-9;

impl Metric for TransitionCoverage {
    fn name(&self) -> &'static str {
        "transition_coverage"
    }

    fn unit(&self) -> &'static str {
        "share of the stationary law"
    }

    fn formula(&self) -> &'static str {
        "sum of the stationary law over the contexts that occur in the test sequences before a state; the others have no part in \
         transition_kl; counted, not estimated; optimum 1"
    }

    fn is_in_tables(&self, value: f64) -> bool {
        value < 1.0 - ROUNDING
    }

    fn rises(&self) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (scores, stationary) = (scored.transitions?, Weights::of(scored)?);
        Some(Figure { optimum: Some(1.0), ..Figure::plain(self, stationary.share(&scores.contexts())) })
    }
}

/// The stationary law of a chain whose long run is one law.
struct Weights<'a> {
    chain: &'a Markov,
    contexts: &'a [u32],
    law: &'a [f64],
}

impl<'a> Weights<'a> {
    fn of(scored: Scored<'a>) -> Option<Weights<'a>> {
        let chain = scored.experiment.world().chain()?;
        let [only] = chain.stationary() else { return None };
        Some(Weights { chain, contexts: &only.contexts, law: &only.law })
    }

    fn of_context(&self, context: u32) -> f64 {
        self.contexts.binary_search(&context).map_or(0.0, |place| self.law[place])
    }

    /// The weight of the contexts that were seen, of that of all: 1 to the bit where all were, and never more.
    fn share(&self, seen: &BTreeMap<u32, ContextScore>) -> f64 {
        let (mut with, mut without) = (0.0, 0.0);
        for (context, weight) in self.contexts.iter().zip(self.law) {
            *(if seen.contains_key(context) { &mut with } else { &mut without }) += weight;
        }
        with / (with + without)
    }

    /// The weight of all these contexts together.
    fn total<'c>(&self, contexts: impl Iterator<Item = &'c u32>) -> f64 {
        contexts.map(|&context| self.of_context(context)).sum()
    }
}

/// The weighted mean of the contexts' mean divergences. Its variance is that of its linear part: the sum over a group of
/// `weight(c) / times(c)` times (divergence less the context's mean).
fn mean(scores: &TransitionScores, contexts: &BTreeMap<u32, ContextScore>, weights: &Weights<'_>) -> Option<Mean> {
    let total = weights.total(contexts.keys());
    if total == 0.0 {
        return None;
    }
    let share = |context: u32| weights.of_context(context) / total;
    let value = contexts.iter().map(|(&c, s)| share(c) * s.divergence / s.times).sum();
    let deviation = |(&context, seen): (&u32, &ContextScore)| {
        let all = contexts[&context];
        share(context) / all.times * (seen.divergence - seen.times * all.divergence / all.times)
    };
    let groups = scores.groups.iter().filter(|group| !group.is_empty());
    let count = groups.clone().count() as f64;
    let squares: f64 = groups.map(|g| g.iter().map(deviation).sum::<f64>()).map(|d| d * d).sum();
    let standard_error = if count < 2.0 { f64::INFINITY } else { (squares * count / (count - 1.0)).sqrt() };
    Some(Mean { value, standard_error, sequences: count as usize })
}

/// The same of the counting estimator, whose law depends on the context alone.
fn of_counting(
    chain: &Markov,
    counting: &Counting,
    contexts: &BTreeMap<u32, ContextScore>,
    weights: &Weights<'_>,
) -> f64 {
    let mut law = vec![0.0; chain.states() + 1];
    let mut belief = counting.begin();
    let divergence = |&context: &u32| {
        let states = states_of(chain, context);
        belief.restart();
        states.iter().for_each(|&state| belief.observe(state));
        belief.law(0, &mut law);
        let of_states: f64 = law[..chain.states()].iter().sum();
        let row = chain.row(&states).filter(|(_, p)| *p > 0.0);
        let kl: f64 = row.map(|(state, p)| p * libm::log(p * of_states / law[state])).sum();
        weights.of_context(context) * kl
    };
    contexts.keys().map(divergence).sum::<f64>() / weights.total(contexts.keys())
}
