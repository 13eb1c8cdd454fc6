//! Trees of patterns that tests make for themselves.

use infimum_worlds::Stream;

use crate::below;

/// A pattern over `a`, `b`, ….
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Empty,
    Symbol(u16),
    Class(Vec<u16>),
    NotClass(Vec<u16>),
    Any,
    Star(Box<Tree>),
    Plus(Box<Tree>),
    Optional(Box<Tree>),
    Counted(Box<Tree>, usize, Option<usize>),
    Sequence(Box<Tree>, Box<Tree>),
    Union(Box<Tree>, Box<Tree>),
    Intersection(Box<Tree>, Box<Tree>),
    Complement(Box<Tree>),
}

use Tree::*;

pub(crate) fn letter(symbol: u16) -> char {
    char::from(b'a' + symbol as u8)
}

impl Tree {
    /// The tree as a pattern, with a group around every part.
    pub(crate) fn text(&self) -> String {
        let letters = |symbols: &[u16]| symbols.iter().map(|symbol| letter(*symbol)).collect::<String>();
        match self {
            Empty => "()".into(),
            Symbol(symbol) => letter(*symbol).into(),
            Class(symbols) => format!("[{}]", letters(symbols)),
            NotClass(symbols) => format!("[^{}]", letters(symbols)),
            Any => ".".into(),
            Star(inner) => format!("({})*", inner.text()),
            Plus(inner) => format!("({})+", inner.text()),
            Optional(inner) => format!("({})?", inner.text()),
            Counted(inner, least, Some(most)) if least == most => format!("({}){{{least}}}", inner.text()),
            Counted(inner, least, Some(most)) => format!("({}){{{least},{most}}}", inner.text()),
            Counted(inner, least, None) => format!("({}){{{least},}}", inner.text()),
            Sequence(a, b) => format!("({})({})", a.text(), b.text()),
            Union(a, b) => format!("({})|({})", a.text(), b.text()),
            Intersection(a, b) => format!("({})&({})", a.text(), b.text()),
            Complement(inner) => format!("~({})", inner.text()),
        }
    }

    /// Whether the tree matches all of a word, by the definition of each part.
    pub(crate) fn matches(&self, word: &[u16]) -> bool {
        match self {
            Empty => word.is_empty(),
            Symbol(symbol) => word == [*symbol],
            Class(symbols) => word.len() == 1 && symbols.contains(&word[0]),
            NotClass(symbols) => word.len() == 1 && !symbols.contains(&word[0]),
            Any => word.len() == 1,
            Star(inner) => repeated(inner, 0, None, word),
            Plus(inner) => repeated(inner, 1, None, word),
            Optional(inner) => repeated(inner, 0, Some(1), word),
            Counted(inner, least, most) => repeated(inner, *least, *most, word),
            Sequence(a, b) => (0..=word.len()).any(|cut| a.matches(&word[..cut]) && b.matches(&word[cut..])),
            Union(a, b) => a.matches(word) || b.matches(word),
            Intersection(a, b) => a.matches(word) && b.matches(word),
            Complement(inner) => !inner.matches(word),
        }
    }
}

/// At least `least` matches and at most `most`, one after another. A match of nothing can be had any number of times.
fn repeated(inner: &Tree, least: usize, most: Option<usize>, word: &[u16]) -> bool {
    if word.is_empty() {
        return least == 0 || inner.matches(word);
    }
    if most == Some(0) {
        return false;
    }
    let least = if inner.matches(&[]) { 0 } else { least.saturating_sub(1) };
    let rest = |cut: usize| repeated(inner, least, most.map(|most| most - 1), &word[cut..]);
    (1..=word.len()).any(|cut| inner.matches(&word[..cut]) && rest(cut))
}

/// Every tree of `nodes` nodes with the leaves `a` and `b`, `* + ?`, and two trees one after another or as alternatives; the
/// smaller ones are in `smaller`, by their number of nodes.
pub(crate) fn trees(nodes: usize, smaller: &[Vec<Tree>]) -> Vec<Tree> {
    if nodes == 1 {
        return vec![Symbol(0), Symbol(1)];
    }
    let inner = |tree: &Tree| Box::new(tree.clone());
    let mut found = Vec::new();
    for tree in &smaller[nodes - 1] {
        found.extend([Star(inner(tree)), Plus(inner(tree)), Optional(inner(tree))]);
    }
    for left in 1..nodes - 1 {
        for a in &smaller[left] {
            for b in &smaller[nodes - 1 - left] {
                found.extend([Sequence(inner(a), inner(b)), Union(inner(a), inner(b))]);
            }
        }
    }
    found
}

/// A random tree of `nodes` nodes over as many symbols; with complements and intersections only if `boolean`.
pub(crate) fn random_tree(stream: &mut Stream, nodes: usize, symbols: usize, boolean: bool) -> Tree {
    if nodes <= 1 {
        return random_leaf(stream, symbols);
    }
    let part = |stream: &mut Stream, nodes| Box::new(random_tree(stream, nodes, symbols, boolean));
    let kinds = if boolean { 9 } else { 6 };
    match below(stream, kinds) {
        0 => Star(part(stream, nodes - 1)),
        1 => Plus(part(stream, nodes - 1)),
        2 => Optional(part(stream, nodes - 1)),
        3 => {
            let least = below(stream, 3);
            let most = [None, Some(least), Some(least + below(stream, 3))][below(stream, 3)];
            Counted(part(stream, nodes - 1), least, most)
        }
        6 => Complement(part(stream, nodes - 1)),
        kind => {
            let left = 1 + below(stream, (nodes - 1).max(2) - 1);
            let (a, b) = (part(stream, left), part(stream, (nodes - 1 - left).max(1)));
            match kind {
                4 => Sequence(a, b),
                5 => Union(a, b),
                _ => Intersection(a, b),
            }
        }
    }
}

fn random_leaf(stream: &mut Stream, symbols: usize) -> Tree {
    let class = |stream: &mut Stream| (0..symbols as u16).filter(|_| below(stream, 2) == 0).collect::<Vec<_>>();
    match below(stream, 8) {
        0 => Empty,
        1 => Any,
        2 | 3 => {
            let mut symbols = class(stream);
            if symbols.is_empty() {
                symbols.push(0);
            }
            if below(stream, 2) == 0 { Class(symbols) } else { NotClass(symbols) }
        }
        _ => Symbol(below(stream, symbols) as u16),
    }
}
