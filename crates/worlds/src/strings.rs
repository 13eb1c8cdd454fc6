//! A finite set of strings with probabilities, to be known by heart.
//!
//! A string's symbols are characters; token 0 is padding, the characters of the alphabet are the tokens from 1 on. A string is padded
//! to `length` tokens. The first symbol is given: the inputs are tokens 0 to `length - 2`, the targets tokens 1 to
//! `length - 1`, and the last position carries no loss, so that a model has `length` positions. Padding counts in the loss like
//! any other target, or with `scored = "end"` its first alone, which ends the string.
//!
//! The belief is the place in the prefix tree of the strings. Where strings part the next symbol is uncertain; everywhere else it is
//! certain. So floor and ceiling are sums over the places where strings part. A whole string is right if each of its symbols after the
//! first is what the predictor holds for likeliest after the true ones before it; [`Strings::most_right`] is how many a predictor can
//! have right, whatever it holds for likeliest. With shares that are not alike that may cost loss.
//!
//! Strings that are held out are never drawn, and no law says anything of them; `completion.rs` says what a predictor is asked of them.

mod completion;
mod settings;
mod spelling;
mod tree;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::letters::Letters;
use crate::{Baseline, Belief, Example, Fact, Floor, Head, Known, Shape, Spelling, Split, Stream, Truth, World};

pub use completion::{Part, Unfinished};
pub use settings::{Scored, Settings, Syntax};
use tree::{Node, Tree};

/// The token after a string's end.
pub const PADDING: u16 = 0;

/// Strings and their probabilities.
pub struct Strings {
    /// The characters of tokens 1, 2, …
    alphabet: Letters,
    strings: Vec<Line>,
    /// Of probability 0.
    held_out: Vec<Line>,
    syntax: Option<Syntax>,
    /// Whether each string has an answer, which begins where it is asked for.
    has_answers: bool,
    /// Tokens of a padded string.
    length: usize,
    scored: Scored,
    /// Whether the end of a string is asked for where whole strings are counted.
    count_end: bool,
    seed: u64,
    tree: Tree,
    shape: Shape,
}

/// A string.
struct Line {
    symbols: Vec<u16>,
    probability: f64,
    /// Its first symbol that is asked for where whole strings are counted.
    asked: usize,
    /// Whether it is one of those.
    counts: bool,
}

/// A string that is counted as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Recited {
    /// The string.
    pub example: Example,
    /// The positions whose targets all have to be said.
    pub asked: Range<usize>,
}

impl Strings {
    fn new(
        alphabet: Letters,
        strings: Vec<Line>,
        held_out: Vec<Line>,
        length: usize,
        scored: Scored,
        count_end: bool,
        seed: u64,
    ) -> Strings {
        let mut tree = Tree::new();
        for line in &strings {
            tree.add(&line.symbols, line.probability, line.asked, line.counts);
        }
        let longest = strings.iter().chain(&held_out).map(|line| line.symbols.len()).max().expect("there is a string");
        let last = match scored {
            Scored::Padding => length - 1,
            Scored::End => longest.min(length - 1),
        };
        let tokens = alphabet.as_slice().len() + 1;
        let heads = vec![Head { name: "token", alphabet: tokens }];
        let shape = Shape { positions: length, alphabet: tokens, heads, scored: 0..last };
        let (syntax, has_answers) = (None, false);
        Strings { alphabet, strings, held_out, syntax, has_answers, length, scored, count_end, seed, tree, shape }
    }

    /// The characters of tokens 1, 2, and so on.
    pub fn alphabet(&self) -> &[char] {
        self.alphabet.as_slice()
    }

    /// The language that the strings are written in, if the settings name one.
    pub fn syntax(&self) -> Option<Syntax> {
        self.syntax
    }

    /// The strings that are never drawn.
    pub fn held_out(&self) -> Vec<Example> {
        let example = |line: &Line| {
            let mut example = Example::default();
            self.fill(line, &mut example);
            example
        };
        self.held_out.iter().map(example).collect()
    }

    /// How many strings a predictor has right as a whole at most, of those that are counted: the most of all predictors that say one token
    /// after each beginning, whatever their loss.
    pub fn most_right(&self) -> usize {
        self.tree.most_right(self.count_end, self.length)
    }

    /// The strings that are counted as a whole.
    pub fn recited(&self) -> Vec<Recited> {
        let recited = |line: &Line| {
            let mut example = Example::default();
            self.fill(line, &mut example);
            let ends = self.count_end && line.symbols.len() < self.length;
            Recited { example, asked: line.asked - 1..line.symbols.len() - usize::from(!ends) }
        };
        self.strings.iter().filter(|line| line.counts).map(recited).collect()
    }

