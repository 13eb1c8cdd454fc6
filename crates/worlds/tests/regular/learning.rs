//! What is learnt of black boxes: every small one, those of AALpy (oracles/learning.py), some without end.

use std::collections::BTreeMap;

use infimum_worlds::regular::Automaton;
use infimum_worlds::regular::learn::{Conformance, Learner, Limits, Stopped, Teacher};
use serde::Deserialize;

use crate::{below, random, words};

const LIMITS: Limits = Limits { states: 100, cells: 1 << 20, length: 1000 };

/// A black box that is a function, and the longest word that it was asked.
struct BlackBox<F> {
    output: F,
    longest: usize,
}

impl<F: Fn(&[u16]) -> u16> Teacher for BlackBox<F> {
    fn outputs(&mut self, words: &[Vec<u16>]) -> Vec<u16> {
        self.longest = self.longest.max(words.iter().map(Vec::len).max().unwrap_or(0));
        words.iter().map(|word| (self.output)(word)).collect()
    }
}

fn black_box<F: Fn(&[u16]) -> u16>(output: F) -> BlackBox<F> {
    BlackBox { output, longest: 0 }
}

/// Learns with counterexamples of `test`.
fn learn<F: Fn(&[u16]) -> u16>(
    symbols: usize,
    teacher: &mut BlackBox<F>,
    limits: Limits,
    test: impl Fn(&Automaton, &Learner) -> Option<Vec<u16>>,
) -> Result<Automaton, Stopped> {
    let mut learner = Learner::new(symbols, limits);
    loop {
        let automaton = learner.hypothesis(teacher, &mut |_| true)?;
        match test(&automaton, &learner) {
            None => return Ok(automaton),
            Some(word) => learner.refine(teacher, &automaton, &word)?,
        }
    }
}

fn difference(a: &Automaton, b: &Automaton) -> Option<Vec<u16>> {
    a.first_difference(b, |a, b| a != b).unwrap()
}

/// Every automaton of so many states over two symbols with two outputs.
fn all(states: usize) -> impl Iterator<Item = Automaton> {
    let tables = states.pow(2 * states as u32);
    (0..tables * (1 << states)).map(move |number| {
        let (mut table, outputs) = (number % tables, number / tables);
        let next = (0..2 * states).map(|_| {
            let to = table % states;
            table /= states;
            to as u32
        });
        Automaton::new(2, next.collect(), (0..states).map(|state| (outputs >> state & 1) as u16).collect())
    })
}

#[test]
fn every_small_automaton_is_learnt() {
    for hidden in (1..=3).flat_map(all) {
        let mut teacher = black_box(|word: &[u16]| hidden.run(word));
        let found = learn(2, &mut teacher, LIMITS, |automaton, _| difference(automaton, &hidden)).unwrap();
        assert_eq!(found.states(), hidden.minimal().states(), "{hidden:?}");
        assert_eq!(found.minimal(), hidden.minimal());
    }
}

/// Every automaton of at most one state more than a hypothesis differs from it on a word of the W-method with up to two symbols
/// between; without symbols between, some do not.
#[test]
fn the_w_method_finds_every_automaton_of_a_state_more() {
    let mut missed = 0;
    for hypothesis in all(2).filter(|automaton| automaton.minimal().states() == 2).step_by(7) {
        let mut learner = Learner::new(2, LIMITS);
        let mut teacher = black_box(|word: &[u16]| hypothesis.run(word));
        let mut made = learner.hypothesis(&mut teacher, &mut |_| true).unwrap();
        while let Some(word) = difference(&made, &hypothesis) {
            learner.refine(&mut teacher, &made, &word).unwrap();
            made = learner.hypothesis(&mut teacher, &mut |_| true).unwrap();
        }
        let [none, two] = [0, 2].map(|middle| Conformance::new(&learner, middle).collect::<Vec<_>>());
        assert_eq!(two.len() as u64, Conformance::new(&learner, 2).words());
        for other in all(3).step_by(5).filter(|other| difference(other, &hypothesis).is_some()) {
            let shows = |words: &[Vec<u16>]| words.iter().any(|word| other.run(word) != hypothesis.run(word));
            assert!(shows(&two), "{other:?} passes for {hypothesis:?}");
            missed += usize::from(!shows(&none));
        }
    }
    assert!(missed > 0, "the symbols between are needed");
}

#[derive(Deserialize)]
struct Table {
    next: Vec<u32>,
    outputs: Vec<u16>,
}

#[derive(Deserialize)]
struct Given {
    symbols: usize,
    #[serde(flatten)]
    table: Table,
    learnt: Table,
}

#[derive(Deserialize)]
struct Function {
    symbols: usize,
    learnt: Table,
}

#[derive(Deserialize)]
struct Oracle {
    tables: Vec<Given>,
    functions: BTreeMap<String, Function>,
}

impl Table {
    fn automaton(&self, symbols: usize) -> Automaton {
        Automaton::new(symbols, self.next.clone(), self.outputs.clone())
    }
}

