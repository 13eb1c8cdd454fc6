//! The pairs that byte-pair encoding merges.
//!
//! The tokens of a text are its bytes at first. Then, again and again, the pair of neighbouring tokens that stands at the most places
//! becomes one new token, from left to right, wherever it stands; of pairs that are equally frequent the one whose first token has the
//! smaller number, then the one whose second has. Places may overlap when they are counted (`aaa` has two of `aa`), and do not when they are
//! merged. A pair that stands at one place alone is not merged, nor one that spells more than [`LONGEST`] bytes.
//!
//! Source: Gage, "A new algorithm for data compression" (1994); Sennrich, Haddow and Birch, "Neural machine translation of rare words with
//! subword units" (2016).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Bytes that a token spells at most: in a text that repeats itself a pair would become as long as the text.
pub(crate) const LONGEST: usize = 128;

/// What two tokens, one after the other, are merged into: pair `k` becomes token `256 + k`.
pub(super) type Pair = [u16; 2];

/// The pairs that are merged in a text, first to last: `most` of them, or fewer where no more are there. It takes `O(n log n)` time for `n` bytes.
pub(super) fn learn(text: &[u8], most: usize) -> Vec<Pair> {
    let (mut line, mut merges, mut lengths) = (Line::new(text), Vec::new(), vec![1; 256]);
    let mut queue: BinaryHeap<(usize, Reverse<Pair>)> = line.pairs.keys().map(|pair| line.entry(*pair)).collect();
    while merges.len() < most {
        let Some((count, Reverse(pair))) = queue.pop() else { break };
        let length = lengths[usize::from(pair[0])] + lengths[usize::from(pair[1])];
        let now = line.entry(pair);
        if now.0 < 2 || length > LONGEST {
            continue;
        }
        if now.0 < count {
            queue.push(now);
            continue;
        }
        let changed = line.merge(pair, (256 + merges.len()) as u16);
        queue.extend(changed.into_iter().map(|pair| line.entry(pair)));
        merges.push(pair);
        lengths.push(length);
    }
    merges
}

/// What each token spells: the 256 bytes, then the pairs.
pub(super) fn spellings(merges: &[Pair]) -> Vec<Vec<u8>> {
    let mut spellings: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    for pair in merges {
        spellings.push(pair.map(|token| &spellings[usize::from(token)][..]).concat());
    }
    spellings
}

/// A text whose pairs are merged. A place is that of a byte.
struct Line {
    /// The token that begins at each place; what a merge has swallowed stays.
    tokens: Vec<u16>,
    /// Bytes of the token that begins at each place; 0 where none does.
    lengths: Vec<u8>,
    /// Bytes of the token that ends at each place; of no meaning where none does.
    ending: Vec<u8>,
    pairs: BTreeMap<Pair, Places>,
}

/// Where a pair stands.
#[derive(Default)]
struct Places {
    /// At how many places.
    count: usize,
    /// All places where it ever stood, ascending.
    ever: Vec<usize>,
}

impl Line {
    fn new(text: &[u8]) -> Line {
        let (tokens, lengths) = (text.iter().map(|byte| u16::from(*byte)).collect(), vec![1; text.len()]);
        let mut line = Line { tokens, ending: lengths.clone(), lengths, pairs: BTreeMap::new() };
        (0..text.len()).for_each(|place| _ = line.gain(place));
        line
    }

    /// How often a pair stands there, for the queue, whose greatest entry is merged next.
    fn entry(&self, pair: Pair) -> (usize, Reverse<Pair>) {
        (self.pairs.get(&pair).map_or(0, |places| places.count), Reverse(pair))
    }

    /// Where the token after the one at `place` begins.
    fn after(&self, place: usize) -> usize {
        place + usize::from(self.lengths[place])
    }

    /// Where the token before the one at `place` begins.
    fn before(&self, place: usize) -> Option<usize> {
        Some(place - usize::from(self.ending[place.checked_sub(1)?]))
    }

    /// The pair whose first token begins at `place`.
    fn pair(&self, place: usize) -> Option<Pair> {
        let second = Some(self.after(place)).filter(|second| *second > place)?;
        self.tokens.get(second).map(|token| [self.tokens[place], *token])
    }

    fn gain(&mut self, place: usize) -> Option<Pair> {
        let pair = self.pair(place)?;
        let places = self.pairs.entry(pair).or_default();
        places.count += 1;
        places.ever.push(place);
        Some(pair)
    }

    fn lose(&mut self, place: usize) {
        if let Some(places) = self.pair(place).and_then(|pair| self.pairs.get_mut(&pair)) {
            places.count -= 1;
        }
    }

    /// Makes `new` of a pair wherever it stands. The pairs that come up by that.
    fn merge(&mut self, pair: Pair, new: u16) -> Vec<Pair> {
        let mut changed = Vec::new();
        let places = self.pairs.remove(&pair).map_or(vec![], |places| places.ever);
        for place in places {
            // Something else may have become of the two meanwhile; where places overlap, by this very merge.
            if self.pair(place) == Some(pair) {
                let (before, second) = (self.before(place), self.after(place));
                before.into_iter().chain([second]).for_each(|place| self.lose(place));
                self.swallow(place, second, new);
                changed.extend(before.into_iter().chain([place]).filter_map(|place| self.gain(place)));
            }
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// The token at `place` becomes `new`, and has the one at `second` in it.
    fn swallow(&mut self, place: usize, second: usize, new: u16) {
        let length = self.lengths[place] + std::mem::take(&mut self.lengths[second]);
        self.tokens[place] = new;
        self.lengths[place] = length;
        self.ending[place + usize::from(length) - 1] = length;
    }
}
