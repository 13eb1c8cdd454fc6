//! The one minimal automaton: states that no word tells apart become one (Hopcroft, "An n log n algorithm for minimizing states
//! in a finite automaton", 1971), numbered as words reach them.

use super::Automaton;

impl Automaton {
    /// The minimal automaton with the same output for every word. Two automata give the same outputs if and only if their minimal
    /// ones are equal.
    pub fn minimal(&self) -> Automaton {
        let reached = self.renumbered(&|state| state, self.states());
        let partition = Partition::stable(&reached);
        reached.renumbered(&|state| partition.block[state as usize], partition.blocks())
    }

    /// One state for each block that can be reached, numbered breadth first.
    fn renumbered(&self, block: &dyn Fn(u32) -> u32, blocks: usize) -> Automaton {
        const UNKNOWN: u32 = u32::MAX;
        let mut number = vec![UNKNOWN; blocks];
        number[block(0) as usize] = 0;
        let (mut order, mut next, mut at) = (vec![0], Vec::new(), 0);
        while let Some(&state) = order.get(at) {
            at += 1;
            for &target in self.row(state) {
                let place = &mut number[block(target) as usize];
                if *place == UNKNOWN {
                    *place = order.len() as u32;
                    order.push(target);
                }
                next.push(*place);
            }
        }
        Automaton::new(self.symbols(), next, order.iter().map(|state| self.output(*state)).collect())
    }
}

/// Blocks of states; each block is a range of `states`, whose first part is marked.
struct Partition {
    states: Vec<u32>,
    /// Where a state stands in `states`.
    place: Vec<u32>,
    /// The block of a state.
    block: Vec<u32>,
    first: Vec<u32>,
    end: Vec<u32>,
    /// The end of the marked part.
    marked: Vec<u32>,
}

impl Partition {
    /// The coarsest partition whose blocks have one output and go to one block by each symbol.
    fn stable(automaton: &Automaton) -> Partition {
        let inverse = Inverse::of(automaton);
        let mut partition = Partition::by_output(automaton);
        let mut pending: Vec<u32> = (0..partition.blocks() as u32).collect();
        let (mut sources, mut touched) = (Vec::new(), Vec::new());
        while let Some(splitter) = pending.pop() {
            for symbol in 0..automaton.symbols() {
                sources.clear();
                let range = partition.first[splitter as usize] as usize..partition.end[splitter as usize] as usize;
                partition.states[range]
                    .iter()
                    .for_each(|&state| sources.extend_from_slice(inverse.before(symbol, state)));
                sources.iter().for_each(|&state| partition.mark(state, &mut touched));
                // The smaller part becomes the new block. Where the older is still pending, both parts then are.
                pending.extend(touched.drain(..).filter_map(|block| partition.split(block)));
            }
        }
        partition
    }

    fn by_output(automaton: &Automaton) -> Partition {
        let count = automaton.states();
        let mut states: Vec<u32> = (0..count as u32).collect();
        states.sort_by_key(|state| automaton.output(*state));
        let mut partition = Partition {
            place: vec![0; count],
            block: vec![0; count],
            first: Vec::new(),
            end: Vec::new(),
            marked: Vec::new(),
            states,
        };
        let mut last = None;
        for (place, &state) in partition.states.iter().enumerate() {
            let output = Some(automaton.output(state));
            if output != last {
                partition.first.push(place as u32);
                partition.marked.push(place as u32);
                partition.end.push(place as u32);
                last = output;
            }
            *partition.end.last_mut().expect("a block was begun") += 1;
            partition.place[state as usize] = place as u32;
            partition.block[state as usize] = partition.first.len() as u32 - 1;
        }
        partition
    }

    fn blocks(&self) -> usize {
        self.first.len()
    }

    /// Moves a state into the marked part of its block.
    fn mark(&mut self, state: u32, touched: &mut Vec<u32>) {
        let block = self.block[state as usize];
        let (place, marked) = (self.place[state as usize], self.marked[block as usize]);
        if place < marked {
            return;
        }
        if marked == self.first[block as usize] {
            touched.push(block);
        }
        let other = self.states[marked as usize];
        self.states.swap(place as usize, marked as usize);
        (self.place[state as usize], self.place[other as usize]) = (marked, place);
        self.marked[block as usize] += 1;
    }

    /// Makes the smaller of the marked and the unmarked part a block of its own, if there are both.
    fn split(&mut self, block: u32) -> Option<u32> {
        let at = block as usize;
        let (first, marked, end) = (self.first[at], self.marked[at], self.end[at]);
        self.marked[at] = first;
        if marked == end {
            return None;
        }
        let new = self.first.len() as u32;
        let (from, to) = if marked - first <= end - marked {
            self.first[at] = marked;
            self.marked[at] = marked;
            (first, marked)
        } else {
            self.end[at] = marked;
            (marked, end)
        };
        self.first.push(from);
        self.marked.push(from);
        self.end.push(to);
        self.states[from as usize..to as usize].iter().for_each(|state| self.block[*state as usize] = new);
        Some(new)
    }
}

/// For each symbol and state, the states that the symbol leads to it from.
struct Inverse {
    states: usize,
    /// `[symbol * states + state]`, and one more: where its sources begin.
    starts: Vec<u32>,
    sources: Vec<u32>,
}

impl Inverse {
    fn of(automaton: &Automaton) -> Inverse {
        let (states, symbols) = (automaton.states(), automaton.symbols());
        let mut starts = vec![0_u32; states * symbols + 1];
        let place = |state: u32, symbol: usize| symbol * states + automaton.row(state)[symbol] as usize;
        let pairs = || (0..states as u32).flat_map(|state| (0..symbols).map(move |symbol| (state, symbol)));
        pairs().for_each(|(state, symbol)| starts[place(state, symbol) + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        let (mut sources, mut used) = (vec![0; states * symbols], starts.clone());
        for (state, symbol) in pairs() {
            let at = &mut used[place(state, symbol)];
            sources[*at as usize] = state;
            *at += 1;
        }
        Inverse { states, starts, sources }
    }

    fn before(&self, symbol: usize, state: u32) -> &[u32] {
        let at = symbol * self.states + state as usize;
        &self.sources[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}
