//! Infimum worlds.
