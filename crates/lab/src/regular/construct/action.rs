//! What symbols do to a few points, and how the class is read from what a word did.

use std::collections::BTreeSet;

use infimum_worlds::regular::{Automaton, Machine, Monoid};

/// The most points.
pub(super) const MOST_POINTS: usize = 32;
/// Groups of more elements are not looked through for points.
const LARGEST_GROUP: usize = 720;

/// Maps of points to points.
pub(super) struct Action {
    /// How many points there are.
    pub(super) points: usize,
    /// `[symbol][point]`: where the symbol brings it.
    pub(super) maps: Vec<Vec<usize>>,
    /// How the class follows.
    pub(super) readout: Readout,
}

/// How the class of a word follows from where it brings points.
pub(super) enum Readout {
    /// From where it brings one point. Classes, in rising order, stand for points next to each other: each with its first.
    Of {
        /// The point.
        start: usize,
        /// The classes that there are, each with its first point.
        classes: Vec<(usize, usize)>,
    },
    /// One class if every point comes where it is wanted, else the other.
    All {
        /// `[point]`: where it is wanted.
        wanted: Vec<usize>,
        /// That class.
        hit: usize,
        /// The other.
        miss: usize,
    },
}

impl Action {
    /// The action on the states, numbered so that those of a class stand next to each other; for machines of too many states, that
    /// on points which tell all words apart that states tell apart, where there are such. `None`: there is none on few points.
    pub(super) fn of(machine: &Machine) -> Option<Action> {
        let automaton = machine.automaton();
        if automaton.states() <= MOST_POINTS {
            Some(Action::on_states(automaton))
        } else {
            Action::on_blocks(automaton)
        }
    }

    fn on_states(automaton: &Automaton) -> Action {
        let states = automaton.states() as u32;
        let mut order: Vec<u32> = (0..states).collect();
        order.sort_by_key(|state| (automaton.output(*state), *state));
        let place = |state: u32| order.iter().position(|other| *other == state).expect("every state stands there");
        let map = |symbol: u16| order.iter().map(|state| place(automaton.next(*state, symbol))).collect();
        let maps = (0..automaton.symbols() as u16).map(map).collect();
        let mut classes: Vec<(usize, usize)> = Vec::new();
        for (point, state) in order.iter().enumerate() {
            let class = usize::from(automaton.output(*state));
            if classes.last().is_none_or(|(last, _)| *last != class) {
                classes.push((class, point));
            }
        }
        Action { points: order.len(), maps, readout: Readout::Of { start: place(0), classes } }
    }

    /// The action on the fewest blocks of states, where words are a group that acts on the states as on itself, and one state alone
    /// is of its class.
    fn on_blocks(automaton: &Automaton) -> Option<Action> {
        let states = automaton.states();
        let permutes = |symbol: u16| {
            (0..states as u32).map(|state| automaton.next(state, symbol)).collect::<BTreeSet<u32>>().len() == states
        };
        let one_class = |class: u16| automaton.outputs().iter().filter(|output| **output == class).count() == 1;
        let alone = (0..states as u32).find(|state| one_class(automaton.output(*state)))?;
        let others: BTreeSet<u16> =
            automaton.outputs().iter().copied().filter(|o| *o != automaton.output(alone)).collect();
        let group = states <= LARGEST_GROUP && (0..automaton.symbols() as u16).all(permutes);
        if !group || others.len() != 1 || Monoid::of(automaton).size != states {
            return None;
        }
        let quotient = smallest(automaton)?;
        let points = quotient.states();
        let maps = (0..quotient.symbols() as u16)
            .map(|symbol| (0..points as u32).map(|point| quotient.next(point, symbol) as usize).collect())
            .collect();
        let word = automaton.access().word(alone)?;
        let moved = |point: u32| word.iter().fold(point, |point, symbol| quotient.next(point, *symbol)) as usize;
        let readout = Readout::All {
            wanted: (0..points as u32).map(moved).collect(),
            hit: usize::from(automaton.output(alone)),
            miss: usize::from(*others.first()?),
        };
        Some(Action { points, maps, readout })
    }
}

/// The automaton of the fewest blocks of states on which words that differ do differ; `None` if it has too many. Blocks are those
/// that arise when the first state is put together with one or two others.
fn smallest(automaton: &Automaton) -> Option<Automaton> {
    let states = automaton.states();
    let (mut best, mut seen): (Option<Automaton>, BTreeSet<Vec<usize>>) = (None, BTreeSet::new());
    for first in 1..states {
        for second in first..states {
            let blocks = together(automaton, [first, second]);
            let count = blocks.iter().max().map_or(0, |last| last + 1);
            let most = best.as_ref().map_or(MOST_POINTS, |best| best.states() - 1);
            if count > 1 && count <= most && !seen.contains(&blocks) {
                let quotient = quotient(automaton, &blocks, count);
                seen.insert(blocks);
                if Monoid::of(&quotient).size == states {
                    best = Some(quotient);
                }
            }
        }
    }
    best
}

/// `[state]`: its block, numbered as they are met, where the first state and these are in one and symbols keep blocks together.
fn together(automaton: &Automaton, others: [usize; 2]) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..automaton.states()).collect();
    let mut open: Vec<(usize, usize)> = others.iter().map(|other| (0, *other)).collect();
    while let Some((a, b)) = open.pop() {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        if a != b {
            parent[a.max(b)] = a.min(b);
            let after = |state: usize, symbol| automaton.next(state as u32, symbol) as usize;
            open.extend((0..automaton.symbols() as u16).map(|symbol| (after(a, symbol), after(b, symbol))));
        }
    }
    let mut numbers = vec![usize::MAX; parent.len()];
    let mut count = 0;
    let mut number = |root: usize| {
        if numbers[root] == usize::MAX {
            numbers[root] = count;
            count += 1;
        }
        numbers[root]
    };
    (0..parent.len()).map(|state| root(&mut parent, state)).collect::<Vec<_>>().into_iter().map(&mut number).collect()
}

fn root(parent: &mut [usize], mut state: usize) -> usize {
    while parent[state] != state {
        parent[state] = parent[parent[state]];
        state = parent[state];
    }
    state
}

/// The automaton of the blocks.
fn quotient(automaton: &Automaton, blocks: &[usize], count: usize) -> Automaton {
    let mut next = vec![0; count * automaton.symbols()];
    for (state, block) in blocks.iter().enumerate() {
        for symbol in 0..automaton.symbols() {
            let to = blocks[automaton.next(state as u32, symbol as u16) as usize];
            next[block * automaton.symbols() + symbol] = to as u32;
        }
    }
    Automaton::new(automaton.symbols(), next, vec![0; count])
}
