//! Infimum engine.
