//! Training data held as one stream of tokens: windows of it, and the counts of what follows what.

use std::ops::Range;
use std::sync::Arc;

use infimum_worlds::{Cut, Example, Purpose, Stream, World};

use crate::data::Address;

/// Blocks, one after another.
pub(crate) struct TokenStream {
    tokens: Arc<Vec<u16>>,
    /// Tokens of a window: its inputs and the last target.
    window: usize,
}

impl TokenStream {
    /// The blocks that a world exports.
    pub(crate) fn exported(world: &dyn World, blocks: usize) -> TokenStream {
        let mut tokens = Vec::new();
        world.export(blocks, 0, &mut |_, block| tokens.extend_from_slice(block));
        TokenStream::of(Arc::new(tokens), world.shape().positions)
    }

    /// These tokens, at least `positions + 1`, for windows of `positions` targets.
    pub(crate) fn of(tokens: Arc<Vec<u16>>, positions: usize) -> TokenStream {
        TokenStream { tokens, window: positions + 1 }
    }

    pub(crate) fn tokens(&self) -> &[u16] {
        &self.tokens
    }

    /// Where the training window of an address lies: every place is equally likely.
    pub(crate) fn place(&self, seed: u64, address: Address) -> Range<usize> {
        let places = (self.tokens.len() - self.window + 1) as u64;
        let first = Stream::new(seed, Purpose::Train, address.step, address.index).below(places) as usize;
        first..first + self.window
    }

    /// Which targets are in a window, if one begins at every token where `begun` is true.
    pub(crate) fn covered(&self, begun: impl Iterator<Item = bool>) -> Vec<bool> {
        let (targets, mut left) = (self.window - 1, 0_usize);
        let cover = |begins| {
            let covered = left > 0;
            left = if begins { targets } else { left.saturating_sub(1) };
            covered
        };
        begun.map(cover).collect()
    }

    /// The targets at which `covered` is true, each once, in windows that lie side by side; the others have weight 0. What is
    /// left over at the end is shorter than a window and comes as the last window, with the targets before it left out.
    pub(crate) fn each_target_once(&self, cut: &dyn Cut, covered: &[bool], each: &mut dyn FnMut(&Example)) {
        let (mut example, step, last) = (Example::default(), self.window - 1, self.tokens.len() - self.window);
        let mut next = 0;
        while next < last + step {
            let first = next.min(last);
            cut.example(&self.tokens[first..first + self.window], &mut example);
            for (position, weight) in example.weights[0].iter_mut().enumerate() {
                let target = first + position + 1;
                *weight = if target > next && covered[target] { *weight } else { 0.0 };
            }
            each(&example);
            next = first + step;
        }
    }

    /// What follows what, and how often: sequences that hold each pair of neighbours that occurs once, as (token, target), and
    /// as its weight how often it occurs. The last sequence is filled up with weight 0.
    pub(crate) fn pairs(&self) -> Vec<Example> {
        let mut pairs: Vec<(u16, u16)> = self.tokens.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.sort_unstable();
        let groups: Vec<_> = pairs.chunk_by(|a, b| a == b).map(|group| (group[0], group.len() as f32)).collect();
        let positions = self.window - 1;
        let sequence = |group: &[((u16, u16), f32)]| {
            let mut example = Example {
                tokens: vec![0; positions],
                targets: vec![vec![0; positions]],
                weights: vec![vec![0.0; positions]],
            };
            for (position, ((token, target), count)) in group.iter().enumerate() {
                example.tokens[position] = *token;
                example.targets[0][position] = *target;
                example.weights[0][position] = *count;
            }
            example
        };
        groups.chunks(positions).map(sequence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use infimum_worlds::Settings;

    fn stream(window: usize) -> (Box<dyn World>, TokenStream) {
        let toml = format!("kind = \"markov-windows\"\nstates = 3\nlength = 5\nseed = 1\nwindow = {window}");
        let world = toml::from_str::<Settings>(&toml).unwrap().build().unwrap();
        let stream = TokenStream::exported(&*world, 7);
        (world, stream)
    }

    /// Whatever the window and whatever is covered, each covered target comes exactly once, beside its own token.
    #[test]
    fn every_covered_target_comes_once() {
        for window in 1..=34 {
            let (world, stream) = stream(window);
            assert_eq!(stream.tokens.len(), 35);
            for missing in 0..35 {
                let covered: Vec<bool> = (0..35).map(|at| at != missing && at > 0).collect();
                let mut found = Vec::new();
                stream.each_target_once(world.cut().unwrap(), &covered, &mut |example| {
                    let scored = (0..window).filter(|p| example.weights[0][*p] != 0.0);
                    found.extend(scored.map(|p| (example.tokens[p], example.targets[0][p])));
                });
                let expected = (1..35).filter(|at| covered[*at]);
                let expected: Vec<_> = expected.map(|at| (stream.tokens[at - 1], stream.tokens[at])).collect();
                assert_eq!(found, expected, "window {window}, without {missing}");
            }
        }
    }

    #[test]
    fn windows_cover_their_targets() {
        for window in 1..=34 {
            let (_, stream) = stream(window);
            for [one, other] in
                [[0, 0], [0, 1], [3, 7], [5, 30], [1, 34]].map(|pair| pair.map(|at| at.min(34 - window)))
            {
                let mut expected = vec![false; 35];
                [one, other].iter().for_each(|first| expected[first + 1..first + 1 + window].fill(true));
                assert_eq!(stream.covered((0..35).map(|at| at == one || at == other)), expected, "{window}");
            }
        }
    }

    #[test]
    fn pairs_are_counted() {
        for window in 1..=34 {
            let (_, stream) = stream(window);
            let mut found = vec![[0.0; 4]; 4];
            for example in stream.pairs() {
                for position in 0..window {
                    let (token, target) = (example.tokens[position], example.targets[0][position]);
                    found[usize::from(token)][usize::from(target)] += example.weights[0][position];
                }
            }
            let mut expected = vec![[0.0; 4]; 4];
            stream.tokens.windows(2).for_each(|p| expected[usize::from(p[0])][usize::from(p[1])] += 1.0);
            assert_eq!(found, expected);
        }
    }
}
