//! The rank-sum test of Wilcoxon, Mann and Whitney: whether the values of one group lie above those of another.

use super::subset_sums::{choice_sums, choice_work, two_sided, within};
use super::{LEVEL, Probability, Shift, binomial, doubled_ranks, normal_p};
use crate::mean::INTERVAL;

/// Up to so many additions every way to deal the ranks out is counted: groups of about sixty.
const MOST_WORK: f64 = 1e8;

/// The p that two groups of one law have ranks as unevenly dealt out. Equal values share the mean of their ranks; the law is that
/// of these ranks, so ties cost no exactness.
///
/// # Panics
/// Without a value in either group.
pub fn rank_sum(first: &[f64], second: &[f64]) -> Probability {
    assert!(!first.is_empty() && !second.is_empty(), "both groups have values");
    let ranks = doubled_ranks(&[first, second].concat());
    let sum: usize = ranks[..first.len()].iter().sum();
    if choice_work(&ranks, first.len()) <= MOST_WORK {
        return Probability { p: two_sided(&choice_sums(&ranks, first.len()), sum), exact: true };
    }
    Probability { p: by_normal_law(&ranks, first.len(), sum), exact: false }
}

/// What the p comes near to for large groups: the sum of the ranks of `size` of them has this mean and variance under chance.
fn by_normal_law(ranks: &[usize], size: usize, sum: usize) -> f64 {
    let (n, m) = (size as f64, (ranks.len() - size) as f64);
    let mean = ranks.iter().sum::<usize>() as f64 / (n + m);
    let squares: f64 = ranks.iter().map(|&rank| (rank as f64 - mean) * (rank as f64 - mean)).sum();
    let variance = n * m / ((n + m) * (n + m - 1.0)) * squares;
    if variance == 0.0 {
        return 1.0;
    }
    // Doubled ranks: the continuity correction of half a rank is 1.
    let away = (sum as f64 - n * mean).abs() - 1.0;
    normal_p(away / libm::sqrt(variance))
}

/// The smallest p that groups of these sizes can give.
pub fn smallest_rank_sum(first: usize, second: usize) -> f64 {
    (2.0 / binomial(first + second, first)).min(1.0)
}

/// The median of all differences between a value of the first group and one of the second, and its interval.
///
/// # Panics
/// Without a value in either group.
pub fn rank_sum_shift(first: &[f64], second: &[f64]) -> Shift {
    let differences = first.iter().flat_map(|a| second.iter().map(move |b| a - b)).collect();
    Shift::of(differences, outer(first.len(), second.len()))
}

/// How many sums of ranks, from the lowest on, have together at most half the level.
fn outer(first: usize, second: usize) -> usize {
    let ranks: Vec<usize> = (0..first + second).collect();
    if choice_work(&ranks, first) <= MOST_WORK {
        let lowest = first * (first - 1) / 2;
        return within(&choice_sums(&ranks, first)[lowest..], LEVEL / 2.0);
    }
    let (n, m) = (first as f64, second as f64);
    (n * m / 2.0 - INTERVAL * libm::sqrt(n * m * (n + m + 1.0) / 12.0)).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to deal the ranks out, one after another.
    fn enumerated(first: &[f64], second: &[f64]) -> f64 {
        let ranks = doubled_ranks(&[first, second].concat());
        let seen: usize = ranks[..first.len()].iter().sum();
        let sets = (0..1_u32 << ranks.len()).filter(|set| set.count_ones() as usize == first.len());
        let sums =
            sets.map(|set| (0..ranks.len()).filter(|place| set >> place & 1 == 1).map(|place| ranks[place]).sum());
        let sums: Vec<usize> = sums.collect();
        let share =
            |holds: &dyn Fn(usize) -> bool| sums.iter().filter(|sum| holds(**sum)).count() as f64 / sums.len() as f64;
        (2.0 * share(&|sum| sum <= seen).min(share(&|sum| sum >= seen))).min(1.0)
    }

    fn numbers(count: usize, start: usize) -> Vec<f64> {
        (0..count).map(|k| (((k + start) * 7919 + 13) % 17) as f64 / 4.0).collect()
    }

    #[test]
    fn every_deal_is_counted() {
        for (n, m) in (1..=6).flat_map(|n| (1..=6).map(move |m| (n, m))) {
            for start in 0..6 {
                let (first, second) = (numbers(n, start), numbers(m, 3 * start + 7));
                let found = rank_sum(&first, &second);
                assert!(found.exact && (found.p - enumerated(&first, &second)).abs() <= 1e-12, "{first:?} {second:?}");
            }
            let (low, high) = (vec![0.0; n], vec![1.0; m]);
            let apart: Vec<f64> = (0..m).map(|k| 1.0 + k as f64).collect();
            let spread: Vec<f64> = (0..n).map(|k| -(k as f64)).collect();
            assert!((rank_sum(&spread, &apart).p - smallest_rank_sum(n, m)).abs() <= 1e-12);
            assert!(rank_sum(&low, &high).p >= smallest_rank_sum(n, m) * (1.0 - 1e-12));
        }
        assert_eq!(rank_sum(&[1.0; 200], &[1.0; 200]).p, 1.0);
    }

    /// The interval is what its definition says: moved by a shift inside it the first group is not rejected, by one outside it is.
    #[test]
    fn intervals_are_the_shifts_that_are_not_rejected() {
        let apart = |count: usize, start: usize| -> Vec<f64> {
            (0..count).map(|k| (((k + start) * 7919) % 1009) as f64 / 100.0 + (k + start) as f64 * 1e-4).collect()
        };
        assert_eq!(rank_sum_shift(&apart(3, 0), &apart(3, 9)).interval, None);
        for (n, m) in [(4, 4), (4, 7), (7, 4), (8, 8), (12, 9)] {
            let (first, second) = (apart(n, 1), apart(m, 40));
            let (low, high) = rank_sum_shift(&first, &second).interval.unwrap();
            let p = |shift: f64| rank_sum(&first.iter().map(|x| x - shift).collect::<Vec<_>>(), &second).p;
            let tiny = 1e-9;
            assert!(p(low + tiny) > LEVEL && p(high - tiny) > LEVEL, "{n} {m}");
            assert!(p(low - tiny) <= LEVEL && p(high + tiny) <= LEVEL, "{n} {m}");
        }
    }

    #[test]
    fn large_groups_come_near_to_the_normal_law() {
        let apart = |count: usize, start: usize| -> Vec<f64> {
            (0..count).map(|k| (((k + start) * 7919) % 1009) as f64).collect()
        };
        let (first, second) = (apart(60, 1), apart(60, 500));
        let ranks = doubled_ranks(&[&first[..], &second].concat());
        let (exact, near) = (rank_sum(&first, &second), by_normal_law(&ranks, 60, ranks[..60].iter().sum()));
        assert!(exact.exact && (exact.p - near).abs() <= 0.01 * exact.p, "{exact:?} {near}");
        let both: Vec<f64> = [&first[..], &first].concat();
        assert!(!rank_sum(&both, &[&second[..], &second].concat()).exact);
        assert!(rank_sum_shift(&both, &both).interval.is_some_and(|(low, high)| low < 0.0 && high > 0.0));
    }
}
