//! What can be known of the next token and of the class.

use super::{CLASS, Counts, Kind, Machine, TOKEN, Words};
use crate::regular::scaled::Scaled;
use crate::{Baseline, Belief, Floor, Known, Truth};

/// For every number of symbols and every state, how likely it is to come there along any one word, and what follows from it.
pub(super) struct Table {
    states: usize,
    symbols: usize,
    /// `[symbols so far][state]`: the probability that a word goes on from here, along the one way that led here.
    reach: Vec<Scaled>,
    /// `[symbols so far][class]`: the probability of one word of this class that ends here.
    ends: Vec<Scaled>,
    classes: usize,
    /// `[symbols so far][state]`: the probability to be here, along any way.
    visits: Vec<f64>,
}

impl Table {
    pub(super) fn of(machine: &Machine, counts: &[Counts], kinds: &[Kind], longest: usize) -> Table {
        let automaton = machine.automaton();
        let (states, classes) = (automaton.states(), counts.len());
        let mut ends = vec![Scaled::ZERO; (longest + 1) * classes];
        for kind in kinds {
            ends[kind.length * classes + kind.class] =
                Scaled::share(kind.probability, counts[kind.class].count(kind.length));
        }
        let mut reach = vec![Scaled::ZERO; (longest + 2) * states];
        for length in (0..=longest).rev() {
            for state in 0..states as u32 {
                let end = ends[length * classes + usize::from(automaton.output(state))];
                let on = |next: &u32| reach[(length + 1) * states + *next as usize];
                reach[length * states + state as usize] = automaton.row(state).iter().map(on).fold(end, Scaled::plus);
            }
        }
        let visits = vec![0.0; (longest + 1) * states];
        let mut table = Table { states, symbols: automaton.symbols(), reach, ends, classes, visits };
        table.visit(machine, longest);
        table
    }

    fn visit(&mut self, machine: &Machine, longest: usize) {
        let mut law = vec![0.0; self.symbols + 2];
        self.visits[0] = 1.0;
        for length in 0..longest {
            for state in 0..self.states as u32 {
                let here = self.visits[length * self.states + state as usize];
                if here > 0.0 && self.law(machine, length, state, &mut law) == Known::Yes {
                    for (next, p) in machine.automaton().row(state).iter().zip(&law) {
                        self.visits[(length + 1) * self.states + *next as usize] += here * p;
                    }
                }
            }
        }
    }

    /// The law of the next token; none where no word comes.
    fn law(&self, machine: &Machine, length: usize, state: u32, p: &mut [f64]) -> Known {
        let here = self.reach.get(length * self.states + state as usize).copied().unwrap_or(Scaled::ZERO);
        if here.is_zero() {
            return Known::No;
        }
        let automaton = machine.automaton();
        p.fill(0.0);
        for (next, p) in automaton.row(state).iter().zip(&mut *p) {
            *p = self.reach[(length + 1) * self.states + *next as usize].ratio(here);
        }
        p[self.symbols] = self.ends[length * self.classes + usize::from(automaton.output(state))].ratio(here);
        Known::Yes
    }

    fn positions(&self) -> usize {
        self.visits.len() / self.states
    }

    /// How likely a position is scored.
    fn mass(&self, position: usize) -> f64 {
        self.visits[position * self.states..][..self.states].iter().sum()
    }

    /// How many positions are scored in the mean.
    pub(super) fn scored(&self) -> f64 {
        (0..self.positions()).map(|position| self.mass(position)).sum()
    }

    /// The sum over states of a score of the law there, each as likely as it is to be visited.
    fn expected(&self, machine: &Machine, position: usize, score: &mut dyn FnMut(&[f64]) -> f64) -> f64 {
        let mut law = vec![0.0; self.symbols + 2];
        let mut sum = 0.0;
        for state in 0..self.states as u32 {
            let here = self.visits[position * self.states + state as usize];
            if here > 0.0 && self.law(machine, position, state, &mut law) == Known::Yes {
                sum += here * score(&law);
            }
        }
        sum
    }
}

fn entropy(law: &[f64]) -> f64 {
    law.iter().filter(|p| **p > 0.0).map(|p| -p * libm::log(*p)).sum()
}

fn largest(law: &[f64]) -> f64 {
    law.iter().copied().fold(0.0, f64::max)
}

impl Words {
    fn mean(&self, table: &Table, score: fn(&[f64]) -> f64) -> f64 {
        let positions = 0..table.positions();
        let sum: f64 = positions.map(|position| table.expected(&self.machine, position, &mut |law| score(law))).sum();
        sum / table.scored()
    }

