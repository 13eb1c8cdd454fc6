//! Infimum kernels.

mod arithmetic;
