//! A chain's law: one row of probabilities for every context.

use std::ops::Range;

use crate::markov::contexts::Contexts;

/// The probabilities of the next state after every context.
///
/// Rows are numbered as [`Contexts`] does; the start law, that of the empty context, is the last one.
/// Every row holds its non-zeros in ascending order of their states.
#[derive(Debug)]
pub(crate) struct Law {
    pub(crate) contexts: Contexts,
    extent: Extent,
    probabilities: Vec<f64>,
    /// The state of every non-zero; empty if the law is dense, where it is the place in the row.
    successors: Vec<u16>,
    /// Running sums of each row, in order from the left, as the sampler compares with them.
    cumulative: Vec<f64>,
    /// For the sampler, which cuts `[0, 1)` into equal buckets: `[row][bucket]`, the first place of the row whose running sum
    /// reaches the bucket.
    guide: Vec<u16>,
    /// Buckets of a row: a power of two, so that times it no rounding changes a number.
    buckets: usize,
}

/// Buckets for each of a row's non-zeros, at most. The finer they are, the seldomer a running sum lies inside one, where the
/// bucket alone does not say which state is next.
const FINEST: usize = 64;
/// Buckets of all rows that are always allowed, 128 KB of them; beyond, there is one for each non-zero at most.
const GUIDE_LIMIT: usize = 1 << 16;

/// Where the non-zeros of each row are.
#[derive(Debug)]
enum Extent {
    /// One row after another, each with so many non-zeros, the start law with all states.
    Even(usize),
    /// Row `r` is at `bounds[r]..bounds[r + 1]`.
    Each(Vec<usize>),
}

/// One row of a law.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) probabilities: &'a [f64],
    successors: &'a [u16],
}

impl<'a> Row<'a> {
    /// The non-zeros: (state, probability), states ascending.
    pub(crate) fn iter(self) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let state = move |place: usize| self.successors.get(place).map_or(place, |&state| usize::from(state));
        self.probabilities.iter().enumerate().map(move |(place, &p)| (state(place), p))
    }

    /// Adds `weight` times the row to `sums`, which has an entry for every state.
    #[inline]
    pub(crate) fn add_to(self, weight: f64, sums: &mut [f64]) {
        if self.successors.is_empty() {
            sums.iter_mut().zip(self.probabilities).for_each(|(sum, p)| *sum += weight * p);
        } else {
            self.iter().for_each(|(state, p)| sums[state] += weight * p);
        }
    }
}

impl Law {
    /// A law whose rows `fill(row, probabilities, successors)` writes; both slices are as long as the row. States must
    /// ascend. `fill` is called for rows in the order of `rows`, each exactly once.
    pub(crate) fn new(
        [states, order, keep]: [usize; 3],
        rows: impl IntoIterator<Item = usize>,
        mut fill: impl FnMut(usize, &mut [f64], &mut [u16]),
    ) -> Law {
        let mut law = Law::empty(states, order, keep);
        let mut successors = vec![0; states];
        for row in rows {
            let range = law.range(row);
            fill(row, &mut law.probabilities[range.clone()], &mut successors[..range.len()]);
            if keep < states {
                law.successors[range.clone()].copy_from_slice(&successors[..range.len()]);
            }
            law.prepare_sampler(row);
        }
        law
    }

    fn empty(states: usize, order: usize, keep: usize) -> Law {
        let contexts = Contexts::new(states, order);
        let non_zeros = contexts.start() * keep + states;
        let successors = if keep < states { vec![0; non_zeros] } else { Vec::new() };
        let (probabilities, cumulative) = (vec![0.0; non_zeros], vec![0.0; non_zeros]);
        let buckets = buckets(contexts.rows(), non_zeros);
        let guide = vec![0; contexts.rows() * buckets];
        Law { contexts, extent: Extent::Even(keep), probabilities, successors, cumulative, guide, buckets }
    }

