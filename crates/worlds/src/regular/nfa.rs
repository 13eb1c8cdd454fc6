//! Automata that may be in several states at once: a pattern's repetitions written out (Thompson, "Regular expression search
//! algorithm", 1968).

use super::{Automaton, RegularError};

/// The most states of such an automaton: the symbols of a pattern after its repetitions are written out, and a few more.
pub const MOST_POSITIONS: usize = 50_000;

/// A pattern without complements and intersections; in their place stand automata.
pub(super) enum Plain {
    /// One symbol out of a set.
    Symbol(u64),
    /// One after another.
    Sequence(Vec<Plain>),
    /// Either.
    Union(Vec<Plain>),
    /// At least so often, and at most so often if there is a most.
    Repetition(Box<Plain>, u32, Option<u32>),
    /// A word whose output is not 0.
    Automaton(Automaton),
}

/// Where one may go from a state.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    /// By any symbol of this set; by none at all where it is empty.
    pub(super) symbols: u64,
    pub(super) to: u32,
    /// The next edge of the same state.
    following: Option<u32>,
}

/// States with edges; it starts in state 0.
pub(super) struct Nfa {
    /// The last edge of each state.
    last: Vec<Option<u32>>,
    edges: Vec<Edge>,
    /// The one state in which words end.
    pub(super) end: u32,
}

impl Nfa {
    /// The automaton of a pattern. Error: more than [`MOST_POSITIONS`] states.
    pub(super) fn of(pattern: &Plain) -> Result<Nfa, RegularError> {
        let mut nfa = Nfa { last: vec![None], edges: Vec::new(), end: 0 };
        nfa.end = nfa.add(pattern, 0)?;
        Ok(nfa)
    }

    pub(super) fn states(&self) -> usize {
        self.last.len()
    }

    pub(super) fn edges(&self, state: u32) -> impl Iterator<Item = Edge> {
        let edge = |at: Option<u32>| at.map(|at| self.edges[at as usize]);
        std::iter::successors(edge(self.last[state as usize]), move |before| edge(before.following))
    }

    /// The sets of symbols on edges.
    pub(super) fn sets(&self) -> impl Iterator<Item = u64> {
        self.edges.iter().map(|edge| edge.symbols).filter(|symbols| *symbols != 0)
    }

    fn state(&mut self) -> Result<u32, RegularError> {
        if self.states() == MOST_POSITIONS {
            let (what, size) =
                ("the pattern with its repetitions written out", format!("more than {MOST_POSITIONS} symbols"));
            return Err(RegularError::limit(what, size, MOST_POSITIONS as u64, "lower the numbers of its repetitions"));
        }
        self.last.push(None);
        Ok(self.states() as u32 - 1)
    }

    fn edge(&mut self, from: u32, symbols: u64, to: u32) {
        let following = self.last[from as usize].replace(self.edges.len() as u32);
        self.edges.push(Edge { symbols, to, following });
    }

    /// Adds a pattern from a state on; gives the state where its words end. No edge is added that leads to `from`.
    fn add(&mut self, pattern: &Plain, from: u32) -> Result<u32, RegularError> {
        match pattern {
            Plain::Symbol(symbols) => {
                let to = self.state()?;
                if *symbols != 0 {
                    self.edge(from, *symbols, to);
                }
                Ok(to)
            }
            Plain::Sequence(parts) => parts.iter().try_fold(from, |at, part| self.add(part, at)),
            Plain::Union(parts) => {
                let end = self.state()?;
                for part in parts {
                    let last = self.add(part, from)?;
                    self.edge(last, 0, end);
                }
                Ok(end)
            }
            Plain::Repetition(part, least, most) => self.add_repetition(part, *least, *most, from),
            Plain::Automaton(automaton) => self.add_automaton(automaton, from),
        }
    }

    fn add_repetition(&mut self, part: &Plain, least: u32, most: Option<u32>, from: u32) -> Result<u32, RegularError> {
        // A state of its own for every copy, so that empty copies count, too.
        let mut at = from;
        for _ in 0..least {
            let begin = self.step(at)?;
            at = self.add(part, begin)?;
        }
        let Some(most) = most else {
            let again = self.step(at)?;
            let end = self.add(part, again)?;
            self.edge(end, 0, again);
            return Ok(again);
        };
        let end = self.step(at)?;
        for _ in least..most {
            let begin = self.step(at)?;
            at = self.add(part, begin)?;
            self.edge(at, 0, end);
        }
        Ok(end)
    }

    /// A new state after one, without a symbol.
    fn step(&mut self, from: u32) -> Result<u32, RegularError> {
        let to = self.state()?;
        self.edge(from, 0, to);
        Ok(to)
    }

    fn add_automaton(&mut self, automaton: &Automaton, from: u32) -> Result<u32, RegularError> {
        let end = self.state()?;
        let first = self.states() as u32;
        for _ in 0..automaton.states() {
            self.state()?;
        }
        self.edge(from, 0, first);
        for state in 0..automaton.states() as u32 {
            let mut row: Vec<(u32, u64)> = automaton.row(state).iter().zip(0..).map(|(to, s)| (*to, 1 << s)).collect();
            row.sort_unstable();
            for group in row.chunk_by(|(a, _), (b, _)| a == b) {
                let symbols = group.iter().fold(0, |set, (_, symbol)| set | symbol);
                self.edge(first + state, symbols, first + group[0].0);
            }
            if automaton.output(state) != 0 {
                self.edge(first + state, 0, end);
            }
        }
        Ok(end)
    }
}
