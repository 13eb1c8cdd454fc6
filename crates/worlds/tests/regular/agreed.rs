//! Agreement with `oracles/regular.py`, which computes the same with automata-lib.

use infimum_worlds::regular::{Counts, Monoid};
use serde::Deserialize;

use crate::language;

#[derive(Deserialize)]
struct Oracles {
    symbols: String,
    lengths: Vec<usize>,
    languages: Vec<Known>,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Known {
    pattern: String,
    automaton: Table,
    counts: Vec<String>,
    monoid: usize,
}

#[derive(Deserialize)]
struct Table {
    next: Vec<u32>,
    accepts: Vec<u16>,
}

/// A pattern and the next.
#[derive(Deserialize)]
struct Pair {
    /// Of union, intersection, difference, and the complement of the first.
    sizes: [usize; 4],
    differ: Option<String>,
    only_first: Option<String>,
}

fn oracles() -> Oracles {
    serde_json::from_str(include_str!("oracles.json")).unwrap()
}

#[test]
fn automata_counts_and_monoids_are_automata_libs() {
    let Oracles { symbols, lengths, languages, .. } = oracles();
    for Known { pattern, automaton, counts, monoid } in languages {
        let language = language(&pattern, &symbols);
        let ours = language.automaton();
        let rows: Vec<u32> = (0..ours.states() as u32).flat_map(|state| ours.row(state).to_vec()).collect();
        assert_eq!((rows, ours.outputs()), (automaton.next, automaton.accepts.as_slice()), "{pattern}");
        let counted = Counts::new(ours, 40, |output| output == 1).unwrap();
        let ours_counted: Vec<String> = lengths.iter().map(|length| counted.count(*length).to_string()).collect();
        assert_eq!(ours_counted, counts, "{pattern}");
        assert_eq!(Monoid::of(ours).size, monoid, "{pattern}");
    }
}

#[test]
fn operations_and_shortest_words_are_automata_libs() {
    let Oracles { symbols, languages, pairs, .. } = oracles();
    let languages: Vec<_> = languages.iter().map(|known| language(&known.pattern, &symbols)).collect();
    assert_eq!(pairs.len(), languages.len() - 1);
    for (pair, two) in pairs.iter().zip(languages.windows(2)) {
        let (a, b) = (&two[0], &two[1]);
        let results = [a.union(b), a.intersection(b), a.difference(b), Ok(a.complement())].map(Result::unwrap);
        assert_eq!(results.map(|language| language.automaton().states()), pair.sizes);
        let spell = |word: Option<Vec<u16>>| word.map(|word| a.alphabet().spell(&word));
        assert_eq!(spell(a.first_difference(b).unwrap()), pair.differ);
        assert_eq!(spell(a.first_outside(b).unwrap()), pair.only_first);
    }
}
