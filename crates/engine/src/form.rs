//! How a recipe's formulas write a weight expression: its name and arguments.

use crate::expression::{Expression, Weight};

/// One kind of weight expression as a function of formulas.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What it is called in formulas.
    pub name: &'static str,
    /// Its arguments in order.
    pub arguments: &'static [Argument],
    /// The expression of weights and numbers, both in the order of the arguments.
    pub make: fn(&[Weight], &[f64]) -> Expression,
}

/// An argument of a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Argument {
    /// A weight array.
    Weight(&'static str),
    /// A weight of one number, `[1, 1]`.
    Scalar(&'static str),
    /// All weights that are left, at least one.
    Weights(&'static str),
    /// A whole number of at least 0.
    Count(&'static str),
}

impl Argument {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Argument::Weight(name) | Argument::Scalar(name) | Argument::Weights(name) | Argument::Count(name) => name,
        }
    }
}
