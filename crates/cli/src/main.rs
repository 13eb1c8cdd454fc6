//! The command line of Infimum.
fn main() {}