    fn drawn(&self, stream: &mut Stream) -> &Line {
        let mut left = stream.uniform();
        let reached = |line: &&Line| {
            left -= line.probability;
            left < 0.0
        };
        // Rounding may leave a rest after the last.
        self.strings.iter().find(reached).unwrap_or(&self.strings[self.strings.len() - 1])
    }

    /// The string, padded to one token more than there are positions.
    fn block(&self, line: &Line) -> Vec<u16> {
        let mut block = line.symbols.clone();
        block.resize(self.length + 1, PADDING);
        block
    }

    fn fill(&self, line: &Line, into: &mut Example) {
        let mut block = self.block(line);
        into.targets = vec![block[1..].to_vec()];
        into.weights = vec![vec![0.0; self.length]];
        into.weights[0][..self.targets(line)].fill(1.0);
        block.truncate(self.length);
        into.tokens = block;
    }

    /// How many targets of a string are scored.
    fn targets(&self, line: &Line) -> usize {
        match self.scored {
            Scored::Padding => self.length - 1,
            Scored::End => line.symbols.len().min(self.length - 1),
        }
    }

    /// Scored targets of a string, in the mean.
    fn mean_targets(&self) -> f64 {
        match self.scored {
            Scored::Padding => (self.length - 1) as f64,
            Scored::End => self.strings.iter().map(|line| line.probability * self.targets(line) as f64).sum(),
        }
    }

    /// At every scored position the probability that it is scored, and that strings have not ended there before their target.
    fn masses(&self) -> Vec<[f64; 2]> {
        let mut masses = vec![[0.0; 2]; self.shape.scored.end];
        for line in &self.strings {
            for (position, [scored, open]) in masses.iter_mut().enumerate() {
                *scored += if position < self.targets(line) { line.probability } else { 0.0 };
                *open += if position < line.symbols.len() { line.probability } else { 0.0 };
            }
        }
        masses
    }

    /// At every scored position the sum over beginnings of their probability times `score` of their law. Where a string has ended,
    /// the law is certain.
    fn sums(&self, score: fn(&[f64]) -> f64) -> Vec<f64> {
        let mut sums: Vec<f64> = self.masses().iter().map(|[scored, open]| (scored - open) * score(&[1.0])).collect();
        let asked = |(_, node): &(usize, &Node)| (1..=self.shape.scored.end).contains(&node.depth);
        for (here, node) in self.tree.nodes().iter().enumerate().filter(asked) {
            let law: Vec<f64> = self.tree.law(here).map(|(_, p)| p).collect();
            sums[node.depth - 1] += node.mass * score(&law);
        }
        sums
    }

    fn mean(&self, score: fn(&[f64]) -> f64) -> f64 {
        self.sums(score).iter().sum::<f64>() / self.mean_targets()
    }

    /// How likely each target is after each token, over scored targets.
    fn pairs(&self) -> BTreeMap<(u16, u16), f64> {
        let (mut pairs, targets) = (BTreeMap::new(), self.mean_targets());
        for line in &self.strings {
            let block = self.block(line);
            for pair in block.windows(2).take(self.targets(line)) {
                *pairs.entry((pair[0], pair[1])).or_insert(0.0) += line.probability / targets;
            }
        }
        pairs
    }
}

fn entropy(law: &[f64]) -> f64 {
    law.iter().map(|p| -p * libm::log(*p)).sum()
}

fn largest(law: &[f64]) -> f64 {
    law.iter().copied().fold(0.0, f64::max)
}

/// What a predictor scores that sees a part of what came before: groups of targets that look alike to it, each with how likely
/// they are.
fn grouped<'g>(name: &'static str, groups: impl Iterator<Item = &'g BTreeMap<u16, f64>>) -> Baseline {
    let (mut nats, mut hits) = (0.0, 0.0);
    for group in groups {
        let mass: f64 = group.values().sum();
        let law: Vec<f64> = group.values().map(|p| p / mass).collect();
        nats += mass * entropy(&law);
        hits += mass * largest(&law);
    }
    Baseline { name, nats: Floor::Exact(nats), accuracy: Floor::Exact(hits) }
}