    /// How frequent each token is among scored targets.
    fn frequencies(&self, table: &Table) -> Vec<f64> {
        let mut sums = vec![0.0; self.shape.alphabet];
        for position in 0..table.positions() {
            for (token, sum) in sums.iter_mut().enumerate() {
                *sum += table.expected(&self.machine, position, &mut |law| law[token]);
            }
        }
        sums.iter().map(|sum| sum / table.scored()).collect()
    }

    /// `uniform`, and `unigram` where it is known how frequent targets are.
    fn ladder(&self, head: usize) -> Vec<Baseline> {
        let score =
            |name, nats: f64, accuracy| Baseline { name, nats: Floor::Exact(nats), accuracy: Floor::Exact(accuracy) };
        let (choices, shares) = match head {
            TOKEN => (self.machine.alphabet().len() + 1, self.table.as_ref().map(|table| self.frequencies(table))),
            _ => (self.shape.heads[CLASS].alphabet, self.class_shares()),
        };
        let uniform = score("uniform", libm::log(choices as f64), 1.0 / choices as f64);
        let unigram = shares.map(|shares| score("unigram", entropy(&shares), largest(&shares)));
        [uniform].into_iter().chain(unigram).collect()
    }

    /// How frequent each class is among scored positions: of words that are to be recognised, their own shares.
    fn class_shares(&self) -> Option<Vec<f64>> {
        if self.draws.recogniser.is_some() {
            return Some(self.shares());
        }
        let table = self.table.as_ref()?;
        let (scored, mut shares) = (table.scored(), vec![0.0; self.machine.classes().len()]);
        for (place, visit) in table.visits.iter().enumerate() {
            let state = (place % table.states) as u32;
            shares[usize::from(self.machine.automaton().output(state))] += visit / scored;
        }
        Some(shares)
    }
}

impl Truth for Words {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(Place { world: self, at: At::Before })
    }

    fn floor(&self, head: usize) -> Floor {
        match (head, &self.table) {
            (TOKEN, Some(table)) => Floor::Exact(self.mean(table, entropy)),
            (TOKEN, None) => Floor::Unknown,
            _ => Floor::Exact(0.0),
        }
    }

    fn ceiling(&self, head: usize) -> Floor {
        match (head, &self.table) {
            (TOKEN, Some(table)) => Floor::Exact(self.mean(table, largest)),
            (TOKEN, None) => Floor::Unknown,
            _ => Floor::Exact(1.0),
        }
    }

    fn floor_by_position(&self, head: usize) -> Vec<Floor> {
        let floor = |position| match (head, &self.table) {
            (TOKEN, Some(table)) => {
                Floor::Exact(table.expected(&self.machine, position, &mut entropy) / table.mass(position))
            }
            (TOKEN, None) => Floor::Unknown,
            _ => Floor::Exact(0.0),
        };
        (0..self.shape.positions).map(floor).collect()
    }

    fn baselines(&self, head: usize) -> Vec<Baseline> {
        self.ladders[head].get_or_init(|| self.ladder(head)).clone()
    }

    fn states(&self) -> Option<usize> {
        Some(self.machine.automaton().states())
    }
}

/// What has been read.
#[derive(Clone, Copy)]
enum At {
    Before,
    /// So many symbols, which lead to a state.
    Inside(usize, u32),
    /// The end of the word.
    After,
    /// What no sequence has.
    Lost,
}

struct Place<'a> {
    world: &'a Words,
    at: At,
}

impl Belief for Place<'_> {
    fn restart(&mut self) {
        self.at = At::Before;
    }

    fn observe(&mut self, token: u16) {
        let world = self.world;
        assert!(usize::from(token) < world.shape.alphabet, "token {token} of an alphabet of {}", world.shape.alphabet);
        self.at = match self.at {
            At::Before if token == world.begin() => At::Inside(0, 0),
            At::Inside(..) | At::After if token == world.end() => At::After,
            At::Inside(length, state) if token < world.end() => {
                At::Inside(length + 1, world.machine.automaton().next(state, token))
            }
            _ => At::Lost,
        };
    }

    fn law(&self, head: usize, p: &mut [f64]) -> Known {
        let world = self.world;
        assert_eq!(p.len(), world.shape.heads[head].alphabet, "a law over what the head can be");
        let mut certain = |target: u16| {
            p.fill(0.0);
            p[usize::from(target)] = 1.0;
            Known::Yes
        };
        match (self.at, head) {
            (At::Before, TOKEN) => certain(world.begin()),
            (At::After, TOKEN) => certain(world.end()),
            (At::Inside(_, state), CLASS) => certain(world.machine.automaton().output(state)),
            (At::Inside(length, state), _) => match &world.table {
                Some(table) => table.law(&world.machine, length, state, p),
                None => Known::No,
            },
            _ => Known::No,
        }
    }

    fn state(&self) -> Option<usize> {
        match self.at {
            At::Inside(_, state) => Some(state as usize),
            _ => None,
        }
    }
}
