//! Infimum kernels.
