//! Which laws are kept whole, so that they can be compared with each other.

use std::collections::BTreeMap;

/// At most so many of each context, …
const OF_A_CONTEXT: u64 = 64;
/// … and so many numbers in all.
pub(crate) const NUMBERS_LIMIT: u64 = 1 << 24;

/// Places of the laws that are kept: of each context as many as any other, if it occurs as often, spread evenly over the
/// order in which it occurs.
#[derive(Debug)]
pub(super) struct Kept {
    /// By context: how often it has been offered, how often it occurs, its first slot, its slots.
    contexts: BTreeMap<u32, Slots>,
    /// By sequence: position and slot.
    places: BTreeMap<usize, Vec<(u32, u32)>>,
}

#[derive(Clone, Copy, Debug)]
struct Slots {
    offered: u64,
    times: u64,
    first: u64,
    count: u64,
}

impl Kept {
    /// Keeps laws of these contexts, given with how often they occur. Nothing is kept where two laws of each were too much.
    pub(super) fn new(states: usize, visited: impl Iterator<Item = (u32, u64)> + Clone) -> Kept {
        let repeated = visited.filter(|(_, times)| *times >= 2);
        let contexts = repeated.clone().count().max(1) as u64;
        let most = OF_A_CONTEXT.min(NUMBERS_LIMIT / (contexts * states as u64));
        let mut kept = Kept { contexts: BTreeMap::new(), places: BTreeMap::new() };
        let mut first = 0;
        for (context, times) in repeated.filter(|_| most >= 2) {
            let count = most.min(times);
            kept.contexts.insert(context, Slots { offered: 0, times, first, count });
            first += count;
        }
        kept
    }

    /// The next occurrence of a context.
    pub(super) fn offer(&mut self, sequence: usize, position: usize, context: u32) {
        let Some(slots) = self.contexts.get_mut(&context) else { return };
        let [place, next] = [slots.offered, slots.offered + 1].map(|nth| nth * slots.count / slots.times);
        slots.offered += 1;
        if place != next {
            self.places.entry(sequence).or_default().push((position as u32, (slots.first + place) as u32));
        }
    }

    /// Position and slot of each law that is kept of this sequence.
    pub(super) fn of(&self, sequence: usize) -> &[(u32, u32)] {
        self.places.get(&sequence).map_or(&[], |places| places)
    }

    /// For each context of which laws are kept: how often it occurs, and its slots.
    pub(super) fn contexts(&self) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> + '_ {
        self.contexts.values().map(|slots| (slots.times, slots.first as usize..(slots.first + slots.count) as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of occurrences around the number of slots: each slot is filled once, in order.
    #[test]
    fn every_slot_is_filled_once() {
        for times in 2..300 {
            let mut kept = Kept::new(3, [(7, times), (9, 1), (11, 5)].into_iter());
            (0..times as usize).for_each(|sequence| kept.offer(sequence, 4, 7));
            (0..5).for_each(|position| kept.offer(1000, position, 11));
            kept.offer(1001, 0, 9);
            let mut slots: Vec<u32> = kept.places.values().flatten().map(|&(_, slot)| slot).collect();
            slots.sort();
            let count = times.min(OF_A_CONTEXT) + 5;
            assert_eq!(slots, (0..count as u32).collect::<Vec<_>>(), "{times} occurrences");
        }
    }

    #[test]
    fn nothing_is_kept_beyond_the_limit() {
        let many = |contexts: u32| Kept::new(1 << 12, (0..contexts).map(|context| (context, 100))).contexts.len();
        assert_eq!((many(1 << 11), many((1 << 11) + 1)), (1 << 11, 0));
    }
}
