//! Linear probes of the state: how much of it a linear function of a site's activations tells.
//!
//! Let activations be whitened, `z = A (x - mean)`, with shares `s_q` and means `m_q` of `z` in each state. The least squares to one-hot
//! states is `y_q = s_q (1 + m_q z)`. The guess of the state is that of Fisher's linear discriminant, Gaussians of one
//! covariance `1 - sum_q s_q m_q m_q'`, which least squares is not: it misses a state whose mean lies between two others. Both
//! see of `z` the span of the means alone, in the canonical directions of which the covariance is diagonal, `1 - r_j^2`. Every
//! invertible affine change of the activations leaves `y` and the guess as they are.

use super::matrix::{Matrix, dot};
use super::moments::{Moments, Rows};
use super::spectrum::{Whitening, eigen, whitened};

/// Added to the variance within states, in units of the whole variance, so that what is told exactly has a finite weight.
const SHRINKAGE: f64 = 1e-3;
/// Canonical directions that tell less than this share of a variance are none.
const LEAST: f64 = 1e-9;

/// A probe, fitted.
pub struct Probe {
    mean: Vec<f64>,
    shares: Vec<f64>,
    /// `[direction]`: squares of canonical correlations, largest first.
    told: Vec<f64>,
    /// `[state][direction]`: means of the canonical variates.
    means: Vec<Vec<f64>>,
    /// `[direction]`: each as a row vector on channels, and the way back.
    directions: Vec<(Vec<f64>, Vec<f64>)>,
    whitening: Option<Whitening>,
}

/// How right a probe is on other rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeScore {
    /// The share of rows whose state is guessed.
    pub accuracy: f64,
    /// What least squares explains of the variance of one-hot states, at most 1; below 0 it is worse than the shares of the states that it was fitted on.
    pub explained: f64,
}

impl Probe {
    /// The probe of these moments.
    pub fn fitted(moments: &Moments) -> Probe {
        let states = moments.shares.len();
        let (mean, shares) = (moments.mean.clone(), moments.shares.clone());
        let mut probe =
            Probe { mean, shares, told: vec![], means: vec![vec![]; states], directions: vec![], whitening: None };
        let Some(whitening) = whitened(&moments.covariance) else { return probe };
        // `[state, coordinate]`: root of the share times the mean; its Gram matrix has the squares of the canonical correlations.
        let weighted = moments.by_state.times(&whitening.axes.transposed());
        let weighted = Matrix::of(states, weighted.columns(), |q, i| moments.shares[q].sqrt() * weighted.get(q, i));
        let (told, vectors) = eigen(&weighted.times(&weighted.transposed()));
        for (at, told) in told.iter().enumerate().filter(|(_, told)| **told > LEAST) {
            let unit = weighted.transposed().apply(vectors.row(at));
            let unit: Vec<f64> = unit.iter().map(|x| x / told.sqrt()).collect();
            probe.told.push(told.min(1.0));
            probe.directions.push((whitening.axes.transposed().apply(&unit), whitening.back.apply(&unit)));
        }
        for (state, means) in probe.means.iter_mut().enumerate() {
            let of = |direction: &(Vec<f64>, Vec<f64>)| dot(&direction.0, moments.by_state.row(state));
            *means = probe.directions.iter().map(of).collect();
        }
        probe.whitening = Some(whitening);
        probe
    }

    /// Directions that the state is told by: at most one less than there are states.
    pub fn dimensions(&self) -> usize {
        self.directions.len()
    }

    fn variates(&self, x: &[f64]) -> Vec<f64> {
        let centred: Vec<f64> = x.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        self.directions.iter().map(|(direction, _)| dot(direction, &centred)).collect()
    }

