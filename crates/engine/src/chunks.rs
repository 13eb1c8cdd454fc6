//! The gradients of a batch's chunks, added in the order of the chunks, in few arrays.
//!
//! Whoever begins a chunk takes an array and gives it back with the chunk's gradient. Only when no array is left are those
//! of the first chunks added up, which sets arrays free; what remains at the end is added by all threads. So there are an
//! array or two more than threads, however many chunks, and each is used again while it is still in a cache. A chunk that a
//! stalled thread holds keeps nobody from going on: the others then take new arrays.

use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use infimum_kernels::{Isa, Team, flat};

/// The numbers of a gradient that a thread adds up at once.
const BLOCK: usize = 1 << 14;

/// Gradients of chunks on their way to their sum.
pub(crate) struct Chunks {
    isa: Isa,
    /// Scalars of a gradient.
    length: usize,
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
    /// Arrays that nobody uses.
    spare: Vec<Vec<f32>>,
}

impl Chunks {
    pub(crate) fn new(isa: Isa) -> Chunks {
        Chunks { isa, length: 0, state: Mutex::default() }
    }

    /// Makes ready for so many chunks with gradients of `length` scalars.
    pub(crate) fn begin(&mut self, chunks: usize, length: usize) {
        self.length = length;
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
        match spare {
            Some(mut array) if array.len() == self.length => {
                array.fill(0.0);
                array
            }
            _ => vec![0.0; self.length],
        }
    }

    /// Adds the complete gradients that are next to the total, until there is a spare array.
    fn add_up<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        state.is_adding = true;
        while state.spare.is_empty()
            && let Some(gradient) = state.next()
        {
            let Some(mut total) = state.total.take() else {
                state.total = Some(gradient);
                continue;
            };
            drop(state);
            add(self.isa, &mut total, &[&gradient]);
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
        let (isa, state) = (self.isa, self.state.get_mut().unwrap_or_else(PoisonError::into_inner));
        let Some(mut total) = state.total.take().or_else(|| state.next()) else { return vec![0.0; self.length] };
        let rest: Vec<Vec<f32>> = std::iter::from_fn(|| state.next()).collect();
        assert_eq!(state.added, state.complete.len(), "all chunks are complete");
        let part = |block: usize, length: usize| rest.iter().map(|x| &x[block * BLOCK..][..length]).collect::<Vec<_>>();
        let mut blocks: Vec<&mut [f32]> = total.chunks_mut(BLOCK).collect();
        match &mut blocks[..] {
            [one] => add(isa, one, &part(0, one.len())),
            blocks => team.each(blocks, &mut vec![(); team.threads()], |block, total, ()| {
                add(isa, total, &part(block, total.len()));
            }),
        }
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

/// Adds `parts` to `total`, in their order.
fn add(isa: Isa, total: &mut [f32], parts: &[&[f32]]) {
    let mut before = vec![0.0; total.len().min(BLOCK)];
    for (number, total) in total.chunks_mut(BLOCK).enumerate() {
        let before = &mut before[..total.len()];
        before.copy_from_slice(total);
        let parts = parts.iter().map(|part| &part[number * BLOCK..][..total.len()]);
        flat::sum_slots(isa, total, &[&*before].into_iter().chain(parts).collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gradient whose sums tell their order.
    fn gradient(chunk: usize, length: usize) -> Vec<f32> {
        (0..length)
            .map(|k| ((k * 31 + chunk * 17) % 101) as f32 * if (k + chunk).is_multiple_of(3) { 1e7 } else { 0.3 })
            .collect()
    }

    fn expected(chunks: usize, length: usize) -> Vec<f32> {
        let add = |sum: Vec<f32>, chunk| sum.iter().zip(gradient(chunk, length)).map(|(a, b)| a + b).collect();
        (1..chunks).fold(gradient(0, length), add)
    }

    /// Every order in which up to five chunks can be completed by threads that hold any number of them, twice each.
    #[test]
    fn whoever_is_ready_first_the_sum_is_in_order() {
        let mut chunks = Chunks::new(Isa::best());
        for (count, length) in (1..=5_usize).flat_map(|count| [1, 40, BLOCK + 3].map(|length| (count, length))) {
            let orders = (0..count.pow(count as u32)).map(|code| {
                let mut left: Vec<usize> = (0..count).collect();
                let pick = |k: u32| left.remove(code / count.pow(k) % (count - k as usize));
                (0..count as u32).map(pick).collect::<Vec<_>>()
            });
            for order in orders.take(if length > 100 { 130 } else { usize::MAX }) {
                chunks.begin(count, length);
                let mut held: Vec<Option<Vec<f32>>> = vec![None; count];
                let mut begun = 0;
                for &chunk in &order {
                    while begun <= chunk {
                        held[begun] = Some(chunks.array());
                        begun += 1;
                    }
                    let mut array = held[chunk].take().unwrap();
                    assert!(array.iter().all(|x| *x == 0.0), "an array comes empty");
                    array.copy_from_slice(&gradient(chunk, length));
                    chunks.put(chunk, array);
                }
                assert_eq!(chunks.sum(&mut Team::new(1)), expected(count, length), "{order:?}, {length}");
            }
        }
    }

    /// With two threads that work equally fast three arrays are enough for any number of chunks.
    #[test]
    fn arrays_are_used_again() {
        let mut chunks = Chunks::new(Isa::best());
        chunks.begin(9, 7);
        let mut held = vec![chunks.array()];
        for chunk in 0..9 {
            if chunk < 8 {
                held.push(chunks.array());
            }
            let mut array = held.remove(0);
            array.copy_from_slice(&gradient(chunk, 7));
            chunks.put(chunk, array);
        }
        assert_eq!(chunks.sum(&mut Team::new(2)), expected(9, 7));
        let spare = chunks.state().spare.len();
        assert!(spare <= 2, "{spare} arrays beside the sum");
    }

    /// Many threads, many times: the same bits.
    #[test]
    fn threads_change_no_bit_of_a_sum() {
        let (mut team, mut chunks) = (Team::new(4), Chunks::new(Isa::best()));
        for _ in 0..200 {
            chunks.begin(8, 999);
            team.each(&mut [(); 8], &mut [(); 4], |chunk, (), ()| {
                let mut array = chunks.array();
                array.copy_from_slice(&gradient(chunk, 999));
                chunks.put(chunk, array);
            });
            assert_eq!(chunks.sum(&mut team), expected(8, 999));
        }
    }
}
