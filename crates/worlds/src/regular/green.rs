//! Which elements of a monoid divide each other (Green, "On the structure of semigroups", 1951).

use super::monoid::Elements;

/// For every element, the number of its class.
pub(super) struct Green {
    /// Of those that become each other by symbols after them.
    pub(super) right: Vec<u32>,
    /// By symbols before them.
    pub(super) left: Vec<u32>,
    /// By both.
    pub(super) both: Vec<u32>,
    /// How many classes there are in `both`.
    pub(super) classes: usize,
}

impl Green {
    pub(super) fn of(elements: &Elements) -> Green {
        let count = elements.count();
        let after: Vec<Vec<u32>> = (0..count).map(|element| elements.after(element)).collect();
        let before: Vec<Vec<u32>> = (0..count).map(|element| elements.before(element)).collect();
        let joined: Vec<Vec<u32>> = after.iter().zip(&before).map(|(a, b)| [a.as_slice(), b].concat()).collect();
        let (both, classes) = components(&joined);
        Green { right: components(&after).0, left: components(&before).0, both, classes }
    }
}

/// The strongly connected components of a graph: the number of each node's, and how many there are (Tarjan 1972, with a stack of
/// its own, since paths may be long).
fn components(edges: &[Vec<u32>]) -> (Vec<u32>, usize) {
    const NONE: u32 = u32::MAX;
    let count = edges.len();
    let (mut index, mut low, mut component) = (vec![NONE; count], vec![0; count], vec![NONE; count]);
    let (mut next, mut components, mut open) = (0, 0, Vec::new());
    for root in 0..count {
        if index[root] != NONE {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((node, edge)) = path.pop() {
            if edge == 0 {
                (index[node], low[node]) = (next, next);
                next += 1;
                open.push(node);
            } else {
                let child = edges[node][edge - 1] as usize;
                if component[child] == NONE {
                    low[node] = low[node].min(low[child]);
                }
            }
            // Children whose component is complete, or that are on the path already, are not entered again.
            let rest = (edge..edges[node].len()).find(|&at| {
                let child = edges[node][at] as usize;
                if index[child] != NONE && component[child] == NONE {
                    low[node] = low[node].min(index[child]);
                }
                index[child] == NONE
            });
            if let Some(at) = rest {
                path.extend([(node, at + 1), (edges[node][at] as usize, 0)]);
            } else if low[node] == index[node] {
                while let Some(member) = open.pop() {
                    component[member] = components;
                    if member == node {
                        break;
                    }
                }
                components += 1;
            }
        }
    }
    (component, components as usize)
}