    /// The likeliest state; the first of several.
    pub fn state(&self, x: &[f64]) -> usize {
        let variates = self.variates(x);
        let score = |state: usize| {
            let terms = self.means[state].iter().zip(&variates).zip(&self.told);
            let fit: f64 = terms.map(|((m, c), told)| m * (c - m / 2.0) / (1.0 + SHRINKAGE - told)).sum();
            fit + libm::log(self.shares[state])
        };
        let seen = (0..self.shares.len()).filter(|state| self.shares[*state] > 0.0);
        seen.map(|state| (state, score(state)))
            .fold((0, f64::NEG_INFINITY), |best, next| if next.1 > best.1 { next } else { best })
            .0
    }

    /// One-hot states by least squares, `[state]`; they add up to 1.
    pub fn decoded(&self, x: &[f64]) -> Vec<f64> {
        let variates = self.variates(x);
        (0..self.shares.len()).map(|q| self.shares[q] * (1.0 + dot(&self.means[q], &variates))).collect()
    }

    /// The linear part of [`Probe::decoded`], `[state, channel]`.
    pub fn decoder(&self) -> Matrix {
        let number = |q: usize, c: usize| {
            let terms = self.means[q].iter().zip(&self.directions);
            self.shares[q] * terms.map(|(mean, (direction, _))| mean * direction[c]).sum::<f64>()
        };
        Matrix::of(self.shares.len(), self.mean.len(), number)
    }

    /// Scores the probe on rows.
    pub fn score(&self, rows: &Rows, labels: &[u32]) -> ProbeScore {
        let (mut right, mut left, mut all) = (0.0, 0.0, 0.0);
        for (row, label) in labels.iter().enumerate() {
            let (x, label) = (rows.row(row), *label as usize);
            right += f64::from(self.state(&x) == label);
            for (state, y) in self.decoded(&x).iter().enumerate() {
                let truth = f64::from(state == label);
                let [miss, spread] = [truth - y, truth - self.shares[state]];
                left += miss * miss;
                all += spread * spread;
            }
        }
        ProbeScore { accuracy: right / labels.len() as f64, explained: if all > 0.0 { 1.0 - left / all } else { 0.0 } }
    }

    /// `x` with its part in the probe's subspace replaced by that of `other`. The subspace is that of the means; what is uncorrelated with it
    /// stays.
    pub(super) fn exchanged(&self, x: &[f64], other: &[f64]) -> Vec<f64> {
        exchange(&self.directions, x, other)
    }

    /// As many directions as the probe has, each with the way back, of a subspace that `normal` draws.
    pub(super) fn random_subspace(&self, normal: &mut dyn FnMut() -> f64) -> Vec<(Vec<f64>, Vec<f64>)> {
        let Some(Whitening { axes, back }) = &self.whitening else { return vec![] };
        let basis = orthonormal(self.dimensions(), axes.rows(), normal);
        let (across, ways) = (axes.transposed(), back);
        basis.iter().map(|unit| (across.apply(unit), ways.apply(unit))).collect()
    }
}

/// `x` moved along each direction until it has the variate of `other`.
pub(super) fn exchange(directions: &[(Vec<f64>, Vec<f64>)], x: &[f64], other: &[f64]) -> Vec<f64> {
    let difference: Vec<f64> = other.iter().zip(x).map(|(other, x)| other - x).collect();
    let mut exchanged = x.to_vec();
    for (direction, back) in directions {
        super::matrix::add(&mut exchanged, dot(direction, &difference), back);
    }
    exchanged
}

/// The first `count` rows of a random orthogonal matrix of `size`, uniform over all (Gram and Schmidt on normal numbers).
pub(super) fn orthonormal(count: usize, size: usize, normal: &mut dyn FnMut() -> f64) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = vec![];
    while basis.len() < count.min(size) {
        let mut next: Vec<f64> = (0..size).map(|_| normal()).collect();
        // Twice is enough (Kahan).
        for _ in 0..2 {
            basis.iter().for_each(|row| {
                let along = dot(&next, row);
                super::matrix::add(&mut next, -along, row);
            });
        }
        let norm = dot(&next, &next).sqrt();
        if norm > 1e-6 {
            basis.push(next.iter().map(|x| x / norm).collect());
        }
    }
    basis
}