/// The black boxes of the oracle that are no tables.
fn function(name: &str) -> fn(&[u16]) -> u16 {
    match name {
        "difference modulo 5" => |word| {
            let zeros = word.iter().filter(|symbol| **symbol == 0).count() as i64;
            (2 * zeros - word.len() as i64).rem_euclid(5) as u16
        },
        "third from the end" => |word| word.iter().rev().nth(2).copied().unwrap_or(0),
        "length modulo 7 is 0" => |word| u16::from(word.len().is_multiple_of(7)),
        "longest run, at most 3" => {
            |word| word.chunk_by(|a, b| a == b).map(<[u16]>::len).max().unwrap_or(0).min(3) as u16
        }
        "sum below 4, then stuck" => |word| word.iter().sum::<u16>().min(4),
        "first is last" => |word| u16::from(word.first() == word.last()),
        "contains 0120" => |word| u16::from(word.windows(4).any(|part| part == [0, 1, 2, 0])),
        "as a number modulo 9" => |word| word.iter().fold(0, |number, bit| (2 * number + bit) % 9),
        other => unreachable!("the oracle has a black box {other}"),
    }
}

#[test]
fn black_boxes_are_learnt_as_by_aalpy() {
    let oracle: Oracle = serde_json::from_str(include_str!("learned.json")).unwrap();
    assert!(oracle.tables.len() >= 50 && oracle.functions.len() >= 8);
    for given in &oracle.tables {
        let hidden = given.table.automaton(given.symbols);
        let mut teacher = black_box(|word: &[u16]| hidden.run(word));
        let found = learn(given.symbols, &mut teacher, LIMITS, |automaton, _| difference(automaton, &hidden)).unwrap();
        assert_eq!(found.minimal(), given.learnt.automaton(given.symbols));
    }
    for (name, given) in &oracle.functions {
        let output = function(name);
        // Tests are the words of the W-method, which know nothing of what is hidden.
        let test = |automaton: &Automaton, learner: &Learner| {
            let mut words = Conformance::affordable(learner, 20_000).into_iter().flatten();
            words.find(|word| output(word) != automaton.run(word))
        };
        let found = learn(given.symbols, &mut black_box(output), LIMITS, test).unwrap();
        assert_eq!(found.minimal(), given.learnt.automaton(given.symbols), "{name}");
    }
}

/// A black box that is another one than the oracle's is told from it.
#[test]
fn another_output_of_one_state_is_noticed() {
    let oracle: Oracle = serde_json::from_str(include_str!("learned.json")).unwrap();
    let given = oracle.tables.iter().find(|given| given.learnt.outputs.len() > 4).unwrap();
    let mut learnt = given.learnt.automaton(given.symbols);
    let outputs = learnt.outputs().iter().enumerate().map(|(state, output)| output + u16::from(state == 3)).collect();
    let next = (0..learnt.states() as u32).flat_map(|state| learnt.row(state).to_vec()).collect();
    learnt = Automaton::new(given.symbols, next, outputs);
    let mut teacher = black_box(|word: &[u16]| learnt.run(word));
    let found = learn(given.symbols, &mut teacher, LIMITS, |automaton, _| difference(automaton, &learnt)).unwrap();
    assert_ne!(found.minimal(), given.learnt.automaton(given.symbols));
}

/// As many of both symbols: no automaton. Random counterexamples of up to 40 symbols.
#[test]
fn what_is_no_automaton_ends_at_a_limit() {
    let balance = |word: &[u16]| u16::from(2 * word.iter().filter(|symbol| **symbol == 0).count() == word.len());
    let test = |automaton: &Automaton, _: &Learner| {
        let mut stream = random("balance");
        let mut word = || (0..below(&mut stream, 41)).map(|_| below(&mut stream, 2) as u16).collect::<Vec<_>>();
        let sorted = |mut word: Vec<u16>| {
            word.sort();
            word
        };
        let mut words = (0..2000).flat_map(|_| [word(), sorted(word())]).collect::<Vec<_>>().into_iter();
        words.find(|word| balance(word) != automaton.run(word))
    };
    for (limits, end) in [
        (Limits { states: 12, ..LIMITS }, "States"),
        (Limits { cells: 200, ..LIMITS }, "Cells"),
        (Limits { length: 16, ..LIMITS }, "Length"),
    ] {
        let mut teacher = black_box(balance);
        let stopped = learn(2, &mut teacher, limits, test).unwrap_err();
        assert!(format!("{stopped:?}").starts_with(end), "{stopped:?} for {end}");
        assert!(teacher.longest <= limits.length, "{} symbols were asked", teacher.longest);
    }
    let mut learner = Learner::new(2, LIMITS);
    assert_eq!(learner.hypothesis(&mut black_box(balance), &mut |_| false).unwrap_err(), Stopped::Watch);
}

/// Answers are asked in batches: as many calls as rounds, not as words.
#[test]
fn a_table_asks_many_words_at_once() {
    struct Calls(u64, u64);
    impl Teacher for Calls {
        fn outputs(&mut self, words: &[Vec<u16>]) -> Vec<u16> {
            self.0 += 1;
            self.1 += words.len() as u64;
            words.iter().map(|word| (word.len() % 20) as u16).collect()
        }
    }
    let mut calls = Calls(0, 0);
    let automaton = Learner::new(3, LIMITS).hypothesis(&mut calls, &mut |_| true).unwrap();
    assert_eq!(automaton.states(), 20);
    assert!(words(3, 2).iter().all(|word| usize::from(automaton.run(word)) == word.len()));
    assert!(calls.0 <= 21 && calls.1 >= 60, "{} calls for {} words", calls.0, calls.1);
}
