//! How often the values of a random subset come to each sum: what the law of a rank test is counted from.

/// The probability of each sum, where every value is in or out by the toss of a coin.
pub(super) fn coin_sums(values: &[usize]) -> Vec<f64> {
    let mut law = vec![0.0; values.iter().sum::<usize>() + 1];
    law[0] = 1.0;
    let mut highest = 0;
    for value in values {
        highest += value;
        for sum in (0..=highest).rev() {
            let with = sum.checked_sub(*value).map_or(0.0, |rest| law[rest]);
            law[sum] = 0.5 * (law[sum] + with);
        }
    }
    law
}

/// The probability of each sum of `size` of the values, where every such choice is equally likely.
pub(super) fn choice_sums(values: &[usize], size: usize) -> Vec<f64> {
    let width = highest_sum(values, size) + 1;
    // Ways to come to a sum with so many of the values seen so far: one row of sums for each number of them.
    let mut ways = vec![0.0; (size + 1) * width];
    ways[0] = 1.0;
    for (seen, value) in values.iter().enumerate() {
        for taken in (1..=size.min(seen + 1)).rev() {
            let (before, at) = ways.split_at_mut(taken * width);
            let before = &before[(taken - 1) * width..];
            if *value < width {
                let sums = at[*value..width].iter_mut().zip(before);
                sums.for_each(|(ways, more)| *ways += more);
            }
        }
    }
    let law = &ways[size * width..];
    let all: f64 = law.iter().sum();
    law.iter().map(|ways| ways / all).collect()
}

/// Work of [`choice_sums`]: its additions.
pub(super) fn choice_work(values: &[usize], size: usize) -> f64 {
    values.len() as f64 * size as f64 * highest_sum(values, size) as f64
}

fn highest_sum(values: &[usize], size: usize) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.iter().rev().take(size).sum()
}

/// The two-sided p of `sum`: twice the smaller of the probabilities to lie at or below it, and at or above it.
pub(super) fn two_sided(law: &[f64], sum: usize) -> f64 {
    let (below, above): (f64, f64) = (law[..=sum].iter().sum(), law[sum..].iter().sum());
    (2.0 * below.min(above)).min(1.0)
}

/// How many of the smallest sums together have a probability of at most `share`.
pub(super) fn within(law: &[f64], share: f64) -> usize {
    let mut below = 0.0;
    law.iter()
        .take_while(|p| {
            below += **p;
            below <= share
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All subsets of a few values, one after another.
    fn enumerated(values: &[usize], size: Option<usize>) -> Vec<f64> {
        let mut law = vec![0.0; values.iter().sum::<usize>() + 1];
        let subsets =
            (0..1_u32 << values.len()).filter(|set| size.is_none_or(|size| set.count_ones() as usize == size));
        let subsets: Vec<u32> = subsets.collect();
        for set in &subsets {
            let sum: usize = values.iter().enumerate().filter(|(place, _)| set >> place & 1 == 1).map(|(_, v)| v).sum();
            law[sum] += 1.0 / subsets.len() as f64;
        }
        law
    }

    #[test]
    fn sums_are_as_frequent_as_counting_says() {
        for values in [&[1, 2, 3, 4, 5, 6][..], &[2, 2, 5, 5, 5, 9, 1], &[7], &[3, 3, 3, 3]] {
            let same = |found: Vec<f64>, expected: Vec<f64>| {
                assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-14), "{found:?} {expected:?}");
                assert!(expected[found.len()..].iter().all(|p| *p == 0.0), "{found:?} {expected:?}");
            };
            same(coin_sums(values), enumerated(values, None));
            (0..=values.len()).for_each(|size| same(choice_sums(values, size), enumerated(values, Some(size))));
        }
    }
}
