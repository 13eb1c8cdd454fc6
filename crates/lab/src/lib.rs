//! Infimum lab.
