//! Fisher's exact test of two rates: how likely it is that chance alone deals the successes out as unevenly as they lie.

use super::{Trials, binomial};

/// Two tables that are equally likely come out so far apart at most.
const SAME: f64 = 1e-9;

/// The two-sided p: the sum over all tables with the same margins that are at most as likely as this one (as R and SciPy).
/// 1 where one of them has no trial.
pub fn fisher(first: Trials, second: Trials) -> f64 {
    let successes = first.successes + second.successes;
    let (least, most) = (successes.saturating_sub(second.of), successes.min(first.of));
    let weights = hypergeometric(first.of, second.of, successes, least, most);
    let limit = weights[(first.successes - least) as usize] * (1.0 + SAME);
    let all: f64 = weights.iter().sum();
    let as_unlikely: f64 = weights.iter().filter(|weight| **weight <= limit).sum();
    as_unlikely / all
}

/// Weights of the tables whose first count is `least` to `most`, that of the likeliest being 1. Each follows from its neighbour:
/// `w(k + 1) / w(k) = (first - k) (successes - k) / ((k + 1) (second - successes + k + 1))`.
fn hypergeometric(first: u64, second: u64, successes: u64, least: u64, most: u64) -> Vec<f64> {
    let ratio = |k: u64| {
        let (up, down) = ((first - k) as f64 * (successes - k) as f64, (second + k + 1 - successes) as f64);
        up / ((k + 1) as f64 * down)
    };
    let likeliest = (least..most).find(|&k| ratio(k) <= 1.0).unwrap_or(most);
    let mut weights = vec![1.0; (most - least + 1) as usize];
    for k in likeliest..most {
        weights[(k + 1 - least) as usize] = weights[(k - least) as usize] * ratio(k);
    }
    for k in (least..likeliest).rev() {
        weights[(k - least) as usize] = weights[(k + 1 - least) as usize] / ratio(k);
    }
    weights
}

/// The smallest p that [`fisher`] gives for any results of so many trials each: that of all against none.
pub fn smallest_fisher(first: u64, second: u64) -> f64 {
    let tables = binomial((first + second) as usize, first as usize);
    (if first == second { 2.0 } else { 1.0 } / tables).min(1.0)
}

/// The odds of the first over those of the second, as seen; infinite where only the second has a success and a failure too few,
/// `None` where both odds are 0 or infinite.
pub fn odds_ratio(first: Trials, second: Trials) -> Option<f64> {
    let failures = |trials: Trials| (trials.of - trials.successes) as f64;
    let (above, below) = (first.successes as f64 * failures(second), second.successes as f64 * failures(first));
    (above > 0.0 || below > 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(n: u64, k: u64) -> u128 {
        (1..=k).fold(1, |product, i| product * u128::from(n - k + i) / u128::from(i))
    }

    /// In whole numbers, every table of up to 12 trials each.
    #[test]
    fn every_small_table_has_its_exact_p() {
        for (n, m) in (1..=12).flat_map(|n| (1..=12).map(move |m| (n, m))) {
            let mut smallest: f64 = 1.0;
            for (k, l) in (0..=n).flat_map(|k| (0..=m).map(move |l| (k, l))) {
                let tables = (0..=n.min(k + l)).filter(|i| k + l - i <= m).map(|i| whole(n, i) * whole(m, k + l - i));
                let seen = whole(n, k) * whole(m, l);
                let as_unlikely: u128 = tables.filter(|ways| *ways <= seen).sum();
                let expected = as_unlikely as f64 / whole(n + m, k + l) as f64;
                let found = fisher(Trials { successes: k, of: n }, Trials { successes: l, of: m });
                assert!((found - expected).abs() <= 1e-12, "{k}/{n} {l}/{m}: {found} for {expected}");
                smallest = smallest.min(found);
            }
            let found = smallest_fisher(n, m);
            assert!((found - smallest).abs() <= 1e-12 * smallest, "{n} {m}: {found} for {smallest}");
        }
    }

    #[test]
    fn many_trials_overflow_nothing() {
        let [half, all, none] = [2500, 5000, 0].map(|successes| Trials { successes, of: 5000 });
        assert!((fisher(half, half) - 1.0).abs() <= 1e-9);
        assert!(fisher(all, none) < 1e-300 && fisher(half, none) < 1e-300);
    }

    #[test]
    fn odds_are_compared_where_they_are_odds() {
        let trials = |successes| Trials { successes, of: 8 };
        assert_eq!(odds_ratio(trials(5), trials(3)), Some(25.0 / 9.0));
        assert_eq!(odds_ratio(trials(8), trials(3)), Some(f64::INFINITY));
        assert_eq!(odds_ratio(trials(0), trials(3)), Some(0.0));
        assert_eq!((odds_ratio(trials(0), trials(0)), odds_ratio(trials(8), trials(8))), (None, None));
    }
}
