//! A list that grows without moving, so that it never holds more than what was counted.

use super::Fault;
use super::budget::Budget;

/// Things that are allocated at once.
const CHUNK: usize = 256;
/// What the list of chunks takes for each chunk, with room to grow, and the old list while it grows.
const LISTED: usize = 4 * size_of::<Vec<u8>>();

/// A list that is counted in a [`Budget`].
pub(super) struct Arena<T> {
    chunks: Vec<Vec<T>>,
    length: usize,
}

impl<T> Arena<T> {
    pub(super) fn new() -> Arena<T> {
        Arena { chunks: Vec::new(), length: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Adds one at the end; gives its place.
    pub(super) fn push(&mut self, item: T, budget: &mut Budget) -> Result<u32, Fault> {
        let at = u32::try_from(self.length).map_err(|_| Fault::from("has more than 2^32 values"))?;
        if self.length / CHUNK == self.chunks.len() {
            budget.take(1, CHUNK * size_of::<T>() + LISTED)?;
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks[self.length / CHUNK].push(item);
        self.length += 1;
        Ok(at)
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.length = self.length.checked_sub(1)?;
        self.chunks[self.length / CHUNK].pop()
    }

    pub(super) fn get(&self, at: u32) -> Option<&T> {
        self.chunks.get(at as usize / CHUNK)?.get(at as usize % CHUNK)
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.chunks.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)
    }

    /// Frees it all.
    pub(super) fn free(self, budget: &mut Budget) {
        budget.give_back(self.chunks.len(), CHUNK * size_of::<T>() + LISTED);
    }
}

/// The thing at a place that [`Arena::push`] gave and that was never popped.
impl<T> std::ops::Index<u32> for Arena<T> {
    type Output = T;

    fn index(&self, at: u32) -> &T {
        self.get(at).expect("a place of this list")
    }
}

impl<T> std::ops::IndexMut<u32> for Arena<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        self.get_mut(at).expect("a place of this list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_whose_memory_is_counted() {
        let (mut budget, mut arena) = (Budget::new(0), Arena::new());
        for round in 0..2_u32 {
            (0..1000).for_each(|i| assert_eq!(arena.push(i + round, &mut budget).unwrap(), i));
            assert_eq!((arena[0], arena[999], arena.get(1000)), (round, 999 + round, None));
            (0..1000).rev().for_each(|i| assert_eq!(arena.pop(), Some(i + round)));
            assert_eq!((arena.pop(), arena.len()), (None, 0));
        }
        let fault = (0..).find_map(|i| arena.push(i, &mut budget).err()).unwrap();
        assert!(fault.0.contains("of 262144 allowed"), "{}", fault.0);
        arena.free(&mut budget);
        assert!(budget.take(262_144, 1).is_ok() && budget.take(1, 1).is_err());
    }
}
