//! Data that are not trained on, held as one stream of tokens: windows of it for validation, and others for the test.

use std::sync::Arc;

use infimum_worlds::{Cut, Example, Purpose, Stream};

use crate::data::shuffled;

/// A stream of blocks, cut into windows none of whose targets is another's.
///
/// The first window begins at a random token of the first block, and each of the others as many tokens after the one before
/// that every place of a block is first in as many windows as any other: as few as a window has targets, and no common factor with
/// the length of a block. They are put in a random order, the same for every run; half of them are for validation, half for
/// the test. So any number of either is a fair draw from windows that begin anywhere.
pub(crate) struct HeldOut {
    tokens: Arc<Vec<u16>>,
    /// Tokens of a window: its inputs and the last target.
    window: usize,
    /// Where each window begins, validation first.
    first: Vec<usize>,
    /// How many are for validation.
    validation: usize,
}

impl HeldOut {
    /// Windows of `positions` targets from blocks of `block` tokens.
    pub(crate) fn new(tokens: Arc<Vec<u16>>, positions: usize, block: usize) -> HeldOut {
        let mut stream = Stream::new(0, Purpose::Shuffle, 0, 0);
        let (offset, window) = (stream.below(block as u64) as usize, positions + 1);
        let windows = match tokens.len().checked_sub(offset + window) {
            Some(left) => left / stride(positions, block) + 1,
            None => 0,
        };
        let order = shuffled(&mut stream, windows as u64).into_iter();
        let first: Vec<usize> = order.map(|number| offset + number as usize * stride(positions, block)).collect();
        HeldOut { tokens, window, validation: first.len() / 2, first }
    }

    /// The windows of `positions` targets that begin at these tokens.
    pub(crate) fn of(tokens: Arc<Vec<u16>>, positions: usize, validation: Vec<usize>, test: Vec<usize>) -> HeldOut {
        HeldOut { tokens, window: positions + 1, validation: validation.len(), first: [validation, test].concat() }
    }

    pub(crate) fn tokens(&self) -> &[u16] {
        &self.tokens
    }

    /// How many windows there are for validation, and for the test.
    pub(crate) fn counts(&self) -> [usize; 2] {
        [self.validation, self.first.len() - self.validation]
    }

    /// The window of this number, for validation or for the test.
    ///
    /// # Panics
    /// For another purpose, and where there are not so many.
    pub(crate) fn draw(&self, cut: &dyn Cut, purpose: Purpose, number: usize, into: &mut Example) {
        let [validation, test] = self.counts();
        let at = match purpose {
            Purpose::Validation if number < validation => number,
            Purpose::Test if number < test => validation + number,
            _ => panic!("no window {number} is held out for {purpose:?}"),
        };
        cut.example(&self.tokens[self.first[at]..][..self.window], into);
    }
}

fn stride(positions: usize, block: usize) -> usize {
    (positions..).find(|stride| greatest_common_factor(*stride, block) == 1).expect("there is always a prime")
}

fn greatest_common_factor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { greatest_common_factor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Whatever the window and the block: no target is in two windows, all are inside, and over as many windows as a block has
    /// tokens every place of a block comes first once.
    #[test]
    fn windows_share_no_target_and_begin_at_every_place_alike() {
        for block in 2..=9 {
            for positions in 1..=20 {
                let held = HeldOut::new(Arc::new(vec![0; 40 * block * 9]), positions, block);
                let mut first = held.first.clone();
                first.sort_unstable();
                assert!(first.windows(2).all(|pair| pair[1] - pair[0] >= positions), "{positions} {block}");
                assert!(first.last().unwrap() + positions < held.tokens.len() && first[0] < block);
                assert!(held.tokens.len() - first.last().unwrap() <= positions + stride(positions, block));
                for together in first.windows(block) {
                    let places: BTreeSet<usize> = together.iter().map(|first| first % block).collect();
                    assert_eq!(places.len(), block, "{positions} {block}");
                }
                assert_eq!(held.counts().iter().sum::<usize>(), first.len());
            }
        }
    }

    #[test]
    fn data_shorter_than_a_window_have_none() {
        for tokens in 0..30 {
            let held = HeldOut::new(Arc::new(vec![0; tokens]), 10, 4);
            assert!(held.first.iter().all(|first| first + 11 <= tokens));
            assert!(tokens < 14 || !held.first.is_empty());
        }
    }
}
