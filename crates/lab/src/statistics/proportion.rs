//! Rates of few trials, and the difference of two.

use serde::{Deserialize, Serialize};

use crate::mean::INTERVAL;

/// Some trials, each of which succeeds or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trials {
    /// How many succeeded.
    pub successes: u64,
    /// Of so many, at least as many.
    pub of: u64,
}

impl Trials {
    /// The share that succeeded; not a number without a trial.
    pub fn share(&self) -> f64 {
        self.successes as f64 / self.of as f64
    }

    /// The 95 % interval of the rate (Wilson); `None` without a trial.
    pub fn interval(&self) -> Option<(f64, f64)> {
        wilson(self.share(), self.of as f64)
    }
}

/// The 95 % interval of a rate of which `share` was seen in `trials` trials (Wilson 1927); `None` without a trial.
pub(crate) fn wilson(share: f64, trials: f64) -> Option<(f64, f64)> {
    if trials <= 0.0 {
        return None;
    }
    let (n, square) = (trials, INTERVAL * INTERVAL);
    let middle = share + square / (2.0 * n);
    let half = INTERVAL * libm::sqrt(share * (1.0 - share) / n + square / (4.0 * n * n));
    let end = |x: f64| x / (1.0 + square / n);
    let low = if share == 0.0 { 0.0 } else { end(middle - half) };
    let high = if share == 1.0 { 1.0 } else { end(middle + half) };
    Some((low, high))
}

/// The 95 % interval of the first rate minus the second, from Wilson's interval of each (Newcombe 1998, method 10); `None` where
/// one of them has no trial.
pub fn newcombe(first: Trials, second: Trials) -> Option<(f64, f64)> {
    let ((low1, high1), (low2, high2)) = (first.interval()?, second.interval()?);
    let (one, other) = (first.share(), second.share());
    let below = libm::hypot(one - low1, high2 - other);
    let above = libm::hypot(high1 - one, other - low2);
    Some((one - other - below, one - other + above))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `statsmodels.stats.proportion.proportion_confint(method="wilson")` gives them.
    #[test]
    fn intervals_are_wilsons() {
        for (successes, of, low, high) in [
            (0, 10, 0.0, 0.2775328),
            (10, 10, 0.7224672, 1.0),
            (5, 8, 0.3057416, 0.8631574),
            (1, 1000, 0.0001766, 0.0056422),
        ] {
            let (found_low, found_high) = Trials { successes, of }.interval().unwrap();
            assert!((found_low - low).abs() < 1e-5 && (found_high - high).abs() < 1e-5, "{found_low} {found_high}");
        }
        assert_eq!(Trials { successes: 0, of: 0 }.interval(), None);
    }

    /// The examples of Newcombe, Statistics in Medicine 17 (1998), table II, method 10, to their four decimals; they are made with 1.95996 for 1.96.
    #[test]
    fn differences_have_newcombes_intervals() {
        for (first, second, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            let [a, b] = [first, second].map(|(successes, of)| Trials { successes, of });
            let (found_low, found_high) = newcombe(a, b).unwrap();
            assert!((found_low - low).abs() <= 6e-5, "{first:?} {second:?}: {found_low}");
            assert!((found_high - high).abs() <= 6e-5, "{first:?} {second:?}: {found_high}");
        }
    }
}
