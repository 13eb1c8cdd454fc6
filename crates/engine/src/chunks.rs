//! The gradients of a batch's chunks, added in the order of the chunks, in few arrays.
//!
//! Whoever begins a chunk takes an array and gives it back with the chunk's gradient. Only when no array is left are those
//! of the first chunks added up, which sets arrays free; what remains at the end is added by all threads. So there are an
//! array or two more than threads, however many chunks, and each is used again while it is still in a cache. A chunk that a
//! stalled thread holds keeps nobody from going on: the others then take new arrays.
//!
//! Of the weight memory, instructions add to some ranges alone (what others hold is made from them, or they from it): nothing
//! but zeros ever stands between those, so sums pass over the rest. An array that was added is cleared while it is at hand.

use std::mem::take;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use infimum_kernels::{Isa, Team, flat, pages};

/// The numbers of a gradient that a thread adds up at once.
const BLOCK: usize = 1 << 14;

/// Gradients of chunks on their way to their sum.
pub(crate) struct Chunks {
    isa: Isa,
    /// Scalars of a gradient.
    length: usize,
    /// Where a gradient may be other than zero: blocks, ascending, with gaps between them or none.
    blocks: Vec<Range<usize>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By chunk: its gradient, when it is complete and not yet added.
    complete: Vec<Option<Vec<f32>>>,
    /// The sum of the first `added` chunks; whoever adds to it has it meanwhile.
    total: Option<Vec<f32>>,
    added: usize,
    is_adding: bool,
    /// Arrays that nobody uses, all zeros.
    spare: Vec<Vec<f32>>,
}

impl Chunks {
    /// For gradients of `length` scalars, which are zeros outside of `parts`, ascending ranges without overlap.
    pub(crate) fn new(isa: Isa, length: usize, parts: &[Range<usize>]) -> Chunks {
        let blocks = |part: &Range<usize>| {
            let end = part.end;
            part.clone().step_by(BLOCK).map(move |start| start..end.min(start + BLOCK))
        };
        Chunks { isa, length, blocks: parts.iter().flat_map(blocks).collect(), state: Mutex::default() }
    }

    /// Makes ready for so many chunks.
    pub(crate) fn begin(&mut self, chunks: usize) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut complete = take(&mut state.complete);
        complete.clear();
        complete.resize(chunks, None);
        *state = State { complete, spare: take(&mut state.spare), ..State::default() };
    }

    /// An array of zeros for the gradient of a chunk.
    pub(crate) fn array(&self) -> Vec<f32> {
        let mut state = self.state();
        if state.spare.is_empty() && !state.is_adding {
            state = self.add_up(state);
        }
        let spare = state.spare.pop();
        drop(state);
        spare.unwrap_or_else(|| pages::filled(self.length, 0.0))
    }

    /// Adds the complete gradients that are next to the total, until there is a spare array.
    fn add_up<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        state.is_adding = true;
        while state.spare.is_empty()
            && let Some(mut gradient) = state.next()
        {
            let Some(mut total) = state.total.take() else {
                state.total = Some(gradient);
                continue;
            };
            drop(state);
            for block in &self.blocks {
                flat::take_in(self.isa, &mut total[block.clone()], &mut gradient[block.clone()]);
            }
            state = self.state();
            state.total = Some(total);
            state.spare.push(gradient);
        }
        state.is_adding = false;
        state
    }

    /// The gradient of a chunk is complete; `array` gave it.
    pub(crate) fn put(&self, chunk: usize, gradient: Vec<f32>) {
        self.state().complete[chunk] = Some(gradient);
    }

    /// The sum of all chunks, in their order, once all are complete; zeros without chunks.
    pub(crate) fn sum(&mut self, team: &mut Team) -> Vec<f32> {
        let Chunks { isa, length, blocks, state } = self;
        let state = state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(mut total) = state.total.take().or_else(|| state.next()) else { return vec![0.0; *length] };
        let mut rest: Vec<Vec<f32>> = std::iter::from_fn(|| state.next()).collect();
        assert_eq!(state.added, state.complete.len(), "all chunks are complete");
        let mut parts: Vec<_> = rest.iter_mut().map(|gradient| cut(gradient, blocks).into_iter()).collect();
        let total_blocks = cut(&mut total, blocks).into_iter();
        let mut sums: Vec<(&mut [f32], Vec<&mut [f32]>)> =
            total_blocks.map(|total| (total, parts.iter_mut().filter_map(Iterator::next).collect())).collect();
        let add = |(total, parts): &mut (&mut [f32], Vec<&mut [f32]>)| {
            parts.iter_mut().for_each(|part| flat::take_in(*isa, total, part));
        };
        match &mut sums[..] {
            [one] => add(one),
            sums => team.each(sums, &mut vec![(); team.threads()], |_, sum, ()| add(sum)),
        }
        drop(sums);
        state.spare.extend(rest);
        total
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The gradient of the next chunk that is to be added, if it is complete.
    fn next(&mut self) -> Option<Vec<f32>> {
        let gradient = self.complete.get_mut(self.added)?.take()?;
        self.added += 1;
        Some(gradient)
    }
}

