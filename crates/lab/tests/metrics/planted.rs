//! Predictors with a defect of known size, and what each metric should say of them.

use infimum_lab::evaluation::{self, Tested};
use infimum_lab::metrics::{self, Scored};
use infimum_lab::predictor::{Lawful, Predictor};
use infimum_lab::{Experiment, Figure, Isa, Machine, Plan, Recipe, Retraced};
use infimum_worlds::markov::Markov;
use infimum_worlds::{Example, follow};

pub(crate) fn experiment(recipe: &str, overrides: &[&str]) -> Experiment {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Experiment::new(Plan::new(&Recipe::parse(recipe, "metrics.toml", &overrides).unwrap()).unwrap()).unwrap()
}

pub(crate) fn machine(threads: usize) -> Machine {
    Machine::new(Isa::best(), threads)
}

/// The figures of a predictor.
pub(crate) fn figures(
    experiment: &Experiment,
    predictor: &mut dyn Predictor,
    machine: &mut Machine,
    retraced: Option<&Retraced>,
) -> Vec<Figure> {
    let Tested { scores, transitions, recital, completions } =
        evaluation::test(experiment, predictor, machine, &mut |_| true).unwrap();
    let transitions = transitions.as_ref();
    metrics::figures(Scored { experiment, scores: &scores, transitions, recital, completions, retraced })
}

pub(crate) fn of_laws(experiment: &Experiment, laws: &(dyn Fn(&Example, &mut [f64]) + Sync)) -> Vec<Figure> {
    figures(experiment, &mut Lawful { experiment, laws }, &mut machine(1), None)
}

pub(crate) fn named<'f>(figures: &'f [Figure], name: &str) -> &'f Figure {
    figures.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no figure {name}"))
}

/// Writes the truth's laws, each changed by `defect(example, position, law)`.
pub(crate) fn truth_with(
    experiment: &Experiment,
    example: &Example,
    laws: &mut [f64],
    defect: impl Fn(&Example, usize, &mut [f64]),
) {
    let (truth, shape) = (experiment.world().truth().unwrap(), experiment.world().shape());
    let (first, alphabet) = (shape.scored.start, shape.alphabet);
    follow(&mut *truth.begin(), example, 0, &mut vec![0.0; alphabet], &mut |position, law, _| {
        let row = &mut laws[(position - first) * alphabet..][..alphabet];
        row.copy_from_slice(law);
        defect(example, position, row);
    });
}

/// Mixes the law over states with the uniform one.
pub(crate) fn mix(law: &mut [f64], share: f64) {
    let states = law.len() - 1;
    let total: f64 = law[..states].iter().sum();
    law[..states].iter_mut().for_each(|p| *p = (1.0 - share) * *p + share * total / states as f64);
}

pub(crate) fn row(chain: &Markov, last: &[u16]) -> Vec<f64> {
    let mut row = vec![0.0; chain.states()];
    chain.row(last).for_each(|(state, p)| row[state] = p);
    row
}

pub(crate) fn kl(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * libm::log(p / q)).sum()
}

/// `[last][before]`: expected number of transitions of an aligned sequence of a chain of order 1 after these two states; the
/// last entry of each is the number of those whose last state is the first of the sequence.
pub(crate) fn occupancy(chain: &Markov, targets: usize) -> Vec<Vec<f64>> {
    let states = chain.states();
    let mut counts = vec![vec![0.0; states + 1]; states];
    let mut now = row(chain, &[]);
    now.iter().enumerate().for_each(|(state, p)| counts[state][states] += p);
    for _ in 2..targets {
        let mut next = vec![0.0; states];
        for before in 0..states {
            for (last, p) in chain.row(&[before as u16]) {
                counts[last][before] += now[before] * p;
                next[last] += now[before] * p;
            }
        }
        now = next;
    }
    counts
}
