//! Means over few seeds.

/// The mean of a few independent values and half the width of its 95 % interval: Student's t times the standard error.
/// `None` for fewer than two values.
pub(crate) fn mean_and_half_width(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    Some((mean, quantile(values.len() - 1) * (squares / (n - 1.0) / n).sqrt()))
}

/// The 97.5 % quantile of Student's t with `degrees` degrees of freedom, to three decimals: from the table for up to ten, above
/// by the expansion of Abramowitz and Stegun, 26.7.5.
fn quantile(degrees: usize) -> f64 {
    const TABLE: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    const Z: f64 = 1.959_963_985;
    if let Some(quantile) = TABLE.get(degrees - 1) {
        return *quantile;
    }
    let (n, z3, z5) = (degrees as f64, Z * Z * Z, Z * Z * Z * Z * Z);
    let third = (3.0 * z5 * Z * Z + 19.0 * z5 + 17.0 * z3 - 15.0 * Z) / 384.0;
    Z + (z3 + Z) / 4.0 / n + (5.0 * z5 + 16.0 * z3 + 3.0 * Z) / 96.0 / (n * n) + third / (n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, expected) in [(1, 12.706), (4, 2.776), (10, 2.228), (11, 2.201), (20, 2.086), (60, 2.000)] {
            assert!((quantile(degrees) - expected).abs() < 6e-4, "{degrees}: {}", quantile(degrees));
        }
    }

    #[test]
    fn two_seeds_have_a_wide_interval_and_one_has_none() {
        assert_eq!(mean_and_half_width(&[1.0]), None);
        let (mean, half) = mean_and_half_width(&[1.0, 2.0]).unwrap();
        assert!(mean == 1.5 && (half - 12.706 * 0.5).abs() < 1e-12, "{mean} {half}");
    }
}