/// The blocks of an array.
fn cut<'a>(mut array: &'a mut [f32], blocks: &[Range<usize>]) -> Vec<&'a mut [f32]> {
    let mut start = 0;
    let own = |block: &Range<usize>| {
        let (own, rest) = take(&mut array)[block.start - start..].split_at_mut(block.len());
        (array, start) = (rest, block.end);
        own
    };
    blocks.iter().map(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of a gradient of so many scalars: everything, or two with gaps.
    fn parts(length: usize) -> [Vec<Range<usize>>; 2] {
        [vec![0..length; 1], vec![length / 7..length / 3, length / 2..length - length / 9]]
    }

    /// A gradient whose sums tell their order.
    fn gradient(chunk: usize, length: usize, parts: &[Range<usize>]) -> Vec<f32> {
        let number = |k: usize| {
            let factor = if (k + chunk).is_multiple_of(3) { 1e7 } else { 0.3 };
            if parts.iter().any(|part| part.contains(&k)) { ((k * 31 + chunk * 17) % 101) as f32 * factor } else { 0.0 }
        };
        (0..length).map(number).collect()
    }

    fn expected(chunks: usize, length: usize, parts: &[Range<usize>]) -> Vec<f32> {
        let gradient = |chunk| gradient(chunk, length, parts);
        let add = |sum: Vec<f32>, chunk| sum.iter().zip(gradient(chunk)).map(|(a, b)| a + b).collect();
        (1..chunks).fold(gradient(0), add)
    }

    /// Every order in which up to five chunks can be completed by threads that hold any number of them; the first of these for long
    /// gradients.
    #[test]
    fn whoever_is_ready_first_the_sum_is_in_order() {
        for (length, parts) in
            [1, 40, BLOCK + 3, 3 * BLOCK].map(|length| parts(length).map(|parts| (length, parts))).as_flattened()
        {
            let mut chunks = Chunks::new(Isa::best(), *length, parts);
            for count in 1..=5_usize {
                let orders = (0..count.pow(count as u32)).map(|code| {
                    let mut left: Vec<usize> = (0..count).collect();
                    let pick = |k: u32| left.remove(code / count.pow(k) % (count - k as usize));
                    (0..count as u32).map(pick).collect::<Vec<_>>()
                });
                let expected = expected(count, *length, parts);
                for order in orders.take(if *length > 100 { 40 } else { usize::MAX }) {
                    chunks.begin(count);
                    let found = in_order(&mut chunks, &order, |chunk| gradient(chunk, *length, parts));
                    assert_eq!(found, expected, "{order:?}, {length}");
                }
            }
        }
    }

    /// The sum where chunks are begun in their order and completed in this one.
    fn in_order(chunks: &mut Chunks, order: &[usize], gradient: impl Fn(usize) -> Vec<f32>) -> Vec<f32> {
        let mut held: Vec<Option<Vec<f32>>> = vec![None; order.len()];
        let mut begun = 0;
        for &chunk in order {
            while begun <= chunk {
                held[begun] = Some(chunks.array());
                begun += 1;
            }
            let mut array = held[chunk].take().unwrap();
            assert!(array.iter().all(|x| *x == 0.0), "an array comes empty");
            array.copy_from_slice(&gradient(chunk));
            chunks.put(chunk, array);
        }
        chunks.sum(&mut Team::new(1))
    }

    /// With two threads that work equally fast three arrays are enough for any number of chunks.
    #[test]
    fn arrays_are_used_again() {
        let [all, _] = parts(7);
        let mut chunks = Chunks::new(Isa::best(), 7, &all);
        chunks.begin(9);
        let mut held = vec![chunks.array()];
        for chunk in 0..9 {
            if chunk < 8 {
                held.push(chunks.array());
            }
            let mut array = held.remove(0);
            array.copy_from_slice(&gradient(chunk, 7, &all));
            chunks.put(chunk, array);
        }
        assert_eq!(chunks.sum(&mut Team::new(2)), expected(9, 7, &all));
        let spare = chunks.state().spare.len();
        assert!(spare <= 2, "{spare} arrays beside the sum");
    }

    /// Many threads, many times: the same bits.
    #[test]
    fn threads_change_no_bit_of_a_sum() {
        let length = 2 * BLOCK + 9;
        for parts in parts(length) {
            let (mut team, mut chunks) = (Team::new(4), Chunks::new(Isa::best(), length, &parts));
            let gradients: Vec<Vec<f32>> = (0..8).map(|chunk| gradient(chunk, length, &parts)).collect();
            let expected = expected(8, length, &parts);
            for _ in 0..100 {
                chunks.begin(8);
                team.each(&mut [(); 8], &mut [(); 4], |chunk, (), ()| {
                    let mut array = chunks.array();
                    array.copy_from_slice(&gradients[chunk]);
                    chunks.put(chunk, array);
                });
                assert_eq!(chunks.sum(&mut team), expected);
            }
        }
    }
}
