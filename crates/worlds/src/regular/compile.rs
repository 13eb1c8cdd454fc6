//! From the tree of a pattern to its minimal automaton.

use super::nfa::{Nfa, Plain};
use super::pattern::Tree;
use super::subsets::{MOST_STATES, determined};
use super::{Automaton, RegularError};

/// The most steps, of looking at one edge of an automaton, that a pattern may take: about a second.
pub const MOST_WORK: u64 = 50_000_000;

/// The minimal automaton of a pattern: output 1 for its words, 0 for others.
pub(super) fn automaton(tree: &Tree, symbols: usize) -> Result<Automaton, RegularError> {
    Compiler { symbols, work: Work { left: MOST_WORK } }.minimal(tree)
}

/// What compiling may still take.
pub(super) struct Work {
    left: u64,
}

impl Work {
    pub(super) fn take(&mut self, steps: u64) -> Result<(), RegularError> {
        self.left = self.left.checked_sub(steps).ok_or_else(|| {
            let (what, size) = ("the work for the pattern, in edges looked at,", format!("more than {MOST_WORK}"));
            RegularError::limit(what, size, MOST_WORK, "choose a smaller pattern")
        })?;
        Ok(())
    }
}

struct Compiler {
    symbols: usize,
    work: Work,
}

impl Compiler {
    fn minimal(&mut self, tree: &Tree) -> Result<Automaton, RegularError> {
        match tree {
            Tree::Complement(inner) => {
                let inner = self.minimal(inner)?;
                Ok(inner.with_outputs(|state| 1 - inner.output(state)))
            }
            Tree::Intersection(parts) => self.intersection(parts),
            tree => {
                let nfa = Nfa::of(&self.plain(tree)?)?;
                let automaton = determined(&nfa, self.symbols, &mut self.work)?;
                self.minimised(&automaton)
            }
        }
    }

    fn intersection(&mut self, parts: &[Tree]) -> Result<Automaton, RegularError> {
        let mut both = self.minimal(&parts[0])?;
        for part in &parts[1..] {
            let product = both.product(&self.minimal(part)?, MOST_STATES, |a, b| a & b)?;
            both = self.minimised(&product)?;
        }
        Ok(both)
    }

    fn minimised(&mut self, automaton: &Automaton) -> Result<Automaton, RegularError> {
        // A pair of a product and a step of Hopcroft's cost about as much as twenty edges.
        self.work.take(20 * (automaton.states() * self.symbols) as u64)?;
        Ok(automaton.minimal())
    }

    /// The tree with an automaton in place of each complement and intersection.
    fn plain(&mut self, tree: &Tree) -> Result<Plain, RegularError> {
        let mut all = |parts: &[Tree]| parts.iter().map(|part| self.plain(part)).collect::<Result<Vec<_>, _>>();
        Ok(match tree {
            Tree::Symbol(set) => Plain::Symbol(*set),
            Tree::Sequence(parts) => Plain::Sequence(all(parts)?),
            Tree::Union(parts) => Plain::Union(all(parts)?),
            Tree::Repetition(inner, least, most) => Plain::Repetition(Box::new(self.plain(inner)?), *least, *most),
            Tree::Complement(_) | Tree::Intersection(_) => Plain::Automaton(self.minimal(tree)?),
        })
    }
}
