//! Searches find what is planted, say how much they searched, and are the same for the same seed.

use infimum_lab::evaluation::Evaluator;
use infimum_lab::sums::{Searched, Sums};
use infimum_lab::{Isa, Machine, start};
use infimum_worlds::addition::Pair;

use crate::planted::{Planted, RIGHT, experiment, machine, missed, with_planted};

fn searched(digits: u32, most: u64, plant: &(dyn Fn(Pair) -> Planted + Sync)) -> Searched {
    with_seed(digits, most, 1, plant)
}

fn with_seed(digits: u32, most: u64, seed: u64, plant: &(dyn Fn(Pair) -> Planted + Sync)) -> Searched {
    let experiment = experiment(&[&format!("world.digits={digits}")]);
    with_planted(&experiment, plant, |sums, model| sums.falsify(model, &mut machine(1), seed, most, &mut |_| true))
}

/// Where pairs are few, one wrong sum among all is found wherever it is, and without one all are said to be searched.
#[test]
fn small_numbers_are_searched_whole() {
    for (a, b) in [(0, 0), (57, 3), (99, 99)] {
        let found = searched(2, u64::MAX, &|pair| if pair == (Pair { a, b }) { missed(1) } else { RIGHT });
        let wrong = found.counterexample.unwrap();
        assert_eq!((wrong.operands, found.pairs_searched), (Pair { a, b }, 100 * a + b + 1));
        assert!(!wrong.is_right && wrong.right == a + b && wrong.answer != Some(a + b), "{wrong:?}");
        assert_eq!((found.smallest_margin_operands, found.smallest_margin < -4.9), (Pair { a, b }, true));
    }
    let plant = |pair: Pair| Planted { margin: if pair == (Pair { a: 31, b: 72 }) { 0.5 } else { 5.0 }, missed: None };
    let found = searched(2, u64::MAX, &plant);
    assert_eq!((found.counterexample.is_none(), found.pairs_searched), (true, 10_000));
    assert_eq!(found.smallest_margin_operands, Pair { a: 31, b: 72 });
    assert_eq!(searched(2, 3000, &plant).pairs_searched, 3000);
}

/// Uniform pairs have a carry run of 9 or more once in a hundred and ten million.
#[test]
fn long_carry_runs_are_looked_at_first() {
    for run in 5..=10 {
        let found = searched(10, 4096, &|pair| if pair.carry_run() >= run { missed(10) } else { RIGHT });
        let wrong = found.counterexample.unwrap();
        assert!(wrong.operands.carry_run() >= run && found.pairs_searched <= 512, "{wrong:?} {}", found.pairs_searched);
    }
    for mask in [0, 1, 0b10_0000_0001, 0b01_0101_0101, 1023] {
        let found = searched(10, 2048, &|pair| if pair.carry_mask() == mask { missed(0) } else { RIGHT });
        assert_eq!(found.counterexample.unwrap().operands.carry_mask(), mask, "after {}", found.pairs_searched);
    }
}

/// One wrong sum among 10^20, to which the margins lead digit by digit.
#[test]
fn margins_are_climbed() {
    let needle = Pair { a: 3_141_592_653, b: 2_718_281_828 };
    let plant = |pair: Pair| {
        let digit = |place| {
            let ((x, y), (u, v)) = (pair.digits(place), needle.digits(place));
            u32::from(x == u) + u32::from(y == v)
        };
        let matching: u32 = (0..10).map(digit).sum();
        Planted { margin: f64::from(21 - matching), missed: (matching == 20).then_some(3) }
    };
    for seed in 1..=3 {
        let found = with_seed(10, 60_000, seed, &plant);
        assert_eq!(found.counterexample.as_ref().map(|wrong| wrong.operands), Some(needle), "{found:?}");
        // Without margins to climb there is nothing to find it by.
        let blind = with_seed(10, 10_000, seed, &|pair| if pair == needle { missed(3) } else { RIGHT });
        assert_eq!((blind.counterexample, blind.pairs_searched), (None, 10_000));
    }
}

/// A network, which threads share: the same pairs in the same order for the same seed, and others for another.
#[test]
fn a_search_is_that_of_its_seed_alone() {
    let experiment = experiment(&["world.digits=5"]);
    let sums = Sums::of(&experiment).unwrap();
    let point = start(experiment.program(), experiment.plan().model(), 1);
    let found = |seed, threads, isa| {
        let mut machine = Machine::new(isa, threads);
        let mut evaluator = Evaluator::new(&experiment, &machine);
        sums.falsify(&mut evaluator.at(&point), &mut machine, seed, 5000, &mut |_| true)
    };
    let first = found(1, 1, Isa::best());
    assert!(first.counterexample.is_some(), "an untrained network is wrong");
    for isa in Isa::available() {
        assert_eq!(found(1, 3, isa), first);
    }
    assert_ne!(found(2, 1, Isa::best()).counterexample, first.counterexample);
    let plant = |pair: Pair| Planted { margin: 2.0 + libm::sin(pair.a as f64 + 3.0 * pair.b as f64), missed: None };
    let planted = |seed| with_seed(10, 20_000, seed, &plant);
    assert_eq!(planted(4), planted(4));
    assert_ne!(planted(4), planted(5));
    assert_eq!((planted(4).counterexample, planted(4).pairs_searched), (None, 20_000));
}

#[test]
fn a_search_ends_when_it_is_told_to() {
    let experiment = experiment(&["world.digits=10"]);
    let found = with_planted(&experiment, &|_| RIGHT, |sums, model| {
        let mut told = vec![];
        let found = sums.falsify(model, &mut machine(1), 1, u64::MAX, &mut |progress| {
            told.push(progress.pairs_searched);
            told.len() < 3
        });
        assert_eq!(told, [512, 1024, 1536]);
        found
    });
    assert_eq!((found.counterexample, found.pairs_searched), (None, 1536));
}