    /// A law of order 1 whose rows, the start law last, have these non-zeros: (state, probability), states ascending.
    pub(crate) fn of_rows(states: usize, rows: &[Vec<(u16, f64)>]) -> Law {
        let mut bounds = vec![0];
        rows.iter().for_each(|row| bounds.push(bounds[bounds.len() - 1] + row.len()));
        let non_zeros = bounds[rows.len()];
        let buckets = buckets(rows.len(), non_zeros);
        let mut law = Law {
            contexts: Contexts::new(states, 1),
            extent: Extent::Each(bounds),
            probabilities: rows.iter().flatten().map(|&(_, p)| p).collect(),
            successors: rows.iter().flatten().map(|&(state, _)| state).collect(),
            cumulative: vec![0.0; non_zeros],
            guide: vec![0; rows.len() * buckets],
            buckets,
        };
        if non_zeros == rows.len() * states {
            law.successors = Vec::new();
        }
        (0..rows.len()).for_each(|row| law.prepare_sampler(row));
        law
    }

    fn prepare_sampler(&mut self, row: usize) {
        let (range, buckets) = (self.range(row), self.buckets);
        let (cumulative, guide) = (&mut self.cumulative[range.clone()], &mut self.guide[row * buckets..][..buckets]);
        let mut sum = 0.0;
        for (running, p) in cumulative.iter_mut().zip(&self.probabilities[range]) {
            sum += p;
            *running = sum;
        }
        let (mut place, last) = (0, cumulative.len() - 1);
        for (bucket, first) in guide.iter_mut().enumerate() {
            while place < last && cumulative[place] * (buckets as f64) < bucket as f64 {
                place += 1;
            }
            *first = place as u16;
        }
    }

    /// Whether every transition is possible.
    pub(crate) fn is_dense(&self) -> bool {
        self.successors.is_empty()
    }

    /// Whether every context has as many successors as any other.
    pub(crate) fn is_even(&self) -> bool {
        let count = |row| self.range(row).len();
        (1..self.contexts.start()).all(|row| count(row) == count(0))
    }

    pub(crate) fn non_zeros(&self) -> usize {
        self.probabilities.len()
    }

    /// Where a row begins.
    #[inline]
    fn start(&self, row: usize) -> usize {
        match &self.extent {
            Extent::Each(bounds) => bounds[row],
            Extent::Even(keep) => row * keep,
        }
    }

    fn range(&self, row: usize) -> Range<usize> {
        match &self.extent {
            Extent::Each(bounds) => bounds[row]..bounds[row + 1],
            Extent::Even(keep) => {
                let start = self.start(row);
                start..start + if row == self.contexts.start() { self.contexts.states } else { *keep }
            }
        }
    }

    pub(crate) fn row(&self, row: usize) -> Row<'_> {
        let range = self.range(row);
        let successors = if self.is_dense() { &[] } else { &self.successors[range.clone()] };
        Row { probabilities: &self.probabilities[range], successors }
    }

    /// The code of the full context that follows by the transition at this place of its row, if there is such a place.
    pub(crate) fn successor_at(&self, code: usize, place: usize) -> Option<usize> {
        let range = self.range(code);
        if place >= range.len() {
            return None;
        }
        let state = if self.is_dense() { place } else { usize::from(self.successors[range.start + place]) };
        Some(self.contexts.advance_full(code, state))
    }

    /// The successor that the number `u` in `[0, 1)` stands for: the first whose running sum is greater than `u`. Where
    /// rounding leaves the row's sum below 1 and `u` lies in the gap, the last successor. An impossible state is never drawn.
    #[inline]
    pub(crate) fn successor(&self, row: usize, u: f64) -> usize {
        let start = self.start(row);
        // Of all ways to make a whole number of `u`, that to 32 bits takes the fewest instructions.
        let at = row * self.buckets + (u * self.buckets as f64) as u32 as usize;
        let first = usize::from(self.guide[at]);
        // Where no running sum lies in the bucket, which is nearly always, the next state hangs on one lookup alone.
        let place = if u < self.cumulative[start + first] { first } else { self.search(row, at, u) };
        if self.is_dense() { place } else { usize::from(self.successors[start + place]) }
    }

    /// The place in its row that `u` stands for, in the bucket that `guide[at]` is of.
    #[inline(never)]
    fn search(&self, row: usize, at: usize, u: f64) -> usize {
        let cumulative = &self.cumulative[self.range(row)];
        let (first, last) = (usize::from(self.guide[at]), cumulative.len() - 1);
        // The first sum of the next bucket is greater than `u`.
        let end = if at + 1 == (row + 1) * self.buckets { last } else { usize::from(self.guide[at + 1]) };
        (first + cumulative[first..=end].partition_point(|sum| *sum <= u)).min(last)
    }

    /// The sum of a row's probabilities, added from the left.
    pub(crate) fn total(&self, row: usize) -> f64 {
        self.cumulative[self.range(row).end - 1]
    }
}

