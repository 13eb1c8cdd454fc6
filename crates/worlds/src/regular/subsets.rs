//! From an automaton that may be in several states at once to one that is in one: its states are the sets of states (Rabin &
//! Scott, "Finite automata and their decision problems", 1959).

use std::collections::BTreeMap;

use super::compile::Work;
use super::nfa::Nfa;
use super::{Automaton, RegularError};

/// The most states of an automaton, before states that no word tells apart become one.
pub const MOST_STATES: usize = 20_000;
/// The most states that all sets together may name: 128 MB, since each is kept twice.
const MOST_KEPT: usize = 16_000_000;

/// The automaton, not minimal, whose output is 1 for the words of the pattern and 0 for others. Error: more than
/// [`MOST_STATES`] states, or too much work.
pub(super) fn determined(nfa: &Nfa, symbols: usize, work: &mut Work) -> Result<Automaton, RegularError> {
    let alike = alike(nfa, symbols);
    let mut subsets =
        Subsets { nfa, seen: vec![0; nfa.states()], round: 0, number: BTreeMap::new(), order: Vec::new(), kept: 0 };
    subsets.number(vec![0], work)?;
    let (mut next, mut outputs, mut at) = (Vec::new(), Vec::new(), 0);
    while at < subsets.order.len() {
        let mut row = vec![0; symbols];
        for group in &alike {
            let sources = subsets.after(at, 1 << group.trailing_zeros(), work)?;
            let to = subsets.number(sources, work)?;
            row.iter_mut()
                .enumerate()
                .filter(|(symbol, _)| group >> symbol & 1 == 1)
                .for_each(|(_, place)| *place = to);
        }
        next.extend(row);
        outputs.push(u16::from(subsets.order[at].binary_search(&nfa.end).is_ok()));
        at += 1;
    }
    Ok(Automaton::new(symbols, next, outputs))
}

/// The symbols in groups that no edge tells apart.
fn alike(nfa: &Nfa, symbols: usize) -> Vec<u64> {
    let mut groups = vec![u64::MAX >> (64 - symbols)];
    let mut sets: Vec<u64> = nfa.sets().collect();
    sets.sort_unstable();
    sets.dedup();
    for set in sets {
        let parts = groups.iter().flat_map(|group| [group & set, group & !set]);
        groups = parts.filter(|group| *group != 0).collect();
    }
    groups
}

struct Subsets<'a> {
    nfa: &'a Nfa,
    /// The round in which a state was last seen.
    seen: Vec<u64>,
    round: u64,
    number: BTreeMap<Vec<u32>, u32>,
    /// The sets, sorted, in the order of their numbers.
    order: Vec<Vec<u32>>,
    /// How many states the sets name together.
    kept: usize,
}

impl Subsets<'_> {
    /// The states that a symbol leads to from a set.
    fn after(&self, set: usize, symbol: u64, work: &mut Work) -> Result<Vec<u32>, RegularError> {
        let mut found = Vec::new();
        for &state in &self.order[set] {
            for edge in self.nfa.edges(state) {
                work.take(1)?;
                if edge.symbols & symbol != 0 {
                    found.push(edge.to);
                }
            }
        }
        Ok(found)
    }

    /// The number of a set, with all that can be reached from it without a symbol.
    fn number(&mut self, mut open: Vec<u32>, work: &mut Work) -> Result<u32, RegularError> {
        self.round += 1;
        let mut set = Vec::new();
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut self.seen[state as usize], self.round) == self.round {
                continue;
            }
            set.push(state);
            for edge in self.nfa.edges(state) {
                work.take(1)?;
                if edge.symbols == 0 {
                    open.push(edge.to);
                }
            }
        }
        set.sort_unstable();
        if let Some(number) = self.number.get(&set) {
            return Ok(*number);
        }
        let number = self.order.len();
        if number == MOST_STATES {
            let (what, size) =
                ("the automaton of the pattern, in states before it is minimal,", format!("more than {number}"));
            return Err(RegularError::limit(what, size, MOST_STATES as u64, "choose a smaller pattern"));
        }
        self.kept += set.len();
        if self.kept > MOST_KEPT {
            let (what, size) =
                ("the states that all states of the pattern's automaton stand for", format!("more than {MOST_KEPT}"));
            return Err(RegularError::limit(what, size, MOST_KEPT as u64, "choose a smaller pattern"));
        }
        self.order.push(set.clone());
        self.number.insert(set, number as u32);
        Ok(number as u32)
    }
}
