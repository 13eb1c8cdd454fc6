//! Wilcoxon's signed-rank test: whether differences within pairs lie about zero.

use super::subset_sums::{coin_sums, two_sided, within};
use super::{LEVEL, Probability, Shift, doubled_ranks, normal_p};
use crate::mean::INTERVAL;

/// Up to so many differences every choice of signs is counted.
const MOST_COUNTED: usize = 400;

/// The p that differences which are as likely to have either sign have ranks as unevenly signed. Differences of 0 are left out,
/// equal sizes share the mean of their ranks; the law is that of these ranks, so ties cost no exactness.
pub fn signed_rank(differences: &[f64]) -> Probability {
    let moved: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let ranks = doubled_ranks(&moved.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let positive: usize = moved.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    if ranks.len() <= MOST_COUNTED {
        return Probability { p: two_sided(&coin_sums(&ranks), positive), exact: true };
    }
    Probability { p: by_normal_law(&ranks, positive), exact: false }
}

/// What the p comes near to for many differences: sums of signed ranks have this mean and variance under chance.
fn by_normal_law(ranks: &[usize], positive: usize) -> f64 {
    let (all, squares) = ranks.iter().fold((0.0, 0.0), |(sum, squares), &rank| {
        let rank = rank as f64;
        (sum + rank, squares + rank * rank)
    });
    // Doubled ranks: the continuity correction of half a rank is 1.
    let away = (positive as f64 - all / 2.0).abs() - 1.0;
    normal_p(away / libm::sqrt(squares / 4.0))
}

/// The smallest p that so many differences can give.
pub fn smallest_signed_rank(pairs: usize) -> f64 {
    libm::exp2(1.0 - pairs as f64).min(1.0)
}

/// The median of the means of any two differences, a difference with itself included, and its interval.
///
/// # Panics
/// Without a difference.
pub fn signed_rank_shift(differences: &[f64]) -> Shift {
    let means = |(place, a): (usize, &f64)| differences[place..].iter().map(move |b| 0.5 * (a + b)).collect::<Vec<_>>();
    let means: Vec<f64> = differences.iter().enumerate().flat_map(means).collect();
    Shift::of(means, outer(differences.len()))
}

/// How many sums of ranks, from the lowest on, have together at most half the level.
fn outer(pairs: usize) -> usize {
    if pairs <= MOST_COUNTED {
        return within(&coin_sums(&(1..=pairs).collect::<Vec<_>>()), LEVEL / 2.0);
    }
    let n = pairs as f64;
    (n * (n + 1.0) / 4.0 - INTERVAL * libm::sqrt(n * (n + 1.0) * (2.0 * n + 1.0) / 24.0)).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every choice of signs, one after another.
    fn enumerated(differences: &[f64]) -> f64 {
        let moved: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
        let ranks = doubled_ranks(&moved.iter().map(|d| d.abs()).collect::<Vec<_>>());
        let seen: usize = moved.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
        let sums = (0..1_u32 << ranks.len()).map(|set| {
            ranks.iter().enumerate().filter(|(place, _)| set >> place & 1 == 1).map(|(_, r)| r).sum::<usize>()
        });
        let sums: Vec<usize> = sums.collect();
        let share =
            |holds: &dyn Fn(usize) -> bool| sums.iter().filter(|sum| holds(**sum)).count() as f64 / sums.len() as f64;
        (2.0 * share(&|sum| sum <= seen).min(share(&|sum| sum >= seen))).min(1.0)
    }

    #[test]
    fn every_sign_is_counted() {
        let number = |k: usize| ((k * 7919 + 13) % 23) as f64 / 4.0 - 2.0;
        for n in 1..=12 {
            for start in 0..20 {
                let differences: Vec<f64> = (0..n).map(|k| number(k * (start + 1) + start)).collect();
                let found = signed_rank(&differences);
                assert!(found.exact && (found.p - enumerated(&differences)).abs() <= 1e-12, "{differences:?}");
            }
        }
        assert_eq!(signed_rank(&[0.0, 0.0]).p, 1.0);
        assert_eq!(signed_rank(&[1.0; 6]).p, smallest_signed_rank(6));
    }

    /// The interval is what its definition says: moved by a shift inside it the differences are not rejected, by one outside they are.
    #[test]
    fn intervals_are_the_shifts_that_are_not_rejected() {
        let number = |k: usize| ((k * 7919 + 13) % 1009) as f64 / 100.0 - 2.0 + k as f64 * 1e-4;
        assert_eq!(signed_rank_shift(&[1.0, 2.0, 3.0, 4.0, 5.0]).interval, None);
        for n in 6..=14 {
            let differences: Vec<f64> = (0..n).map(|k| number(k + n)).collect();
            let (low, high) = signed_rank_shift(&differences).interval.unwrap();
            let p = |shift: f64| signed_rank(&differences.iter().map(|d| d - shift).collect::<Vec<_>>()).p;
            let tiny = 1e-9;
            assert!(p(low + tiny) > LEVEL && p(high - tiny) > LEVEL, "{n}");
            assert!(p(low - tiny) <= LEVEL && p(high + tiny) <= LEVEL, "{n}");
        }
    }

    #[test]
    fn many_differences_come_near_to_the_normal_law() {
        let differences: Vec<f64> = (0..400).map(|k| ((k * 7919) % 1013) as f64 - 480.0 + k as f64 * 1e-3).collect();
        let ranks = doubled_ranks(&differences.iter().map(|d| d.abs()).collect::<Vec<_>>());
        let positive = differences.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
        let (exact, near) = (signed_rank(&differences), by_normal_law(&ranks, positive));
        assert!(exact.exact && (exact.p - near).abs() <= 0.01 * exact.p, "{exact:?} {near}");
        let more = [&differences[..], &[1000.0]].concat();
        assert!(!signed_rank(&more).exact);
        let (exact, near) =
            (signed_rank_shift(&differences).interval.unwrap(), signed_rank_shift(&more).interval.unwrap());
        assert!((exact.0 - near.0).abs() <= 5.0 && (exact.1 - near.1).abs() <= 5.0, "{exact:?} {near:?}");
    }
}
