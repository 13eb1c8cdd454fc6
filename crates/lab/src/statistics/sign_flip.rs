//! The permutation test of a mean within pairs.

/// Up to so many differences all signs are tried.
pub const MOST_FLIPPED: usize = 20;

/// Rounding of a sum, as a share of the sum of all sizes.
const ROUNDING: f64 = 1e-12;

/// The share of all choices of signs under which the mean of the differences lies at least as far from 0; `None` for more than
/// [`MOST_FLIPPED`] differences.
pub fn sign_flip(differences: &[f64]) -> Option<f64> {
    if differences.len() > MOST_FLIPPED {
        return None;
    }
    let sums =
        differences.iter().fold(vec![0.0], |sums: Vec<f64>, d| sums.iter().flat_map(|s| [s + d, s - d]).collect());
    let sizes: f64 = differences.iter().map(|d| d.abs()).sum();
    let seen = differences.iter().sum::<f64>().abs() - ROUNDING * sizes;
    Some(sums.iter().filter(|sum| sum.abs() >= seen).count() as f64 / sums.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_counted() {
        assert_eq!(sign_flip(&[1.0, 2.0, 3.0]), Some(0.25));
        assert_eq!(sign_flip(&[1.0, 2.0, -3.0]), Some(1.0));
        assert_eq!(sign_flip(&[0.1, 0.2, 0.3, 0.4, -0.1]), Some(6.0 / 32.0));
        assert_eq!(sign_flip(&[0.0]), Some(1.0));
        assert_eq!(sign_flip(&[1.0; 21]), None);
    }
}
