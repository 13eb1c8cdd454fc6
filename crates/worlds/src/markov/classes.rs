//! Communicating classes of a chain's contexts, and their periods.

use crate::markov::contexts::Context;
use crate::markov::law::Law;

/// How the contexts that a sequence can reach hang together.
pub(crate) struct Classes {
    /// The number of full contexts that a sequence can reach.
    pub(crate) reachable: usize,
    /// The number of communicating classes among them.
    pub(crate) communicating: usize,
    /// The classes that are never left, in ascending order of their least member.
    pub(crate) recurrent: Vec<Class>,
}

/// A communicating class that is never left.
pub(crate) struct Class {
    /// Codes of full contexts, ascending.
    pub(crate) members: Vec<u32>,
    /// The greatest common divisor of the lengths of all ways back.
    pub(crate) period: usize,
}

impl Classes {
    pub(crate) fn new(law: &Law) -> Classes {
        let contexts = law.contexts.full();
        if law.is_dense() {
            let everything = Class { members: (0..contexts as u32).collect(), period: 1 };
            return Classes { reachable: contexts, communicating: 1, recurrent: vec![everything] };
        }
        let components = Components::new(law);
        let mut recurrent: Vec<Class> =
            components.closed(law).into_iter().map(|members| Class::new(law, members)).collect();
        recurrent.sort_unstable_by_key(|class| class.members[0]);
        let reachable = components.of.iter().filter(|&&component| component != UNSEEN).count();
        Classes { reachable, communicating: components.count as usize, recurrent }
    }

    /// The number of reachable contexts that a sequence leaves for ever.
    pub(crate) fn transient(&self) -> usize {
        self.reachable - self.recurrent.iter().map(|class| class.members.len()).sum::<usize>()
    }
}

impl Class {
    fn new(law: &Law, members: Vec<u32>) -> Class {
        let period = period(law, &members);
        Class { members, period }
    }
}

const UNSEEN: u32 = u32::MAX;

/// The full contexts that follow this one.
fn successors(law: &Law, code: u32) -> impl Iterator<Item = usize> + '_ {
    law.row(code as usize).iter().map(move |(state, _)| law.contexts.advance_full(code as usize, state))
}

/// The full contexts that a sequence's first `order` states can make.
fn beginnings(law: &Law) -> Vec<usize> {
    let mut codes = vec![0];
    for length in 0..law.contexts.order {
        let next = |code| {
            let context = Context { length, code };
            law.row(law.contexts.row(context)).iter().map(move |(state, _)| law.contexts.advance(context, state).code)
        };
        codes = codes.into_iter().flat_map(next).collect();
    }
    codes
}

/// The component of each full context, found by Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972)
/// with a stack of our own in place of recursion.
struct Components {
    of: Vec<u32>,
    count: u32,
}

struct Search {
    /// `[code]`: when it was found; later the earliest that is known to be reachable and unfinished.
    low: Vec<u32>,
    found: u32,
    unfinished: Vec<u32>,
    /// Contexts on the way, each with the time it was found and the next place of its row to look at.
    way: Vec<(u32, u32, usize)>,
}

impl Components {
    fn new(law: &Law) -> Components {
        let contexts = law.contexts.full();
        let mut components = Components { of: vec![UNSEEN; contexts], count: 0 };
        let mut search = Search { low: vec![UNSEEN; contexts], found: 0, unfinished: Vec::new(), way: Vec::new() };
        for beginning in beginnings(law) {
            if search.low[beginning] == UNSEEN {
                search.find(beginning as u32);
                components.explore(law, &mut search);
            }
        }
        components
    }

    fn explore(&mut self, law: &Law, search: &mut Search) {
        while let Some((code, found, place)) = search.way.pop() {
            let Some(next) = law.successor_at(code as usize, place) else {
                self.finish(search, code, found);
                continue;
            };
            search.way.push((code, found, place + 1));
            if search.low[next] == UNSEEN {
                search.find(next as u32);
            } else if self.of[next] == UNSEEN {
                search.lower(code, search.low[next]);
            }
        }
    }

    /// All successors have been looked at. A context that reaches nothing earlier is the root of a component.
    fn finish(&mut self, search: &mut Search, code: u32, found: u32) {
        let low = search.low[code as usize];
        if low == found {
            while let Some(member) = search.unfinished.pop() {
                self.of[member as usize] = self.count;
                if member == code {
                    break;
                }
            }
            self.count += 1;
        } else if let Some(&(parent, _, _)) = search.way.last() {
            search.lower(parent, low);
        }
    }

    /// Members, ascending, of the components that no transition leaves.
    fn closed(&self, law: &Law) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.count as usize];
        let mut open = vec![false; self.count as usize];
        for (code, &component) in self.of.iter().enumerate().filter(|&(_, &component)| component != UNSEEN) {
            members[component as usize].push(code as u32);
            open[component as usize] |= successors(law, code as u32).any(|next| self.of[next] != component);
        }
        members.into_iter().zip(open).filter(|(_, open)| !open).map(|(members, _)| members).collect()
    }
}

impl Search {
    fn find(&mut self, code: u32) {
        self.low[code as usize] = self.found;
        self.unfinished.push(code);
        self.way.push((code, self.found, 0));
        self.found += 1;
    }

    fn lower(&mut self, code: u32, low: u32) {
        let own = &mut self.low[code as usize];
        *own = low.min(*own);
    }
}

