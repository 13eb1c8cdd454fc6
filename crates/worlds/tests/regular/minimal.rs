//! Minimal automata against the definition: two states are one if no word tells them apart.

use infimum_worlds::Stream;
use infimum_worlds::regular::Automaton;

use crate::{below, random, words};

fn random_automaton(stream: &mut Stream, states: usize, symbols: usize, outputs: usize) -> Automaton {
    let next = (0..states * symbols).map(|_| below(stream, states) as u32).collect();
    Automaton::new(symbols, next, (0..states).map(|_| below(stream, outputs) as u16).collect())
}

fn reachable(automaton: &Automaton) -> Vec<u32> {
    let mut found = vec![0];
    let mut at = 0;
    while at < found.len() {
        for &next in automaton.row(found[at]) {
            if !found.contains(&next) {
                found.push(next);
            }
        }
        at += 1;
    }
    found
}

/// Moore's table: pairs of states that some word tells apart, found by longer and longer words.
fn classes(automaton: &Automaton) -> usize {
    let states = automaton.states();
    let mut apart: Vec<Vec<bool>> = (0..states as u32)
        .map(|a| (0..states as u32).map(|b| automaton.output(a) != automaton.output(b)).collect())
        .collect();
    loop {
        let mut changed = false;
        for a in 0..states {
            for b in 0..states {
                let next = |symbol| {
                    apart[automaton.next(a as u32, symbol) as usize][automaton.next(b as u32, symbol) as usize]
                };
                if !apart[a][b] && (0..automaton.symbols() as u16).any(next) {
                    apart[a][b] = true;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    let reached = reachable(automaton);
    let is_first = |at: &usize| (0..*at).all(|before| apart[reached[*at] as usize][reached[before] as usize]);
    (0..reached.len()).filter(is_first).count()
}

/// The same automaton with its states, other than the first, under other names.
fn renamed(automaton: &Automaton, stream: &mut Stream) -> Automaton {
    let states = automaton.states();
    let mut name: Vec<u32> = (0..states as u32).collect();
    (2..states).rev().for_each(|at| name.swap(at, 1 + below(stream, at)));
    let mut old = vec![0; states];
    name.iter().zip(0..).for_each(|(new, state)| old[*new as usize] = state);
    let next = old.iter().flat_map(|state| automaton.row(*state)).map(|to| name[*to as usize]).collect();
    Automaton::new(automaton.symbols(), next, old.iter().map(|state| automaton.output(*state)).collect())
}

#[test]
fn random_automata_become_as_small_as_they_can() {
    let mut stream = random("minimal");
    let mut smaller = 0;
    for round in 0..1500 {
        let (symbols, outputs) = (1 + round % 3, 2 + round % 2);
        let states = 1 + below(&mut stream, 14);
        let automaton = random_automaton(&mut stream, states, symbols, outputs);
        let minimal = automaton.minimal();
        assert_eq!(minimal.states(), classes(&automaton), "{automaton:?}");
        assert!(words(symbols, 5).iter().all(|word| minimal.run(word) == automaton.run(word)), "{automaton:?}");
        assert_eq!(automaton.first_difference(&minimal, |a, b| a != b).unwrap(), None);
        assert_eq!(renamed(&automaton, &mut stream).minimal(), minimal, "names do not matter");
        assert_eq!(minimal.minimal(), minimal);
        smaller += usize::from(minimal.states() < automaton.states());
    }
    assert!(smaller > 500, "{smaller}");
}

#[test]
fn states_stand_in_the_order_of_their_least_words() {
    let mut stream = random("order");
    for _ in 0..200 {
        let minimal = random_automaton(&mut stream, 12, 2, 2).minimal();
        let access = minimal.access();
        let least: Vec<Vec<u16>> = (0..minimal.states() as u32).map(|state| access.word(state).unwrap()).collect();
        assert!(least.iter().zip(0..).all(|(word, state)| minimal.after(word) == state));
        assert!(least.windows(2).all(|pair| (pair[0].len(), &pair[0]) < (pair[1].len(), &pair[1])), "{least:?}");
    }
}
