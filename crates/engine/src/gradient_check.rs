//! The gradient check: central differences in f64 along random directions.

use crate::noise::Noise;

/// Largest relative error that a right gradient may show.
pub const TOLERANCE: f64 = 1e-7;

/// Worst relative difference between the derivative of `loss` along `directions` random directions at `point` and the same
/// derivative by `gradient`. NaN if anything is NaN, so compare with `error <= TOLERANCE`.
///
/// The difference quotient is `(8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h`, whose error is of order h^4.
pub fn directional_error(loss: impl Fn(&[f64]) -> f64, point: &[f64], gradient: &[f64], directions: usize) -> f64 {
    let mut noise = Noise::new(point.len() as u64);
    let errors = (0..directions).map(|_| {
        let direction: Vec<f64> = point.iter().map(|_| noise.symmetric()).collect();
        error_along(&loss, point, gradient, &direction)
    });
    errors.fold(0.0, worse)
}

/// The larger error; NaN is worse than any number.
pub(crate) fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn error_along(loss: impl Fn(&[f64]) -> f64, point: &[f64], gradient: &[f64], direction: &[f64]) -> f64 {
    const H: f64 = 1e-3;
    let at = |h: f64| loss(&point.iter().zip(direction).map(|(x, d)| x + h * d).collect::<Vec<_>>());
    let measured = (8.0 * (at(H) - at(-H)) - (at(2.0 * H) - at(-2.0 * H))) / (12.0 * H);
    let claimed: f64 = gradient.iter().zip(direction).map(|(g, d)| g * d).sum();
    // What cancels in the sum cannot be known better than its terms.
    let size: f64 =
        gradient.iter().zip(direction).map(|(g, d)| (g * d).abs()).sum::<f64>() / (point.len() as f64).sqrt();
    if measured == 0.0 && claimed == 0.0 {
        return 0.0;
    }
    (measured - claimed).abs() / measured.abs().max(claimed.abs()).max(size)
}