/// Buckets of each row of a law with so many rows and non-zeros.
fn buckets(rows: usize, non_zeros: usize) -> usize {
    let mean = non_zeros.div_ceil(rows);
    let most = (FINEST * mean).min(mean.max(GUIDE_LIMIT / rows));
    1 << most.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers at, just below and just above every running sum and every border of a bucket, and the ends of `[0, 1)`.
    fn telling_numbers(law: &Law) -> Vec<f64> {
        let borders = (0..law.buckets).map(|bucket| bucket as f64 / law.buckets as f64);
        let all = law.cumulative.iter().copied().chain(borders);
        let near = all.flat_map(|x| [x.next_down(), x, x.next_up()]);
        near.chain([1.0 - f64::EPSILON / 2.0]).filter(|u| (0.0..1.0).contains(u)).collect()
    }

    /// As the definition says it.
    fn looked_for(law: &Law, row: usize, u: f64) -> usize {
        let (states, sums): (Vec<usize>, Vec<f64>) = law
            .row(row)
            .iter()
            .scan(0.0, |sum, (state, p)| {
                *sum += p;
                Some((state, *sum))
            })
            .unzip();
        states[sums.iter().position(|sum| *sum > u).unwrap_or(states.len() - 1)]
    }

    fn law(states: usize, lengths: &[usize]) -> Law {
        let row = |(number, &length): (usize, &usize)| {
            let weight =
                |place: usize| ((place * 7 + number * 3) % 11) as f64 * if place % 5 == 4 { 1e-9 } else { 1.0 };
            let total: f64 = (0..length).map(weight).sum::<f64>() + 1.0;
            let first = |place| if place == 0 { 1.0 } else { 0.0 };
            (0..length).map(|place| (place as u16, (weight(place) + first(place)) / total)).collect()
        };
        Law::of_rows(states, &lengths.iter().enumerate().map(row).collect::<Vec<_>>())
    }

    /// Dense and sparse rows, one that is much longer than the others, and laws whose buckets are few.
    #[test]
    fn the_sampler_finds_what_a_search_finds() {
        let long = [&[1; 2_000][..], &[2_000]].concat();
        for (states, lengths) in [(3, &[3; 4][..]), (5, &[1, 2, 5, 3, 4, 5]), (30, &[30; 31]), (2_000, &long)] {
            let law = law(states, lengths);
            let numbers = telling_numbers(&law);
            let rows = if states > 100 { states - 2..states + 1 } else { 0..states + 1 };
            for row in rows {
                for &u in &numbers {
                    assert_eq!(law.successor(row, u), looked_for(&law, row, u), "{states} states, row {row}, {u}");
                }
            }
        }
    }

    #[test]
    fn buckets_are_many_where_that_takes_little_memory() {
        assert_eq!([buckets(11, 110), buckets(101, 10_100), buckets(1_001, 1_001_000)], [512, 512, 512]);
        assert_eq!([buckets(1, 2), buckets(65_536, 65_536), buckets(1 << 26, 1 << 27)], [128, 1, 2]);
    }
}
