//! Sums over activations, by state: all that probes and kernel alignment need of them.

use super::matrix::{Matrix, add};

/// Activations of a site: rows of `channels` numbers.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Numbers of a row.
    pub channels: usize,
    /// `[row][channel]`.
    pub numbers: Vec<f32>,
}

impl Rows {
    /// A row, in f64.
    pub fn row(&self, row: usize) -> Vec<f64> {
        self.numbers[row * self.channels..][..self.channels].iter().map(|x| f64::from(*x)).collect()
    }

    /// The rows at these places.
    pub fn picked(&self, places: &[usize]) -> Rows {
        let rows = places.iter().flat_map(|place| &self.numbers[place * self.channels..][..self.channels]);
        Rows { channels: self.channels, numbers: rows.copied().collect() }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.numbers.len() / self.channels
    }
}

/// The mean and covariance of activations, and their mean in each state.
pub struct Moments {
    /// `[state]`: the share of rows in it.
    pub(super) shares: Vec<f64>,
    /// `[channel]`.
    pub(super) mean: Vec<f64>,
    /// `[state, channel]`: the mean in a state beyond the mean; 0 for a state that no row has.
    pub(super) by_state: Matrix,
    /// `[channel, channel]`.
    pub(super) covariance: Matrix,
}

impl Moments {
    /// Of rows, each in one of so many states. Panics unless there is a row, and as many states as rows.
    pub fn of(rows: &Rows, labels: &[u32], states: usize) -> Moments {
        let (channels, count) = (rows.channels, rows.count() as f64);
        assert!(rows.count() > 0 && rows.count() == labels.len(), "{} rows, {} states", rows.count(), labels.len());
        let mut mean = vec![0.0; channels];
        (0..rows.count()).for_each(|row| add(&mut mean, 1.0 / count, &rows.row(row)));
        let mut covariance = Matrix::new(channels, channels, vec![0.0; channels * channels]);
        let mut by_state = Matrix::new(states, channels, vec![0.0; states * channels]);
        let mut counts = vec![0.0f64; states];
        for (row, label) in labels.iter().enumerate() {
            let mut centred = rows.row(row);
            add(&mut centred, -1.0, &mean);
            counts[*label as usize] += 1.0;
            add(by_state.row_mut(*label as usize), 1.0, &centred);
            for (channel, x) in centred.iter().enumerate() {
                add(&mut covariance.row_mut(channel)[..=channel], x / count, &centred[..=channel]);
            }
        }
        let by_state = Matrix::of(states, channels, |q, c| by_state.get(q, c) / counts[q].max(1.0));
        let covariance = Matrix::of(channels, channels, |i, j| covariance.get(i.max(j), i.min(j)));
        Moments { shares: counts.iter().map(|n| n / count).collect(), mean, by_state, covariance }
    }

    /// Linear centred kernel alignment with one-hot states (Kornblith et al. 2019): `|Y'X|^2 / (|X'X| |Y'Y|)`, Frobenius norms, columns
    /// centred. From 0 to 1; `None` where activations or states do not vary. It is the same in every orthonormal basis of the
    /// activations, and in no others.
    pub fn kernel_alignment(&self) -> Option<f64> {
        let states = self.shares.len();
        let cross: f64 = (0..states).map(|q| self.shares[q] * self.shares[q] * squares(self.by_state.row(q))).sum();
        let share = |q: usize| self.shares[q];
        let of_states = Matrix::of(states, states, |p, q| if p == q { share(q) } else { 0.0 } - share(p) * share(q));
        let norms = self.covariance.norm() * of_states.norm();
        (norms > 0.0).then(|| cross / norms)
    }
}

fn squares(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}
