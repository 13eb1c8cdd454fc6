//! Transition monoids against the maps of all words, and against known groups.

use std::collections::BTreeSet;

use infimum_worlds::regular::{Automaton, Depth, Monoid, Theory, builtin};

use crate::trees::random_tree;
use crate::{below, language, machine, random};

fn of(name: &str) -> Monoid {
    Monoid::of(builtin::named(name).unwrap().unwrap().automaton())
}

/// The maps that words make, by extending words until nothing new comes; whether `x^(n+1) = x^n` for all; the order of the
/// largest group, as the most elements that are powers of each other's products with an idempotent on both sides.
fn by_words(automaton: &Automaton) -> (usize, bool, usize) {
    let states = automaton.states() as u32;
    let then = |a: &Vec<u32>, b: &Vec<u32>| a.iter().map(|state| b[*state as usize]).collect::<Vec<_>>();
    let symbols: Vec<Vec<u32>> = (0..automaton.symbols() as u16)
        .map(|symbol| (0..states).map(|state| automaton.next(state, symbol)).collect())
        .collect();
    let mut found: BTreeSet<Vec<u32>> = BTreeSet::from([(0..states).collect()]);
    loop {
        let longer: Vec<Vec<u32>> = found.iter().flat_map(|x| symbols.iter().map(|symbol| then(x, symbol))).collect();
        let before = found.len();
        found.extend(longer);
        if found.len() == before {
            break;
        }
    }
    let power = |x: &Vec<u32>, n: usize| (1..n).fold(x.clone(), |power, _| then(&power, x));
    let aperiodic = found.iter().all(|x| power(x, found.len()) == power(x, found.len() + 1));
    // A group's members are those that an idempotent keeps on both sides and some power of which it is.
    let largest = found.iter().filter(|e| then(e, e) == **e).map(|e| {
        let member = |x: &&Vec<u32>| then(&then(e, x), e) == **x && (1..=found.len()).any(|n| power(x, n) == *e);
        found.iter().filter(member).count()
    });
    (found.len(), aperiodic, largest.max().unwrap())
}

#[test]
fn random_monoids_are_those_of_all_words() {
    let (mut stream, mut periodic) = (random("monoids"), 0);
    let mut compared = 0;
    while compared < 150 {
        let states = 1 + below(&mut stream, 4);
        let next = (0..2 * states).map(|_| below(&mut stream, states) as u32).collect();
        let automaton = Automaton::new(2, next, (0..states).map(|_| below(&mut stream, 2) as u16).collect()).minimal();
        let monoid = Monoid::of(&automaton);
        if monoid.size > 80 {
            continue;
        }
        compared += 1;
        let (size, aperiodic, largest) = by_words(&automaton);
        assert_eq!((monoid.size, monoid.whole, monoid.aperiodic), (size, true, Some(aperiodic)), "{automaton:?}");
        assert_eq!(monoid.groups.last().copied().unwrap_or(1), largest, "{automaton:?}");
        assert_eq!(monoid.solvable, Some(true), "fewer than five states have solvable groups alone");
        periodic += usize::from(!aperiodic);
    }
    assert!(periodic > 20, "{periodic}");
}

#[test]
fn groups_are_the_known_ones() {
    for (name, order, solvable) in [
        ("s3", 6, true),
        ("a5", 60, false),
        ("s5", 120, false),
        ("s3-identity", 6, true),
        ("a5-identity", 60, false),
        ("s5-identity", 120, false),
        ("counter-7", 7, true),
        ("counter-64", 64, true),
        ("parity", 2, true),
        ("tomita-5", 4, true),
        ("tomita-6", 3, true),
    ] {
        let monoid = of(name);
        assert_eq!((monoid.size, monoid.groups.as_slice()), (order, [order].as_slice()), "{name}");
        assert_eq!((monoid.aperiodic, monoid.solvable), (Some(false), Some(solvable)), "{name}");
    }
}

