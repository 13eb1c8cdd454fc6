use infimum_worlds::{Purpose, Stream};

use crate::metrics::{Metric, Scored};
use crate::{Figure, KeptLaw, Mean};

/// How much the model's law over states differs between contexts that end in the same states.
pub(super) struct Memorylessness;

impl Metric for Memorylessness {
    fn name(&self) -> &'static str {
        "memorylessness"
    }

    fn unit(&self) -> &'static str {
        "nats"
    }

    fn formula(&self) -> &'static str {
        "mean over the occurrences in the test sequences of JS(c), where c is the last token (the last `order` states), JS(c) = \
         k / (k - 1) [H(mean law) - mean H(law)] over k laws, evenly spaced among the occurrences of c, at most 64; laws are over states, \
         BOS's share removed; interval: 1.96 standard errors over sequences; optimum 0; baseline: the same after the laws have \
         changed places at random (mean of 9 permutations)"
    }

    fn is_in_tables(&self, _value: f64) -> bool {
        false
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let laws = Laws::of(scored)?;
        Some(Figure { optimum: Some(0.0), baseline: Some(laws.regrouped()), ..Figure::of_mean(self, laws.within()?) })
    }
}

/// `memorylessness` as a share of what it is where the last token says nothing.
pub(super) struct MemorylessnessRatio;

/// Below so many nats, contexts that end in different tokens have the same law, and there is nothing to compare with.
const SAME_NATS: f64 = 1e-9;

impl Metric for MemorylessnessRatio {
    fn name(&self) -> &'static str {
        "memorylessness_ratio"
    }

    fn unit(&self) -> &'static str {
        "share of regrouped"
    }

    fn formula(&self) -> &'static str {
        "memorylessness / its baseline, the same after the laws have changed places at random; interval: from that of \
         memorylessness; optimum 0; baseline 1: a law that does not depend on the last token; left out where the baseline is \
         below 0.000000001 nats, since then the law depends on nothing"
    }

    fn is_in_tables(&self, _value: f64) -> bool {
        false
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let laws = Laws::of(scored)?;
        let (within, regrouped) = (laws.within()?, laws.regrouped());
        let [value, standard_error] = [within.value, within.standard_error].map(|nats| nats / regrouped);
        let ratio = Mean { value, standard_error, ..within };
        let figure = || Figure { optimum: Some(0.0), baseline: Some(1.0), ..Figure::of_mean(self, ratio) };
        (regrouped > SAME_NATS).then(figure)
    }
}

/// How often the laws change places.
const PERMUTATIONS: u64 = 9;

/// Laws of contexts that occur twice or more, one context after another.
struct Laws<'a> {
    seed: u64,
    laws: Vec<&'a KeptLaw>,
    entropies: Vec<f64>,
    /// Of each context: how often it occurs, how many of `laws` are its.
    contexts: Vec<(f64, usize)>,
}

impl<'a> Laws<'a> {
    fn of(scored: Scored<'a>) -> Option<Laws<'a>> {
        let kept = &scored.transitions?.laws;
        let laws: Vec<&KeptLaw> = kept.iter().flat_map(|(_, laws)| laws).collect();
        let entropies = laws.iter().map(|kept| entropy(kept.law.iter().map(|p| f64::from(*p)))).collect();
        let contexts = kept.iter().map(|(times, laws)| (*times as f64, laws.len())).collect();
        let seed = scored.experiment.plan().training().seed;
        (!laws.is_empty()).then_some(Laws { seed, laws, entropies, contexts })
    }

    /// For each context its weight, its number of laws, the mean law, where law number `order[i]` stands at place `i`.
    fn means(&self, order: &[usize], mut each: impl FnMut(f64, &[usize], &[f64])) {
        let mut first = 0;
        for &(times, count) in &self.contexts {
            let members = &order[first..first + count];
            let mut mean = vec![0.0; self.laws[0].law.len()];
            for &member in members {
                mean.iter_mut().zip(&self.laws[member].law).for_each(|(m, p)| *m += f64::from(*p) / count as f64);
            }
            each(times, members, &mean);
            first += count;
        }
    }

    /// The mean divergence over contexts, and its error over sequences: to first order, a law counts with its divergence from
    /// the mean law.
    fn within(&self) -> Option<Mean> {
        let sequences = 1 + self.laws.iter().map(|kept| kept.sequence).max()?;
        let mut sums = vec![(0.0, 0.0); sequences];
        let order: Vec<usize> = (0..self.laws.len()).collect();
        self.means(&order, |times, members, mean| {
            let count = members.len() as f64;
            for &member in members {
                let sum = &mut sums[self.laws[member].sequence];
                sum.0 += times / count;
                sum.1 += times / (count - 1.0) * divergence(&self.laws[member].law, mean);
            }
        });
        Mean::of(sums.into_iter())
    }

    fn regrouped(&self) -> f64 {
        let mut order: Vec<usize> = (0..self.laws.len()).collect();
        let weight: f64 = self.contexts.iter().map(|(times, _)| times).sum();
        let mut total = 0.0;
        for permutation in 0..PERMUTATIONS {
            let mut stream = Stream::new(self.seed, Purpose::Probe, permutation, 0);
            (1..order.len()).rev().for_each(|i| order.swap(i, stream.below(i as u64 + 1) as usize));
            self.means(&order, |times, members, mean| {
                let count = members.len() as f64;
                let of_members = members.iter().map(|&member| self.entropies[member]).sum::<f64>() / count;
                total += times * count / (count - 1.0) * (entropy(mean.iter().copied()) - of_members);
            });
        }
        total / weight / PERMUTATIONS as f64
    }
}

fn entropy(law: impl Iterator<Item = f64>) -> f64 {
    law.filter(|p| *p > 0.0).map(|p| -p * libm::log(p)).sum()
}

/// KL of the law from the mean of laws that it is one of.
fn divergence(law: &[f32], mean: &[f64]) -> f64 {
    law.iter().map(|p| f64::from(*p)).zip(mean).filter(|(p, _)| *p > 0.0).map(|(p, m)| p * libm::log(p / m)).sum()
}
