//! Pairs of a key and a value, and then the keys again: the value of each is asked for.
//!
//! A sequence is `pairs` pairs, key and value after each other, then values that belong to nothing, and at its end every key again, in
//! another random order, each with its value after it. The keys are different, and half of the alphabet: tokens 0 to
//! `alphabet / 2 - 1`; the other tokens are values, each drawn uniformly. Only the values at the end are scored. Each follows from
//! its key and the pairs, so the floor is 0 and the ceiling 1. The order of the keys at the end is uniform; nobody is asked for it.

mod settings;

use std::ops::RangeInclusive;

use crate::induction::different;
use crate::{Baseline, Belief, Example, Fact, Floor, Head, Known, Shape, Split, Stream, Truth, World};

pub use settings::Settings;

/// So many sequences of keys and values are looked through at most for prompts.
const LISTED: u64 = 1 << 16;

/// Pairs, to be recalled by their keys.
pub struct Recall {
    keys: u16,
    pairs: usize,
    seed: u64,
    shape: Shape,
}

impl Recall {
    fn new(alphabet: usize, pairs: usize, positions: usize, seed: u64) -> Recall {
        let heads = vec![Head { name: "token", alphabet }];
        let shape = Shape { positions, alphabet, heads, scored: positions + 1 - 2 * pairs..positions };
        Recall { keys: (alphabet / 2) as u16, pairs, seed, shape }
    }

    fn value(&self, stream: &mut Stream) -> u16 {
        self.keys + stream.below((self.shape.alphabet - usize::from(self.keys)) as u64) as u16
    }

    /// One token more than there are positions.
    fn block(&self, stream: &mut Stream) -> Vec<u16> {
        let keys = different(self.keys, self.pairs, stream);
        let mut block: Vec<u16> = keys.into_iter().flat_map(|key| [key, self.value(stream)]).collect();
        let asked: Vec<u16> = different(self.pairs as u16, self.pairs, stream)
            .into_iter()
            .flat_map(|pair| pair_of(&block, pair))
            .collect();
        while block.len() < self.shape.scored.start {
            let value = self.value(stream);
            block.push(value);
        }
        block.extend(asked);
        block
    }

    /// Whether the target at this position is a value that is asked for, and not a key.
    fn asks(&self, position: usize) -> bool {
        self.shape.scored.contains(&position) && (position - self.shape.scored.start).is_multiple_of(2)
    }
}

/// The key and the value of the pair of this number.
fn pair_of(block: &[u16], pair: u16) -> [u16; 2] {
    let place = 2 * usize::from(pair);
    [block[place], block[place + 1]]
}

impl World for Recall {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let mut block = self.block(stream);
        into.targets = vec![block[1..].to_vec()];
        into.weights = vec![(0..self.shape.positions).map(|position| f32::from(self.asks(position))).collect()];
        block.truncate(self.shape.positions);
        into.tokens = block;
    }

    fn is_scored(&self, _block: &[u16], position: usize) -> bool {
        self.asks(position)
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn has_one_answer(&self) -> bool {
        true
    }

    fn facts(&self) -> Vec<Fact> {
        vec![
            Fact::count("keys", usize::from(self.keys), ""),
            Fact::count("values", self.shape.alphabet - usize::from(self.keys), ""),
            Fact::count("between", self.shape.scored.start - 2 * self.pairs, "tokens between pairs and questions"),
        ]
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, mut stream) in Split::streams(self.seed, train, validation) {
            each(split, &self.block(&mut stream));
        }
    }
}

