//! Learning the automaton of a black box that gives every word an output (Angluin 1987).
//!
//! An observation table: rows are words, columns are suffixes, a cell is the output of the row's word followed by the suffix.
//! One row stands for each state that was found (its access word), and one for each of them with each symbol behind; two rows
//! that differ are different states. A row that is like no state's is a new state. A counterexample gives one suffix (Rivest and
//! Schapire 1993): the shortest of its ends that tells the state before from the one that the hypothesis takes for it.
//!
//! Why a table and not a tree (Kearns and Vazirani 1994; Isberner, Howar and Steffen 2014), which asks fewer questions: what a
//! network takes time for is being asked, not answering. A table knows all its questions at once, thousands in a batch; a tree
//! knows the next after it has heard the last.

mod conform;

use std::collections::BTreeMap;

use super::Automaton;
pub use conform::Conformance;

/// What can be asked.
pub trait Teacher {
    /// The output of each word. The same word always has the same output.
    fn outputs(&mut self, words: &[Vec<u16>]) -> Vec<u16>;
}

/// Where learning ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most states.
    pub states: usize,
    /// The most cells of the table; each takes two bytes, and each row its word.
    pub cells: usize,
    /// The longest words that can be asked, in symbols.
    pub length: usize,
}

/// Why nothing more is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// More states than [`Limits::states`]: the black box may have no end of them.
    States,
    /// More cells than [`Limits::cells`].
    Cells,
    /// A word that had to be asked has so many symbols, more than [`Limits::length`].
    Length(usize),
    /// Whoever watches said that it is enough.
    Watch,
}

/// Told how many states there are, now and then; `false` ends learning.
pub type Watch<'w> = &'w mut dyn FnMut(usize) -> bool;

/// Words are asked in batches of so many.
const BATCH: usize = 16_384;

/// A row of the table.
struct Row {
    word: Vec<u16>,
    /// `[suffix]`: the output of the word with the suffix behind.
    cells: Vec<u16>,
}

/// What is known of a black box.
pub struct Learner {
    symbols: usize,
    limits: Limits,
    suffixes: Vec<Vec<u16>>,
    rows: Vec<Row>,
    /// `[state]`: the row of its access word.
    states: Vec<usize>,
    /// `[state]`: the row of its access word with the first symbol behind; those of the others follow.
    after: Vec<usize>,
}

impl Learner {
    /// Nothing is known of a black box over so many symbols. Panics if there is none.
    pub fn new(symbols: usize, limits: Limits) -> Learner {
        assert!(symbols > 0, "words need a symbol");
        let first = Row { word: Vec::new(), cells: Vec::new() };
        let mut learner = Learner {
            symbols,
            limits,
            suffixes: vec![Vec::new()],
            rows: vec![first],
            states: Vec::new(),
            after: Vec::new(),
        };
        learner.promote(0);
        learner
    }

    /// Where learning ends.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The words that lead to the states of the last hypothesis.
    pub fn access(&self) -> Vec<&[u16]> {
        self.states.iter().map(|row| self.rows[*row].word.as_slice()).collect()
    }

    /// Words of which one, behind two different states, has different outputs; the empty one is the first.
    pub fn suffixes(&self) -> &[Vec<u16>] {
        &self.suffixes
    }

    /// The automaton that goes with all answers of the table, its states in the order of [`Learner::access`]. Error: a limit.
    pub fn hypothesis(&mut self, teacher: &mut dyn Teacher, watch: Watch<'_>) -> Result<Automaton, Stopped> {
        loop {
            let automaton = self.closed(teacher, watch)?;
            match self.contradiction(&automaton) {
                None => return Ok(automaton),
                Some(word) => self.refine(teacher, &automaton, &word)?,
            }
        }
    }

    /// Learns from a word to which the black box gives another output than the hypothesis `automaton`, the last that was made. Error:
    /// a limit. Panics if the two give the word the same output.
    pub fn refine(&mut self, teacher: &mut dyn Teacher, automaton: &Automaton, word: &[u16]) -> Result<(), Stopped> {
        let mut state = 0;
        let mut questions = Vec::with_capacity(word.len() + 1);
        for at in 0..=word.len() {
            questions.push([&self.rows[self.states[state as usize]].word, &word[at..]].concat());
            state = word.get(at).map_or(state, |symbol| automaton.next(state, *symbol));
        }
        let answers = self.ask(teacher, &questions)?;
        assert!(answers[0] != answers[word.len()], "the hypothesis has the output of the black box for {word:?}");
        // The answer changes somewhere on the way from the first question, which is the word itself, to the last, which the
        // hypothesis answers; the later it does, the shorter is the suffix.
        let change = (0..word.len()).rev().find(|at| answers[*at] != answers[at + 1]).expect("it changes somewhere");
        self.suffixes.push(word[change + 1..].to_vec());
        Ok(())
    }