/// The greatest common divisor of `level(from) + 1 - level(to)` over all transitions, levels being steps from one member.
fn period(law: &Law, members: &[u32]) -> usize {
    let place = |code: usize| members.binary_search(&(code as u32)).expect("a recurrent class is never left");
    let mut level = vec![usize::MAX; members.len()];
    level[0] = 0;
    let mut queue = std::collections::VecDeque::from([0]);
    let mut divisor = 0;
    while let Some(from) = queue.pop_front() {
        for to in successors(law, members[from]).map(place) {
            if level[to] == usize::MAX {
                level[to] = level[from] + 1;
                queue.push_back(to);
            }
            divisor = greatest_common_divisor(divisor, (level[from] + 1).abs_diff(level[to]));
        }
    }
    divisor
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::Classes;
    use crate::Stream;
    use crate::markov::law::Law;

    /// Order 1, even probabilities on the given successors, of which every state has the same number.
    fn law(successors: &[Vec<u16>]) -> Law {
        let (states, keep) = (successors.len(), successors[0].len());
        Law::new([states, 1, keep], 0..=states, |row, p, to| {
            p.fill(1.0 / p.len() as f64);
            if row < states {
                to.copy_from_slice(&successors[row]);
            } else {
                (0..states).for_each(|state| to[state] = state as u16);
            }
        })
    }

    /// (members, period) of the recurrent classes; the number of classes; the number of transient states.
    type Found = (Vec<(Vec<u32>, usize)>, usize, usize);

    fn found(successors: &[Vec<u16>]) -> Found {
        let classes = Classes::new(&law(successors));
        let recurrent = classes.recurrent.iter().map(|class| (class.members.clone(), class.period)).collect();
        (recurrent, classes.communicating, classes.transient())
    }

    /// `paths[n][a][b]`: whether some path of exactly `n` steps leads from `a` to `b`.
    fn paths(successors: &[Vec<u16>]) -> Vec<Vec<Vec<bool>>> {
        let states = successors.len();
        let mut paths =
            vec![(0..states).map(|a| (0..states).map(|b| a == b).collect::<Vec<bool>>()).collect::<Vec<_>>()];
        for _ in 0..4 * states {
            let last = paths.last().unwrap();
            let step = |a: usize| (0..states).map(|b| successors[a].iter().any(|&m| last[usize::from(m)][b])).collect();
            paths.push((0..states).map(step).collect());
        }
        paths
    }

    /// The same from the definitions.
    fn by_definition(successors: &[Vec<u16>]) -> Found {
        let (states, paths) = (successors.len(), paths(successors));
        let leads = |a: usize, b: usize| paths.iter().any(|exactly| exactly[a][b]);
        let class = |a: usize| (0..states).filter(|&b| leads(a, b) && leads(b, a)).collect::<Vec<_>>();
        let firsts: Vec<usize> = (0..states).filter(|&a| class(a)[0] == a).collect();
        let closed = |a: &usize| (0..states).all(|b| !leads(*a, b) || leads(b, *a));
        let returns = |a: usize| (1..paths.len()).filter(|&n| paths[n][a][a]).fold(0, super::greatest_common_divisor);
        let members = |a: usize| class(a).into_iter().map(|b| b as u32).collect::<Vec<_>>();
        let recurrent: Vec<_> = firsts.iter().copied().filter(closed).map(|a| (members(a), returns(a))).collect();
        let transient = states - recurrent.iter().map(|(members, _)| members.len()).sum::<usize>();
        (recurrent, firsts.len(), transient)
    }

    #[test]
    fn known_chains() {
        let cycle: Vec<Vec<u16>> = vec![vec![1], vec![2], vec![0]];
        assert_eq!(found(&cycle), (vec![(vec![0, 1, 2], 3)], 1, 0));
        let apart: Vec<Vec<u16>> = vec![vec![1], vec![0], vec![2], vec![2]];
        assert_eq!(found(&apart), (vec![(vec![0, 1], 2), (vec![2], 1)], 3, 1));
        let even_and_odd: Vec<Vec<u16>> = vec![vec![1, 3], vec![0, 2], vec![1, 3], vec![0, 2]];
        assert_eq!(found(&even_and_odd), (vec![(vec![0, 1, 2, 3], 2)], 1, 0));
    }

    #[test]
    fn every_chain_of_three_states_agrees_with_the_definitions() {
        let rows: [&[&[u16]]; 2] = [&[&[0], &[1], &[2]], &[&[0, 1], &[0, 2], &[1, 2]]];
        for rows in rows {
            for number in 0..27 {
                let chain: Vec<Vec<u16>> =
                    [number / 9, number / 3 % 3, number % 3].map(|row| rows[row].to_vec()).to_vec();
                assert_eq!(found(&chain), by_definition(&chain), "{chain:?}");
            }
        }
    }

    #[test]
    fn random_sparse_chains_agree_with_the_definitions() {
        let mut stream = Stream::at([1, 2], [0; 4]);
        for number in 0..600 {
            let (states, keep) = (4 + number % 6, 1 + number % 2);
            let row = |stream: &mut Stream| {
                let first = stream.below(states) as u16;
                let second = (first + 1 + stream.below(states - 1) as u16) % states as u16;
                let mut row = [first, second][..keep as usize].to_vec();
                row.sort();
                row
            };
            let chain: Vec<Vec<u16>> = (0..states).map(|_| row(&mut stream)).collect();
            assert_eq!(found(&chain), by_definition(&chain), "{chain:?}");
        }
    }
}
