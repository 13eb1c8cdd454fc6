//! Whole strings that a predictor has right, of those that its world counts.

use infimum_worlds::Example;

use crate::predictor::{Predictor, Said, Sequences, collect, likeliest};
use crate::{Experiment, Machine};

/// How many whole strings are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recital {
    /// Strings each of whose asked symbols is the likeliest token after the true ones before it (the first, if several are
    /// equally likely).
    pub right: usize,
}

impl Recital {
    /// Asks a predictor for each string once; `None` in a world that is no set of strings.
    pub fn of(experiment: &Experiment, predictor: &mut dyn Predictor, machine: &mut Machine) -> Option<Recital> {
        let (recited, alphabet) = (experiment.world().strings()?.recited(), experiment.world().shape().alphabet);
        let examples: Vec<Example> = recited.iter().map(|recited| recited.example.clone()).collect();
        let is_right = |string: usize, example: &Example, said: Said<'_>| {
            let hits = |position: usize| {
                let logits = &said.logits[position * alphabet..][..alphabet];
                likeliest(logits) == usize::from(example.targets[0][position])
            };
            recited[string].asked.clone().all(hits)
        };
        let right = collect(predictor, machine, Sequences::Given(&examples), &is_right);
        Some(Recital { right: right.iter().filter(|right| **right).count() })
    }
}
