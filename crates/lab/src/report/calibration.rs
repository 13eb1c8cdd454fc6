//! Calibration: how often comes what was given some probability?

use super::tally::Tally;
use crate::Mean;

/// Predictions whose probability is about the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bin {
    /// Their mean probability.
    pub(super) predicted: f64,
    /// How often the predicted token came, over sequences.
    pub(super) observed: Mean,
}

/// Two bins for every factor of two, the lowest holds all probabilities below 2^-24.
const BINS: usize = 50;
const LOWEST_EXPONENT: u32 = 127 - 24;

/// What one sequence says.
#[derive(Clone, Debug)]
pub(super) struct Predictions {
    /// For each bin: predictions, the sum of their probabilities, and how many came true.
    bins: [(f64, f64, f64); BINS],
}

impl Predictions {
    pub(super) fn none() -> Predictions {
        Predictions { bins: [(0.0, 0.0, 0.0); BINS] }
    }

    /// Adds the probabilities of all tokens where `target` came.
    pub(super) fn add(&mut self, law: &[f64], target: usize) {
        for (token, p) in law.iter().enumerate() {
            let bin = &mut self.bins[bin(*p as f32)];
            *bin = (bin.0 + 1.0, bin.1 + *p, bin.2 + if token == target { 1.0 } else { 0.0 });
        }
    }
}

/// `[2^k, 1.5 2^k)` and `[1.5 2^k, 2^(k+1))` are bins: what the exponent and the first bit behind the point say.
fn bin(p: f32) -> usize {
    let halves = (p.max(0.0).to_bits() >> 22).saturating_sub(2 * LOWEST_EXPONENT) as usize;
    halves.min(BINS - 1)
}

/// Predictions of many sequences.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    observed: [Tally; BINS],
    predicted: [(f64, f64); BINS],
}

impl Calibration {
    pub(super) fn none() -> Calibration {
        Calibration { observed: [Tally::default(); BINS], predicted: [(0.0, 0.0); BINS] }
    }

    pub(super) fn add(&mut self, sequence: &Predictions) {
        for (bin, (count, sum, hits)) in sequence.bins.iter().enumerate() {
            self.observed[bin].add(*count, *hits);
            self.predicted[bin] = (self.predicted[bin].0 + count, self.predicted[bin].1 + sum);
        }
    }

    /// The bins that are not empty, lowest probabilities first. Those that are 0 exactly are none.
    pub(super) fn bins(&self) -> Vec<Bin> {
        let filled = self.observed.iter().zip(&self.predicted).filter(|(_, (_, sum))| *sum > 0.0);
        let bin = |(observed, (count, sum)): (&Tally, &(f64, f64))| {
            Some(Bin { predicted: sum / count, observed: observed.mean()? })
        };
        filled.filter_map(bin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_half_octaves() {
        for (p, expected) in
            [(1.0, 48), (0.99, 47), (0.75, 47), (0.74, 46), (0.5, 46), (0.4, 45), (0.25, 44), (1e-9, 0), (0.0, 0)]
        {
            assert_eq!(bin(p), expected, "{p}");
        }
    }

    /// Predictors that say 1/4 of four tokens, where token 0 comes always, and where each comes in turn.
    #[test]
    fn a_predictor_that_is_right_lies_on_the_diagonal() {
        for (targets, law, bins) in [
            ([0, 1, 2, 3], [0.25; 4], vec![(0.25, 0.25)]),
            ([0, 0, 0, 0], [0.7, 0.1, 0.1, 0.1], vec![(0.1, 0.0), (0.7, 1.0)]),
        ] {
            let mut calibration = Calibration::none();
            for _ in 0..3 {
                let mut sequence = Predictions::none();
                targets.iter().for_each(|target| sequence.add(&law, *target));
                calibration.add(&sequence);
            }
            let found: Vec<_> = calibration.bins().iter().map(|bin| (bin.predicted, bin.observed.value)).collect();
            let near = |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-12;
            assert!(found.len() == bins.len() && found.iter().zip(&bins).all(near), "{found:?}");
        }
    }
}
