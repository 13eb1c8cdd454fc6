//! Sums over sequences, of which means with intervals are made.

use crate::Mean;

/// Sums of what independent sequences add to one mean: weights `w`, totals `t`, and their products.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    sequences: usize,
    w: f64,
    t: f64,
    ww: f64,
    wt: f64,
    tt: f64,
}

impl Tally {
    /// Adds a sequence; one without weight changes nothing.
    pub(super) fn add(&mut self, weight: f64, total: f64) {
        if weight > 0.0 {
            self.sequences += 1;
            (self.w, self.t) = (self.w + weight, self.t + total);
            (self.ww, self.wt, self.tt) =
                (self.ww + weight * weight, self.wt + weight * total, self.tt + total * total);
        }
    }

    /// The mean that [`Mean::of`] gives of the same sequences.
    pub(super) fn mean(&self) -> Option<Mean> {
        if self.sequences == 0 {
            return None;
        }
        let (n, value) = (self.sequences as f64, self.t / self.w);
        let squares = (self.tt - 2.0 * value * self.wt + value * value * self.ww).max(0.0);
        let standard_error = if n < 2.0 { f64::INFINITY } else { (squares * n / (n - 1.0)).sqrt() / self.w };
        Some(Mean { value, standard_error, sequences: self.sequences })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_give_the_mean_of_the_sequences() {
        let sequences = [(1.0, 0.5), (3.0, 2.0), (0.0, 9.0), (2.0, -1.0), (2.5, 1.25)];
        for count in 0..=sequences.len() {
            let mut tally = Tally::default();
            sequences[..count].iter().for_each(|(weight, total)| tally.add(*weight, *total));
            match (tally.mean(), Mean::of(sequences[..count].iter().copied())) {
                (Some(a), Some(b)) => {
                    assert_eq!((a.sequences, a.value), (b.sequences, b.value));
                    let same = (a.standard_error - b.standard_error).abs() <= 1e-12;
                    assert!(same || a.standard_error == b.standard_error, "{a:?} {b:?}");
                }
                (a, b) => assert_eq!(a, b),
            }
        }
    }
}
