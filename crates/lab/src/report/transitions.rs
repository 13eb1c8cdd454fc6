//! The law over states after each single state, for worlds whose tokens are states and BOS.

use infimum_worlds::{Example, Purpose, Settings};

use crate::Experiment;
use crate::data;
use crate::transitions::{law_over_states, without_bos};

/// Matrices of more states than this show the most frequent ones.
pub(super) const MOST_STATES: usize = 256;
/// How many are then shown.
pub(super) const SHOWN_STATES: usize = 64;

/// Which states a matrix shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct States {
    /// Their tokens, in the order of rows and columns.
    tokens: Vec<u16>,
    /// The row of each token, if it has one.
    rows: Vec<Option<u16>>,
    /// How many states the world has; its BOS is the token of that number.
    all: usize,
}

impl States {
    /// The states of the experiment's world; of more than 256 the 64 most frequent on the first `sequences` test sequences.
    /// `None` for a world whose tokens are no states.
    pub(super) fn of(experiment: &Experiment, sequences: usize) -> Option<States> {
        let all = match experiment.plan().world() {
            Settings::Markov(chain) => chain.states,
            Settings::MarkovWindows(windows) => windows.chain.states,
            _ => return None,
        };
        let all = usize::try_from(all).ok()?;
        let tokens = if all <= MOST_STATES { (0..all as u16).collect() } else { frequent(experiment, all, sequences) };
        let mut rows = vec![None; all + 1];
        tokens.iter().enumerate().for_each(|(row, token)| rows[usize::from(*token)] = Some(row as u16));
        Some(States { tokens, rows, all })
    }

    /// How many are shown.
    pub(super) fn count(&self) -> usize {
        self.tokens.len()
    }

    /// How many the world has.
    pub(super) fn all(&self) -> usize {
        self.all
    }

    /// The state in this row and column.
    pub(super) fn token(&self, row: usize) -> u16 {
        self.tokens[row]
    }
}

/// The most frequent first; of equally frequent ones the lower.
fn frequent(experiment: &Experiment, all: usize, sequences: usize) -> Vec<u16> {
    let (mut counts, mut example) = (vec![0_u64; all + 1], Example::default());
    for address in data::set(0..sequences) {
        experiment.draw(Purpose::Test, address, &mut example);
        example.tokens.iter().for_each(|token| counts[usize::from(*token)] += 1);
    }
    let mut tokens: Vec<u16> = (0..all as u16).collect();
    tokens.sort_by_key(|token| std::cmp::Reverse(counts[usize::from(*token)]));
    tokens.truncate(SHOWN_STATES);
    tokens
}

/// Laws after the states of one sequence.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// The row that each belongs to.
    from: Vec<u16>,
    /// `[occurrence][column]`.
    learned: Vec<f32>,
    /// `[occurrence][column]`; empty where no law is known.
    exact: Vec<f32>,
}

impl Rows {
    /// Adds the laws over states after `token`, if that is a state that is shown and a state, `next`, follows: the model's, of
    /// which the logits are given, and the exact one.
    pub(super) fn add(&mut self, states: &States, (token, next): (u16, u16), logits: &[f32], exact: Option<&[f64]>) {
        let Some(row) = states.rows[usize::from(token)].filter(|_| usize::from(next) < states.all) else { return };
        self.from.push(row);
        let add = |law: &mut dyn Iterator<Item = f64>, into: &mut Vec<f32>| {
            let law: Vec<f64> = law.collect();
            into.extend(states.tokens.iter().map(|state| law[usize::from(*state)] as f32));
        };
        add(&mut law_over_states(logits, states.all), &mut self.learned);
        if let Some(exact) = exact {
            add(&mut without_bos(exact, states.all), &mut self.exact);
        }
    }
}

/// The mean law over states after each state.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transitions {
    pub(super) states: States,
    /// How often each state was seen, by row.
    pub(super) occurrences: Vec<u64>,
    /// The model's: `[row][column]`; no number in the row of a state that never came.
    pub(super) learned: Vec<f64>,
    /// The exact one over the same occurrences; empty where no law is known.
    pub(super) exact: Vec<f64>,
}

impl Transitions {
    pub(super) fn none(states: &States) -> Transitions {
        let count = states.count();
        let (learned, exact) = (vec![0.0; count * count], vec![]);
        Transitions { states: states.clone(), occurrences: vec![0; count], learned, exact }
    }

    pub(super) fn add(&mut self, rows: &Rows) {
        let count = self.states.count();
        if !rows.exact.is_empty() {
            self.exact.resize(count * count, 0.0);
        }
        for (number, &row) in rows.from.iter().enumerate() {
            let row = usize::from(row);
            self.occurrences[row] += 1;
            for (law, sum) in [(&rows.learned, &mut self.learned), (&rows.exact, &mut self.exact)] {
                if let Some(law) = law.get(number * count..(number + 1) * count) {
                    sum[row * count..][..count].iter_mut().zip(law).for_each(|(sum, p)| *sum += f64::from(*p));
                }
            }
        }
    }

    /// Sums become means.
    pub(super) fn averaged(mut self) -> Transitions {
        let count = self.states.count();
        for sums in [&mut self.learned, &mut self.exact] {
            for (row, occurrences) in sums.chunks_mut(count).zip(&self.occurrences) {
                row.iter_mut().for_each(|sum| *sum /= *occurrences as f64);
            }
        }
        self
    }

    /// The mean over runs of one world.
    pub(super) fn over_runs(runs: &[&Transitions]) -> Option<Transitions> {
        let first = *runs.first()?;
        let mean = |of: fn(&Transitions) -> &[f64]| {
            let places = 0..of(first).len();
            places.map(|i| runs.iter().map(|run| of(run)[i]).sum::<f64>() / runs.len() as f64).collect()
        };
        let (learned, exact) = (mean(|run| &run.learned), mean(|run| &run.exact));
        let occurrences = (0..first.occurrences.len()).map(|row| runs.iter().map(|run| run.occurrences[row]).sum());
        Some(Transitions { states: first.states.clone(), occurrences: occurrences.collect(), learned, exact })
    }
}
