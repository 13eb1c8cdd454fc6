//! The transition monoid: what words do to the states of an automaton.

use std::collections::BTreeMap;

use super::green::Green;
use super::{Automaton, group};

/// The most elements that are looked for.
pub const MOST_ELEMENTS: usize = 50_000;
/// The most images that all elements together may have: 32 MB, kept twice.
const MOST_IMAGES: usize = 8_000_000;

/// What is known of the maps of states that words make; of a minimal automaton, the syntactic monoid of its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monoid {
    /// How many maps there are, that of the empty word among them; or how many were found before the search was given up.
    pub size: usize,
    /// Whether that is all.
    pub whole: bool,
    /// Whether it has no group but trivial ones: then, and only then, the language is star-free (Schützenberger 1965). `None`:
    /// too large to say.
    pub aperiodic: Option<bool>,
    /// Whether all its groups are solvable. `None`: too large to say.
    pub solvable: Option<bool>,
    /// The orders of its maximal groups of more than one element, one for each class of elements that divide each other, in
    /// rising order; empty where the monoid is too large.
    pub groups: Vec<usize>,
    /// Whether the order of symbols does not matter.
    pub commutative: bool,
    /// Whether every symbol keeps all states, or leads from all to the same one.
    pub resets: bool,
}

impl Monoid {
    /// The monoid of an automaton, up to [`MOST_ELEMENTS`].
    pub fn of(automaton: &Automaton) -> Monoid {
        let elements = Elements::of(automaton);
        let periodic = (0..elements.count()).any(|x| has_cycle(elements.map(x)));
        let aperiodic = if periodic { Some(false) } else { elements.whole.then_some(true) };
        let groups = if elements.whole && periodic { groups(&elements) } else { Vec::new() };
        let solvable = match (aperiodic, elements.whole) {
            (Some(true), _) => Some(true),
            (_, false) => None,
            (_, true) => Some(groups.iter().all(|(_, solvable)| *solvable)),
        };
        let mut orders: Vec<usize> = groups.iter().map(|(order, _)| *order).collect();
        orders.sort_unstable();
        Monoid {
            size: elements.count(),
            whole: elements.whole,
            aperiodic,
            solvable,
            groups: orders,
            commutative: commutes(&elements.generators),
            resets: elements.generators.iter().all(|map| is_identity(map) || map.iter().all(|to| *to == map[0])),
        }
    }
}

/// Maps of states in the order of the least words that make them; the first is the identity.
pub(super) struct Elements {
    states: usize,
    /// `[element][state]`.
    images: Vec<u32>,
    number: BTreeMap<Vec<u32>, u32>,
    /// The maps of the symbols, each once.
    generators: Vec<Vec<u32>>,
    /// `[element][generator]`: the element first, then the symbol; filled where the monoid is whole.
    right: Vec<u32>,
    whole: bool,
}

impl Elements {
    fn of(automaton: &Automaton) -> Elements {
        let states = automaton.states();
        let limit = MOST_ELEMENTS.min(MOST_IMAGES / states).max(1);
        let map = |symbol: u16| (0..states as u32).map(|state| automaton.next(state, symbol)).collect::<Vec<_>>();
        let mut generators: Vec<Vec<u32>> = (0..automaton.symbols() as u16).map(map).collect();
        generators.sort();
        generators.dedup();
        let identity: Vec<u32> = (0..states as u32).collect();
        let number = BTreeMap::from([(identity.clone(), 0)]);
        let mut elements = Elements { states, images: identity, number, generators, right: Vec::new(), whole: true };
        let mut at = 0;
        while at < elements.count() && elements.whole {
            elements.extend(at, limit);
            at += 1;
        }
        elements
    }

    /// Finds what an element becomes by each symbol.
    fn extend(&mut self, element: usize, limit: usize) {
        for generator in 0..self.generators.len() {
            let product = composed(self.map(element), &self.generators[generator]);
            let count = self.count();
            let number = self.number.get(&product).copied();
            if number.is_none() {
                if count == limit {
                    self.whole = false;
                    return;
                }
                self.images.extend_from_slice(&product);
                self.number.insert(product, count as u32);
            }
            self.right.push(number.unwrap_or(count as u32));
        }
    }

    pub(super) fn count(&self) -> usize {
        self.images.len() / self.states
    }

    pub(super) fn map(&self, element: usize) -> &[u32] {
        &self.images[element * self.states..][..self.states]
    }

    /// What an element becomes by a symbol after it, for each generator.
    pub(super) fn after(&self, element: usize) -> Vec<u32> {
        let generators = self.generators.len();
        self.right[element * generators..][..generators].to_vec()
    }

    /// What an element becomes by a symbol before it, for each generator.
    pub(super) fn before(&self, element: usize) -> Vec<u32> {
        self.generators.iter().map(|first| self.number[&composed(first, self.map(element))]).collect()
    }

    pub(super) fn is_idempotent(&self, element: usize) -> bool {
        let map = self.map(element);
        map.iter().all(|to| map[*to as usize] == *to)
    }
}

/// One map, then another.
fn composed(first: &[u32], second: &[u32]) -> Vec<u32> {
    first.iter().map(|state| second[*state as usize]).collect()
}

fn is_identity(map: &[u32]) -> bool {
    map.iter().zip(0..).all(|(to, state)| *to == state)
}

fn commutes(generators: &[Vec<u32>]) -> bool {
    generators.iter().all(|a| generators.iter().all(|b| composed(a, b) == composed(b, a)))
}

/// Whether a map, applied again and again, moves some state round a cycle of more than one.
fn has_cycle(map: &[u32]) -> bool {
    let mut seen = vec![0; map.len()];
    for start in 0..map.len() {
        let (mut state, round) = (start, start + 1);
        while seen[state] == 0 {
            seen[state] = round;
            state = map[state] as usize;
        }
        if seen[state] == round && map[state] as usize != state {
            return true;
        }
    }
    false
}

/// The order of a maximal group of each class of elements that divide each other, where it is more than 1, and whether it is
/// solvable. All maximal groups of one class are isomorphic.
fn groups(elements: &Elements) -> Vec<(usize, bool)> {
    let green = Green::of(elements);
    let mut found = Vec::new();
    let mut done = vec![false; green.classes];
    for element in (0..elements.count()).filter(|element| elements.is_idempotent(*element)) {
        if std::mem::replace(&mut done[green.both[element] as usize], true) {
            continue;
        }
        let alike =
            |other: &usize| green.right[*other] == green.right[element] && green.left[*other] == green.left[element];
        let members: Vec<Vec<u32>> = (0..elements.count())
            .filter(alike)
            .map(|member| on_image(elements.map(element), elements.map(member)))
            .collect();
        if members.len() > 1 {
            found.push((members.len(), group::is_solvable(&members)));
        }
    }
    found
}

/// What a member of the group of an idempotent does to the states that the idempotent keeps, as a permutation of their places.
fn on_image(idempotent: &[u32], member: &[u32]) -> Vec<u32> {
    let kept: Vec<u32> = (0..).zip(idempotent).filter(|(state, to)| state == *to).map(|(state, _)| state).collect();
    let place = |state: &u32| kept.binary_search(&member[*state as usize]).expect("the group keeps the image") as u32;
    kept.iter().map(place).collect()
}