#[test]
fn star_free_languages_have_aperiodic_monoids() {
    for name in [
        "tomita-1",
        "tomita-2",
        "tomita-4",
        "tomita-7",
        "first",
        "last",
        "repeat-01",
        "even-pairs",
        "dyck-1-2",
        "dyck-2-3",
        "date",
    ] {
        assert_eq!(of(name).aperiodic, Some(true), "{name}");
    }
    // (aa)* and what contains it count; a*, without more, does not.
    for (pattern, aperiodic) in
        [("(aa)*", false), ("(aa)*b", false), ("~((aa)*)", false), ("a*", true), ("(ab)*", true)]
    {
        assert_eq!(Monoid::of(language(pattern, "ab").automaton()).aperiodic, Some(aperiodic), "{pattern}");
    }
    assert_eq!(of("tomita-3").aperiodic, Some(false));
    assert_eq!(of("cycle-navigation").groups, [5]);
}

/// A group that is not solvable, inside a monoid that is none: S5 with a symbol that sets the state, and A5 beside a counter.
#[test]
fn groups_inside_monoids_are_found() {
    let next = [[1, 1, 0], [2, 0, 0], [3, 2, 0], [4, 3, 0], [0, 4, 0]].concat();
    let monoid = Monoid::of(&Automaton::new(3, next, vec![1, 0, 0, 0, 0]));
    assert_eq!((monoid.size, monoid.groups.as_slice(), monoid.solvable), (125, [120].as_slice(), Some(false)));
    // A turn and a swap of four, in the part of a machine of five states that one symbol leaves for good.
    let next = [[1, 1, 4], [2, 0, 4], [3, 2, 4], [0, 3, 4], [4, 4, 4]].concat();
    let monoid = Monoid::of(&Automaton::new(3, next, vec![1, 0, 0, 0, 0]));
    assert_eq!((monoid.size, monoid.groups.as_slice(), monoid.solvable), (25, [24].as_slice(), Some(true)));
}

#[test]
fn what_is_too_large_is_said_to_be() {
    // All maps of eight states: 8^8. A swap counts, whatever else there is.
    let next = (0..8_u32).flat_map(|s| [(s + 1) % 8, [1, 0, 2, 3, 4, 5, 6, 7][s as usize], s.min(6)]).collect();
    let monoid = Monoid::of(&Automaton::new(3, next, vec![1, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!((monoid.whole, monoid.aperiodic, monoid.solvable), (false, Some(false), None));
    assert_eq!(monoid.size, infimum_worlds::regular::MOST_ELEMENTS);
}

#[test]
fn theory_follows_from_the_monoid() {
    let verdict = |name: &str| {
        let machine = builtin::named(name).unwrap().unwrap();
        Theory::of(&machine, &Monoid::of(machine.automaton())).depth
    };
    for (name, depth) in [
        ("tomita-2", Depth::StarFree),
        ("last", Depth::One),
        ("parity", Depth::One),
        ("tomita-5", Depth::One),
        ("tomita-3", Depth::Solvable),
        ("s3", Depth::Solvable),
        ("a5", Depth::Logarithmic),
        ("s5-identity", Depth::Logarithmic),
    ] {
        assert_eq!(verdict(name), depth, "{name}");
    }
    let everything = machine("(a|b)*", "ab");
    assert_eq!(Theory::of(&everything, &Monoid::of(everything.automaton())).depth, Depth::None);
}

#[test]
fn what_depends_on_counts_alone_commutes() {
    let mut stream = random("commuting");
    for _ in 0..100 {
        let nodes = 1 + below(&mut stream, 7);
        let language = language(&random_tree(&mut stream, nodes, 2, true).text(), "ab");
        let sorted = |word: &Vec<u16>| {
            let mut word = word.clone();
            word.sort_unstable();
            word
        };
        let alike = crate::words(2, 8).iter().all(|word| language.contains(word) == language.contains(&sorted(word)));
        if language.automaton().states() <= 4 {
            assert_eq!(Monoid::of(language.automaton()).commutative, alike);
        }
    }
}
