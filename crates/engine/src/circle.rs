//! Sines and cosines in weight expressions, once a step.

use infimum_kernels::Scalar;

/// Cosine and sine of an angle in radians, rounded from f64's, which have the same bits everywhere.
pub(crate) fn cosine_and_sine<S: Scalar>(angle: S) -> (S, S) {
    let angle = angle.to_f64();
    (S::of(libm::cos(angle)), S::of(libm::sin(angle)))
}
