//! Means over sequences with their standard error.

/// Half a 95 % interval in standard errors.
pub(crate) const INTERVAL: f64 = 1.96;

/// A mean per scored token, and its standard error over sequences, which are independent (tokens of one are not).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error; infinite for fewer than two sequences.
    pub standard_error: f64,
    /// How many sequences carried weight.
    pub sequences: usize,
}

impl Mean {
    /// `sum of totals / sum of weights` over sequences, each given as (weight, total); `None` without weight.
    ///
    /// The standard error is the ratio estimator's: `sqrt(n / (n - 1) sum (total - value weight)^2) / sum of weights`
    /// (Cochran, Sampling Techniques, 1977, section 6.4).
    pub fn of(sequences: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Mean> {
        let weighed = sequences.filter(|(weight, _)| *weight > 0.0);
        let (count, weight, total) =
            weighed.clone().fold((0usize, 0.0, 0.0), |(n, w, t), (dw, dt)| (n + 1, w + dw, t + dt));
        if count == 0 {
            return None;
        }
        let value = total / weight;
        let squares: f64 = weighed.map(|(w, t)| (t - value * w) * (t - value * w)).sum();
        let n = count as f64;
        let standard_error = if count < 2 { f64::INFINITY } else { (squares * n / (n - 1.0)).sqrt() / weight };
        Some(Mean { value, standard_error, sequences: count })
    }

    /// Half the width of the 95 % interval: 1.96 standard errors.
    pub fn half_width(&self) -> f64 {
        INTERVAL * self.standard_error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_give_the_textbook_mean_and_error() {
        let mean = Mean::of([1.0, 2.0, 3.0, 6.0].into_iter().map(|x| (2.0, 2.0 * x))).unwrap();
        assert_eq!((mean.value, mean.sequences), (3.0, 4));
        let expected = (14.0f64 / 3.0).sqrt() / 2.0;
        assert!((mean.standard_error - expected).abs() <= 1e-12 * expected);
    }

    /// The normal law has 95 % within so many standard errors: 2 * (1 - Phi(1.96)) = 0.05.
    #[test]
    fn an_interval_holds_the_mean_in_95_of_100_cases() {
        let outside = libm::erfc(INTERVAL / std::f64::consts::SQRT_2);
        assert!((outside - 0.05).abs() <= 1e-5, "{outside}");
        assert_eq!(Mean { value: 1.0, standard_error: 2.0, sequences: 9 }.half_width(), 2.0 * INTERVAL);
    }

    #[test]
    fn no_weight_has_no_mean_and_one_sequence_no_error() {
        assert_eq!(Mean::of([(0.0, 0.0)].into_iter()), None);
        assert_eq!(Mean::of([(1.0, 5.0), (0.0, 0.0)].into_iter()).unwrap().standard_error, f64::INFINITY);
    }
}
