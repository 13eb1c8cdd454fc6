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
    /// For the sampler: the first place of the row whose running sum reaches the bucket.
    guide: Vec<u16>,
}

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
            law.prepare_sampler(range);
        }
        law
    }

    fn empty(states: usize, order: usize, keep: usize) -> Law {
        let contexts = Contexts::new(states, order);
        let non_zeros = contexts.start() * keep + states;
        let successors = if keep < states { vec![0; non_zeros] } else { Vec::new() };
        let (probabilities, cumulative, guide) = (vec![0.0; non_zeros], vec![0.0; non_zeros], vec![0; non_zeros]);
        Law { contexts, extent: Extent::Even(keep), probabilities, successors, cumulative, guide }
    }

    /// A law of order 1 whose rows, the start law last, have these non-zeros: (state, probability), states ascending.
    pub(crate) fn of_rows(states: usize, rows: &[Vec<(u16, f64)>]) -> Law {
        let mut bounds = vec![0];
        rows.iter().for_each(|row| bounds.push(bounds[bounds.len() - 1] + row.len()));
        let non_zeros = bounds[rows.len()];
        let mut law = Law {
            contexts: Contexts::new(states, 1),
            extent: Extent::Each(bounds),
            probabilities: rows.iter().flatten().map(|&(_, p)| p).collect(),
            successors: rows.iter().flatten().map(|&(state, _)| state).collect(),
            cumulative: vec![0.0; non_zeros],
            guide: vec![0; non_zeros],
        };
        if non_zeros == rows.len() * states {
            law.successors = Vec::new();
        }
        (0..rows.len()).for_each(|row| law.prepare_sampler(law.range(row)));
        law
    }

    fn prepare_sampler(&mut self, range: Range<usize>) {
        let (cumulative, guide) = (&mut self.cumulative[range.clone()], &mut self.guide[range.clone()]);
        let mut sum = 0.0;
        for (running, p) in cumulative.iter_mut().zip(&self.probabilities[range]) {
            sum += p;
            *running = sum;
        }
        let (mut place, last) = (0, cumulative.len() - 1);
        for (bucket, first) in guide.iter_mut().enumerate() {
            while place < last && bucket_of(cumulative[place], last + 1) < bucket {
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

    #[inline]
    fn range(&self, row: usize) -> Range<usize> {
        match &self.extent {
            Extent::Each(bounds) => bounds[row]..bounds[row + 1],
            Extent::Even(keep) => {
                let start = row * keep;
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
        let range = self.range(row);
        let cumulative = &self.cumulative[range.clone()];
        // `bucket_of` is monotone, so the place sought is not before the first one that reaches u's bucket.
        let mut place = usize::from(self.guide[range.start + bucket_of(u, cumulative.len())]);
        while place + 1 < cumulative.len() && cumulative[place] <= u {
            place += 1;
        }
        if self.is_dense() { place } else { usize::from(self.successors[range.start + place]) }
    }

    /// The sum of a row's probabilities, added from the left.
    pub(crate) fn total(&self, row: usize) -> f64 {
        self.cumulative[self.range(row).end - 1]
    }
}

/// Which of `buckets` equal parts of `[0, 1)` the number falls into; monotone, and below `buckets` for `x < 1` up to rounding.
#[inline]
fn bucket_of(x: f64, buckets: usize) -> usize {
    ((x * buckets as f64) as usize).min(buckets - 1)
}
