//! Adders that are exact but for what is planted in them.

use infimum_lab::predictor::Lawful;
use infimum_lab::sums::Sums;
use infimum_lab::{Experiment, Isa, Machine, Plan, Recipe};
use infimum_worlds::addition::Pair;
use infimum_worlds::{Example, follow};

pub(crate) fn experiment(overrides: &[&str]) -> Experiment {
    let recipe = "[world]\nkind = \"addition\"\ndigits = 2\n[model]\nwidth = 8\nlayers = 1\nheads = 1\n";
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Experiment::new(Plan::new(&Recipe::parse(recipe, "sums.toml", &overrides).unwrap()).unwrap()).unwrap()
}

pub(crate) fn machine(threads: usize) -> Machine {
    Machine::new(Isa::best(), threads)
}

/// What is planted at a pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planted {
    /// The margin of every digit that is not missed.
    pub(crate) margin: f64,
    /// Where the digit that follows the right one (0 after 9) is as much likelier, as a power of ten.
    pub(crate) missed: Option<u32>,
}

pub(crate) const RIGHT: Planted = Planted { margin: 5.0, missed: None };

/// As [`RIGHT`], wrong at one digit.
pub(crate) fn missed(place: u32) -> Planted {
    Planted { missed: Some(place), ..RIGHT }
}

/// The pair of a sequence in the format of the 456p, or in any other where the operands are told.
fn pair_of(example: &Example, digits: usize) -> Pair {
    let number = |first: usize| {
        example.tokens[first..first + digits].iter().fold(0, |number, digit| 10 * number + u64::from(*digit))
    };
    Pair { a: number(0), b: number(digits + 1) }
}

/// Calls `look` with the sums of an experiment and the adder in which `plant` says what is wrong with which pair.
pub(crate) fn with_planted<T>(
    experiment: &Experiment,
    plant: &(dyn Fn(Pair) -> Planted + Sync),
    look: impl FnOnce(Sums<'_>, &mut Lawful<'_>) -> T,
) -> T {
    let world = experiment.world();
    let (shape, sums) = (world.shape(), world.sums().unwrap());
    let (first, alphabet) = (shape.scored.start, shape.alphabet);
    let laws = |example: &Example, laws: &mut [f64]| {
        let planted = plant(pair_of(example, sums.digits() as usize));
        let truth = world.truth().unwrap();
        // The right token before, and whether another was written in its place: after that it is certain of 0.
        let (mut before, mut is_lost) = (None, false);
        follow(&mut *truth.begin(), example, 0, &mut vec![0.0; alphabet], &mut |position, law, _| {
            let row = position - first;
            is_lost |= before.is_some_and(|before| usize::from(example.tokens[position]) != before);
            let right = law.iter().position(|p| *p == 1.0).unwrap();
            let is_missed = row < sums.answer_digits() && planted.missed == Some(sums.place(row));
            let token = if is_missed { (right + 1) % 10 } else { right };
            write(&mut laws[row * alphabet..][..alphabet], if is_lost { 0 } else { token }, planted.margin);
            before = Some(right);
        });
    };
    look(Sums::of(experiment).unwrap(), &mut Lawful { experiment, laws: &laws })
}

/// The law whose logit of `token` is `margin` above the others, which are alike.
fn write(law: &mut [f64], token: usize, margin: f64) {
    let times = libm::exp(margin);
    let total = times + law.len() as f64 - 1.0;
    law.fill(1.0 / total);
    law[token] = times / total;
}