impl World for Strings {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.fill(self.drawn(stream), into);
    }

    /// Up to the string's end, or all.
    fn scored(&self, block: &[u16]) -> Range<usize> {
        let symbols = block.iter().position(|token| *token == PADDING).unwrap_or(block.len());
        match self.scored {
            Scored::Padding => self.shape.scored.clone(),
            Scored::End => 0..symbols.min(self.length - 1),
        }
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn strings(&self) -> Option<&Strings> {
        Some(self)
    }

    fn spelling(&self) -> Option<&dyn Spelling> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        let counted = self.strings.iter().filter(|line| line.counts).count();
        let share = |line: &Line| line.probability * (self.targets(line) + 1).saturating_sub(line.symbols.len()) as f64;
        let held_out = (!self.held_out.is_empty()).then(|| Fact::count("held_out", self.held_out.len(), "strings"));
        let facts = [
            Fact::count("strings", self.strings.len(), ""),
            Fact::count("counted_strings", counted, ""),
            Fact::count("beginnings", self.tree.nodes().len() - 1, ""),
            Fact::number(
                "padding_share",
                self.strings.iter().map(share).sum::<f64>() / self.mean_targets(),
                "of targets",
            ),
            Fact::words("alphabet", self.alphabet.spelt()),
        ];
        facts.into_iter().chain(held_out).collect()
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            each(split, &self.block(self.drawn(&mut stream)));
        }
    }
}

impl Truth for Strings {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(Place { world: self, at: At::Inside(0) })
    }

    fn floor(&self, _head: usize) -> Floor {
        Floor::Exact(self.mean(entropy))
    }

    fn ceiling(&self, _head: usize) -> Floor {
        Floor::Exact(self.mean(largest))
    }

    fn floor_by_position(&self, _head: usize) -> Vec<Floor> {
        // Of a position that strings of probability 0 alone come to, nothing is known.
        let floor = |(sum, [scored, _]): (f64, [f64; 2])| {
            if scored > 0.0 { Floor::Exact(sum / scored) } else { Floor::Unknown }
        };
        let floors = self.sums(entropy).into_iter().zip(self.masses()).map(floor);
        floors.chain(std::iter::repeat(Floor::Exact(0.0))).take(self.shape.positions).collect()
    }

    /// `uniform`, over all tokens; `unigram`; `bigram`, which sees the last token; and `pipeline`, which sees all of them: the floor.
    fn baselines(&self, head: usize) -> Vec<Baseline> {
        let (mut all, mut after) = (BTreeMap::new(), BTreeMap::new());
        for ((last, target), p) in self.pairs() {
            *all.entry(target).or_insert(0.0) += p;
            after.entry(last).or_insert_with(BTreeMap::new).insert(target, p);
        }
        let uniform = Baseline::even("uniform", self.shape.alphabet);
        let pipeline = Baseline { name: "pipeline", nats: self.floor(head), accuracy: self.ceiling(head) };
        vec![uniform, grouped("unigram", [&all].into_iter()), grouped("bigram", after.values()), pipeline]
    }

    /// Every beginning, and the end.
    fn states(&self) -> Option<usize> {
        Some(self.tree.nodes().len() + 1)
    }
}

/// What has been read.
#[derive(Clone, Copy)]
enum At {
    /// A beginning: this node.
    Inside(usize),
    Ended,
    /// What no sequence has.
    Lost,
}

struct Place<'a> {
    world: &'a Strings,
    at: At,
}

impl Belief for Place<'_> {
    fn restart(&mut self) {
        self.at = At::Inside(0);
    }

    fn observe(&mut self, token: u16) {
        let (tree, tokens) = (&self.world.tree, self.world.shape.alphabet);
        assert!(usize::from(token) < tokens, "token {token} of an alphabet of {tokens}");
        self.at = match self.at {
            At::Inside(node) if token == PADDING && tree.ends(node) => At::Ended,
            At::Inside(node) => tree.child(node, token).map_or(At::Lost, At::Inside),
            At::Ended if token == PADDING => At::Ended,
            At::Ended | At::Lost => At::Lost,
        };
    }

    fn law(&self, _head: usize, p: &mut [f64]) -> Known {
        assert_eq!(p.len(), self.world.shape.alphabet, "a law over the tokens");
        p.fill(0.0);
        match self.at {
            At::Inside(node) => self.world.tree.law(node).for_each(|(token, mass)| p[usize::from(token)] = mass),
            At::Ended => p[usize::from(PADDING)] = 1.0,
            At::Lost => return Known::No,
        }
        Known::Yes
    }

    fn state(&self) -> Option<usize> {
        match self.at {
            At::Inside(node) => Some(node),
            At::Ended => Some(self.world.tree.nodes().len()),
            At::Lost => None,
        }
    }
}
