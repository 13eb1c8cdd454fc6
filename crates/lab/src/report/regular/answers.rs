//! What a network says of the first test words: in each state of the automaton, and of words of each length.

use std::collections::BTreeMap;

use infimum_worlds::regular::Machine as Automaton;
use infimum_worlds::{Example, Purpose};

use crate::data;
use crate::evaluation::{Evaluator, portions};
use crate::predictor::{Said, Sequences, collect, likeliest};
use crate::statistics::Trials;
use crate::{Experiment, Machine};

/// Words that a report asks a network.
pub(super) const WORDS: usize = 10_000;

/// The head of classes among those of the world.
const CLASS: usize = 1;

/// What it said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answers {
    /// The names of the classes that it tells apart.
    pub(super) classes: Vec<String>,
    /// `[state]`: the class that is right.
    pub(super) truth: Vec<usize>,
    /// `[state][class]`: after how many prefixes in this state it said this class. Prefixes whose class is not asked do not count.
    pub(super) said: Vec<Vec<u64>>,
    /// By their length: how many whole words have the class that it said.
    pub(super) by_length: BTreeMap<usize, Trials>,
}

/// What it said of one word: the class after no symbol, the first, and so on; `None` where none is asked.
struct Word {
    symbols: Vec<u16>,
    said: Vec<Option<usize>>,
}

impl Answers {
    /// Of the network at `point`; `None` if it tells no classes.
    pub(super) fn of(
        experiment: &Experiment,
        machine: &mut Machine,
        point: &[f32],
        automaton: &Automaton,
    ) -> Option<Answers> {
        experiment.outputs().iter().find(|output| output.head == CLASS)?;
        let (states, classes) = (automaton.automaton().states(), classes(experiment, automaton));
        let truth = |state| usize::from(automaton.automaton().output(state)).min(classes.len() - 1);
        let mut answers = Answers {
            truth: (0..states as u32).map(truth).collect(),
            said: vec![vec![0; classes.len()]; states],
            by_length: BTreeMap::new(),
            classes,
        };
        let (symbols, told) = (automaton.alphabet().len() as u16, answers.classes.len());
        let each = |_, example: &Example, said: Said<'_>| word(symbols, told, example, said);
        let mut evaluator = Evaluator::new(experiment, machine);
        for portion in portions(0..WORDS) {
            let sequences = data::set(portion);
            let drawn = Sequences::Drawn(Purpose::Test, &sequences);
            let words = collect(&mut evaluator.at(point), machine, drawn, &each);
            words.iter().for_each(|word| answers.add(automaton, word));
        }
        Some(answers)
    }

    fn add(&mut self, automaton: &Automaton, Word { symbols, said }: &Word) {
        let (mut state, length) = (0, symbols.len());
        for (read, class) in said.iter().enumerate() {
            if read > 0 {
                state = automaton.automaton().next(state, symbols[read - 1]);
            }
            class.iter().for_each(|class| self.said[state as usize][*class] += 1);
        }
        let trials = self.by_length.entry(length).or_insert(Trials { successes: 0, of: 0 });
        trials.successes += u64::from(said[length] == Some(self.truth[state as usize]));
        trials.of += 1;
    }

    /// The share of words whose class is right.
    pub(super) fn right(&self) -> f64 {
        let sum = |part: fn(&Trials) -> u64| self.by_length.values().map(part).sum::<u64>() as f64;
        sum(|trials| trials.successes) / sum(|trials| trials.of)
    }

    /// In each state: after how many prefixes another class was said than the right one, of how many.
    pub(super) fn wrong(&self) -> Vec<Trials> {
        let of = |(said, truth): (&Vec<u64>, &usize)| {
            let all = said.iter().sum();
            Trials { successes: all - said[*truth], of: all }
        };
        self.said.iter().zip(&self.truth).map(of).collect()
    }
}

/// Where words are only to be told from others, every class but the first is one.
fn classes(experiment: &Experiment, automaton: &Automaton) -> Vec<String> {
    let (names, told) = (automaton.classes(), experiment.world().shape().heads[CLASS].alphabet);
    if told == names.len() { names.to_vec() } else { vec![names[0].clone(), format!("not {}", names[0])] }
}

/// What is said of a word over so many `symbols`, by a head of so many classes.
fn word(symbols: u16, told: usize, example: &Example, said: Said<'_>) -> Word {
    let symbols: Vec<u16> = example.tokens[1..].iter().copied().take_while(|token| *token < symbols).collect();
    let by_class = said.others.iter().find(|said| said.head == CLASS).expect("the model has a head of classes");
    let logits = by_class.logits.chunks_exact(told).zip(&example.weights[CLASS]);
    let said = logits.map(|(logits, weight)| (*weight > 0.0).then(|| likeliest(logits)));
    Word { said: said.take(symbols.len() + 1).collect(), symbols }
}
