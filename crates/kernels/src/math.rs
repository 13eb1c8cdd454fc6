//! The functions that polynomials approximate.

pub(crate) fn exp(x: f32) -> f32 {
    libm::expf(x)
}
pub(crate) fn ln(x: f32) -> f32 {
    libm::logf(x)
}
pub(crate) fn erf(x: f32) -> f32 {
    libm::erff(x)
}
pub(crate) fn tanh(x: f32) -> f32 {
    libm::tanhf(x)
}