    /// Fills the table until every row is like that of a state.
    fn closed(&mut self, teacher: &mut dyn Teacher, watch: Watch<'_>) -> Result<Automaton, Stopped> {
        loop {
            self.fill(teacher)?;
            let mut known: BTreeMap<Vec<u16>, usize> = BTreeMap::new();
            for (state, row) in self.states.iter().enumerate() {
                let other = known.insert(self.rows[*row].cells.clone(), state);
                assert!(other.is_none(), "two states have the same row");
            }
            let states = self.states.len();
            for row in 0..self.rows.len() {
                if !known.contains_key(&self.rows[row].cells) {
                    if self.states.len() == self.limits.states {
                        return Err(Stopped::States);
                    }
                    known.insert(self.rows[row].cells.clone(), self.states.len());
                    self.promote(row);
                }
            }
            if !watch(self.states.len()) {
                return Err(Stopped::Watch);
            }
            if self.states.len() == states {
                return Ok(self.automaton(&known));
            }
        }
    }

    fn automaton(&self, known: &BTreeMap<Vec<u16>, usize>) -> Automaton {
        let target = |row: usize| known[&self.rows[row].cells] as u32;
        let next = self.after.iter().flat_map(|first| (*first..first + self.symbols).map(target)).collect();
        let outputs = self.states.iter().map(|row| self.rows[*row].cells[0]).collect();
        Automaton::new(self.symbols, next, outputs)
    }

    /// Makes the word of a row that of a state.
    fn promote(&mut self, row: usize) {
        self.states.push(row);
        self.after.push(self.rows.len());
        for symbol in 0..self.symbols as u16 {
            let word = [self.rows[row].word.as_slice(), &[symbol]].concat();
            self.rows.push(Row { word, cells: Vec::new() });
        }
    }

    /// Asks for all cells that are empty.
    fn fill(&mut self, teacher: &mut dyn Teacher) -> Result<(), Stopped> {
        if self.rows.len().saturating_mul(self.suffixes.len()) > self.limits.cells {
            return Err(Stopped::Cells);
        }
        let mut empty = Vec::new();
        for row in 0..self.rows.len() {
            empty.extend((self.rows[row].cells.len()..self.suffixes.len()).map(|suffix| (row, suffix)));
        }
        for batch in empty.chunks(BATCH) {
            let question =
                |&(row, suffix): &(usize, usize)| [&self.rows[row].word[..], &self.suffixes[suffix]].concat();
            let questions: Vec<Vec<u16>> = batch.iter().map(question).collect();
            let answers = self.ask(teacher, &questions)?;
            batch.iter().zip(answers).for_each(|((row, _), answer)| self.rows[*row].cells.push(answer));
        }
        Ok(())
    }

    fn ask(&self, teacher: &mut dyn Teacher, words: &[Vec<u16>]) -> Result<Vec<u16>, Stopped> {
        let longest = words.iter().map(Vec::len).max().unwrap_or(0);
        if longest > self.limits.length {
            return Err(Stopped::Length(longest));
        }
        Ok(teacher.outputs(words))
    }

    /// A word of the table that an automaton of it gives another output than the table.
    fn contradiction(&self, automaton: &Automaton) -> Option<Vec<u16>> {
        let found = |row: &Row| {
            let state = automaton.after(&row.word);
            let ends = |suffix: &[u16]| suffix.iter().fold(state, |state, symbol| automaton.next(state, *symbol));
            let wrong = |(suffix, cell): &(&Vec<u16>, &u16)| automaton.output(ends(suffix)) != **cell;
            let (suffix, _) = self.suffixes.iter().zip(&row.cells).find(wrong)?;
            Some([row.word.as_slice(), suffix].concat())
        };
        self.rows.iter().find_map(found)
    }
}