impl Truth for Recall {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(Read { world: self, seen: Vec::new() })
    }

    fn floor(&self, _head: usize) -> Floor {
        Floor::Exact(0.0)
    }

    fn ceiling(&self, _head: usize) -> Floor {
        Floor::Exact(1.0)
    }

    fn floor_by_position(&self, _head: usize) -> Vec<Floor> {
        let floor = |position| if self.asks(position) { Floor::Exact(0.0) } else { Floor::Unknown };
        (0..self.shape.positions).map(floor).collect()
    }

    /// `uniform`, over all tokens; `unigram`, over the values.
    fn baselines(&self, _head: usize) -> Vec<Baseline> {
        let values = self.shape.alphabet - usize::from(self.keys);
        vec![Baseline::even("uniform", self.shape.alphabet), Baseline::even("unigram", values)]
    }

    fn prompts(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        let choices = self.choices();
        let count = choices.iter().try_fold(1_u64, |product, of| product.checked_mul(of.clone().count() as u64))?;
        if count > LISTED {
            return None;
        }
        let mut prompts: Vec<Vec<u16>> = vec![Vec::new()];
        for of in choices {
            let longer = |prompt: Vec<u16>| of.clone().map(move |token| [&prompt[..], &[token]].concat());
            prompts = prompts.into_iter().flat_map(longer).collect();
        }
        prompts.retain(|prompt| self.is_prompt(prompt));
        let p = 1.0 / prompts.len() as f64;
        Some(prompts.into_iter().map(|prompt| (prompt, p)).collect())
    }

    fn states(&self) -> Option<usize> {
        None
    }
}

impl Recall {
    /// The tokens that can stand at each place of a prompt.
    fn choices(&self) -> Vec<RangeInclusive<u16>> {
        let (keys, last) = (self.keys, (self.shape.alphabet - 1) as u16);
        let first = self.shape.scored.start;
        let is_key = |place: usize| place < 2 * self.pairs && place.is_multiple_of(2) || place == first;
        (0..=first).map(|place| if is_key(place) { 0..=keys - 1 } else { keys..=last }).collect()
    }

    /// Whether keys are different, and the one at the end is one of them.
    fn is_prompt(&self, prompt: &[u16]) -> bool {
        let fits = prompt.len() == self.shape.scored.start + 1
            && self.choices().iter().zip(prompt).all(|(of, token)| of.contains(token));
        let keys: Vec<u16> = prompt.iter().take(2 * self.pairs).step_by(2).copied().collect();
        let differ = keys.iter().enumerate().all(|(place, key)| !keys[..place].contains(key));
        fits && differ && keys.contains(&prompt[self.shape.scored.start])
    }
}

struct Read<'a> {
    world: &'a Recall,
    seen: Vec<u16>,
}

impl Read<'_> {
    /// The tokens that may come next, each as likely; none where nothing is known.
    fn possible(&self) -> Vec<u16> {
        let (world, first) = (self.world, self.world.shape.scored.start);
        if self.seen.len() <= first || !world.is_prompt(&self.seen[..=first]) {
            return Vec::new();
        }
        let (pairs, asked) = (&self.seen[..2 * world.pairs], &self.seen[first..]);
        if !asked.len().is_multiple_of(2) {
            let key = asked[asked.len() - 1];
            return pairs.chunks_exact(2).filter(|pair| pair[0] == key).map(|pair| pair[1]).collect();
        }
        let is_left = |key: &u16| !asked.iter().step_by(2).any(|other| other == key);
        pairs.iter().step_by(2).copied().filter(is_left).collect()
    }
}

impl Belief for Read<'_> {
    fn restart(&mut self) {
        self.seen.clear();
    }

    fn observe(&mut self, token: u16) {
        let alphabet = self.world.shape.alphabet;
        assert!(usize::from(token) < alphabet, "token {token} of an alphabet of {alphabet}");
        self.seen.push(token);
    }

    fn law(&self, _head: usize, p: &mut [f64]) -> Known {
        assert_eq!(p.len(), self.world.shape.alphabet, "a law over the tokens");
        let possible = self.possible();
        if possible.is_empty() {
            return Known::No;
        }
        p.fill(0.0);
        possible.iter().for_each(|token| p[usize::from(*token)] = 1.0 / possible.len() as f64);
        Known::Yes
    }

    fn state(&self) -> Option<usize> {
        None
    }
}
