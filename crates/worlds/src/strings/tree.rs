//! The prefix tree of strings with probabilities: what can be known after the symbols so far.

use super::PADDING;

/// The strings that begin with the same symbols.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Symbols so far.
    pub(super) depth: usize,
    /// The next symbol of each of them, and where it leads; in the order of the symbols.
    children: Vec<(u16, usize)>,
    /// The probability that a string begins so.
    pub(super) mass: f64,
    /// The probability that it ends here.
    ends: f64,
    /// Of the strings that are counted as a whole, how many end here.
    counted: usize,
    /// Whether what comes next is asked for where strings are counted as a whole.
    asks: bool,
}

/// The root is node 0, and a node comes after the one before it.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn new() -> Tree {
        Tree { nodes: vec![Node::at(0, false)] }
    }

    /// Adds a string of probability `share`. `asked` is its first symbol that is asked for where whole strings are counted, among which
    /// it is if it `counts`.
    pub(super) fn add(&mut self, string: &[u16], share: f64, asked: usize, counts: bool) {
        let mut here = 0;
        self.nodes[here].mass += share;
        for (place, symbol) in string.iter().enumerate() {
            here = self.child_or_new(here, *symbol, place + 1 >= asked);
            self.nodes[here].mass += share;
        }
        self.nodes[here].ends += share;
        self.nodes[here].counted += usize::from(counts);
    }

    fn child_or_new(&mut self, here: usize, symbol: u16, asks: bool) -> usize {
        match self.nodes[here].children.binary_search_by_key(&symbol, |child| child.0) {
            Ok(place) => self.nodes[here].children[place].1,
            Err(place) => {
                let new = self.nodes.len();
                self.nodes.push(Node::at(self.nodes[here].depth + 1, asks));
                self.nodes[here].children.insert(place, (symbol, new));
                new
            }
        }
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Where a symbol leads, if a string goes on so.
    pub(super) fn child(&self, here: usize, symbol: u16) -> Option<usize> {
        let children = &self.nodes[here].children;
        children.binary_search_by_key(&symbol, |child| child.0).ok().map(|place| children[place].1)
    }

    /// Where a string's symbols lead, one after another, from the root on.
    pub(super) fn path(&self, string: &[u16]) -> impl Iterator<Item = usize> {
        let next = |here: &mut usize, symbol: &u16| {
            *here = self.child(*here, *symbol)?;
            Some(*here)
        };
        std::iter::once(0).chain(string.iter().scan(0, next))
    }

    /// Whether a string ends here.
    pub(super) fn ends(&self, here: usize) -> bool {
        self.nodes[here].ends > 0.0
    }

    /// The next tokens that are possible, each with its probability: padding where a string ends.
    pub(super) fn law(&self, here: usize) -> impl Iterator<Item = (u16, f64)> {
        let node = &self.nodes[here];
        let end = (node.ends > 0.0).then_some((PADDING, node.ends));
        let on = node.children.iter().map(|(symbol, next)| (*symbol, self.nodes[*next].mass));
        end.into_iter().chain(on).map(|(token, mass)| (token, mass / node.mass))
    }

    /// How many of the strings that are counted a predictor has right at most, one that says one token after each beginning. With
    /// `end`, the first padding is asked for, too, where a string is shorter than `longest`.
    ///
    /// Whatever it says where strings part, those that go on otherwise are lost; so the most of a node are those of one
    /// child, or where nothing is asked, of all.
    pub(super) fn most_right(&self, end: bool, longest: usize) -> usize {
        let mut most = vec![0; self.nodes.len()];
        for (here, node) in self.nodes.iter().enumerate().rev() {
            let asks_end = end && node.depth < longest;
            let (after_end, free) = if asks_end { (node.counted, 0) } else { (0, node.counted) };
            let after = node.children.iter().map(|(_, next)| most[*next]).chain([after_end]);
            most[here] = free + if node.asks { after.max().unwrap_or(0) } else { after.sum() };
        }
        most[0]
    }
}

impl Node {
    fn at(depth: usize, asks: bool) -> Node {
        Node { depth, children: Vec::new(), mass: 0.0, ends: 0.0, counted: 0, asks }
    }
}
