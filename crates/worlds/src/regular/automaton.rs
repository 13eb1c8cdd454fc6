//! Complete deterministic automata with an output in every state.

/// A complete deterministic automaton (Moore machine): it starts in state 0, every symbol leads on from every state, and every
/// state has an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automaton {
    symbols: usize,
    /// `[state][symbol]`.
    next: Vec<u32>,
    /// `[state]`.
    outputs: Vec<u16>,
}

impl Automaton {
    /// The automaton of a table `[state][symbol]` of next states and the outputs of the states. Panics unless there is a symbol, a
    /// state, and every next state is one.
    pub fn new(symbols: usize, next: Vec<u32>, outputs: Vec<u16>) -> Automaton {
        let states = outputs.len();
        assert!(symbols > 0 && states > 0 && next.len() == states * symbols, "a table of {states} by {symbols}");
        assert!(next.iter().all(|state| (*state as usize) < states), "a next state beyond {states}");
        Automaton { symbols, next, outputs }
    }

    /// How many symbols lead on from a state.
    pub fn symbols(&self) -> usize {
        self.symbols
    }

    /// How many states there are.
    pub fn states(&self) -> usize {
        self.outputs.len()
    }

    /// The output of a state.
    pub fn output(&self, state: u32) -> u16 {
        self.outputs[state as usize]
    }

    /// The outputs, `[state]`.
    pub fn outputs(&self) -> &[u16] {
        &self.outputs
    }

    /// Where a symbol leads from a state.
    pub fn next(&self, state: u32, symbol: u16) -> u32 {
        self.row(state)[usize::from(symbol)]
    }

    /// Where the symbols lead from a state, `[symbol]`.
    pub fn row(&self, state: u32) -> &[u32] {
        &self.next[state as usize * self.symbols..][..self.symbols]
    }

    /// The state after a word.
    pub fn after(&self, word: &[u16]) -> u32 {
        word.iter().fold(0, |state, symbol| self.next(state, *symbol))
    }

    /// The output after a word.
    pub fn run(&self, word: &[u16]) -> u16 {
        self.output(self.after(word))
    }

    /// The same table with another output in each state.
    pub(super) fn with_outputs(&self, output: impl Fn(u32) -> u16) -> Automaton {
        let outputs = (0..self.states() as u32).map(output).collect();
        Automaton { symbols: self.symbols, next: self.next.clone(), outputs }
    }

    /// The states from which some state with a wanted output can be reached, by no step or more, `[state]`.
    pub(super) fn reaching(&self, wanted: impl Fn(u16) -> bool) -> Vec<bool> {
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); self.states()];
        for state in 0..self.states() as u32 {
            self.row(state).iter().for_each(|next| before[*next as usize].push(state));
        }
        let mut open: Vec<u32> = (0..self.states() as u32).filter(|state| wanted(self.output(*state))).collect();
        let mut found = vec![false; self.states()];
        open.iter().for_each(|state| found[*state as usize] = true);
        while let Some(state) = open.pop() {
            for earlier in &before[state as usize] {
                if !std::mem::replace(&mut found[*earlier as usize], true) {
                    open.push(*earlier);
                }
            }
        }
        found
    }

    /// How words reach the states.
    pub fn access(&self) -> Access {
        let mut from: Vec<Option<(u32, u16)>> = vec![None; self.states()];
        let (mut order, mut at) = (vec![0], 0);
        while let Some(&state) = order.get(at) {
            at += 1;
            for symbol in 0..self.symbols as u16 {
                let next = self.next(state, symbol);
                if next != 0 && from[next as usize].is_none() {
                    from[next as usize] = Some((state, symbol));
                    order.push(next);
                }
            }
        }
        Access { from }
    }
}

/// The least words, by length and then by the order of symbols, that lead to states.
pub struct Access {
    /// The state before, and the symbol from it.
    from: Vec<Option<(u32, u16)>>,
}

impl Access {
    /// The least word that leads to a state; `None` where none does.
    pub fn word(&self, mut state: u32) -> Option<Vec<u16>> {
        let mut word = Vec::new();
        while state != 0 {
            let (before, symbol) = self.from[state as usize]?;
            word.push(symbol);
            state = before;
        }
        word.reverse();
        Some(word)
    }
}
